"""Corrections as plain events: an event that is taken back, an event that is amended, a door's counts that are adjusted.

    {"kind": "void", "id": "void-0881", "of": "till-1-0881", "reason": "mistyped", "actor": "kim"}
    {"kind": "amend", "id": "amend-0881", "of": "till-1-0881", "set": {"amount": 12.5}, "reason": "mistyped", "actor": "kim"}
    {"kind": "adjustment", "id": "adj-7", "door": "main", "in": -40, "time": "2026-11-21T18:00:00+08:00", "reason": "class", "actor": "k"}

Whoever corrects the event of another publisher names it, with `publisher` and, if it is in another store, `store`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from footfall.baskets import numbers
from footfall.campaigns import check_campaigns
from footfall.event_base import Event, IdentifierTypeName, Name, OfPeople, Reference, Strict, Subject, Text
from footfall.event_touches import GIVES_BACK, MAX_AMOUNT, Campaigns, Fan, Item, What
from footfall.identified import Identifier
from footfall.wording import with_article

MAX_PEOPLE: Final = 1_000_000
"""Most people through a door between two reports."""
People = Annotated[int, Field(ge=0, le=MAX_PEOPLE)]
Difference = Annotated[int, Field(ge=-MAX_PEOPLE, le=MAX_PEOPLE)]
OF_COUNTS: Final = frozenset({"entered", "left"})
_AS_RECORDED: Final = frozenset({"in", "out"})
_WAY_OF_MONEY: Final = frozenset({"what", "amount", "items"})
JUDGED: Final = _WAY_OF_MONEY | {"shared_by"}
"""Keys of a touch of which one value may not fit another's."""


class Correction(Event):
    """What every correction has: who decided it, and why."""

    id: Reference
    reason: Text
    actor: Text
    store: Name | None = None
    """Where it corrects something; left out: the sender's own store."""


class _OfEvent(Correction):
    of: Reference
    publisher: Name | None = None
    """Whose event it is; left out: the sender's own."""

    @model_validator(mode="after")
    def _of_another(self) -> _OfEvent:
        if self.of == self.id and self.publisher is None:
            raise ValueError("`of` is its own id: name the event that is corrected")
        return self


class Void(_OfEvent):
    """Takes back the event `of`, as if it had never been."""

    kind: Literal["void"]


class Changes(Strict):
    """The keys of a touch or a count that an amend replaces; null empties one that may be left out."""

    what: What | None = None
    zone: Name | None = None
    identifiers: Annotated[list[Identifier], Field(max_length=16, default_factory=list)]
    subjects: Annotated[list[Subject], Field(max_length=16, default_factory=list)]
    types: Annotated[list[IdentifierTypeName], Field(max_length=16, default_factory=list)]
    fan: Fan | None = None
    staff_id: Text | None = None
    department: Text | None = None
    squad: Text | None = None
    channel: Text | None = None
    campaign: Text | None = None
    campaigns: Campaigns | None = None
    stage: Text | None = None
    code: Reference | None = None
    shared_by: Fan | None = None
    items: Annotated[list[Item], Field(max_length=200, default_factory=list)]
    ref: Reference | None = None
    amount: Annotated[float, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT)] | None = None
    entered: Annotated[People | None, Field(alias="in")] = None
    left: Annotated[People | None, Field(alias="out")] = None

    @model_validator(mode="after")
    def _of_one_kind(self) -> Changes:
        stated = self.model_fields_set
        if not stated:
            raise ValueError("`set` has no key: name what is replaced")
        if stated & OF_COUNTS and stated - OF_COUNTS:
            raise ValueError("`set` has keys of a touch and of a count: an event is one of them")
        if empty := sorted(key for key in stated & {"what", *OF_COUNTS} if getattr(self, key) is None):
            raise ValueError(f"`set` empties {', '.join(_ALIASES.get(key, key) for key in empty)}, without which the event would be none")
        if 0 in [item.n for item in self.items]:
            raise ValueError("an item of `items` has `n` 0: leave it out")
        check_campaigns(self.campaign, self.campaigns)
        if self.subjects and self.identifiers:
            raise ValueError("`subjects` stands in place of identifiers: give one of them")
        if self.types and len(self.types) != len(self.subjects):
            raise ValueError(f"`types` has one type for each of `subjects`: {len(self.subjects)} are needed, not {len(self.types)}")
        return self


_ALIASES: Final = {"entered": "in", "left": "out"}


class Amend(_OfEvent, OfPeople):
    """Replaces keys of the event `of`, as if it had been sent so."""

    kind: Literal["amend"]
    changes: Annotated[Changes | None, Field(alias="set")] = None

    @model_validator(mode="after")
    def _changes_something(self) -> Amend:
        if (self.changes is None) == (self.sealed is None):
            raise ValueError("an amend needs `set`, the keys to replace, or `sealed` in its place: give one of them")
        return self


class Adjustment(Correction):
    """People whom a door counted too many or too few, in the minute of `time`; negative ones are taken away."""

    kind: Literal["adjustment"]
    door: Name
    entered: Annotated[Difference, Field(alias="in")] = 0
    left: Annotated[Difference, Field(alias="out")] = 0

    @model_validator(mode="after")
    def _changes_something(self) -> Adjustment:
        if not self.entered and not self.left:
            raise ValueError("an adjustment needs `in`, `out` or both, and not 0")
        return self


def why_unfit(kind: str, event: Mapping[str, Any], changes: Mapping[str, Any]) -> str:
    """Return why keys cannot replace those of an event, of which `event` is what is known; "" if they can. Both are as records have them.

    An event that was taken before there was a rule is judged by it only where the keys are those of the rule.
    """
    if kind not in ("touch", "count"):
        return f"it is of kind {kind}: only touches and counts are amended; void it"
    is_count = bool(_AS_RECORDED & changes.keys())
    if is_count != (kind == "count"):
        return f"it has keys of a {'count' if is_count else 'touch'}, and the event is a {kind}"
    now = {**event, **changes}
    what = now.get("what")
    if _WAY_OF_MONEY & changes.keys() and what not in GIVES_BACK and min(now.get("amount") or 0.0, *numbers(now.get("items") or ""), 0) < 0:
        return f"{with_article(str(what))} has no negative `amount` or `n`: what it is says which way money goes"
    if {"what", "items"} & changes.keys() and what == "missed" and now.get("items") == "":
        return "a missed needs `items`: what was asked for and not there"
    if {"what", "shared_by"} & changes.keys() and what == "share" and now.get("shared_by"):
        return "a share has no `shared_by`: who shares is its `fan`, or its identifiers"
    return ""
