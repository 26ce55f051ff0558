"""Two light beams across a door, one behind the other: edges in, people out. Pure.

    pair = BeamPair(bounce_ns, follow_ns)
    pair.hear(Edge(t_ns, "outer", True)) -> [Passage(t_ns, entered, left), …]
    pair.settle(now_ns) -> [Passage, …]          # edges count once a beam no longer bounces

A person entering breaks the outer beam, then both, then only the inner, then none; a person leaving, the other way round. Each edge is a
step forward or back on that circle. So a person who turns round half way, or hesitates, counts as none or one, whatever happens in between.
That requires beams closer together than a person is deep (at body height, 5 to 20 cm apart).

A person may follow so closely that the beams are never both free. Time distinguishes that from hesitation: each beam is broken again within
`follow_ns`, while the other still is. Two people side by side count as one for any pair of beams. So does a person who passes in the
shadow of another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Beam = Literal["outer", "inner"]
BEAMS: Final[tuple[Beam, Beam]] = ("outer", "inner")
_PLACES: Final[Mapping[tuple[bool, bool], int]] = {(False, False): 0, (True, False): 1, (True, True): 2, (False, True): 3}
_ROUND: Final = 4


@dataclass(frozen=True, slots=True)
class Edge:
    """A beam was broken, or is free again."""

    t_ns: int
    beam: Beam
    broken: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """People have passed; `t_ns` is when the last of them left the beams."""

    t_ns: int
    entered: int
    left: int


class BeamPair:
    """An edge counts once its beam was stable for `bounce_ns`. If some are `broken` at the start, counting begins once both are free."""

    def __init__(self, bounce_ns: int, follow_ns: int, broken: Collection[Beam] = ()) -> None:
        self._bounce_ns: Final = bounce_ns
        self._follow_ns: Final = follow_ns
        self._broken: Final[dict[Beam, bool]] = {beam: beam in broken for beam in BEAMS}
        self._is_counting = not broken
        self._waiting: Final[dict[Beam, int]] = {}
        self._freed_ns: Final[dict[Beam, int]] = {}
        self._followed: Final[dict[Beam, int]] = dict.fromkeys(BEAMS, 0)
        self._steps = 0
        self._now_ns: int | None = None

    @property
    def is_free(self) -> bool:
        """Return whether both beams are free."""
        return not any(self._broken.values()) and not self._waiting

    def hear(self, edge: Edge) -> list[Passage]:
        """Take an edge, in about the order of time. A late one counts as of now; one that changes nothing is ignored."""
        t_ns = edge.t_ns if self._now_ns is None else max(edge.t_ns, self._now_ns)
        passages = self.settle(t_ns)
        if edge.broken == self._broken[edge.beam]:
            self._waiting.pop(edge.beam, None)
        else:
            self._waiting.setdefault(edge.beam, t_ns)
        return passages

    def settle(self, now_ns: int) -> list[Passage]:
        """Take the edges that were stable for long enough. `now_ns` may be earlier than in the last call."""
        self._now_ns = now_ns if self._now_ns is None else max(self._now_ns, now_ns)
        held = sorted((t_ns, BEAMS.index(beam), beam) for beam, t_ns in self._waiting.items() if t_ns + self._bounce_ns <= now_ns)
        return [passage for t_ns, _, beam in held for passage in self._turn(t_ns, beam)]

    def _turn(self, t_ns: int, beam: Beam) -> list[Passage]:
        del self._waiting[beam]
        before = _PLACES[self._broken["outer"], self._broken["inner"]]
        self._broken[beam] = not self._broken[beam]
        place = _PLACES[self._broken["outer"], self._broken["inner"]]
        self._steps += 1 if (place - before) % _ROUND == 1 else -1
        if not self._broken[beam]:
            self._freed_ns[beam] = t_ns
        elif place == _ROUND // 2 and t_ns - self._freed_ns.get(beam, t_ns - self._follow_ns - 1) <= self._follow_ns:
            self._followed[beam] += 1
        return self._end(t_ns) if place == 0 else []

    def _end(self, t_ns: int) -> list[Passage]:
        """Return the passage that ends with both beams free, if there was one."""
        rounds, people = self._steps // _ROUND if self._is_counting else 0, 1 + min(self._followed.values())
        self._steps, self._is_counting = 0, True
        self._freed_ns.clear()
        self._followed.update(dict.fromkeys(BEAMS, 0))
        if rounds == 0:
            return []
        return [Passage(t_ns, people, 0) if rounds > 0 else Passage(t_ns, 0, people)]
