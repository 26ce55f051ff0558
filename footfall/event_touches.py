"""Touches as plain events: an interaction that names a person."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from footfall.campaigns import check_campaigns
from footfall.event_base import Event, IdentifierTypeName, Name, OfPeople, Reference, Strict, Subject, Text
from footfall.fan_ids import BRANDS_OWN
from footfall.identified import Identifier
from footfall.wording import with_article

What = Literal[
    "scan", "try_on", "promotion", "transaction", "payment", "redemption", "pickup", "return", "service", "registration", "share", "missed",
    "voucher", "voucher_issue", "voucher_verify", "voucher_revoke",
]  # fmt: skip
COUNTED: Final = frozenset({
    "transaction", "payment", "redemption", "return", "missed", "voucher", "voucher_issue", "voucher_verify", "voucher_revoke",
})  # fmt: skip
"""Touches that carry money or are counted: they must have an `id`."""
GIVES_BACK: Final = frozenset({"transaction", "payment"})
"""Touches that may have a negative amount or number of items: a basket may be exchanged for a cheaper one."""
MAX_AMOUNT: Final = 1e12
MAX_PIECES: Final = 10_000
MAX_CAMPAIGNS: Final = 16
Fan = Annotated[Text, BRANDS_OWN]
Campaigns = Annotated[list[Text], Field(max_length=MAX_CAMPAIGNS)]


class Item(Strict):
    sku: Text
    n: Annotated[int, Field(ge=-MAX_PIECES, le=MAX_PIECES)] = 1


class Touch(Event, OfPeople):
    """An interaction that names a person: a scan, a sale, a registration …"""

    kind: Literal["touch"]
    what: What
    zone: Name | None = None
    identifiers: Annotated[list[Identifier], Field(max_length=16, default_factory=list)]
    subjects: Annotated[list[Subject], Field(max_length=16, default_factory=list)]
    """In place of identifiers: their lasting subjects."""
    types: Annotated[list[IdentifierTypeName], Field(max_length=16, default_factory=list)]
    """The type of each of `subjects`, which cannot show it; without types each is of the weakest."""
    fan: Fan | None = None
    staff_id: Text | None = None
    department: Text | None = None
    squad: Text | None = None
    channel: Text | None = None
    campaign: Text | None = None
    campaigns: Campaigns | None = None
    """All of several; `campaign` is then left out, or the first."""
    stage: Text | None = None
    code: Reference | None = None
    """Of a share or a voucher: whoever comes with it was brought by that share. Unlike `ref` it states nothing of who somebody is."""
    shared_by: Fan | None = None
    """The fan who brought this one."""
    items: Annotated[list[Item], Field(max_length=200, default_factory=list)]
    ref: Reference | None = None
    amount: Annotated[float, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT)] = 0.0

    @model_validator(mode="after")
    def _makes_sense(self) -> Touch:
        if self.what in COUNTED and self.id is None:
            raise ValueError(f"{with_article(self.what)} needs an `id`, so that sending it twice counts once")
        if self.what == "missed" and not self.items:
            raise ValueError("a missed needs `items`: what was asked for and not there")
        if self.what == "share" and self.shared_by is not None:
            raise ValueError("a share has no `shared_by`: who shares is its `fan`, or its identifiers; whom it brings names it by `code`")
        if self.subjects and (self.identifiers or self.sealed):
            raise ValueError("`subjects` stands in place of identifiers: give one of them")
        if self.types and len(self.types) != len(self.subjects):
            raise ValueError(f"`types` has one type for each of `subjects`: {len(self.subjects)} are needed, not {len(self.types)}")
        if self.campaigns:
            check_campaigns(self.campaign, self.campaigns)
        numbers = [item.n for item in self.items] if self.items else []
        if 0 in numbers:
            raise ValueError("an item of `items` has `n` 0: leave it out")
        if self.what not in GIVES_BACK and min(self.amount, *numbers, 0) < 0:
            raise ValueError(f"{with_article(self.what)} has no negative `amount` or `n`: what it is says which way goods and money go")
        return self
