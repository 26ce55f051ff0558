"""What is judged as one: where one identifier truly was in one run, and what is stored of it. Times in ns since 1970."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_S
from simulators.true_figures import is_pass

LATE_NS: Final = 10 * NS_PER_S
"""A change so soon after a truth sets in may be one of the time before it, of which nobody knows when it was."""
UNKNOWN_NS: Final = 60 * NS_PER_S
UNKNOWN_STEPS: Final = 10
"""Where a truth has no row for so long, and for so many of its usual steps, nobody knows where somebody was."""
SIGHTING_NS: Final = 2 * NS_PER_S
"""Rows so close are of one moment: what several receivers heard of it."""
USUAL_STEPS: Final = 0.9
"""So large a share of steps is usual: rows of a slow tag come in bursts where clocks of receivers differ, or where it wakes seldom."""


class Span(NamedTuple):
    from_ns: int
    to_ns: int
    is_open: bool = False
    """Whether it goes on: when it ends is not known yet."""


class TrueStay(NamedTuple):
    """Somebody was in `zone`, without the walks before and after."""

    zone: str
    from_ns: int
    to_ns: int


class DecidedDwell(NamedTuple):
    """A stored dwell. Evidence up to `decided_ns` was needed to store it; before the fold had that, nobody knew of it."""

    zone: str
    from_ns: int
    to_ns: int
    decided_ns: int
    quality: float = -1.0
    """How good the evidence of its zone is, 0 to 1; -1: nobody knows."""


class Lead(NamedTuple):
    """A zone that led but was not decided: by evidence up to any time from `from_ns` to `to_ns` it had somebody since `since_ns`."""

    zone: str
    since_ns: int
    from_ns: int
    to_ns: int


_Stored = TypeVar("_Stored", DecidedDwell, Span)
_Placed = TypeVar("_Placed", TrueStay, DecidedDwell)
NO_LEADS: Final[Mapping[str, Sequence[Lead]]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """`zones[k]` is the true zone at the judged moment `t_ns[k]`. `visits` are true, `stored_visits` are what was stored of them.

    Of a recording `dwells` and `stored_visits` are cut to where its truth is.
    """

    name: str
    t_ns: npt.NDArray[np.int64]
    zones: tuple[str, ...]
    stays: tuple[TrueStay, ...]
    dwells: tuple[DecidedDwell, ...]
    visits: tuple[Span, ...] = ()
    stored_visits: tuple[Span, ...] = ()
    passes: tuple[TrueStay, ...] = ()
    """Zones that were only passed: a change into one of them and out again is neither true nor false."""
    disturbed: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    """Which moments lie near a jump of the recording's clock; empty for none."""
    leads: tuple[Lead, ...] = ()
    """What was shown before it was decided."""
    known: tuple[Span, ...] = ()
    """Where the truth has no gap; empty: in all of the span."""
    left_out: int = 0
    """How many rows of the truth are judged nowhere, since two clocks had the same time, or would have lain in a hole of the recording."""
    uncut: tuple[DecidedDwell, ...] = ()
    """The dwells as they are stored; empty: `dwells` are."""

    @property
    def span(self) -> Span:
        return Span(self.stays[0].from_ns, self.stays[-1].to_ns)

    @property
    def judged(self) -> tuple[Span, ...]:
        """Return the spans in which the truth is known."""
        return self.known or (self.span,)

    @property
    def whole_dwells(self) -> tuple[DecidedDwell, ...]:
        """Return the dwells without any cut."""
        return self.uncut or self.dwells

    def changes(self) -> list[tuple[int, str]]:
        """Return when the zone truly changed, and to which. What changed in a gap of the truth is none."""
        parts = _begun_in(self.known, self.stays) if self.known else [self.stays]
        return [change for part in parts for change in _changes((stay.from_ns, stay.zone) for stay in part)]

    def stored_changes(self) -> list[tuple[int, str, int]]:
        """Return when the stored zone changed, to which, and when that was decided, where the truth is known."""
        kept = [dwell for dwell in self.dwells if not is_pass(dwell, self.passes)]
        parts = self._without_late(_begun_in(self.known, kept)) if self.known else [kept]
        return [change for part in parts for change in _stored_changes(part)]

    def _without_late(self, parts: Iterable[list[DecidedDwell]]) -> Iterator[list[DecidedDwell]]:
        """Leave out what goes on from a time without truth and soon ends in the zone that is true by then: when that began is unknown."""
        whole, ends = set(self.uncut), [stay.to_ns for stay in self.stays]
        for part in parts:
            if len(part) < 2 or part[0] in whole or part[0].to_ns - part[0].from_ns > LATE_NS:
                yield part
                continue
            stay = self.stays[min(bisect_left(ends, part[0].from_ns), len(ends) - 1)]
            set_in = stay.zone if stay.from_ns <= part[0].from_ns <= stay.to_ns else ""
            yield part[1:] if part[1].zone == set_in != part[0].zone else part

    def estimate(self, delay_ns: int | None) -> list[str]:
        """Return the zone at each judged moment, by what was known at most `delay_ns` later (None: as it is stored); "" for none.

        A moment between two dwells belongs to the one that ended last, a moment in two of them (of two devices) to the later.
        A zone that leads counts as long as nothing is decided.
        """
        dwells = self.whole_dwells
        since = [one.from_ns if delay_ns is None else max(one.from_ns, one.decided_ns - delay_ns) for one in dwells]
        begins = np.searchsorted(self.t_ns, np.array(since, np.int64)).tolist()
        found = _ended_last([one.to_ns for one in dwells], begins, len(self.t_ns))
        for number, (begin, end) in enumerate(zip(begins, np.searchsorted(self.t_ns, [one.to_ns for one in dwells]).tolist(), strict=True)):
            found[begin:end] = number
        zones = [dwells[number].zone if number >= 0 else "" for number in found.tolist()]
        if delay_ns is not None:
            self._take_leads(zones, delay_ns)
        return zones

    def _take_leads(self, zones: list[str], delay_ns: int) -> None:
        begins = np.searchsorted(self.t_ns, [max(lead.from_ns - delay_ns, lead.since_ns) for lead in self.leads]).tolist()
        ends = np.searchsorted(self.t_ns, [lead.to_ns - delay_ns for lead in self.leads]).tolist()
        for lead, begin, end in zip(self.leads, begins, ends, strict=True):
            zones[begin:end] = [lead.zone] * (end - begin)


def course_of_rows(
    name: str, rows: Sequence[tuple[int, str]], dwells: Iterable[DecidedDwell], stored_visits: Iterable[Span], outside: Set[str],
    idle_ns: int, window_ns: int = 0, leads: Iterable[Lead] = (), unclear: Iterable[Span] = (),
) -> Course:  # fmt: skip
    """Return the course of rows (time, true zone) in the order of time: each zone holds until the first row of the next.

    `unclear`: nothing is judged there, and no row may lie there.

    Every row is judged, or with `window_ns` the end of every window in which there are rows.
    """
    judged = at_window_ends(rows, window_ns) if window_ns else rows
    stays = _stays(rows, unclear)
    known = _known(stays, 0)
    own = _own(dwells, known[0].from_ns, known[-1].to_ns)
    return Course(
        name,
        np.array([t_ns for t_ns, _ in judged], np.int64),
        tuple(zone for _, zone in judged),
        stays,
        tuple(_cut(own, known)),
        visits_of(stays, outside, idle_ns),
        tuple(sorted(_cut(stored_visits, _known(stays, idle_ns)))),
        leads=tuple(leads),
        known=known,
        uncut=tuple(own),
    )


def _own(dwells: Iterable[DecidedDwell], from_ns: int, to_ns: int) -> list[DecidedDwell]:
    """Return the dwells that reach into a span, and the last one shortly before it: until the next its zone holds."""
    ordered = sorted((dwell for dwell in dwells if dwell.from_ns <= to_ns), key=lambda dwell: dwell.from_ns)
    before = [dwell for dwell in ordered if from_ns - UNKNOWN_NS <= dwell.to_ns < from_ns]
    last = max(before, key=lambda dwell: dwell.to_ns, default=None)
    return [dwell for dwell in ordered if dwell.to_ns >= from_ns or dwell is last]


def _known(stays: Iterable[TrueStay], gap_ns: int) -> tuple[Span, ...]:
    """Return the spans in which the truth has no gap longer than `gap_ns`."""
    found: list[Span] = []
    for stay in stays:
        if found and stay.from_ns - found[-1].to_ns <= gap_ns:
            found[-1] = Span(found[-1].from_ns, stay.to_ns)
        else:
            found.append(Span(stay.from_ns, stay.to_ns))
    return tuple(found)


def _cut(stored: Iterable[_Stored], known: Sequence[Span]) -> Iterator[_Stored]:
    """Yield what of stored dwells or visits lies in spans, which are in order and apart, span by span."""
    begins, ends = [span.from_ns for span in known], [span.to_ns for span in known]
    parts: list[list[_Stored]] = [[] for _ in known]
    for one in stored:
        for at in range(bisect_left(ends, one.from_ns), bisect_right(begins, one.to_ns)):
            from_ns, to_ns = max(one.from_ns, begins[at]), min(one.to_ns, ends[at])
            if from_ns < to_ns or from_ns == to_ns == one.from_ns:
                parts[at].append(one._replace(from_ns=from_ns, to_ns=to_ns))
    for part in parts:
        yield from part


def _begun_in(known: Sequence[Span], placed: Iterable[_Placed]) -> list[list[_Placed]]:
    """Return what begins in each of the spans, which are in order and apart."""
    begins = [span.from_ns for span in known]
    parts: list[list[_Placed]] = [[] for _ in known]
    for one in placed:
        at = bisect_right(begins, one.from_ns) - 1
        if at >= 0 and one.from_ns <= known[at].to_ns:
            parts[at].append(one)
    return parts


def _ended_last(ends: Sequence[int], begins: Sequence[int], moments: int) -> npt.NDArray[np.int64]:
    """Return for each moment which dwell of those that have begun ends last; -1 for none."""
    order = sorted(range(len(ends)), key=lambda number: ends[number])
    rank = np.full(moments + 1, -1)
    for place, number in enumerate(order):
        rank[begins[number]] = max(rank[begins[number]], place)
    return np.array([*order, -1], np.int64)[np.maximum.accumulate(rank[:-1])]


def _stored_changes(dwells: Sequence[DecidedDwell]) -> list[tuple[int, str, int]]:
    decided = {(dwell.from_ns, dwell.zone): dwell.decided_ns for dwell in dwells}
    return [(t_ns, zone, decided[t_ns, zone]) for t_ns, zone in _changes((dwell.from_ns, dwell.zone) for dwell in dwells)]


def _stays(rows: Sequence[tuple[int, str]], unclear: Iterable[Span]) -> tuple[TrueStay, ...]:
    """A stay ends with the first row of the next, or with its own last row where nothing is recorded for long, or what is is unclear."""
    after = {rows[at][0] for span in unclear if (at := bisect_left(rows, (span.from_ns, ""))) < len(rows)}
    gap_ns = max(UNKNOWN_NS, UNKNOWN_STEPS * usual_step_ns([t_ns for t_ns, _ in rows]))
    found: list[TrueStay] = []
    for before, (t_ns, zone) in zip([None, *rows], rows, strict=False):
        goes_on = before is not None and t_ns - before[0] <= gap_ns and t_ns not in after
        if found and goes_on:
            found[-1] = found[-1]._replace(to_ns=t_ns)
        if not found or not goes_on or found[-1].zone != zone:
            found.append(TrueStay(zone, t_ns, t_ns))
    return tuple(found)


def usual_step_ns(times_ns: Iterable[int]) -> int:
    """Return the longest usual step from one moment to the next, of rows in the order of time; 0 for fewer than two moments."""
    moments: list[int] = []
    for t_ns in times_ns:
        if not moments or t_ns - moments[-1] > SIGHTING_NS:
            moments.append(t_ns)
    steps = sorted(after - before for before, after in pairwise(moments))
    return steps[int(USUAL_STEPS * (len(steps) - 1))] if steps else 0


def visits_of(stays: Iterable[TrueStay], outside: Set[str], idle_ns: int) -> tuple[Span, ...]:
    """Return the visits that stays make: times inside that are less than `idle_ns` apart are one, as the gateway counts them."""
    found: list[Span] = []
    for stay in stays:
        if stay.zone in outside:
            continue
        if found and stay.from_ns - found[-1].to_ns <= idle_ns:
            found[-1] = Span(found[-1].from_ns, stay.to_ns)
        else:
            found.append(Span(stay.from_ns, stay.to_ns))
    return tuple(found)


def _changes(begins: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    before: str | None = None
    for t_ns, zone in begins:
        if before is not None and zone != before:
            found.append((t_ns, zone))
        before = zone
    return found


def at_window_ends(rows: Sequence[tuple[int, str]], window_ns: int) -> list[tuple[int, str]]:
    """Return one row for each window in which there are rows: its end, with the true zone of its last row."""
    last: dict[int, str] = {}
    for t_ns, zone in rows:
        last[t_ns // window_ns] = zone
    return [((window + 1) * window_ns, zone) for window, zone in sorted(last.items())]


def by_run(rows: Iterable[tuple[tuple[str, str], int, str]]) -> Mapping[tuple[str, str], list[tuple[int, str]]]:
    """Return rows (time, true zone) by run and identifier."""
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for key, t_ns, zone in rows:
        found.setdefault(key, []).append((t_ns, zone))
    return found
