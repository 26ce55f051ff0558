"""The profiles of a recording whose mapping states none: of each tag by how often one receiver hears it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Final

from edge_agent.sources.replay_settings import Run
from edge_agent.sources.source import Recorded, Sighting
from footfall.units import NS_PER_S

FREQUENT: Final = "ble-tag"
RARER: Final = ((2 * NS_PER_S, "ibeacon"), (15 * NS_PER_S, "ble-tag-rare"))
"""Profiles of tags that are heard more rarely than that. `ble-tag` has a row each 2 s at least, and `ibeacon` takes a silence of a minute
for an absence: a tag that misses a message or two seems gone, and whoever heard it then seems to have it."""


def with_profile(runs: Sequence[Run], profile: str | None) -> list[Run]:
    """Return runs whose sightings have a profile: the stated one, else `ble-tag`, or one of RARER for tags that are heard rarely."""
    if profile:
        return [replace(run, heard=_under(run, defaultdict(lambda: profile))) for run in runs]
    rare = {tag: name for tag, gap_ns in _median_gaps_ns(runs).items() for least_ns, name in RARER if gap_ns > least_ns}
    return [replace(run, heard=_under(run, defaultdict(lambda: FREQUENT, rare))) for run in runs]


def _under(run: Run, profile_of: Mapping[str, str]) -> list[Recorded]:
    return [
        replace(one, profile=name) if isinstance(one, Sighting) and (name := profile_of[one.identifier]) != one.profile else one
        for one in run.heard
    ]


def _median_gaps_ns(runs: Sequence[Run]) -> dict[str, float]:
    """Of each tag between two sightings by a receiver, in all of a recording; a tag that nobody heard twice has none."""
    times: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for number, run in enumerate(runs):
        for one in run.heard:
            if isinstance(one, Sighting):
                times[number, one.receiver, one.identifier].append(one.t_wall_ns)
    gaps: dict[str, list[int]] = defaultdict(list)
    for (_, _, identifier), of in times.items():
        gaps[identifier] += [after - before for before, after in pairwise(of)]
    return {identifier: median(of) for identifier, of in gaps.items() if of}
