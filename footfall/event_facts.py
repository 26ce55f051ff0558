"""Facts about identity as plain events: which identifier is whose, which fans are one, and what of that is taken back.

    {"kind": "fact", "fact": "link", "id": "crm-881", "learned": "2026-11-21T10:02:03+08:00", "identifier": "member:8613…", "fan": "f-1042",
     "from": "2026-11-01T00:00:00+08:00", "to": null, "source": "crm", "actor": "kim", "reason": "registration"}

The id of a fact is its own throughout the brand: whoever sends it again with other content is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from footfall.event_base import Moment, Name, OfPeople, Strict, Text
from footfall.fan_ids import BRANDS_OWN, check_fact, check_fan
from footfall.identified import Identifier, OfLink
from footfall.moments import to_ns
from footfall.purposes import Purpose, check_purpose
from footfall.wording import with_article

MAX_TOGETHER: Final = 64
"""Most identifiers, or fans, of one fact."""
FactId = Annotated[Text, AfterValidator(check_fact)]
Fan = Annotated[Text, BRANDS_OWN]
Fans = Annotated[list[Fan], Field(min_length=2, max_length=MAX_TOGETHER)]


class _Fact(Strict):
    kind: Literal["fact"]
    id: FactId
    learned: Moment | None = None
    """When whoever states it learned it. Of two that contradict each other the later one counts, never the one that came later."""
    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None
    """From when on it is true, and up to when; null or left out: for ever."""
    source: Text = "crm"
    actor: Text | None = None
    """Who states it; left out: its publisher."""
    reason: Text | None = None

    @model_validator(mode="after")
    def _in_order(self) -> _Fact:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError(f"`from` {_shown(self.since)} is not before `to` {_shown(self.until)}: that is never")
        return self

    @property
    def time(self) -> datetime | None:
        """A fact does not happen at one time."""
        return None

    @property
    def time_ns(self) -> int | None:
        return None

    @property
    def history(self) -> bool:
        return False

    @property
    def moments_ns(self) -> dict[str, int]:
        """Return the times that it states, by their keys."""
        stated = {"learned": self.learned, "from": self.since, "to": self.until}
        return {key: to_ns(value) for key, value in stated.items() if value is not None}


class LinkFact(_Fact, OfPeople):
    """An identifier is a fan's."""

    fact: Literal["link"]
    identifier: Identifier | None = None
    fan: Fan
    store: Name | None = None
    """Where something lent was handed over: it is the fan's in this store alone."""

    @model_validator(mode="after")
    def _names_one(self) -> LinkFact:
        _needs(self, "identifier", self.identifier)
        return self


class SameFact(_Fact, OfPeople):
    """Identifiers are one person's, whoever that is."""

    fact: Literal["same"]
    identifiers: Annotated[list[Identifier], Field(max_length=MAX_TOGETHER, default_factory=list)]

    @model_validator(mode="after")
    def _names_several(self) -> SameFact:
        if self.sealed is None and len(set(self.identifiers)) < 2:
            raise ValueError("`identifiers` has two or more that differ: a fact that one is itself states nothing")
        return self


class MergeFact(_Fact):
    """Fans are one person."""

    fact: Literal["merge"]
    fans: Fans

    @model_validator(mode="after")
    def _differ(self) -> MergeFact:
        _check_once(self.fans)
        return self


class DistinctFact(_Fact):
    """Two fans are not one person."""

    fact: Literal["distinct"]
    fans: Annotated[list[Fan], Field(min_length=2, max_length=2)]

    @model_validator(mode="after")
    def _differ(self) -> DistinctFact:
        _check_once(self.fans)
        return self


class SplitFact(_Fact):
    """A merge is undone, as if it had never been."""

    fact: Literal["split"]
    of: FactId

    @model_validator(mode="after")
    def _of_another(self) -> SplitFact:
        _check_other(self.id, self.of)
        return self


class RevokeFact(_Fact, OfPeople):
    """A fact is taken back as if it had never been (`of`), or the link of an identifier to a fan ends (`of_link`, at `to`)."""

    fact: Literal["revoke"]
    of: FactId | None = None
    of_link: OfLink | None = None

    @model_validator(mode="after")
    def _names_one(self) -> RevokeFact:
        if (self.of is None) == (self.of_link is None and self.sealed is None):
            raise ValueError('a revoke needs `of`, the id of a fact, or `of_link`, ["type:value", "fan"]: give one of them')
        if self.of_link is not None:
            check_fan(self.of_link[1])
        if self.of is not None and (self.since or self.until):
            raise ValueError(
                "a revoke of a fact has no `from` and `to`: it is as if the fact had never been; `of_link` ends a link at `to`"
            )
        if self.of is None and self.since is not None:
            raise ValueError("a revoke of a link has no `from`: the link ends at `to`")
        _check_other(self.id, self.of)
        return self


class ConsentFact(_Fact):
    """A fan grants a purpose, or withdraws it, from `from` on until the next consent."""

    fact: Literal["consent"]
    fan: Fan
    purpose: Annotated[Purpose, BeforeValidator(check_purpose)]
    granted: bool
    version: Text | None = None

    @model_validator(mode="after")
    def _until_the_next(self) -> ConsentFact:
        if self.until is not None:
            raise ValueError("a consent has no `to`: it holds until the fan's next one")
        return self


class OwnerFact(_Fact):
    """One of the staff, or a store, cares for a fan: sales to the fan count for them, wherever they are made."""

    fact: Literal["owner"]
    fan: Fan
    staff_id: Text | None = None
    store: Name | None = None

    @model_validator(mode="after")
    def _names_somebody(self) -> OwnerFact:
        if self.staff_id is None and self.store is None:
            raise ValueError("an owner needs `staff_id`, `store` or both: whose the fan is")
        return self


AnyFact = LinkFact | SameFact | MergeFact | DistinctFact | SplitFact | RevokeFact | ConsentFact | OwnerFact
FactEvent = Annotated[AnyFact, Field(discriminator="fact")]


def _needs(fact: LinkFact, key: str, value: object) -> None:
    if value is None and fact.sealed is None:
        raise ValueError(f"{with_article(fact.fact)} needs `{key}`, or `sealed` in its place")


def _check_once(fans: list[str]) -> None:
    if len(set(fans)) < len(fans):
        raise ValueError("`fans` has one fan twice")


def _check_other(fact_id: str, of: str | None) -> None:
    if of == fact_id:
        raise ValueError("`of` is its own id: name the fact that is taken back")


def _shown(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
