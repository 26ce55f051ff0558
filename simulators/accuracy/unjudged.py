"""What of a recording is judged nowhere: truths that fit nothing heard, tags and times without a truth, positions in no area.

unjudged(runs) -> ["the truth of 'TAG-1' (12 rows) is of no tag that was heard: did you mean 'tag01'?", ...]
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from edge_agent.sources.csv_labels import EVERYBODY, Labels, labels_of
from edge_agent.sources.replay_settings import Run
from edge_agent.sources.source import Sighting
from footfall.mistakes import did_you_mean
from gateway.query.spans import iso

MOST_NAMED: Final = 10
_UTC: Final = ZoneInfo("UTC")


class Covered(NamedTuple):
    """When a file of the truth and what was heard beside it begin and end, ns since 1970."""

    truth_from_ns: int
    truth_to_ns: int
    heard_from_ns: int
    heard_to_ns: int

    def __str__(self) -> str:
        of = [iso(time_ns, _UTC, "seconds") for time_ns in self]
        return f"the truth covers {of[0]} to {of[1]}, what was heard {of[2]} to {of[3]}"


def unjudged(runs: Sequence[Run]) -> list[str]:
    """Return a sentence for each reason."""
    heard = Counter(one.identifier for run in runs for one in _sightings(run))
    return [*_strangers(runs, heard), *_elsewhen(runs), *_without_truth(runs, heard), *_times_without(runs), *_in_no_area(runs)]


def by_labels(runs: Sequence[Run]) -> list[tuple[Run, list[Run]]]:
    """Return each file of labels, with the runs that it is beside."""
    having = sorted((run for run in runs if run.labels), key=lambda run: id(run.labels))
    return [(labels, list(of)) for _, group in groupby(having, key=lambda run: id(run.labels)) for labels, of in [_beside(group)]]


def covered(labels: Run, beside: Sequence[Run]) -> Covered | None:
    """Return what a file of labels covers, and what was heard beside it; None if either is nothing."""
    times = [one.t_wall_ns for run in beside for one in _sightings(run)]
    return Covered(labels.truth[0].t_ns, labels.truth[-1].t_ns, min(times), max(times)) if times and labels.truth else None


def _beside(runs: Iterable[Run]) -> tuple[Run, list[Run]]:
    of = list(runs)
    return next(run.labels for run in of if run.labels), of


def _sightings(run: Run) -> Iterator[Sighting]:
    return (one for one in run.heard if isinstance(one, Sighting))


def _strangers(runs: Sequence[Run], heard: Counter[str]) -> Iterator[str]:
    rows = Counter(row.identifier for labels, _ in by_labels(runs) for row in labels.truth)
    unknown = [who for who in rows if who not in heard and who != EVERYBODY]
    without = sorted(who for who in heard if who not in rows)
    for who in unknown[:MOST_NAMED]:
        meant = did_you_mean(who, without) or ", and judged nowhere"
        yield f"the truth of {who!r} ({rows[who]:,} rows) is of no tag that was heard{meant}"
    if more := unknown[MOST_NAMED:]:
        yield f"so is the truth of {len(more):,} tags more ({sum(rows[who] for who in more):,} rows)"


def _elsewhen(runs: Sequence[Run]) -> Iterator[str]:
    """Labels that hold only before or after all that was heard."""
    for labels, beside in by_labels(runs):
        if span := covered(labels, beside):
            known = labels_of(labels).values()
            lost, rows = sum(_lost(one, span) for one in known), len(labels.truth)
            if lost == rows and span.truth_from_ns > span.heard_to_ns:
                yield f"{span}: nothing is judged; look at `zone` and `shift_s` of the times, under [time] or `truth.time`"
            elif lost:
                yield f"{span}: {lost:,} of its {rows:,} rows hold only before or after, and are judged nowhere"


def _lost(labels: Labels, span: Covered) -> int:
    """Count the labels that are later than all that was heard, or have been replaced by then."""
    late = len(labels.times_ns) - bisect_right(labels.times_ns, span.heard_to_ns)
    return late + max(bisect_right(labels.times_ns, span.heard_from_ns) - 1, 0)


def _without_truth(runs: Sequence[Run], heard: Counter[str]) -> Iterator[str]:
    judged = {true.identifier for run in runs for true in run.truth}
    without = [who for who in heard if who not in judged]
    if without and judged:
        names = ", ".join(map(repr, without[:MOST_NAMED])) + (" and others" if len(without) > MOST_NAMED else "")
        count = sum(heard[who] for who in without)
        yield f"{len(without):,} of {len(heard):,} tags that were heard have no truth and are judged nowhere: {names}, {count:,} sightings"


def _times_without(runs: Sequence[Run]) -> Iterator[str]:
    """Sightings while the zone is not known of tags whose truth is known at other times."""
    missed = every = 0
    for run in runs:
        labels = labels_of(run.labels) if run.labels else {}
        times: dict[str, set[int]] = {}
        for true in run.truth:
            times.setdefault(true.identifier, set()).add(true.t_ns)
        for one in (one for one in _sightings(run) if one.identifier in times):
            every += 1
            own = labels.get(one.identifier) or labels.get(EVERYBODY)
            missed += not (own.zone_at(one.t_wall_ns) if own else one.t_wall_ns in times[one.identifier])
    if missed:
        yield f"{missed:,} of {every:,} sightings of tags with a truth are of times without one, and are judged nowhere"


def _in_no_area(runs: Sequence[Run]) -> Iterator[str]:
    read = [*runs, *(labels for labels, _ in by_labels(runs))]
    if rows := sum(run.in_no_area.rows for run in read):
        first = next(run.in_no_area.first for run in read if run.in_no_area.rows)
        yield f"{rows:,} positions are in no area of `truth.areas` and are judged nowhere; the first is {first}"
