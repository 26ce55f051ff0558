"""A file of labels beside a recording: where things truly were, from the time of each row on, also while nobody hears them. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from edge_agent.sources.replay_settings import Part, Run, TrueZone
from edge_agent.sources.source import Gap, RefusedReading, Sighting
from footfall.units import NS_PER_HOUR, NS_PER_S

STEP_NS: Final = NS_PER_S
"""While no label changes it the truth is stated so often."""
MOST_STEPS: Final = 500_000
"""Of a longer recording, or of one of more identifiers, it is stated more rarely."""
RECORDED_NS: Final = NS_PER_HOUR
"""In a longer silence of everybody nobody knows whether anything was recorded: labels do not hold in it."""
EVERYBODY: Final = ""
"""Whose labels are those of a file without identifiers."""


class Labels(NamedTuple):
    """Times, ns since 1970, in order, and the zone from each on; "" where it is not known."""

    times_ns: list[int]
    zones: list[str]
    edges_ns: list[int]
    """The first moment of each zone, and the last one before it is not known any more."""

    def zone_at(self, t_ns: int) -> str:
        """Return the zone at a time; "" where it is not known."""
        at = bisect_right(self.times_ns, t_ns)
        return self.zones[at - 1] if at else ""


def state_truths(runs: Sequence[Run]) -> None:
    """Write the truth into each run that has labels, of each identifier in them that any run heard: it may be silent in this one.

    Labels without identifiers are of those alone whom their own recording heard.
    """
    heard_anywhere = dict.fromkeys(who for run in runs for who in _heard(run))
    known_of = {id(run.labels): labels_of(run.labels) for run in runs if run.labels is not None}
    for run in (run for run in runs if run.labels is not None):
        known, stretches, own = known_of[id(run.labels)], stretches_of(run), _heard(run)
        judged = [who for who in heard_anywhere if who in known or (who in own and EVERYBODY in known)]
        step_ns = max(STEP_NS, sum(to_ns - from_ns for from_ns, to_ns in stretches) * len(judged) // MOST_STEPS)
        for who in judged:
            zones = known_zones(known.get(who) or known[EVERYBODY], stretches, step_ns)
            run.truth += [TrueZone(t_ns, run.name, who, zone) for t_ns, zone in zones]
        run.truth.sort(key=lambda true: true.t_ns)


def labels_of(file: Run) -> dict[str, Labels]:
    """Return the labels of each identifier of a file that was read as a run."""
    rows: dict[str, list[TrueZone]] = {}
    for row in file.truth:
        rows.setdefault(row.identifier, []).append(row)
    return {who: Labels([row.t_ns for row in of], [row.zone for row in of], _edges(of)) for who, of in rows.items()}


def _edges(rows: Sequence[TrueZone]) -> list[int]:
    befores = ["", *(row.zone for row in rows)]
    return sorted(row.t_ns if row.zone else row.t_ns - 1 for before, row in zip(befores, rows, strict=False) if row.zone != before)


def contradictions(file: Run) -> dict[tuple[int, str], list[str]]:
    """Return, by time and identifier, the zones of labels that state several for one instant. The last one is taken."""
    found: dict[tuple[int, str], dict[str, None]] = {}
    for row in file.truth:
        found.setdefault((row.t_ns, row.identifier), {}).setdefault(row.zone)
    return {key: named for key, zones in found.items() if len(named := [zone for zone in zones if zone]) > 1}


def unsure(run: Run, identifier: str) -> list[Part]:
    """Return when one of several labels of an instant holds, or one that cannot be read may have: until the identifier's next label.

    A line that cannot be read may be of any time after the line before it.
    """
    labels = run.labels
    if labels is None or not run.truth:
        return []
    who = identifier if any(row.identifier == identifier for row in labels.truth) else EVERYBODY
    lost_ns = [one.t_wall_ns for one in labels.heard if isinstance(one, RefusedReading)]
    lost_ns += [t_ns for t_ns, of in contradictions(labels) if of == who]
    times = sorted([*(row.t_ns for row in labels.truth if row.identifier == who), run.truth[-1].t_ns + 1]) if lost_ns else []
    return [Part(t_ns, times[min(bisect_right(times, t_ns), len(times) - 1)] - 1) for t_ns in lost_ns]


def stretches_of(run: Run) -> list[Part]:
    """Return the times in which something was recorded."""
    found: list[Part] = []
    for t_ns in (one.t_wall_ns for one in run.heard if not isinstance(one, RefusedReading | Gap)):
        if found and t_ns - found[-1].to_ns <= RECORDED_NS:
            found[-1] = Part(found[-1].from_ns, t_ns)
        else:
            found.append(Part(t_ns, t_ns))
    return found


def known_zones(labels: Labels, stretches: Sequence[Part], step_ns: int) -> Iterator[tuple[int, str]]:
    """Yield (time, zone) where the zone is known: when it changes or ends, at the ends of stretches, and step by step between."""
    for from_ns, to_ns in stretches:
        own = labels.edges_ns[bisect_right(labels.edges_ns, from_ns) : bisect_right(labels.edges_ns, to_ns)]
        for t_ns in sorted({*range(from_ns, to_ns, step_ns), *own, to_ns}):
            if zone := labels.zone_at(t_ns):
                yield t_ns, zone


def _heard(run: Run) -> Mapping[str, None]:
    return dict.fromkeys(one.identifier for one in run.heard if isinstance(one, Sighting))
