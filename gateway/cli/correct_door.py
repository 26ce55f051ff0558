"""What becomes of an adjustment by command: whether it counts, by what the ledger has of the door's store and day."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from footfall.units import NS_PER_MINUTE, NS_PER_S
from gateway.fans.fact_text import when
from gateway.fold.adjustments import Stated, those_borne
from gateway.fold.amends import VOID
from gateway.fold.corrections import ADJUSTMENT, AMEND, corrected_id, people_by, row_of
from gateway.fold.history import History
from gateway.fold.minute_counts import stated_at_doors
from gateway.fold.store import CorrectionRow, CountRow
from gateway.site.recorded import read_site
from gateway.site.site import local_day
from gateway.state.facts_tail import JournaledEvent, events_after
from gateway.state.files import JOURNAL, LEDGER
from gateway.state.ledger_reader import LedgerReader, ledger_reader

SECONDS_A_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class AdjustedDoor:
    """A door, by store and by its name then, and what an adjustment would add to it."""

    id: str
    """Of the adjustment, as the ledger has it."""
    store: str
    door: str
    time_ns: int
    entered: int
    left: int

    def __str__(self) -> str:
        return f"door {self.door} at {when(self.time_ns)}: {self.entered:+} in and {self.left:+} out"


@dataclass(frozen=True, slots=True)
class _Day:
    """A day of a store: its date, from when to when, s since 1970, and the cells of its minutes by minute."""

    day: date
    begin_s: int
    end_s: int
    cells: Mapping[int, Any]

    def has(self, time_ns: int) -> bool:
        return self.begin_s <= time_ns // NS_PER_S < self.end_s

    def people(self) -> tuple[int, int]:
        """Return how many the doors counted, in and out, with what is adjusted now."""
        stated = [stated_at_doors(cell) for cell in self.cells.values()]
        return sum(entered for entered, _ in stated), sum(left for _, left in stated)


def outcome(state_dir: Path, adjusted: AdjustedDoor, dry_run: bool) -> list[str]:
    """Return what becomes of an adjustment, in lines, as of the ledger's last checkpoint. Raise ConfigError if it cannot be read."""
    adjusts, counts = ("would adjust", "would not count") if dry_run else ("adjusts", "does not count")
    why = _why_not_counted(state_dir, adjusted)
    return [f"it {adjusts} {adjusted}", *([f"it {counts} {why}"] if why else [])]


def _why_not_counted(state_dir: Path, adjusted: AdjustedDoor) -> str:
    if not (state_dir / LEDGER).is_file():
        return ""
    with ledger_reader(state_dir / LEDGER) as ledger:
        if not ledger.fold:
            return ""
        if until_ns := _not_ours_until(ledger, adjusted):
            why = f"another gateway, whose state is lost, made those of {adjusted.store} up to {when(until_ns)}"
            return f"in any minute of its store: {why}; footfall rebuild makes its days this gateway's"
        if (adjusted.store, adjusted.door) in _inner_doors(ledger):
            return f"in any minute of its store, but at the door alone: it is an inner door of {adjusted.store}"
        day = _day(ledger, adjusted)
        if _is_borne(ledger, state_dir / JOURNAL, adjusted, day):
            return ""
        entered, left = day.people()
        counted = f"{entered:,} in and {left:,} out on {day.day}, as of {when(ledger.as_of_s * NS_PER_S)}"
    more = f"it takes back more than the doors of {adjusted.store} counted: {counted}"
    return f"yet: {more}. It waits for the counts that are missing: footfall audit --waiting lists it"


def _not_ours_until(ledger: LedgerReader, adjusted: AdjustedDoor) -> int:
    """Return up to when another gateway made the store's minutes, if that of the adjustment is among them; else 0."""
    history = History()
    history.load(ledger.fold["state"].get("history", {}))
    until_ns = history.of(adjusted.store)
    return until_ns if adjusted.time_ns // NS_PER_MINUTE * NS_PER_MINUTE <= until_ns else 0


def _inner_doors(ledger: LedgerReader) -> set[tuple[str, str]]:
    recorded = ledger.fold.get("site")
    stores = read_site(recorded).stores if recorded else ()
    return {(store.name, door) for store in stores for door in store.inner_doors}


def _day(ledger: LedgerReader, adjusted: AdjustedDoor) -> _Day:
    """Return the store's day of an adjustment; of a store that the ledger does not know yet the day of UTC, without a count."""
    state, time_s = ledger.fold["state"], adjusted.time_ns // NS_PER_S
    names = state["estate"]["stores"]
    owner = names.index(adjusted.store) if adjusted.store in names else -1
    rule = next((each for each in state["estate"]["rules"] if each[0] == owner), (owner, "UTC", 0))
    day, begin_s, end_s = local_day(ZoneInfo(rule[1]), timedelta(seconds=rule[2]), time_s)
    first, last = begin_s // SECONDS_A_MINUTE, end_s // SECONDS_A_MINUTE - 1
    new = {minute: cell for code, minute, cell in state["traffic"]["cells"] if code == owner and first <= minute <= last}
    return _Day(date.fromordinal(day), begin_s, end_s, {**dict(ledger.cells_between("traffic", owner, first, last)), **new})


def _is_borne(ledger: LedgerReader, journal: Path, adjusted: AdjustedDoor, day: _Day) -> bool:
    """Return whether the day bears an adjustment with all that is known of it, what is journaled and not folded yet included."""
    (entered, left), others = day.people(), []
    new = events_after(journal, ledger.pos)
    corrections = _new_corrections(ledger, new)
    for each in _at_doors(ledger, new, corrections, adjusted.store):
        if day.has(each.time_ns):
            ids = [each.id] if each.id else []
            people = people_by(each.kind, each.entered, each.left, [*ledger.corrections_of(ids), *corrections.get(each.id, ())])
            entered, left = entered - each.counted[0], left - each.counted[1]
            if each.kind == ADJUSTMENT:
                others.append(Stated(each.time_ns, f"{ADJUSTMENT}:{each.id}", *people))
            else:
                entered, left = entered + people[0], left + people[1]
    key = f"{ADJUSTMENT}:{adjusted.id}"
    return key in those_borne(entered, left, [*others, Stated(adjusted.time_ns, key, adjusted.entered, adjusted.left)])


class _AtDoor(NamedTuple):
    """A count or an adjustment, before its corrections, and what of it the ledger counts, in and out."""

    kind: str
    id: str | None
    time_ns: int
    entered: int
    left: int
    counted: tuple[int, int] = (0, 0)


def _new_corrections(ledger: LedgerReader, new: Sequence[JournaledEvent]) -> Mapping[str | None, Sequence[CorrectionRow]]:
    """Return the voids and amends among journaled events, by the id of what they correct."""
    ids, found = {values.get("id") for _, values in new}, defaultdict[str | None, list[CorrectionRow]](list)
    for record, values in new:
        if values["kind"] in (VOID, AMEND):
            of = corrected_id(values, lambda each: each in ids or ledger.count_by_id(each)) or values["of"]
            found[of].append(row_of(record, values, of))
    return found


def _at_doors(ledger: LedgerReader, new: Sequence[JournaledEvent], corrected: Collection[str | None], store: str) -> Iterator[_AtDoor]:
    """Yield what doors that count for a store state: all adjustments, and the counts that are new, or newly corrected."""
    inner, adjustments = _inner_doors(ledger), set()
    for row in ledger.corrections():
        if row.kind == ADJUSTMENT and row.store == store:
            values = json.loads(row.body)
            adjustments.add(values["id"])
            if (counted := ledger.count_by_id(values["id"])) and not _is_inner(counted, inner):
                yield _AtDoor(ADJUSTMENT, values["id"], row.time_ns, values["in"], values["out"], (counted.entered, counted.left))
    for event_id in sorted(each for each in corrected if each and each not in adjustments):
        if (counted := ledger.count_by_id(event_id)) and counted.store == store and not _is_inner(counted, inner):
            people = counted.entered, counted.left
            yield _AtDoor("count", event_id, counted.key_ns, *people, people)
    for record, values in new:
        if record.store == store and values.get("door") and (store, values["door"]) not in inner:
            yield _AtDoor(values["kind"], values["id"], values["time_ns"], values["in"], values["out"])


def _is_inner(counted: CountRow, inner: Collection[tuple[str, str]]) -> bool:
    """Return whether a count's door does not count for its store, as the door was when it was counted."""
    return (counted.store, counted.door) in inner if counted.inner < 0 else counted.inner > 0
