"""The profile of a recording whose mapping states none: by how often one receiver hears one of its tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Final

from edge_agent.sources.replay_settings import Run
from edge_agent.sources.source import Recorded, Sighting
from footfall.units import NS_PER_S

FREQUENT: Final = "ble-tag"
RARE: Final = "ibeacon"
RARE_NS: Final = 2 * NS_PER_S
"""`ble-tag` has a row each 2 s at least: a tag that is heard more rarely seems gone between two sightings."""


def with_profile(runs: Sequence[Run], profile: str | None) -> list[Run]:
    """Return runs whose sightings have a profile: the stated one, else `ble-tag`, or `ibeacon` for tags that are heard rarely."""
    name = profile or (RARE if _median_gap_ns(runs) > RARE_NS else FREQUENT)
    return list(runs) if name == FREQUENT else [replace(run, heard=_under(run, name)) for run in runs]


def _under(run: Run, profile: str) -> list[Recorded]:
    return [replace(one, profile=profile) if isinstance(one, Sighting) else one for one in run.heard]


def _median_gap_ns(runs: Sequence[Run]) -> float:
    """Between two sightings of a tag by a receiver, of all of a recording; 0 if nothing was heard twice."""
    times: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for number, run in enumerate(runs):
        for one in run.heard:
            if isinstance(one, Sighting):
                times[number, one.receiver, one.identifier].append(one.t_wall_ns)
    gaps = [after - before for of in times.values() for before, after in pairwise(of)]
    return median(gaps) if gaps else 0.0
