"""The figures of courses: zones right, transitions, stays, visits, how many are inside, and how long decisions took. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field, replace
from itertools import accumulate
from typing import Any, Final

import numpy as np

from footfall.units import NS_PER_S
from simulators.accuracy.course import Course, Span
from simulators.accuracy.stays import PeopleStays, Spans, ZoneStays, quantile
from simulators.true_figures import InZone

STORED: Final = "stored"
DELAYS_S: Final[Mapping[str, float | None]] = {"live": 0.0, "1 s": 1.0, "2 s": 2.0, "3 s": 3.0, STORED: None}
"""Until when a decision counts for a moment: `live` has evidence up to the moment itself, `stored` all there ever was."""
TOLERANCES_S: Final = (2, 3, 5, 10)
UNTIMED: Final = (
    "when something was decided is not stored: a database answers what is stored in the end, and a recording that is played the rest"
)
"""Why figures of what a database has lack those by delay."""
PAIRED_S: Final = 10
"""Transitions so far apart are no pair: delays and stamps are measured on pairs."""


@dataclass(frozen=True, slots=True)
class Transitions:
    """`paired` counts, by tolerance in seconds, the true ones that a stored one to the same zone stands for, one to one."""

    true: int
    stored: int
    paired: Mapping[int, int]
    stamp_error_s: float
    """Median of stored minus true time, over pairs."""
    delay_median_s: float
    """From the event until it was decided, over pairs."""
    delay_p90_s: float
    judged_s: float = 0.0
    """For how long the truth is known, of all courses."""

    @property
    def stored_an_hour(self) -> float:
        """What flaps where nothing truly changes."""
        return share(self.stored * 3600, self.judged_s)

    @property
    def true_an_hour(self) -> float:
        return share(self.true * 3600, self.judged_s)

    @property
    def flapping(self) -> float:
        """Stored for each true one; 1 is best."""
        return share(self.stored, self.true)

    def precision(self, tolerance_s: int) -> float:
        return share(self.paired[tolerance_s], self.stored)

    def recall(self, tolerance_s: int) -> float:
        return share(self.paired[tolerance_s], self.true)

    def f1(self, tolerance_s: int) -> float:
        return share(2 * self.paired[tolerance_s], self.true + self.stored)


@dataclass(frozen=True, slots=True)
class Visits:
    """Visits that overlap are paired, the longest overlap first; `error` is the difference of their lengths, of those that are over."""

    true: int
    stored: int
    paired: int
    error_median_s: float
    error_p95_s: float

    @property
    def precision(self) -> float:
        return share(self.paired, self.stored)

    @property
    def recall(self) -> float:
        return share(self.paired, self.true)


@dataclass(frozen=True, slots=True)
class Inside:
    """How many are inside, second by second: the mean number, and the mean of how far the stored number is from it."""

    mean: float
    error: float


@dataclass(frozen=True, slots=True)
class Accuracy:
    """`right` counts the moments with the right zone, by delay. `confidence`: the share of moments that are beyond doubt."""

    courses: int
    moments: int
    right: Mapping[str, float]
    first_right: int
    """Courses whose first stored zone is the first true one."""
    transitions: Transitions
    stays: tuple[ZoneStays, ...]
    visits: Visits
    inside: Inside
    confidence: float
    stays_by_phase: Mapping[str, tuple[ZoneStays, ...]] = field(default_factory=dict)
    """Stays by the phase of receivers in which they began (`PHASES`); nothing where none ever failed."""

    def zones_right(self, delay: str) -> float:
        return share(self.right[delay], self.moments)

    def values(self, is_timed: bool = True) -> dict[str, Any]:
        """Return all figures as plain values, for JSON; None where there was nothing to judge.

        `is_timed`: it is known when things were decided. Else what follows from that is None, and `why_null` states why.
        """
        if not is_timed:
            return self._untimed().values() | {"why_null": UNTIMED}
        moves, visits = self.transitions, self.visits
        shares = {
            "zone_accuracy": {delay: self.zones_right(delay) for delay in self.right},
            "precision": {str(tolerance_s): moves.precision(tolerance_s) for tolerance_s in moves.paired},
            "recall": {str(tolerance_s): moves.recall(tolerance_s) for tolerance_s in moves.paired},
            "f1": {str(tolerance_s): moves.f1(tolerance_s) for tolerance_s in moves.paired},
            "flapping": moves.flapping,
            "changes_an_hour": moves.stored_an_hour,
            "true_changes_an_hour": moves.true_an_hour,
            "visit_precision": visits.precision,
            "visit_recall": visits.recall,
        }
        plain: dict[str, Any] = without_nan({**shares, **asdict(self)})
        return plain

    def _untimed(self) -> Accuracy:
        """Return the figures without those that need the times of decisions."""
        unknown = float("nan")
        right = {delay: count if delay == STORED else unknown for delay, count in self.right.items()}
        return replace(self, right=right, transitions=replace(self.transitions, delay_median_s=unknown, delay_p90_s=unknown))


def figures(
    courses: Sequence[Course], outside: Set[str] = frozenset(), least_s: float = 0.0, people: PeopleStays | None = None
) -> Accuracy:
    """Return the figures of all courses together. Stays shorter than `least_s` are passes, and not counted as stays.

    `people`: all stays there were, if courses do not have them all.
    """
    stays = people or _stays(courses, least_s)
    phases = {name: of.by_zone(stays.least_s) for name, of in stays.phases.items()} if stays.had_outages else {}
    moments = sum(len(course.zones) for course in courses)
    left_out = sum(course.left_out for course in courses)
    unsure = left_out + sum(int(course.disturbed.sum()) for course in courses)
    return Accuracy(
        len(courses),
        moments,
        {delay: sum(_right(course, course.estimate(_ns(delay_s))) for course in courses) for delay, delay_s in DELAYS_S.items()},
        sum(bool(course.dwells) and course.dwells[0].zone == course.stays[0].zone for course in courses),
        _transitions(courses),
        stays.by_zone(),
        _visits(courses),
        _inside(courses, outside),
        1.0 - share(unsure, moments + left_out) if unsure else 1.0,
        phases,
    )


def paired(true: Sequence[tuple[int, str]], stored: Sequence[tuple[int, str]], tolerance_ns: int) -> list[tuple[int, int]]:
    """Return pairs, by their places in the two lists: to the same zone, one to one, within the tolerance. In order greed finds most."""
    found = []
    for zone in dict.fromkeys(zone for _, zone in true):
        waiting = deque((t_ns, place) for place, (t_ns, to) in enumerate(stored) if to == zone)
        for place, (t_ns, to) in enumerate(true):
            if to != zone:
                continue
            while waiting and waiting[0][0] < t_ns - tolerance_ns:
                waiting.popleft()
            if waiting and waiting[0][0] <= t_ns + tolerance_ns:
                found.append((place, waiting.popleft()[1]))
    return found


def _stays(courses: Sequence[Course], least_s: float) -> PeopleStays:
    true = tuple(stay for course in courses for stay in course.stays)
    stored = tuple(dwell for course in courses for dwell in course.dwells)
    return PeopleStays({"intact": Spans(true, stored)}, least_s)


def _right(course: Course, estimate: Sequence[str]) -> int:
    return sum(a == b for a, b in zip(course.zones, estimate, strict=True))


def _transitions(courses: Sequence[Course]) -> Transitions:
    true = stored = 0
    counts: Counter[int] = Counter(dict.fromkeys(TOLERANCES_S, 0))
    stamps_s: list[float] = []
    delays_s: list[float] = []
    for course in courses:
        changes, found = course.changes(), course.stored_changes()
        true, stored = true + len(changes), stored + len(found)
        times = [(t_ns, zone) for t_ns, zone, _ in found]
        for tolerance_s in TOLERANCES_S:
            counts[tolerance_s] += len(paired(changes, times, tolerance_s * NS_PER_S))
        for place, of in paired(changes, times, PAIRED_S * NS_PER_S):
            stamps_s.append((found[of][0] - changes[place][0]) / NS_PER_S)
            delays_s.append((max(found[of][2], found[of][0]) - changes[place][0]) / NS_PER_S)
    judged_s = sum(span.to_ns - span.from_ns for course in courses for span in course.judged) / NS_PER_S
    return Transitions(true, stored, dict(counts), quantile(stamps_s, 0.5), quantile(delays_s, 0.5), quantile(delays_s, 0.9), judged_s)


def _visits(courses: Sequence[Course]) -> Visits:
    pairs = [(course.visits[a], course.stored_visits[b]) for course in courses for a, b in overlapping(course.visits, course.stored_visits)]
    errors_s = [abs((b.to_ns - b.from_ns) - (a.to_ns - a.from_ns)) / NS_PER_S for a, b in pairs if not b.is_open]
    true, stored = sum(len(course.visits) for course in courses), sum(len(course.stored_visits) for course in courses)
    return Visits(true, stored, len(pairs), quantile(errors_s, 0.5), quantile(errors_s, 0.95))


def overlapping(true: Sequence[Span], stored: Sequence[Span]) -> list[tuple[int, int]]:
    """Return pairs of spans that overlap or touch, one to one, the longest overlap first."""
    taken_true: set[int] = set()
    taken: set[int] = set()
    found: list[tuple[int, int]] = []
    for _, i, j in sorted(_overlaps(true, stored), key=lambda each: (-each[0], each[1:])):
        if i not in taken_true and j not in taken:
            found.append((i, j))
            taken_true.add(i)
            taken.add(j)
    return found


def _overlaps(true: Sequence[Span], stored: Sequence[Span]) -> Iterator[tuple[int, int, int]]:
    """Yield how long two spans overlap, ns, and their places, of all that do or touch."""
    order = sorted(range(len(stored)), key=lambda place: stored[place].from_ns)
    begins = [stored[place].from_ns for place in order]
    last_ends = list(accumulate((stored[place].to_ns for place in order), max))
    for i, a in enumerate(true):
        at = bisect_right(begins, a.to_ns)
        while at and last_ends[at - 1] >= a.from_ns:
            at -= 1
            b = stored[order[at]]
            if b.to_ns >= a.from_ns:
                yield min(a.to_ns, b.to_ns) - max(a.from_ns, b.from_ns), i, order[at]


def _inside(courses: Sequence[Course], outside: Set[str]) -> Inside:
    """By the second, over the seconds in which anybody is judged."""
    if not courses:
        return Inside(float("nan"), float("nan"))
    steps: list[tuple[int, int, int]] = []
    for course in courses:
        whole = course.span
        for column, spans in enumerate((_inner(course.stays, outside), _inner(course.dwells, outside), course.judged)):
            for one in spans:
                begin, end = (t_ns // NS_PER_S for t_ns in (max(one.from_ns, whole.from_ns), min(one.to_ns, whole.to_ns)))
                steps += [(begin, column, 1), (end, column, -1)] if end > begin else []
    if not steps:
        return Inside(float("nan"), float("nan"))
    second, column, step = np.array(steps, np.int64).T
    edges, at = np.unique(second, return_inverse=True)
    changes = np.zeros((len(edges), 3), np.int64)
    np.add.at(changes, (at, column), step)
    true, stored, judged = np.cumsum(changes, axis=0)[:-1].T
    weights = np.diff(edges) * (judged > 0)
    if not weights.any():
        return Inside(float("nan"), float("nan"))
    return Inside(float(np.average(true, weights=weights)), float(np.average(np.abs(true - stored), weights=weights)))


def _inner(spans: Iterable[InZone], outside: Set[str]) -> list[Span]:
    """Return when somebody is inside, without overlaps: who is heard in two zones at a time is one."""
    found: list[Span] = []
    for one in sorted((one for one in spans if one.zone not in outside), key=lambda one: one.from_ns):
        if found and one.from_ns <= found[-1].to_ns:
            found[-1] = Span(found[-1].from_ns, max(found[-1].to_ns, one.to_ns))
        else:
            found.append(Span(one.from_ns, one.to_ns))
    return found


def without_nan(value: Any) -> Any:
    """Return the same values with None for nan, which JSON does not have; keys as text."""
    if isinstance(value, Mapping):
        return {str(key): without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(one) for one in value]
    return None if isinstance(value, float) and value != value else value


def share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _ns(delay_s: float | None) -> int | None:
    return None if delay_s is None else round(delay_s * NS_PER_S)
