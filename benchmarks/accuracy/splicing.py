"""A moving carrier made of tags that lie still: each segment is what one of them sent in that time.

Six tags that never move cannot show how soon a change is found. Of one tag a zone a carrier is spliced that goes from zone to
neighbouring zone; the tags that are left are what may be fitted on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Final

from edge_agent.sources.replay_settings import Run
from edge_agent.sources.source import Sighting
from footfall.units import NS_PER_S
from simulators.accuracy.carried import Carried
from simulators.accuracy.recorded import TrueRecording

SEGMENT_S: Final = 95
SEGMENTS: Final = 12
ORDER: Final = ("outside", "vestibule", "inside", "vestibule")
"""Again and again: neighbours only."""
MOVING: Final = "spliced"


def folds(recording: TrueRecording) -> Iterator[Mapping[str, str]]:
    """Yield every choice of one tag for each zone, by zone."""
    tags: dict[str, list[str]] = {}
    for carried in recording.carried:
        tags.setdefault(carried.rows[0][1], []).append(carried.identifier)
    for choice in product(*tags.values()):
        yield dict(zip(tags, choice, strict=True))


def spliced(recording: TrueRecording, tag_of: Mapping[str, str], name: str) -> TrueRecording:
    """Return the recording of a carrier that is, segment by segment, the tag of the zone whose turn it is."""
    begin_ns = min(carried.rows[0][0] for carried in recording.carried)
    rows_of = {carried.identifier: carried.rows for carried in recording.carried}
    heard: list[Sighting] = []
    rows: list[tuple[int, str]] = []
    every = [one for one in recording.heard if isinstance(one, Sighting)]
    for number in range(SEGMENTS):
        tag = tag_of[ORDER[number % len(ORDER)]]
        from_ns, to_ns = (begin_ns + (number + more) * SEGMENT_S * NS_PER_S for more in (0, 1))
        heard += [replace(one, identifier=MOVING) for one in every if one.identifier == tag and from_ns <= one.t_wall_ns < to_ns]
        rows += _within(rows_of[tag], from_ns, to_ns)
    return replace(recording, runs=[Run(name, list(heard), [], [])], carried=[Carried(name, MOVING, rows)])


def _within(rows: Sequence[tuple[int, str]], from_ns: int, to_ns: int) -> list[tuple[int, str]]:
    return [row for row in rows if from_ns <= row[0] < to_ns]
