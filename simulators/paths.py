"""Paths: where a person is at any time. A schedule of zone stays becomes waypoints with walks between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_S
from simulators.plan import Door, Plan

WALK_M_PER_S: Final = 1.2
PAUSE_S: Final = 30.0
"""Mean time at one spot before the next step inside a zone."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A person was inside `zone` from `from_ns` until `to_ns`, without the walks before and after."""

    zone: str
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Waypoints `t_ns, x_m, y_m`, linear between them; `facing_rad` is where the person looks from each waypoint on."""

    t_ns: npt.NDArray[np.int64]
    x_m: npt.NDArray[np.float64]
    y_m: npt.NDArray[np.float64]
    facing_rad: npt.NDArray[np.float64]
    stays: tuple[Stay, ...]

    @property
    def from_ns(self) -> int:
        return int(self.t_ns[0])

    @property
    def to_ns(self) -> int:
        return int(self.t_ns[-1])

    def at(self, t_ns: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """x, y (m) and facing (rad) at each time."""
        since, known = (t_ns - self.t_ns[0]).astype("f8"), (self.t_ns - self.t_ns[0]).astype("f8")
        leg = np.clip(np.searchsorted(self.t_ns, t_ns, side="right") - 1, 0, len(self.t_ns) - 1)
        return np.interp(since, known, self.x_m), np.interp(since, known, self.y_m), self.facing_rad[leg]


class _Walker:
    def __init__(self, rng: np.random.Generator, x_m: float, y_m: float, t_ns: int) -> None:
        self.rng = rng
        self.points: list[tuple[int, float, float]] = [(t_ns, x_m, y_m)]
        self.facing: list[float] = []

    @property
    def t_ns(self) -> int:
        return self.points[-1][0]

    def walk(self, x_m: float, y_m: float) -> None:
        t_ns, from_x, from_y = self.points[-1]
        distance_m = float(np.hypot(x_m - from_x, y_m - from_y))
        self.facing.append(float(np.arctan2(y_m - from_y, x_m - from_x)))
        self.points.append((t_ns + max(1, round(distance_m / WALK_M_PER_S * NS_PER_S)), x_m, y_m))

    def pause(self, seconds: float) -> None:
        t_ns, x_m, y_m = self.points[-1]
        self.facing.append(float(self.rng.uniform(-np.pi, np.pi)))
        self.points.append((t_ns + max(1, round(seconds * NS_PER_S)), x_m, y_m))


def path_through(plan: Plan, door: Door, schedule: Sequence[tuple[int, float]], from_ns: int, rng: np.random.Generator) -> Path:
    """In by `door` at `from_ns`, through `schedule` (zone number, seconds there), out by the same door."""
    walker = _Walker(rng, door.x_m, door.y_m, from_ns)
    stays = []
    for zone, seconds in schedule:
        area = plan.zones[zone].area
        walker.walk(*area.at(*rng.uniform(0.1, 0.9, 2)))
        arrived_ns = walker.t_ns
        while (left_s := seconds - (walker.t_ns - arrived_ns) / NS_PER_S) > 0:
            walker.pause(min(left_s, PAUSE_S * float(rng.uniform(0.4, 1.6))))
            if left_s > PAUSE_S:
                walker.walk(*area.at(*rng.uniform(0.1, 0.9, 2)))
        stays.append(Stay(plan.zones[zone].name, arrived_ns, walker.t_ns))
    walker.walk(door.x_m, door.y_m)
    t_ns, x_m, y_m = zip(*walker.points, strict=True)
    return Path(np.array(t_ns, "i8"), np.array(x_m), np.array(y_m), np.array([*walker.facing, 0.0]), _joined(stays))


def _joined(stays: Sequence[Stay]) -> tuple[Stay, ...]:
    """Two stays in a row in one zone are one."""
    joined: list[Stay] = []
    for stay in stays:
        if joined and joined[-1].zone == stay.zone:
            stay = Stay(stay.zone, joined.pop().from_ns, stay.to_ns)
        joined.append(stay)
    return tuple(joined)
