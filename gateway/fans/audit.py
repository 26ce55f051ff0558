"""Who decided or corrected what, when and why: facts about identity, and voids and amends of events, as one list. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from gateway.fans.fact_text import statement, when
from gateway.fold.corrections import ADJUSTMENT, VOID
from gateway.fold.rebuilding import REBUILD
from gateway.fold.store import CorrectionRow
from gateway.identity.facts import Fact, Revoke
from gateway.identity.facts_json import values_of

TOUCH: Final = "touch"
"""The source of what the fold states of touches."""


class Audited(NamedTuple):
    """One decision or correction."""

    time_ns: int
    """When it was learned; of a correction its own time. 0: nobody stated it."""
    kind: str
    """As facts and events name it: link, merge, split, revoke, consent, void, amend …"""
    what: str
    actor: str
    source: str
    """Of a correction its publisher, as store/agent."""
    reason: str
    id: str
    """Of a correction that of the event that it corrects, as the ledger has it."""
    waits: bool
    """Whether what it corrects has not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is asked for; "" and None ask for all."""

    actor: str = ""
    kind: str = ""
    source: str = ""
    text: str = ""
    """What the statement, the reason or the id contains."""
    from_ns: int | None = None
    to_ns: int | None = None
    only_waiting: bool = False

    def takes(self, each: Audited) -> bool:
        """Return whether an entry is asked for."""
        return (
            (not self.actor or each.actor == self.actor)
            and (not self.kind or each.kind == self.kind)
            and (not self.source or each.source == self.source)
            and (not self.text or any(self.text in part for part in (each.what, each.reason, each.id)))
            and (self.from_ns is None or each.time_ns >= self.from_ns)
            and (self.to_ns is None or each.time_ns < self.to_ns)
            and (each.waits or not self.only_waiting)
        )


def of_facts(facts: Iterable[Fact], waits: Callable[[Fact], bool]) -> Iterator[Audited]:
    """Yield facts as entries; `waits` returns whether one takes back what is not known yet."""
    for fact in facts:
        if isinstance(fact, Revoke) and fact.source == TOUCH:  # the void of its touch is listed
            continue
        kind = values_of(fact)["fact"]
        yield Audited(fact.learned_ns, kind, statement(fact), fact.actor, fact.source, fact.reason, fact.id, waits(fact))


def of_corrections(rows: Iterable[CorrectionRow]) -> Iterator[Audited]:
    """Yield voids, amends, adjustments of doors and rebuilt days as entries."""
    for row in rows:
        values: dict[str, Any] = json.loads(row.body)
        publisher, event_id = f"{row.store}/{row.agent}".rstrip("/"), row.of.removeprefix(f"{ADJUSTMENT}:").removeprefix(f"{REBUILD}:")
        what = _CORRECTED.get(row.kind, _amended)(row, values)
        yield Audited(row.time_ns, row.kind, what, values.get("actor", ""), publisher, values.get("reason", ""), event_id, bool(row.waits))


def _amended(row: CorrectionRow, values: Mapping[str, Any]) -> str:
    return f"event {row.of} has {', '.join(f'{key} = {value}' for key, value in sorted(values.get('set', {}).items()))}"


_NOT_BORNE: Final = ", which is not counted: it takes back more than the doors of the store counted on that day"
_CORRECTED: Final[Mapping[str, Callable[[CorrectionRow, Mapping[str, Any]], str]]] = {
    VOID: lambda row, values: f"event {row.of} is taken back",
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
    at = when(each.time_ns) if each.time_ns > 0 else "at a time that nobody stated"
    return f"{at} {each.kind} {each.id}: {each.what} ({by}{reason}){waits}"
