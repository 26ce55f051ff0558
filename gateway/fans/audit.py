"""Who decided or corrected what, when and why: facts about identity, and voids and amends of events, as one list. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from footfall.fan_ids import VOIDS
from footfall.wording import with_article
from gateway.fans.fact_text import statement, when
from gateway.fold.amends import VOID, WAITS
from gateway.fold.corrections import ADJUSTMENT, AMEND
from gateway.fold.rebuilding import REBUILD
from gateway.fold.store import CorrectionRow
from gateway.identity.facts import Fact, Revoke, Split
from gateway.identity.facts_json import values_of
from gateway.identity.in_force import without_effect

OF_EVENTS: Final = frozenset({VOID, AMEND, ADJUSTMENT, REBUILD})
"""Kinds of corrections of events, which are of a store; the others are facts about identity, which are of none."""
TAKES_BACK: Final = frozenset({"split", "revoke"})
"""Kinds of facts that may wait for what they take back."""
SUBJECTS: Final = frozenset({"subjects"})
FANS: Final = frozenset({"fan", "shared_by"})
"""What an amend may set that says who somebody is: by the devices they carry, and by name."""
"""The key of an amend that has pseudonyms of people."""
TOUCH: Final = "touch"
"""The source of what the fold states of touches."""


class Audited(NamedTuple):
    """One decision or correction."""

    time_ns: int
    """Since when it is known: when it was learned, else when the gateway took it. Of a correction its own time.

    0 of what an earlier release took.
    """
    kind: str
    """As facts and events name it: link, merge, split, revoke, consent, void, amend …"""
    what: str
    actor: str
    source: str
    """Of a correction its publisher, as store/agent."""
    reason: str
    id: str
    """Of a correction its own, as its sender gave it; as the ledger has it where that may hold an identifier of a person."""
    waits: bool
    """Whether what it corrects has not come."""
    of: str = ""
    """Of a correction the id of the event that it corrects, likewise."""
    unfit: str = ""
    """Of a correction why it does not fit its event, and changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is asked for; "" and None ask for all."""

    actor: str = ""
    kind: str = ""
    source: str = ""
    text: str = ""
    """What the statement, the reason or the id contains."""
    hashes: Collection[str] = ()
    """What `text` may be in the ledger as the id of an event: such ids are found whole alone."""
    from_ns: int | None = None
    to_ns: int | None = None
    only_waiting: bool = False
    of_store: Callable[[str], bool] | None = None
    """Whether a store is one of those asked for; then no facts are. None: all stores, and facts."""
    shows_subjects: bool = True
    """Whether amends show the subjects that they replace."""

    @property
    def asks_for_facts(self) -> bool:
        """Return whether any fact may be asked for."""
        return self.of_store is None and self.kind not in OF_EVENTS

    @property
    def kinds_of_facts(self) -> Collection[str]:
        """Return the kinds of facts that may be asked for; none where all may."""
        return (self.kind,) if self.kind else TAKES_BACK if self.only_waiting else ()

    def takes(self, each: Audited) -> bool:
        """Return whether an entry is asked for."""
        return (
            (not self.actor or each.actor == self.actor)
            and (not self.kind or each.kind == self.kind)
            and (not self.source or each.source == self.source)
            and (
                not self.text
                or any(self.text in part for part in (each.what, each.reason, each.id, each.of))
                or bool({each.id, each.of}.intersection(self.hashes))
            )
            and (self.from_ns is None or each.time_ns >= self.from_ns)
            and (self.to_ns is None or each.time_ns < self.to_ns)
            and (each.waits or not self.only_waiting)
        )


def of_facts(facts: Iterable[Fact], taken_back: Callable[[str], Sequence[Fact]]) -> Iterator[Audited]:
    """Yield facts as entries; `taken_back` returns the facts of an id, which a split or revoke names."""
    for fact in facts:
        if isinstance(fact, Revoke) and fact.source == TOUCH and fact.id.startswith(VOIDS):  # the void of its touch is listed
            continue
        kind = values_of(fact)["fact"]
        of = taken_back(fact.of) if isinstance(fact, Split | Revoke) else ()
        waits = isinstance(fact, Split | Revoke) and not of
        yield Audited(fact.known_ns, kind, _effect(fact, of), fact.actor, fact.source, fact.reason, fact.id, waits)


def _effect(fact: Fact, of: Sequence[Fact]) -> str:
    """Return what a fact states; of one that takes back what it cannot, that it does not."""
    if isinstance(fact, Split | Revoke) and of and all(without_effect(fact, each) for each in of):
        return f"has no effect: {fact.of} is {with_article(values_of(of[0])['fact'])}" + (
            "" if isinstance(fact, Split) else ", which nothing takes back"
        )
    return statement(fact)


def _fits(row: CorrectionRow) -> str:
    return ""


def of_corrections(
    rows: Iterable[CorrectionRow], hidden: Collection[str] = (), why_unfit: Callable[[CorrectionRow], str] = _fits
) -> Iterator[Audited]:
    """Yield voids, amends, adjustments of doors and rebuilt days as entries; of `hidden` keys it says only that they are others.

    `why_unfit` returns why a correction changes nothing; "" of one that does, or that waits.
    """
    for row in rows:
        values: dict[str, Any] = json.loads(row.body)
        if "set" in values:
            values["set"] |= dict.fromkeys(values["set"].keys() & set(hidden), "others")
        own = {"id": values.get("own_id") or values.get("id") or row.of.removeprefix(f"{REBUILD}:"), "of": _of(row, values)}
        by = {"actor": values.get("actor", ""), "source": f"{row.store}/{row.agent}".rstrip("/"), "reason": values.get("reason", "")}
        what, unfit = _CORRECTED.get(row.kind, _amended)(row, values), why_unfit(row)
        what += f", which does not apply: {unfit}" if unfit else ""
        yield Audited(time_ns=row.time_ns, kind=row.kind, what=what, waits=row.waits == WAITS, unfit=unfit, **own, **by)


def _of(row: CorrectionRow, values: Mapping[str, Any]) -> str:
    """Return the id of the event that is corrected; "" where it corrects none."""
    return "" if row.kind in (ADJUSTMENT, REBUILD) else values.get("of_id") or row.of


def _amended(row: CorrectionRow, values: Mapping[str, Any]) -> str:
    return f"event {_of(row, values)} has {', '.join(f'{key} = {value}' for key, value in sorted(values.get('set', {}).items()))}"


_NOT_BORNE: Final = ", which is not counted: it takes back more than the doors of the store counted on that day"
_CORRECTED: Final[Mapping[str, Callable[[CorrectionRow, Mapping[str, Any]], str]]] = {
    VOID: lambda row, values: f"event {_of(row, values)} is taken back",
    ADJUSTMENT: lambda row, values: (
        f"door {values['door']} has {values['in']:+} in and {values['out']:+} out" + (_NOT_BORNE if row.waits else "")
    ),
    REBUILD: lambda row, values: f"{row.store} is folded again on {values['day']}",
}


def line(each: Audited) -> str:
    """Return an entry as a line for people."""
    by = " by ".join(filter(None, (each.source, each.actor)))
    reason = f": {each.reason}" if each.reason else ""
    waits = ", waits for what it corrects" if each.waits else ""
    at = when(each.time_ns) if each.time_ns > 0 else "before this release"
    return f"{at} {each.kind} {each.id}: {each.what} ({by}{reason}){waits}"
