"""What was sent, against what is stored. Pure; it knows only what the case recorded.

People through a door are counted with a number that no other row of the case has: `door.in` is the row's identity. Whoever is heard
has an identifier of his own, and is heard once: his subject with `enter` and with `exit` are two rows. Only a row's time is the
gateway's to decide: so a row stored a second time at another time is found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from simulators.faultcases.findings import Findings

MEASURED_NS: Final = 2_000_000_000
"""So far off may be what the gateway calls measured, and what says nothing of its time."""
_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Passed:
    """`number` people came in by `door` of `store`, sent by `agent` of that store, at `time_ns` of true time."""

    number: int
    store: str
    agent: str
    door: str
    time_ns: int


@dataclass(frozen=True, slots=True)
class Heard:
    """One person heard from `from_ns` to `to_ns` of true time in one zone, and never again."""

    subject: str
    store: str
    agent: str
    zone: str
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class DoorRow:
    number: int
    store: str
    agent: str
    door: str
    time_ns: int


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """`width_ns` -1: the row states none."""

    subject: str
    kind: str
    store: str
    agent: str
    zone: str
    time_ns: int
    quality: str
    width_ns: int = -1


@dataclass(slots=True)
class Sent:
    """Recorded by the case as it sends. `gap_rows`: so many rows a stored gap may stand for."""

    passed: dict[int, Passed] = field(default_factory=dict)
    heard: dict[str, Heard] = field(default_factory=dict)
    tolerance_ns: int = MEASURED_NS

    def number(self) -> int:
        """One that no row has yet."""
        return len(self.passed) + 1

    def add(self, passed: Passed) -> None:
        self.passed[passed.number] = passed


def judge_doors(sent: Sent, stored: Sequence[DoorRow], gap_rows: int = 0) -> Findings:
    """Rows of `door` against what was sent. Up to `gap_rows` rows covered by a gap are not lost."""
    found = Findings()
    times: Mapping[int, list[DoorRow]] = _by_number(stored)
    missing = [number for number in sent.passed if number not in times]
    if len(missing) > gap_rows:
        told = f", gaps tell of {gap_rows}" if gap_rows else ""
        found.lost += [f"door row {number} of {sent.passed[number].agent}{told}" for number in missing]
    for number, rows in times.items():
        truth = sent.passed.get(number)
        if truth is None:
            found.doubled.append(f"door row {number}, which nobody sent, of {rows[0].agent}")
            continue
        found.doubled += [f"door row {number} of {truth.agent}: stored {len(rows)} times"] * (len(rows) - 1)
        for row in rows:
            found.add(_judge_door(truth, row, sent.tolerance_ns))
    return found


def _judge_door(truth: Passed, row: DoorRow, tolerance_ns: int) -> Findings:
    found = Findings()
    if (row.store, row.agent, row.door) != (truth.store, truth.agent, truth.door):
        where, meant = (f"{each.store}/{each.agent}/{each.door}" for each in (row, truth))
        found.lost.append(f"door row {truth.number} was sent for {meant}, and stored for {where}")
    off_ns = row.time_ns - truth.time_ns
    if abs(off_ns) > tolerance_ns:
        found.misdated.append(f"door row {truth.number} of {truth.agent} by {off_ns / 1e9:+.3f} s")
    return found


def _by_number(stored: Iterable[DoorRow]) -> dict[int, list[DoorRow]]:
    found: dict[int, list[DoorRow]] = defaultdict(list)
    for row in stored:
        found[row.number].append(row)
    return found


def judge_presence(sent: Sent, stored: Sequence[PresenceRow]) -> Findings:
    """Everyone who was heard has one `enter` and one `exit`, within the time heard and the uncertainty of the row."""
    found = Findings()
    rows = [row for row in stored if row.kind in ("enter", "exit")]
    times = Counter((row.subject, row.kind) for row in rows)
    for subject, truth in sent.heard.items():
        for kind in ("enter", "exit"):
            n = times[subject, kind]
            if not n:
                found.lost.append(f"{kind} of {subject} at {truth.agent}")
            found.doubled += [f"{kind} of {subject} at {truth.agent}: stored {n} times"] * (n - 1)
    for row in rows:
        heard = sent.heard.get(row.subject)
        if heard is None:
            found.doubled.append(f"{row.kind} of {row.subject}, whom nobody heard, of {row.agent}")
        elif (off_ns := _outside_ns(heard, row.time_ns)) > _admitted_ns(row):
            found.misdated.append(f"{row.kind} of {row.subject} at {row.agent} by {off_ns / 1e9:.3f} s, {row.quality}")
    return found


def _outside_ns(heard: Heard, time_ns: int) -> int:
    return max(0, heard.from_ns - time_ns, time_ns - heard.to_ns)


def _admitted_ns(row: PresenceRow) -> int:
    return row.width_ns if row.quality == "bounded" and row.width_ns >= 0 else MEASURED_NS


Key = tuple[Any, ...]
"""(measurement, time, *tags), as in simulators/dumps.py."""


def judge_unchanged(before: Mapping[Key, Any], after: Mapping[Key, Any], measurements: Iterable[str]) -> Findings:
    """Every row of these that was there is there as it was."""
    found, wanted = Findings(), frozenset(measurements)
    for key, fields in before.items():
        if key[0] in wanted and after.get(key) != fields:
            found.lost.append(f"{key} was {fields}, and is {after.get(key, 'gone')}")
    return found


def judge_not_lowered(before: Mapping[Key, Any], after: Mapping[Key, Any], columns: Mapping[str, Sequence[int]], until_ns: int) -> Findings:
    """No number of these columns is less than it was; what differs at all begins at or before `until_ns`, which the status reported.

    `columns`: by measurement, places of the fields that only grow.
    """
    found = Findings()
    for key, fields in before.items():
        if key[0] not in columns:
            continue
        now = after.get(key)
        if now is None:
            found.lost.append(f"{key} was {fields}, and is gone")
        elif any(now[place] < fields[place] for place in columns[key[0]]):
            found.lost.append(f"{key} was {fields}, and is lowered to {now}")
        elif now != fields and key[1] > until_ns:
            found.doubled.append(f"{key} was {fields} and is {now}, outside of the span that the status names")
    return found


def judge_same(one: Mapping[Key, Any], other: Mapping[Key, Any], what: str) -> Findings:
    """Two databases that must have the same rows."""
    found = Findings()
    for key in sorted(one.keys() | other.keys(), key=str):
        if key not in other:
            found.lost.append(f"{what}: {key} is missing")
        elif key not in one:
            found.doubled.append(f"{what}: {key} is there besides")
        elif one[key] != other[key]:
            found.doubled.append(f"{what}: {key} is {other[key]}, not {one[key]}")
    return found
