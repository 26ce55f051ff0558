"""Pairs of light beams: how they are wired, and what distinguishes people from bounces.

    [device]
    transport = "beams"
    broken_is = "low"             # the level of the pin while somebody stands in the beam
    bounce_ms = 20
    follow_ms = 250
    stuck_s = 60

A message is the edges of both beams in order of time; a vector's `input` has them in ms: `edges = [["outer", true, 0], …]`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from device_profiles.decoders.beam_pair import BEAMS, Beam, BeamPair, Edge
from device_profiles.device import Device
from device_profiles.reading import Counted, Reading
from footfall.errors import ProfileError

MS: Final = 1_000_000
_FOREVER_NS: Final = 1 << 62


class Beams(Device):
    """One kind of pair, as it is mounted."""

    is_assigned: ClassVar[bool] = True
    transport: Literal["beams"]
    broken_is: Literal["low", "high"] = "low"
    bounce_ms: Annotated[float, Field(ge=0, le=500)] = 20.0
    """Shorter changes are ignored."""
    follow_ms: Annotated[float, Field(ge=0, le=5000)] = 250.0
    """A beam broken again within this time, while the other still is, means the next person, not the same one coming back."""
    stuck_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """A beam broken for longer is a fault: it is dirty, bent or covered."""

    @model_validator(mode="after")
    def _people_are_slower_than_bounces(self) -> Beams:
        if self.follow_ms <= self.bounce_ms:
            raise ValueError("follow_ms must be more than bounce_ms, or nobody could follow")
        return self

    def pair(self, broken: Collection[Beam] = ()) -> BeamPair:
        return BeamPair(round(self.bounce_ms * MS), round(self.follow_ms * MS), broken)

    def specificity(self, message: Any) -> int:
        """Return 1 for edges: those of all pairs look alike."""
        return int(_are_edges(message))

    def decode(self, message: Any) -> Sequence[Reading]:
        """Return all who passed, as one reading.

        Raise ProfileError `beams.edges` for what are no edges, `beams.order` if they go back in time.
        """
        if not _are_edges(message):
            raise ProfileError("beams.edges", "must be edges of the outer and the inner beam")
        if any(after.t_ns < before.t_ns for before, after in pairwise(message)):
            raise ProfileError("beams.order", "edges are not in order of time")
        pair = self.pair()
        passages = [passage for edge in message for passage in pair.hear(edge)] + pair.settle(_FOREVER_NS)
        return [Counted(sum(passage.entered for passage in passages), sum(passage.left for passage in passages), False)]

    def message(self, values: Mapping[str, Any]) -> tuple[Edge, ...]:
        """Return the edges in `edges`: beam, whether it is broken, ms."""
        edges = values.get("edges")
        if values.keys() != {"edges"} or not isinstance(edges, list):
            raise ValueError("must be edges = [[beam, broken, ms], …]")
        for i, edge in enumerate(edges):
            if not (isinstance(edge, list) and [type(part) for part in edge] == [str, bool, int] and edge[0] in BEAMS):
                raise ValueError(f'edges.{i}: must be ["outer" or "inner", true or false, whole ms]')
        return tuple(Edge(ms * MS, beam, broken) for beam, broken, ms in edges)


def _are_edges(message: object) -> bool:
    return isinstance(message, Sequence) and all(
        isinstance(edge, Edge) and type(edge.t_ns) is int and edge.beam in BEAMS and isinstance(edge.broken, bool) for edge in message
    )
