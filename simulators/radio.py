"""What receivers hear: log-distance path loss, shadowing by place, a body in the way, fading, loss, advertising jitter.

    RSSI = power_dbm - 10 n log10(d / 1 m) + shadow(receiver, place) - body(facing) - crowd(d) - window + drift(receiver, time) + fading

after Rappaport, Wireless Communications, 2nd ed., 4.9 (log-distance and log-normal shadowing; exponents of 1.6 to 1.8 in line of sight
and 2 to 3 in stores). Shadowing is a property of the place, as walls and shelves are, so it is a seeded map per receiver; fading
differs from packet to packet. The crowd costs each body on the line its share: density x width of a body x d bodies stand there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_S
from simulators.mountings import Mounting, Outage, mountings
from simulators.people import Device, Person, Worn, stream
from simulators.plan import Plan

_SHADOW, _PACKETS = 4, 5  # streams of random numbers, after those of people
_DRIFT: Final = 15
_EDGE_M: Final = 2.0
_SHOULDERS_M: Final = 0.5
Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Radio:
    """Defaults are typical of a shop floor at 2.4 GHz."""

    power_dbm: float = -59.0
    """RSSI at 1 m, as an iBeacon states it."""
    exponent: float = 2.3
    shadow_db: float = 3.0
    shadow_grid_m: float = 2.0
    body_db: float = 7.0
    """Loss when the carrier's body is straight between device and receiver."""
    fading_db: float = 2.5
    sensitivity_dbm: float = -96.0
    loss: float = 0.08
    """Share of packets that a receiver in reach misses: collisions, other channels."""
    interval_ns: int = NS_PER_S
    jitter_ns: int = 10_000_000
    """The random 0 to 10 ms before each advertisement (Bluetooth Core 5.4, vol 6, part B, 4.4.2.2.1)."""
    crowd_db: float = 0.0
    """Loss at each person who stands between device and receiver."""
    window_db: float = 0.0
    """Loss from outside to inside: 2 to 4 dB through plain glass."""
    drift_db: float = 0.0
    """Standard deviation of what people and doors that move change on a line between things that lie still."""
    drift_ns: int = 60 * NS_PER_S
    """Drift is new after so long."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What all receivers heard of one device: `rssi_dbm[k]` at `t_ns[k]` by the receiver number `receiver[k]`, in time order."""

    t_ns: npt.NDArray[np.int64]
    receiver: npt.NDArray[np.int64]
    rssi_dbm: npt.NDArray[np.int64]


class Ether:
    """The air of one store."""

    def __init__(self, seed: int, store: int, plan: Plan, radio: Radio, outages: Sequence[Outage] = ()) -> None:
        self.radio = radio
        self._mountings = mountings(plan, outages)
        outline, grid_m = plan.outline, radio.shadow_grid_m
        self._floor, self._floor_m2 = outline, (outline.right_m - outline.left_m) * (outline.top_m - outline.bottom_m)
        self._left_m, self._bottom_m = outline.left_m - _EDGE_M, outline.bottom_m - _EDGE_M
        columns = int((outline.right_m + _EDGE_M - self._left_m) / grid_m) + 2
        rows = int((outline.top_m + _EDGE_M - self._bottom_m) / grid_m) + 2
        rng = stream(seed, store, _SHADOW)
        maps = [rng.normal(0.0, radio.shadow_db, (rows, columns, len(plan.receivers))) for _ in self._mountings]
        for later, mounting in enumerate(self._mountings[1:], 1):
            maps[later] = np.where(mounting.moved, maps[later], maps[later - 1])  # what hangs elsewhere has other walls around it
        self._shadow_db = maps

    def hear(self, person: Person, device: Device, from_ns: int, to_ns: int, inside: int = 0) -> Heard:
        """Packets of `device` from `from_ns` until `to_ns`, while `inside` people are there. It needs no window before it."""
        rng = stream(*person.key, _PACKETS, device.number, from_ns)
        t_ns = self._sent(device, from_ns, to_ns, rng)
        level_dbm = self._levels(person, device, t_ns, inside)
        level_dbm += rng.normal(0.0, self.radio.fading_db, level_dbm.shape)
        caught = (level_dbm >= self.radio.sensitivity_dbm) & (rng.random(level_dbm.shape) >= self.radio.loss)
        packet, receiver = np.nonzero(caught)
        return Heard(t_ns[packet], receiver, np.clip(np.rint(level_dbm[packet, receiver]), -127, 20).astype("i8"))

    def mean_dbm(self, x_m: Column, y_m: Column) -> Column:
        """Mean level of something that lies at each place (rows), with nobody around, at each receiver (columns)."""
        place = (x_m, y_m, np.zeros(len(x_m)))
        bare = Device("", "", "", 0, 0, 0, worn=Worn(0.0, 0.0, 0.0))
        return self._level(place, bare, 0, self._mountings[0], self._shadow_db[0])

    def _sent(self, device: Device, from_ns: int, to_ns: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Times of the packets: every interval from the device's start on, each a little late."""
        interval_ns = device.interval_ns or self.radio.interval_ns
        since_ns, until_ns = max(from_ns, device.from_ns), min(to_ns, device.to_ns)
        first = -(-(since_ns - device.from_ns) // interval_ns)
        due_ns = np.arange(device.from_ns + first * interval_ns, until_ns, interval_ns, dtype="i8")
        late_ns = rng.integers(0, self.radio.jitter_ns, len(due_ns), endpoint=True)
        return np.minimum(due_ns + late_ns, until_ns - 1)  # never into the next window, so that windows stay in order

    def _levels(self, person: Person, device: Device, t_ns: npt.NDArray[np.int64], inside: int) -> npt.NDArray[np.float64]:
        """Mean dBm at each time (rows) and receiver (columns); nothing from receivers that are down."""
        x_m, y_m, facing_rad = person.path.at(t_ns)
        level = np.empty((len(t_ns), self._mountings[0].x_m.size))
        for mounting, shadow_db in zip(self._mountings, self._shadow_db, strict=True):
            rows = slice(*np.searchsorted(t_ns, (mounting.from_ns, mounting.to_ns)))
            level[rows] = self._level((x_m[rows], y_m[rows], facing_rad[rows]), device, inside, mounting, shadow_db)
        if self.radio.drift_db:
            level += self._drift(person, device, t_ns)
        return level

    def _level(self, place: tuple[Column, Column, Column], device: Device, inside: int, mounting: Mounting, shadow_db: Column) -> Column:
        """The same while nothing changes at the receivers; `place`: x, y and facing."""
        radio, worn, (x_m, y_m, facing_rad) = self.radio, device.worn, place
        dx, dy = mounting.x_m - x_m[:, None], mounting.y_m - y_m[:, None]
        distance_m = np.maximum(np.hypot(dx, dy), 0.3)
        side_rad, body_db, cloth_db = (0.0, radio.body_db, 0.0) if worn is None else (worn.side_rad, worn.body_db, worn.cloth_db)
        behind = (1.0 - np.cos(np.arctan2(dy, dx) - facing_rad[:, None] - side_rad)) / 2.0
        path_loss_db = 10.0 * radio.exponent * np.log10(distance_m)
        level = radio.power_dbm - path_loss_db - body_db * behind + self._shadow(x_m, y_m, shadow_db)
        level -= cloth_db + radio.crowd_db * inside / self._floor_m2 * _SHOULDERS_M * distance_m - mounting.offset_db
        level -= radio.window_db * (y_m < self._floor.bottom_m)[:, None]
        silenced: Column = np.where(mounting.down, -np.inf, level)
        return silenced

    def _drift(self, person: Person, device: Device, t_ns: npt.NDArray[np.int64]) -> Column:
        """Slow changes, the same in whichever window they are asked for: random at every `drift_ns`, smooth between."""
        step_ns, count = self.radio.drift_ns, self._mountings[0].x_m.size
        begin = int(t_ns[0]) // step_ns if len(t_ns) else 0
        end = int(t_ns[-1]) // step_ns + 2 if len(t_ns) else 0
        knots = [stream(*person.key, _DRIFT, device.number, k).normal(0.0, self.radio.drift_db, count) for k in range(begin, end)]
        at = t_ns // step_ns - begin
        share = (t_ns % step_ns / step_ns * np.pi / 2)[:, None]
        values = np.array(knots).reshape(-1, count)
        mixed: Column = values[at] * np.cos(share) + values[at + 1] * np.sin(share) if len(t_ns) else np.empty((0, count))
        return mixed

    def _shadow(self, x_m: Column, y_m: Column, shadow: Column) -> Column:
        """The maps of all receivers, bilinear between grid points; whoever is beyond the edge has that of the edge."""
        rows, columns = shadow.shape[:2]
        u = np.clip((x_m - self._left_m) / self.radio.shadow_grid_m, 0.0, columns - 1.001)
        v = np.clip((y_m - self._bottom_m) / self.radio.shadow_grid_m, 0.0, rows - 1.001)
        i, j = u.astype("i8"), v.astype("i8")
        fu, fv = (u - i)[:, None], (v - j)[:, None]
        low = shadow[j, i] * (1 - fu) + shadow[j, i + 1] * fu
        high = shadow[j + 1, i] * (1 - fu) + shadow[j + 1, i + 1] * fu
        mixed: Column = low * (1 - fv) + high * fv
        return mixed
