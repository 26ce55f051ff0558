"""How visits of people who come back, who carry two devices or who never entered are stored. Pure; times in ns since 1970.

A person is one visit, however many devices they carry and however often they come in within the idle time, and is in one zone at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeVar

from simulators.stored_rows import StoredDwell, StoredVisit
from simulators.true_figures import WholeVisit
from simulators.truth import Carried, Other, subject_hex

_S: Final = 1e9
Row = TypeVar("Row", StoredVisit, StoredDwell)


@dataclass(frozen=True, slots=True)
class VisitFigures:
    """`entries_stored` is None where the database has no entries."""

    entries_true: int
    """How often those came in whose visits are stored."""
    entries_stored: int | None
    returning_true: int
    """Visits with more than one entry, and how many of them are stored as exactly one visit."""
    returning_once: int
    two_devices_true: int
    """Visits of people with more than one device, and how many of them are stored as exactly one visit."""
    two_devices_once: int
    two_devices_s: float
    """Seconds of their dwells, and how many of these are stored for more than one of their devices."""
    twice_s: float
    outside_true: int
    """Who and what was heard without entering, and how many visits are stored for them."""
    outside_stored: int
    staff_as_visitors: int
    """Visits of staff that are stored as visitors'."""


def visit_figures(
    visitors: Sequence[WholeVisit],
    staff: Sequence[WholeVisit],
    others: Sequence[Other],
    shown: Sequence[StoredVisit],
    dwells: Sequence[StoredDwell],
    brand_secret: bytes,
) -> VisitFigures:
    """Return the figures of `visitors`, all with a lasting identifier; `shown` are the visits that are stored as visitors'."""
    visits_of, dwells_of = _by_subject(shown), _by_subject(dwells)
    subjects = [subjects_of(visit.carried, brand_secret) for visit in visitors]
    stored = [_during(visits_of, own, visit.enter_ns, visit.leave_ns) for visit, own in zip(visitors, subjects, strict=True)]
    once = [len({(row.subject, row.from_ns) for row in rows}) == 1 for rows in stored]
    known = [(visit, rows) for visit, rows in zip(visitors, stored, strict=True) if rows]
    double = [k for k, own in enumerate(subjects) if len(own) > 1]
    spans = [_during(dwells_of, subjects[k], visitors[k].enter_ns, visitors[k].leave_ns) for k in double]
    outside = [other for other in others if any(one.lasting for one in other.carried)]
    entries = [row.entries for _, rows in known for row in rows]
    return VisitFigures(
        entries_true=sum(visit.entries for visit, _ in known),
        entries_stored=None if None in entries else sum(count for count in entries if count is not None),
        returning_true=sum(visit.entries > 1 for visit in visitors),
        returning_once=sum(is_once and visit.entries > 1 for visit, is_once in zip(visitors, once, strict=True)),
        two_devices_true=len(double),
        two_devices_once=sum(once[k] for k in double),
        two_devices_s=sum(_length(rows) for rows in spans),
        twice_s=sum(_twice(rows) for rows in spans),
        outside_true=len(outside),
        outside_stored=_stored_of(outside, visits_of, brand_secret),
        staff_as_visitors=_stored_of(staff, visits_of, brand_secret),
    )


def subjects_of(carried: Iterable[Carried], brand_secret: bytes) -> list[str]:
    """Return the subjects of what has a lasting identifier, each once."""
    return list(dict.fromkeys(subject_hex(brand_secret, one.id_type, one.identifier) for one in carried if one.lasting))


def _by_subject(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.subject, []).append(row)
    return found


def _during(rows: Mapping[str, Sequence[Row]], subjects: Iterable[str], from_ns: int, to_ns: int) -> list[Row]:
    """The rows of the subjects that overlap the span, in the order of their begin."""
    found = [row for subject in subjects for row in rows.get(subject, ()) if row.from_ns < to_ns and row.to_ns > from_ns]
    return sorted(found, key=lambda row: row.from_ns)


def _stored_of(who: Iterable[WholeVisit | Other], visits_of: Mapping[str, Sequence[StoredVisit]], brand_secret: bytes) -> int:
    subjects = dict.fromkeys(subject for one in who for subject in subjects_of(one.carried, brand_secret))
    return sum(len(visits_of.get(subject, ())) for subject in subjects)


def _length(rows: Iterable[StoredDwell]) -> float:
    return sum(row.to_ns - row.from_ns for row in rows) / _S


def _twice(rows: Sequence[StoredDwell]) -> float:
    """Seconds that lie in more than one of the rows."""
    steps = sorted([(row.from_ns, 1) for row in rows] + [(row.to_ns, -1) for row in rows])
    twice_ns = depth = 0
    for (at_ns, step), (next_ns, _) in pairwise(steps):
        depth += step
        twice_ns += (next_ns - at_ns) if depth > 1 else 0
    return twice_ns / _S
