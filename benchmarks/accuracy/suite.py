"""The parts of `make accuracy`, in the order of its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from benchmarks.accuracy import goods, inference, quality, recordings, rooms, rotating, worlds
from benchmarks.accuracy.found import Figures, Job, Part

STILL_SEEDS: Final = (1, 2)
GOODS_SEEDS: Final = (1, 2)


def _one(found: Sequence[Any]) -> Figures:
    """The figures of a part of a single job."""
    figures: Figures = found[0]
    return figures


def _of_recording(name: str, text: str, call: Callable[[], Figures]) -> Part:
    return Part(name, text, (Job(call),), _one)


def _goods(name: str) -> tuple[Job, ...]:
    return tuple(Job(goods.played, (name, seed)) for seed in GOODS_SEEDS)


PARTS: Final[Sequence[Part]] = (
    _of_recording("sal-rb", "cars and a walker at a garage door", recordings.sal_rb),
    _of_recording("pa-ble", "a beacon carried through a hall of four zones", recordings.pa_ble),
    _of_recording("itag", "six tags that lie still", recordings.itag),
    _of_recording("calit2", "a main door, 15 weeks", recordings.calit2),
    Part("still", "a beacon between two zones for a week", tuple(Job(worlds.still, (seed,)) for seed in STILL_SEEDS), worlds.still_rows),
    Part("store", "a simulated store", tuple(Job(worlds.played, ("store", seed)) for seed in worlds.SEEDS), worlds.store),
    Part("store-hard", "a harder one", tuple(Job(worlds.played, ("store-hard", seed)) for seed in worlds.SEEDS), worlds.store_hard),
    Part("rooms", "a store with walls", tuple(Job(rooms.played, (seed,)) for seed in rooms.SEEDS), rooms.rooms),
    Part("quality", "how good evidence is", tuple(Job(quality.played, (seed,)) for seed in quality.SEEDS), quality.quality),
    Part("goods-portal", "goods on walks past antennas", _goods("goods-portal"), goods.goods_portal),
    Part("goods-shelf", "a shelf of 500 tags", _goods("goods-shelf"), goods.goods_shelf),
    Part(
        "inference",
        "who bought and tried on, as inferred",
        tuple(Job(inference.played, (seed,)) for seed in inference.SEEDS),
        inference.rows,
    ),
    Part("rotating", "phones that change their address", rotating.jobs(), rotating.rows),
)
RECORDED: Final = frozenset({"sal-rb", "pa-ble", "itag", "calit2"})
"""Parts that need the recordings."""
