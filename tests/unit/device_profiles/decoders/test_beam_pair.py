"""Beams: whoever walks through is counted once, in the right direction; whatever the edges, nobody is counted below zero."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.decoders.beam_pair import BEAMS, Beam, BeamPair, Edge

MS = 1_000_000
BOUNCE_MS = 20
FOLLOW_MS = 250
FOREVER = 1 << 62


def counted(edges: list[tuple[float, Beam, bool]]) -> tuple[int, int]:
    pair = BeamPair(BOUNCE_MS * MS, FOLLOW_MS * MS)
    passages = [passage for t_ms, beam, broken in edges for passage in pair.hear(Edge(round(t_ms * MS), beam, broken))]
    passages += pair.settle(FOREVER)
    assert pair.is_free == (not {beam for beam in BEAMS if [broken for _, of, broken in edges if of == beam][-1:] == [True]})
    return sum(passage.entered for passage in passages), sum(passage.left for passage in passages)


@dataclass(frozen=True)
class Train:
    """People of one direction, of whom each follows before the one before has left both beams."""

    inwards: bool
    speed_m_s: float
    deep_m: tuple[float, ...]
    apart_m: float
    gap_ms: float

    def edges(self, from_ms: float) -> list[tuple[float, Beam, bool]]:
        near, far = BEAMS if self.inwards else BEAMS[::-1]
        later_ms = self.apart_m / self.speed_m_s * 1000
        gap_ms = min(self.gap_ms, 0.9 * later_ms) if later_ms > 2 * BOUNCE_MS else self.gap_ms
        edges: list[tuple[float, Beam, bool]] = []
        for deep_m in self.deep_m:
            until_ms = from_ms + deep_m / self.speed_m_s * 1000
            edges += [(from_ms, near, True), (until_ms, near, False), (from_ms + later_ms, far, True), (until_ms + later_ms, far, False)]
            from_ms = until_ms + gap_ms
        return sorted(edges)


TRAINS = st.builds(
    Train,
    inwards=st.booleans(),
    speed_m_s=st.floats(0.3, 3.0),
    deep_m=st.lists(st.floats(0.25, 0.6), min_size=1, max_size=4).map(tuple),
    apart_m=st.floats(0.05, 0.2),
    gap_ms=st.floats(BOUNCE_MS * 1.5, FOLLOW_MS * 0.9),
)

_CIRCLE = [(False, False), (True, False), (True, True), (False, True)]


@st.composite
def ditherers(draw: st.DrawFn) -> tuple[list[tuple[float, Beam, bool]], int]:
    """Somebody who goes forth and back in the beams as they like, slowly, and leaves: edges; 1 if in, -1 if out, 0 if back."""
    place, t_ms = draw(st.sampled_from([1, -1])), 0.0
    places = [0, place]
    for forth in draw(st.lists(st.booleans(), max_size=20)):
        moved = place + (1 if forth else -1)
        if moved % 4 and abs(moved) < 4:
            place = moved
            places.append(place)
    goal = draw(st.sampled_from([0, 4 if place > 0 else -4]))
    while place != goal:
        place += 1 if goal > place else -1
        places.append(place)
    edges: list[tuple[float, Beam, bool]] = []
    for before, after in pairwise(places):
        t_ms += draw(st.floats(FOLLOW_MS * 1.1, 3000))
        was, now = _CIRCLE[before % 4], _CIRCLE[after % 4]
        beam: Beam = "outer" if was[0] != now[0] else "inner"
        edges.append((t_ms, beam, now[0] if beam == "outer" else now[1]))
    return edges, goal // 4


@given(st.lists(st.one_of(TRAINS, ditherers()), max_size=8), st.lists(st.floats(300, 5000), min_size=8, max_size=8))
@settings(max_examples=300)
def test_everybody_is_counted_once_in_their_direction(
    scenes: list[Train | tuple[list[tuple[float, Beam, bool]], int]], pauses: list[float]
) -> None:
    edges: list[tuple[float, Beam, bool]] = []
    entered = left = 0
    t_ms = 0.0
    for scene, pause_ms in zip(scenes, pauses, strict=False):
        if isinstance(scene, Train):
            edges += scene.edges(t_ms)
            entered += len(scene.deep_m) * scene.inwards
            left += len(scene.deep_m) * (not scene.inwards)
        else:
            edges += [(t_ms + later_ms, beam, broken) for later_ms, beam, broken in scene[0]]
            entered += scene[1] == 1
            left += scene[1] == -1
        t_ms = (edges[-1][0] if edges else 0.0) + pause_ms
    assert counted(edges) == (entered, left)


@given(TRAINS, st.lists(st.tuples(st.integers(1, 3), st.floats(0.5, 5)), min_size=16, max_size=16))
def test_bounces_are_not_people(train: Train, bounces: list[tuple[int, float]]) -> None:
    """Each edge comes as a few within less than half the time for which a beam must keep still."""
    edges = []
    for (t_ms, beam, broken), (times, apart_ms) in zip(train.edges(0), bounces, strict=False):
        for n in range(times):
            edges += [(t_ms + 2 * n * apart_ms / 3, beam, broken), (t_ms + (2 * n + 1) * apart_ms / 3, beam, not broken)]
        edges.append((t_ms + 2 * times * apart_ms / 3, beam, broken))
    people = len(train.deep_m)
    assert counted(sorted(edges, key=lambda edge: edge[0])) == ((people, 0) if train.inwards else (0, people))


def test_shorter_than_a_bounce_is_nobody() -> None:
    assert counted([(0, "outer", True), (10, "inner", True), (15, "outer", False), (19, "inner", False)]) == (0, 0)


def test_two_who_meet_in_the_beams_and_go_on_one_after_the_other() -> None:
    enters = [(0.0, "outer", True), (100.0, "inner", True), (300.0, "outer", False), (400.0, "inner", False)]
    leaves = [(450.0, "inner", True), (550.0, "outer", True), (750.0, "inner", False), (850.0, "outer", False)]
    assert counted([(t_ms, "outer" if beam == "outer" else "inner", broken) for t_ms, beam, broken in enters + leaves]) == (1, 1)


@given(st.lists(st.tuples(st.integers(-(1 << 40), 1 << 60), st.sampled_from(BEAMS), st.booleans())))
def test_whatever_the_edges_nobody_is_negative_and_nobody_comes_from_nowhere(edges: list[tuple[int, Beam, bool]]) -> None:
    pair = BeamPair(BOUNCE_MS * MS, FOLLOW_MS * MS)
    passages = [passage for edge in edges for passage in pair.hear(Edge(*edge))] + pair.settle(FOREVER)
    assert all(passage.entered >= 0 and passage.left >= 0 and passage.entered + passage.left for passage in passages)
    broken = min(sum(1 for _, of, broken in edges if of == beam and broken) for beam in BEAMS)
    assert sum(passage.entered + passage.left for passage in passages) <= broken
