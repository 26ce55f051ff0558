"""What makes a recording doubtful beside jumps of its clock: zones that their receivers do not hear, and truths that differ."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from edge_agent.sources.source import Sighting
from footfall.units import NS_PER_S
from simulators.accuracy.carried import Carried, TrueZones
from simulators.accuracy.course import Course, usual_step_ns
from simulators.accuracy.recorded import TrueRecording
from simulators.accuracy.unjudged import by_labels, covered

LEAST_NS: Final = 30 * NS_PER_S
"""Whoever is in a zone for so long is heard there."""
_NEAR_NS: Final = 2 * NS_PER_S
"""Rows of two truths so near each other are of one moment, or as near as the steps of one are."""


class Doubt(NamedTuple):
    """A line for a person, and the (identifier, zone) of moments that it is about."""

    text: str
    about: frozenset[tuple[str, str]]


def doubts_of(recording: TrueRecording, stored: Set[str] = frozenset()) -> list[Doubt]:
    """Return them: the answer is the best that is possible all the same. `stored`: zones in which anybody is stored."""
    return [*_without_receiver(recording, stored), *_unheard(recording), *_contradictions(recording), *_past(recording)]


def doubtful(course: Course, identifier: str, doubts: Sequence[Doubt]) -> npt.NDArray[np.bool_]:
    """Return which moments of a course are in doubt, by its clock or by these."""
    about = {zone for doubt in doubts for who, zone in doubt.about if who == identifier}
    in_doubt = np.array([zone in about for zone in course.zones], np.bool_)
    return in_doubt | course.disturbed if len(course.disturbed) else in_doubt


def _without_receiver(recording: TrueRecording, stored: Set[str]) -> Iterator[Doubt]:
    """True zones that have no receiver, nor anybody stored in them as a site with areas would have."""
    told = {*recording.receivers.values(), *stored}
    about = dict.fromkeys((one.identifier, zone) for one in recording.carried for _, zone in one.rows if zone not in told)
    if about:
        zones = ", ".join(dict.fromkeys(zone for _, zone in about))
        yield Doubt(f"No receiver hears {zones}: only a --site with areas can tell it from other zones.", frozenset(about))


def _unheard(recording: TrueRecording) -> Iterator[Doubt]:
    """Zones in which carriers were for long, were heard by others, and never by the zone's own receivers."""
    own: dict[str, set[str]] = defaultdict(set)
    for receiver, zone in recording.receivers.items():
        own[zone].add(receiver)
    heard = _heard(recording)
    for carried in recording.carried:
        for zone, time_ns in _times_in(carried).items():
            there = heard.get((carried.identifier, zone), set())
            if zone in own and time_ns >= LEAST_NS and there and not there & own[zone]:
                yield Doubt(
                    f"{carried.identifier} was in {zone} for {time_ns / NS_PER_S:.0f} s in {carried.run}, and no receiver of it"
                    f" ({', '.join(sorted(own[zone]))}) ever heard it there, while {', '.join(sorted(there))} did:"
                    " look whether it is alive, and at the mapping. It is stored in another zone, or nowhere.",
                    frozenset({(carried.identifier, zone)}),
                )


def _heard(recording: TrueRecording) -> dict[tuple[str, str], set[str]]:
    """Return the receivers that heard each identifier while it truly was in each zone."""
    truths = TrueZones(recording.carried)
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in recording.heard:
        if isinstance(one, Sighting) and (zone := truths.at(one.identifier, one.t_wall_ns)):
            found[one.identifier, zone].add(one.receiver)
    return found


def _times_in(carried: Carried) -> dict[str, int]:
    """Return for how long somebody was in each zone, ns, without silences."""
    found: dict[str, int] = dict.fromkeys((zone for _, zone in carried.rows), 0)
    for (before_ns, zone), (t_ns, _) in pairwise(carried.rows):
        found[zone] += min(t_ns - before_ns, LEAST_NS)
    return found


def _contradictions(recording: TrueRecording) -> Iterator[Doubt]:
    """Two truths that have an identifier in different zones at one time."""
    for one, other in _at_one_time(recording.carried):
        if zones := _differ(one, other):
            yield Doubt(
                f"{one.identifier} is in {' and '.join(sorted(zones))} at one time, by {one.run} and {other.run}: one of the truths is"
                " wrong, or its times are. Score them one by one.",
                frozenset((one.identifier, zone) for zone in zones),
            )


def _at_one_time(carried: Sequence[Carried]) -> Iterator[tuple[Carried, Carried]]:
    """Yield what is carried of one identifier in two runs whose truths overlap, in the order of the runs."""
    going_on: dict[str, list[int]] = defaultdict(list)
    for number in sorted(range(len(carried)), key=lambda number: carried[number].rows[0][0]):
        one = carried[number]
        going_on[one.identifier] = [other for other in going_on[one.identifier] if carried[other].rows[-1][0] >= one.rows[0][0] - _NEAR_NS]
        for other in going_on[one.identifier]:
            yield carried[min(number, other)], carried[max(number, other)]
        going_on[one.identifier].append(number)


def _differ(one: Carried, other: Carried) -> set[str]:
    """Return the zones in which an identifier is at one time, by more than one row; at a change two clocks may differ."""
    found: Counter[str] = Counter()
    first, last = other.rows[0][0], other.rows[-1][0] + _NEAR_NS
    times = [t_ns for t_ns, _ in other.rows]
    near_ns = max(_NEAR_NS, usual_step_ns(times))
    for number in range(bisect_left(one.rows, first, key=_row_ns), bisect_right(one.rows, last, key=_row_ns)):
        t_ns, zone = one.rows[number]
        at = bisect_right(times, t_ns) - 1
        if t_ns - times[at] > near_ns:
            continue
        if zone != other.rows[at][1] and _are_steady(one, number, other, at):
            found.update((zone, other.rows[at][1]))
    return {zone for zone, rows in found.items() if rows > 1}


def _row_ns(row: tuple[int, str]) -> int:
    return row[0]


def _are_steady(one: Carried, number: int, other: Carried, at: int) -> bool:
    """Whether neither changes its zone within three rows."""
    parts = one.rows[max(number - 3, 0) : number + 4], other.rows[max(at - 3, 0) : at + 4]
    return all(len({zone for _, zone in part}) == 1 for part in parts)


def _past(recording: TrueRecording) -> Iterator[Doubt]:
    """Labels that changed, and all before anything was heard: those of another time zone, or of another day."""
    for labels, beside in by_labels(recording.runs):
        span = covered(labels, beside)
        names = {run.name for run in beside}
        about = frozenset((one.identifier, zone) for one in recording.carried if one.run in names for _, zone in one.rows)
        if span and span.truth_to_ns < span.heard_from_ns and len({row.zone for row in labels.truth}) > 1 and about:
            yield Doubt(f"{span}: the last zone that it has is taken for all; look at `zone` and `shift_s` of the times.", about)
