"""The parts of `make accuracy`, in the order of its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from benchmarks.accuracy import goods, inference, quality, recordings, rooms, rotating, worlds
from benchmarks.accuracy.found import Figures, Job, Part
from benchmarks.accuracy.rows import Goal

STILL_SEEDS: Final = (1, 2)
GOODS_SEEDS: Final = (1, 2)


def _together(found: Sequence[Figures]) -> Figures:
    """The figures of a part whose jobs have rows of their own."""
    return Figures([row for each in found for row in each.rows], [picture for each in found for picture in each.pictures])


def _seeds(call: Callable[[int], Any], seeds: Sequence[int]) -> tuple[Job, ...]:
    return tuple(Job(call, (seed,)) for seed in seeds)


_ITAG: Final = (
    Job(recordings.itag_uncalibrated),
    Job(recordings.itag_still, ("itag-windows-memoryless", 0.0, Goal(0.83, 0.84))),
    Job(recordings.itag_still, ("itag-windows-30s-memory", recordings.MEMORY_S, Goal(0.91))),
    Job(recordings.itag_moving),
)
PARTS: Final[Sequence[Part]] = (
    Part("sal-rb", "cars and a walker at a garage door", (Job(recordings.sal_rb),), _together, 100),
    Part("pa-ble", "a beacon carried through a hall of four zones", (Job(recordings.pa_ble),), _together, 30),
    Part("itag", "six tags that lie still", _ITAG, _together, 80),
    Part("calit2", "a main door, 15 weeks", (Job(recordings.calit2),), _together, 20),
    Part("still", "a beacon between two zones for a week", _seeds(worlds.still, STILL_SEEDS), worlds.still_rows, 60),
    Part("store", "a simulated store", _seeds(partial(worlds.played, "store"), worlds.SEEDS), worlds.store, 40),
    Part("store-hard", "a harder one", _seeds(partial(worlds.played, "store-hard"), worlds.SEEDS), worlds.store_hard, 50),
    Part("rooms", "a store with walls", _seeds(rooms.played, rooms.SEEDS), rooms.rooms, 90),
    Part("quality", "how good evidence is", _seeds(quality.played, quality.SEEDS), quality.quality, 50),
    Part("goods-portal", "goods on walks past antennas", _seeds(partial(goods.played, "goods-portal"), GOODS_SEEDS), goods.goods_portal, 5),
    Part("goods-shelf", "a shelf of 500 tags", _seeds(partial(goods.played, "goods-shelf"), GOODS_SEEDS), goods.goods_shelf, 25),
    Part("inference", "who bought and tried on, as inferred", _seeds(inference.played, inference.SEEDS), inference.rows, 1),
    Part("rotating", "phones that change their address", rotating.jobs(), rotating.rows, 8),
)
RECORDED: Final = frozenset({"sal-rb", "pa-ble", "itag", "calit2"})
"""Parts that need the recordings."""
