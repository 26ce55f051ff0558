"""The figures of tagged goods: moves that are stored, compared with those that were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.accuracy.found import Figures
from benchmarks.accuracy.rows import Goal, Row
from footfall.units import NS_PER_HOUR, NS_PER_S
from simulators.accuracy.decisions import MovedItem
from simulators.accuracy.figures import paired, share
from simulators.accuracy.playing import SELDOM_S, play_world
from simulators.scenes import scene
from simulators.truth import collect, truth_of

MOVED_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class PlayedGoods:
    """One seed: true moves, how many of them a stored one stands for, stored moves that stand for none, and how long it took."""

    true: int
    paired: int
    false: int
    hours: float


def played(name: str, seed: int) -> PlayedGoods:
    """Play a scene of tagged goods. Runs in a process of its own."""
    world = scene(name, seed)
    truth = collect(truth_of(world))
    moved = list(play_world(world, every_s=SELDOM_S).sink.moved.values())
    true = [MovedItem(move.epc, move.from_zone, move.to_zone, move.t_ns) for move in truth.moves]
    found = pair_moves(true, moved)
    return PlayedGoods(len(true), found, len(moved) - found, world.length_ns / NS_PER_HOUR)


def pair_moves(true: Sequence[MovedItem], stored: Sequence[MovedItem], within_s: float = MOVED_WITHIN_S) -> int:
    """Return how many true moves a stored one stands for, one to one: of the same item, between the same zones, in time."""
    ways: dict[tuple[str, str, str], tuple[list[tuple[int, str]], list[tuple[int, str]]]] = {}
    for at, moves in enumerate((true, stored)):
        for move in sorted(moves, key=lambda move: move.t_ns):
            ways.setdefault((move.epc, move.from_zone, move.to_zone), ([], []))[at].append((move.t_ns, move.to_zone))
    return sum(len(paired(there, found, round(within_s * NS_PER_S))) for there, found in ways.values())


def goods_portal(seeds: Sequence[PlayedGoods]) -> Figures:
    """Goods on walks past two antennas."""
    value = share(sum(each.paired for each in seeds), sum(each.true for each in seeds))
    how = f"scene goods-portal, {len(seeds)} seeds, {sum(each.true for each in seeds)} moves; stored within {MOVED_WITHIN_S:g} s"
    return Figures([Row("goods-portal-moves-within-5s", value, how, Goal(0.9))])


def goods_shelf(seeds: Sequence[PlayedGoods]) -> Figures:
    """A shelf of 500 tags that nobody moves, many of which the next antenna reads too."""
    value = share(sum(each.false for each in seeds), sum(each.hours for each in seeds))
    how = f"scene goods-shelf, {len(seeds)} seeds, {sum(each.hours for each in seeds):g} h: false moves an hour"
    return Figures([Row("goods-shelf-false-moves-an-hour", value, how, Goal(1, bound="<="))])
