"""Paths: where a person is at any time. A schedule of zone stays becomes waypoints with walks between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_S
from simulators.plan import Door, Plan

WALK_M_PER_S: Final = 1.2
PAUSE_S: Final = 30.0
"""Mean time at one spot before the next step inside a zone."""
_SLOWEST_M_PER_S, _FASTEST_M_PER_S = 0.6, 2.0
_TURN_RAD: Final = np.pi / 3
LEAST_STAY_NS: Final = 10 * NS_PER_S
"""Whoever is in a zone for less only passes it."""


@dataclass(frozen=True, slots=True)
class Gait:
    """How people walk and stand."""

    detour: float = 0.2
    """Share of walks that lead through one more zone, without a stop."""
    speed_spread: float = 0.2
    """Standard deviation of the speed, as a share of its mean (Weidmann, Transporttechnik der Fussgaenger, 1993: 0.26 of 1.34 m/s)."""
    turns_per_minute: float = 0.0
    """How often people who stand turn, by 60 degrees (standard deviation); 0: only when they step to another spot."""
    least_stay_ns: int = LEAST_STAY_NS
    """Whoever is in a zone for less only passes it."""


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
    """Of a person without a gait those that were planned: from the arrival at a spot on, without the way to it."""
    passes: tuple[Stay, ...] = ()
    """Of a person with a gait: the spans in a zone that were too short for a stay."""

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

    def shifted(self, later_ns: int) -> Path:
        """The same walk, later."""
        spans = (self.stays, self.passes)
        stays, passes = (tuple(Stay(s.zone, s.from_ns + later_ns, s.to_ns + later_ns) for s in one) for one in spans)
        return Path(self.t_ns + later_ns, self.x_m, self.y_m, self.facing_rad, stays, passes)


class Walker:
    """Makes waypoints. With a gait, from a speed of one's own; without, as everybody."""

    def __init__(self, rng: np.random.Generator, x_m: float, y_m: float, t_ns: int, gait: Gait | None = None) -> None:
        self.rng = rng
        self.gait = gait
        self.points: list[tuple[int, float, float]] = [(t_ns, x_m, y_m)]
        self.facing: list[float] = []
        self.speed_m_per_s = WALK_M_PER_S
        if gait is not None:
            pace = float(rng.normal(1.0, gait.speed_spread))
            self.speed_m_per_s = min(max(WALK_M_PER_S * pace, _SLOWEST_M_PER_S), _FASTEST_M_PER_S)

    @property
    def t_ns(self) -> int:
        return self.points[-1][0]

    def walk(self, x_m: float, y_m: float) -> None:
        t_ns, from_x, from_y = self.points[-1]
        distance_m = float(np.hypot(x_m - from_x, y_m - from_y))
        self.facing.append(float(np.arctan2(y_m - from_y, x_m - from_x)))
        self.points.append((t_ns + max(1, round(distance_m / self.speed_m_per_s * NS_PER_S)), x_m, y_m))

    def pause(self, seconds: float) -> None:
        """Stand, and turn now and then if the gait has it."""
        facing = float(self.rng.uniform(-np.pi, np.pi))
        for part_s in self._between_turns(seconds):
            t_ns, x_m, y_m = self.points[-1]
            self.facing.append(facing)
            self.points.append((t_ns + max(1, round(part_s * NS_PER_S)), x_m, y_m))
            facing += float(self.rng.normal(0.0, _TURN_RAD)) if self._turns else 0.0

    def path(self, stays: Sequence[Stay], plan: Plan) -> Path:
        """The walk; with a gait its stays and passes are what the way was, otherwise `stays`, which were planned."""
        t_ns, x_m, y_m = zip(*self.points, strict=True)
        columns = np.array(t_ns, "i8"), np.array(x_m), np.array(y_m), np.array([*self.facing, 0.0])
        if self.gait is None:
            return Path(*columns, _joined(stays))
        return Path(*columns, *stays_and_passes(*columns[:3], plan, self.gait.least_stay_ns))

    @property
    def _turns(self) -> bool:
        return self.gait is not None and self.gait.turns_per_minute > 0

    def _between_turns(self, seconds: float) -> Iterator[float]:
        while self.gait is not None and self.gait.turns_per_minute > 0:
            part_s = float(self.rng.exponential(60.0 / self.gait.turns_per_minute))
            if part_s >= seconds:
                break
            yield part_s
            seconds -= part_s
        yield seconds


def path_through(
    plan: Plan, door: Door, schedule: Sequence[tuple[int, float]], from_ns: int, rng: np.random.Generator, gait: Gait | None = None
) -> Path:
    """In by `door` at `from_ns`, through `schedule` (zone number, seconds there), out by the same door."""
    walker = Walker(rng, door.x_m, door.y_m, from_ns, gait)
    stays, here = [], 0
    for zone, seconds in schedule:
        area = plan.zones[zone].area
        if gait is not None and rng.random() < gait.detour:
            here = _walk_to(walker, plan, here, int(rng.integers(len(plan.zones))), rng)
        here = _walk_to(walker, plan, here, zone, rng)
        arrived_ns = walker.t_ns
        while (left_s := seconds - (walker.t_ns - arrived_ns) / NS_PER_S) > 0:
            walker.pause(min(left_s, PAUSE_S * float(rng.uniform(0.4, 1.6))))
            if left_s > PAUSE_S:
                walker.walk(*area.at(*rng.uniform(0.1, 0.9, 2)))
        stays.append(Stay(plan.zones[zone].name, arrived_ns, walker.t_ns))
    _walk_through(walker, plan, here, 0)
    walker.walk(door.x_m, door.y_m)
    return walker.path(stays, plan)


def _walk_to(walker: Walker, plan: Plan, here: int, zone: int, rng: np.random.Generator) -> int:
    _walk_through(walker, plan, here, zone)
    walker.walk(*plan.zones[zone].area.at(*rng.uniform(0.1, 0.9, 2)))
    return zone


def _walk_through(walker: Walker, plan: Plan, here: int, zone: int) -> None:
    """To the last opening on the way; nobody walks through a wall."""
    for opening in plan.way(plan.zones[here].name, plan.zones[zone].name):
        walker.walk(opening.x_m, opening.y_m)


def stays_and_passes(
    t_ns: npt.NDArray[np.int64], x_m: npt.NDArray[np.float64], y_m: npt.NDArray[np.float64], plan: Plan, least_ns: int
) -> tuple[tuple[Stay, ...], tuple[Stay, ...]]:
    """Return the spans of the way in a zone that last for `least_ns`, and those that are shorter."""
    spans = zone_spans(t_ns, x_m, y_m, plan)
    stays, passes = (tuple(span for span in spans if (span.to_ns - span.from_ns >= least_ns) is kept) for kept in (True, False))
    return stays, passes


def zone_spans(t_ns: npt.NDArray[np.int64], x_m: npt.NDArray[np.float64], y_m: npt.NDArray[np.float64], plan: Plan) -> list[Stay]:
    """Return every span in which the way lies in a zone, from crossing its border until crossing it again, in time order."""
    found: list[Stay] = []
    for zone in plan.zones:
        area = zone.area
        first, last = np.zeros(len(t_ns) - 1), np.ones(len(t_ns) - 1)
        for at_m, low_m, high_m in ((x_m, area.left_m, area.right_m), (y_m, area.bottom_m, area.top_m)):
            enters, leaves = _within(at_m[:-1], np.diff(at_m), low_m, high_m)
            first, last = np.maximum(first, enters), np.minimum(last, leaves)
        legs = np.flatnonzero(last > first)
        length_ns = np.diff(t_ns)[legs]
        begins, ends = t_ns[legs] + np.rint(first[legs] * length_ns), t_ns[legs] + np.rint(last[legs] * length_ns)
        found += _joined([Stay(zone.name, int(a), int(b)) for a, b in zip(begins, ends, strict=True)], apart_ns=1)
    return sorted(found, key=lambda stay: (stay.from_ns, stay.to_ns))


def _within(
    at_m: npt.NDArray[np.float64], step_m: npt.NDArray[np.float64], low_m: float, high_m: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """From which share of each step until which it lies between `low_m` and `high_m`; an empty span where it never does."""
    still = step_m == 0.0
    inside = (at_m >= low_m) & (at_m <= high_m)
    to_low, to_high = ((border_m - at_m) / np.where(still, 1.0, step_m) for border_m in (low_m, high_m))
    enters = np.where(still, np.where(inside, 0.0, 1.0), np.minimum(to_low, to_high))
    leaves = np.where(still, np.where(inside, 1.0, 0.0), np.maximum(to_low, to_high))
    return enters, leaves


def _joined(stays: Sequence[Stay], apart_ns: int | None = None) -> tuple[Stay, ...]:
    """Two stays in a row in one zone are one, if they are no more than `apart_ns` apart (None: however far)."""
    joined: list[Stay] = []
    for stay in stays:
        if joined and joined[-1].zone == stay.zone and (apart_ns is None or stay.from_ns - joined[-1].to_ns <= apart_ns):
            stay = Stay(stay.zone, joined.pop().from_ns, stay.to_ns)
        joined.append(stay)
    return tuple(joined)
