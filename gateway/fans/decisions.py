"""What people decide about who is who, as facts: linked, unlinked, merged, split, distinct, consent, taken back. Pure.

Deciding(stamp).merge(["a", "b"]) -> Merge(id="merge-…", …)

Every decision has an actor and a reason. Its id is printed, and takes it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from footfall.errors import ContractError
from footfall.event_times import check_moments
from footfall.fan_ids import check_fan
from footfall.purposes import IDENTIFY, check_purpose
from gateway.fans.import_plan import Stamp, digest, spelling
from gateway.identity.facts import FOR_EVER_NS, Consent, Distinct, Fact, Identifier, Link, Merge, Ownership, Revoke, RevokeLink, Same, Split
from gateway.identity.ownership import NOBODY, Owner

LONGEST: Final = 128
_Made = TypeVar("_Made", bound=Fact)


@dataclass(frozen=True, slots=True)
class Deciding:
    """Makes the facts of one decision. `source` is `desk`, or begins with it, for what a person decides."""

    stamp: Stamp
    source: str = "desk"

    def merge(self, fans: Sequence[str]) -> list[Fact]:
        """Return that fans, two or more, are one person. Raise ValueError if they are not two."""
        return [self._fact("merge", Merge, fans=tuple(_several(fans)))]

    def distinct(self, fans: Sequence[str]) -> list[Fact]:
        """Return that two fans are not one person. Raise ValueError if they are not two."""
        if len(pair := _several(fans)) != 2:
            raise ValueError("distinct names two fans")
        return [self._fact("distinct", Distinct, fans=tuple(pair))]

    def split(self, of: str) -> list[Fact]:
        """Return that a merge, by its id, is undone."""
        return [self._fact("split", Split, of=_id(of))]

    def revoke(self, of: str) -> list[Fact]:
        """Return that a fact, by its id, is as if it had never been."""
        return [self._fact("revoke", Revoke, of=_id(of))]

    def link(
        self, identifiers: Sequence[Identifier], fan: str, from_ns: int = -FOR_EVER_NS, to_ns: int = FOR_EVER_NS, store: str = ""
    ) -> list[Fact]:
        """Return that an identifier, in each of its spellings, is a fan's; with a store what that one calls so.

        Raise ValueError for a span that ends before it begins.
        """
        if from_ns >= to_ns:
            raise ValueError("--from is not before --to")
        self._check_times(from_ns, to_ns)
        of_store = {"store": store} if store else {}
        return self._spelled("link", Link, identifiers, fan=_fan(fan), from_ns=from_ns, to_ns=to_ns, **of_store)

    def unlink(self, identifiers: Sequence[Identifier], fan: str, to_ns: int) -> list[Fact]:
        """Return that an identifier is a fan's no longer from a time on, whoever stated it."""
        self._check_times(-FOR_EVER_NS, to_ns)
        return self._spelled("unlink", RevokeLink, identifiers, fan=_fan(fan), to_ns=to_ns)

    def same(self, identifiers: Sequence[Identifier]) -> list[Fact]:
        """Return that identifiers, two or more, are one person's."""
        if len(found := tuple(dict.fromkeys(identifiers))) < 2:
            raise ValueError("same names two identifiers or more")
        return [self._fact("same", Same, identifiers=found)]

    def consent(self, fan: str, granted: bool, from_ns: int, purpose: str = IDENTIFY, version: str = "") -> list[Fact]:
        """Return that a fan grants a purpose, or withdraws it, from a time on. Raise ValueError for a purpose that nothing acts on."""
        try:
            check_purpose(purpose)
        except ValueError as error:
            raise ValueError(f"--purpose {error}") from None
        self._check_times(from_ns)
        return [self._fact("consent", Consent, fan=_fan(fan), purpose=purpose, granted=granted, version=version, from_ns=from_ns)]

    def own(self, fan: str, owner: Owner, from_ns: int, to_ns: int = FOR_EVER_NS) -> list[Fact]:
        """Return that one of the staff, or a store, cares for a fan. Raise ValueError without either, or for a span that is never."""
        if owner == NOBODY:
            raise ValueError("state --staff, --store or both: whose the fan is to care for")
        if from_ns >= to_ns:
            raise ValueError("--from is not before --to")
        self._check_times(from_ns, to_ns)
        return [self._fact("own", Ownership, fan=_fan(fan), staff_id=owner.staff_id, store=owner.store, from_ns=from_ns, to_ns=to_ns)]

    def _check_times(self, from_ns: int, to_ns: int = FOR_EVER_NS) -> None:
        """As for plain events: what begins in a year or later, or lies before 1901, was mistyped."""
        try:
            check_moments({"from": from_ns, "to": to_ns}, self.stamp.learned_ns, self.stamp.learned_ns)
        except ContractError as error:
            raise ValueError(str(error)) from None

    def _common(self) -> dict[str, Any]:
        stamp = self.stamp
        return {"learned_ns": stamp.learned_ns, "source": self.source, "actor": stamp.actor, "reason": stamp.reason}

    def _fact(self, name: str, kind: type[_Made], **values: Any) -> _Made:
        common = self._common()
        fact_id = f"{name}-{digest(name, sorted(values.items(), key=str), sorted(common.items(), key=str))}"
        return kind(id=fact_id, **common, **values)

    def _spelled(self, name: str, kind: type[Link] | type[RevokeLink], identifiers: Sequence[Identifier], **values: Any) -> list[Fact]:
        if not identifiers:
            raise ValueError("the value is no identifier: it stands for nobody, and joins nothing")
        first = self._fact(name, kind, identifier=identifiers[0], **values)
        return [first, spelling(first.id, identifiers, self.stamp, self.source)] if len(identifiers) > 1 else [first]


def _several(fans: Sequence[str]) -> list[str]:
    found = [_fan(fan) for fan in fans]
    if len(set(found)) != len(found) or len(found) < 2:
        raise ValueError("two fans or more are named, each once")
    return found


def _fan(fan: str) -> str:
    if not fan or len(fan) > LONGEST or not fan.isprintable():
        raise ValueError(f"fan must be 1 to {LONGEST} characters that can be printed")
    try:
        return check_fan(fan)
    except ValueError as error:
        raise ValueError(f"fan {error}") from None


def _id(text: str) -> str:
    if not text or len(text) > 2 * LONGEST or not text.isprintable():
        raise ValueError("the id of a fact has 1 to 256 characters that can be printed")
    return text
