"""What the antennas of an RFID reader read of tags that lie or are carried: link budget, antenna pattern, bodies, crowding of tags.

    power at the tag = EIRP - 31.7 - 10 n log10(d / 1 m) + pattern(angle) + tag and antenna + fading - bodies       (dBm)

after Dobkin, The RF in RFID, 2nd ed., 3.5: 31.7 dB is the loss of the first metre at 915 MHz, a tag answers above its sensitivity,
and what comes back has lost the way twice and some 5 dB in the tag. The pattern is that of 3GPP TR 36.942: -min(12 (angle / beam)^2,
front to back). Now and then the power comes by a reflection instead, from wherever the tag is and past whoever carries it: a longer
way that loses some dB more. The antennas take turns, and in one turn a reader reads no more tags than its rate allows. Times are ns
since the world began.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from edge_agent.sources.source import Sighting
from footfall.units import NS_PER_MINUTE, NS_PER_S
from simulators.paths import Path
from simulators.people import stream

PROFILE: Final = "garment-tag"
_READS, _TAGS = 18, 19  # streams of random numbers
_FIRST_METRE_DB: Final = 31.7
_BACK_DB: Final = 5.0
_LONGER: Final = 1.5
Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reader:
    """Defaults are those of a fixed reader under ETSI EN 302 208 (2 W ERP) with patch antennas, and of tags of 2015 and later."""

    eirp_dbm: float = 35.0
    gain_db: float = 6.0
    beam_rad: float = np.radians(70.0)
    front_to_back_db: float = 20.0
    exponent: float = 2.2
    tag_dbm: float = -18.0
    """Power that a tag needs to answer."""
    spread_db: float = 2.0
    """Standard deviation between tags and antennas: how a tag hangs, and what it hangs on."""
    fading_db: float = 2.5
    reflected: float = 0.05
    """Share of the turns in which a tag gets its power by a reflection, over a way half as long again, with `reflection_db` less."""
    reflection_db: float = 6.0
    turn_ns: int = NS_PER_S // 2
    reads_per_s: float = 300.0
    body_db: float = 10.0
    """Loss through whoever carries the tag or stands before it."""


@dataclass(frozen=True, slots=True)
class Antenna:
    """An antenna at a place, looking at `facing_rad`; `receiver` is its name."""

    receiver: str
    x_m: float
    y_m: float
    facing_rad: float


@dataclass(frozen=True, slots=True, eq=False)
class Tag:
    """A tag on its way, which may be one place; `carried` by somebody who looks where they go."""

    epc: str
    path: Path
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Blocking:
    """Somebody stands before the antenna `receiver`, at this place for this time: tags within `half_m` to the left and right are behind."""

    receiver: str
    from_ns: int
    to_ns: int
    x_m: float
    half_m: float = 0.3


@dataclass(frozen=True, slots=True)
class TaggedGoods:
    """Tags, the antennas that read them, and who stands in between."""

    tags: tuple[Tag, ...]
    antennas: tuple[Antenna, ...]
    blockings: tuple[Blocking, ...] = ()
    reader: Reader = Reader()


def reads(goods: TaggedGoods, seed: int, store: int, length_ns: int, from_ns: int = 0, origin_ns: int = 0) -> Iterator[Sighting]:
    """What the reader reports from `from_ns` on, in time order; `t_boot_ns` is `origin_ns` when the world begins.

    Each minute can be made without those before it.
    """
    for minute_ns in range(from_ns // NS_PER_MINUTE * NS_PER_MINUTE, length_ns, NS_PER_MINUTE):
        until_ns = min(minute_ns + NS_PER_MINUTE, length_ns)
        found = [_of_antenna(goods, number, seed, store, minute_ns, until_ns) for number in range(len(goods.antennas))]
        for sighting in heapq.merge(*found, key=lambda sighting: (sighting.t_boot_ns, sighting.identifier)):
            if sighting.t_boot_ns >= from_ns:
                yield replace(sighting, t_boot_ns=origin_ns + sighting.t_boot_ns) if origin_ns else sighting


def power_dbm(reader: Reader, antenna: Antenna, x_m: Column, y_m: Column) -> Column:
    """Mean power at a tag at each place, with nobody in between."""
    dx, dy = x_m - antenna.x_m, y_m - antenna.y_m
    angle_rad = np.abs(np.angle(np.exp(1j * (np.arctan2(dy, dx) - antenna.facing_rad))))
    pattern_db = np.minimum(12.0 * (angle_rad / reader.beam_rad) ** 2, reader.front_to_back_db)
    power: Column = _over_way(reader, np.hypot(dx, dy)) - pattern_db
    return power


def _over_way(reader: Reader, way_m: Column) -> Column:
    power: Column = reader.eirp_dbm - _FIRST_METRE_DB - 10.0 * reader.exponent * np.log10(np.maximum(way_m, 0.3))
    return power


def _of_antenna(goods: TaggedGoods, number: int, seed: int, store: int, from_ns: int, until_ns: int) -> Iterator[Sighting]:
    """What one antenna reads in one minute, in time order."""
    reader, antenna, turn_ns = goods.reader, goods.antennas[number], goods.reader.turn_ns
    first_ns = from_ns + number * turn_ns
    turns_ns = np.arange(first_ns, until_ns, turn_ns * len(goods.antennas), dtype="i8")
    tags = [k for k, tag in enumerate(goods.tags) if tag.path.from_ns < until_ns and tag.path.to_ns >= from_ns]
    if not tags or not len(turns_ns):
        return
    rng = stream(seed, store, _READS, number, from_ns // NS_PER_MINUTE)
    there = np.array([(turns_ns >= goods.tags[k].path.from_ns) & (turns_ns <= goods.tags[k].path.to_ns) for k in tags])
    straight, reflected = np.array([_powers(goods, goods.tags[k], antenna, turns_ns) for k in tags]).swapaxes(0, 1)
    power = np.where(rng.random(straight.shape) < reader.reflected, np.maximum(straight, reflected), straight)
    power += _tag_offsets(goods, seed, store)[tags, number][:, None] + rng.normal(0.0, reader.fading_db, power.shape)
    readable = there & (power >= reader.tag_dbm)
    share = np.minimum(1.0, reader.reads_per_s * turn_ns / NS_PER_S / np.maximum(readable.sum(axis=0), 1))
    read = readable & (rng.random(power.shape) < share)
    late_ns = rng.integers(turn_ns, size=power.shape)
    turn, tag = np.nonzero(read.T)
    t_ns = turns_ns[turn] + late_ns[tag, turn]
    rssi = np.rint(2.0 * power[tag, turn] - reader.eirp_dbm + reader.gain_db - _BACK_DB).astype("i8")
    order = np.lexsort((tag, t_ns))
    for k, at_ns, level in zip(tag[order].tolist(), t_ns[order].tolist(), rssi[order].tolist(), strict=True):
        yield Sighting(at_ns, antenna.receiver, PROFILE, goods.tags[tags[k]].epc, level)


def _powers(goods: TaggedGoods, tag: Tag, antenna: Antenna, t_ns: npt.NDArray[np.int64]) -> tuple[Column, Column]:
    """Mean power at the tag at each time, straight and by a reflection."""
    x_m, y_m, facing_rad = tag.path.at(t_ns)
    power = power_dbm(goods.reader, antenna, x_m, y_m)
    if tag.carried:
        towards_rad = np.arctan2(antenna.y_m - y_m, antenna.x_m - x_m)
        power -= goods.reader.body_db * (1.0 - np.cos(towards_rad - facing_rad)) / 2.0
    for blocking in goods.blockings:
        if blocking.receiver == antenna.receiver and blocking.from_ns <= t_ns[-1] and blocking.to_ns > t_ns[0]:
            behind = (np.abs(x_m - blocking.x_m) <= blocking.half_m) & (t_ns >= blocking.from_ns) & (t_ns < blocking.to_ns)
            power -= goods.reader.body_db * behind
    reflected = _over_way(goods.reader, _LONGER * np.hypot(x_m - antenna.x_m, y_m - antenna.y_m)) - goods.reader.reflection_db
    return power, reflected


def _tag_offsets(goods: TaggedGoods, seed: int, store: int) -> Column:
    """How much better or worse than others each antenna (columns) reads each tag (rows)."""
    return stream(seed, store, _TAGS).normal(0.0, goods.reader.spread_db, (len(goods.tags), len(goods.antennas)))
