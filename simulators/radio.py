"""What receivers hear: log-distance path loss, shadowing by place, a body in the way, fading, loss, advertising jitter.

    RSSI = power_dbm - 10 n log10(d / 1 m) + shadow(receiver, place) - body(facing) + fading

after Rappaport, Wireless Communications, 2nd ed., 4.9 (log-distance and log-normal shadowing). Shadowing is a property of the
place, as walls and shelves are, so it is a seeded map per receiver; fading differs from packet to packet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_S
from simulators.paths import Path
from simulators.people import Device, Person, stream
from simulators.plan import Plan

_SHADOW, _PACKETS = 4, 5  # streams of random numbers, after those of people
_EDGE_M: Final = 2.0


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


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What all receivers heard of one device: `rssi_dbm[k]` at `t_ns[k]` by the receiver number `receiver[k]`, in time order."""

    t_ns: npt.NDArray[np.int64]
    receiver: npt.NDArray[np.int64]
    rssi_dbm: npt.NDArray[np.int64]


class Ether:
    """The air of one store."""

    def __init__(self, seed: int, store: int, plan: Plan, radio: Radio) -> None:
        self.radio = radio
        self._x_m = np.array([receiver.x_m for receiver in plan.receivers])
        self._y_m = np.array([receiver.y_m for receiver in plan.receivers])
        outline, grid_m = plan.outline, radio.shadow_grid_m
        self._left_m, self._bottom_m = outline.left_m - _EDGE_M, outline.bottom_m - _EDGE_M
        columns = int((outline.right_m + _EDGE_M - self._left_m) / grid_m) + 2
        rows = int((outline.top_m + _EDGE_M - self._bottom_m) / grid_m) + 2
        self._shadow_db = stream(seed, store, _SHADOW).normal(0.0, radio.shadow_db, (rows, columns, len(plan.receivers)))

    def hear(self, person: Person, device: Device, from_ns: int, to_ns: int) -> Heard:
        """Packets of `device` from `from_ns` until `to_ns`. A window can be made without those before it."""
        rng = stream(*person.key, _PACKETS, device.number, from_ns)
        t_ns = self._sent(device, from_ns, to_ns, rng)
        level_dbm = self._level(person.path, t_ns) + rng.normal(0.0, self.radio.fading_db, (len(t_ns), len(self._x_m)))
        caught = (level_dbm >= self.radio.sensitivity_dbm) & (rng.random(level_dbm.shape) >= self.radio.loss)
        packet, receiver = np.nonzero(caught)
        return Heard(t_ns[packet], receiver, np.clip(np.rint(level_dbm[packet, receiver]), -127, 20).astype("i8"))

    def _sent(self, device: Device, from_ns: int, to_ns: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Times of the packets: every interval from the device's start on, each a little late."""
        interval_ns = self.radio.interval_ns
        since_ns, until_ns = max(from_ns, device.from_ns), min(to_ns, device.to_ns)
        first = -(-(since_ns - device.from_ns) // interval_ns)
        due_ns = np.arange(device.from_ns + first * interval_ns, until_ns, interval_ns, dtype="i8")
        late_ns = rng.integers(0, self.radio.jitter_ns, len(due_ns), endpoint=True)
        return np.minimum(due_ns + late_ns, until_ns - 1)  # never into the next window, so that windows stay in order

    def _level(self, path: Path, t_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Mean dBm at each time (rows) and receiver (columns)."""
        x_m, y_m, facing_rad = path.at(t_ns)
        dx, dy = self._x_m - x_m[:, None], self._y_m - y_m[:, None]
        distance_m = np.maximum(np.hypot(dx, dy), 0.3)
        behind = (1.0 - np.cos(np.arctan2(dy, dx) - facing_rad[:, None])) / 2.0
        path_loss_db = 10.0 * self.radio.exponent * np.log10(distance_m)
        level: npt.NDArray[np.float64] = self.radio.power_dbm - path_loss_db - self.radio.body_db * behind + self._shadow(x_m, y_m)
        return level

    def _shadow(self, x_m: npt.NDArray[np.float64], y_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The maps of all receivers, bilinear between grid points."""
        u, v = (x_m - self._left_m) / self.radio.shadow_grid_m, (y_m - self._bottom_m) / self.radio.shadow_grid_m
        i, j = u.astype("i8"), v.astype("i8")
        fu, fv = (u - i)[:, None], (v - j)[:, None]
        shadow = self._shadow_db
        low = shadow[j, i] * (1 - fu) + shadow[j, i + 1] * fu
        high = shadow[j + 1, i] * (1 - fu) + shadow[j + 1, i + 1] * fu
        mixed: npt.NDArray[np.float64] = low * (1 - fv) + high * fv
        return mixed
