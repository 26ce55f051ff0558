"""Readings of door counters as crossings. Pure; its state is stored together with the frames that hold the crossings.

    counters = Counters(boot)
    counters.load(spool.readings())                  # the state of the run before
    counters.count(tally, limits) -> [Crossing | Gap | Refused, …]
    counters.changed() -> dict[str, str]             # to be stored in the same transaction as the rows of those crossings

Totals (`Counted.cumulative`), for each device and door, both directions together:

- The first reading is the baseline: nobody is counted.
- A total that rose since the last reading, by no more than `most_per_min` allows, counts that many people.
- One that fell has rolled over if it went on plausibly past `rolls_over_at`, by no more than an eighth of it. A fall to the lower part
  from anywhere else is a reset, however long nobody read it. Near the end roll-over is tried first, since a reset is rarer there.
- Any other total is held back: nobody is counted, and the last good one stays. If a later total continues the last good one, what was
  held back was implausible (a device that starts, a torn or foreign register). It is refused, and nobody is lost.
  If instead two totals, `settle_s` apart, continue each other and began near zero, the counter was reset: all they show is counted.
  If three continue each other from anywhere else, the counter was set or replaced, and the first of them is the new baseline.
  Both yield a dated gap, since nobody knows who passed between the last good total and the first new one.
- While implausible totals keep coming, they are refused, and their gap is reported, every 60 readings.
- With `uptime_s` a restart of the device is known: a total that fell was then reset, without waiting. Without `survives_reboot` any
  total is counted from zero after a restart.
- A total older by the device's own clock than the last one (sent again, overtaken) is ignored, unless by more than a day.

Reports of a period count once: by serial, else by end and length. The last 512 are remembered, and an older end is refused. Where a
device sends both, totals count, since they also recover what was lost; periods count only while no total came for a day.

People who passed while the counter could not be read become one crossing at the time of the next reading. The gap that the source
reports shows over which time they may have passed. A report of a period bears its last millisecond.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from device_profiles.profile import CounterLimits
from device_profiles.reading import Counted
from edge_agent.sources.source import Crossing, Gap, RefusedReading, Tally
from footfall.units import NS_PER_DAY, NS_PER_MINUTE, NS_PER_S

LAST_INSTANT_NS: Final = 1_000_000
REMEMBERED: Final = 512
MAX_DOORS: Final = 1_000
RESET_READINGS: Final = 2
REPLACED_READINGS: Final = 3
REPORTED_STRAYS: Final = 60
ROLLED_PART: Final = 8


Events = list[Crossing | Gap | RefusedReading]


@dataclass(slots=True)
class _Point:
    """A reading of totals, and when it was taken."""

    totals: list[int]
    t_boot_ns: int
    boot: str

    def since_ns(self, boot: str) -> int:
        """Return when it was on the clock of `boot`; for a reading of an earlier boot 0, the start of this one."""
        return self.t_boot_ns if self.boot == boot else 0


@dataclass(slots=True)
class _Door:
    """The state of one door of one device.

    `good`: the last good total. Of totals held back: the `first`, the `latest`, how many were `held`, the people `gained` in them, and
    whether they began near zero. `strays`: how many were held back before these and led nowhere.
    """

    good: _Point | None = None
    first: _Point | None = None
    latest: _Point | None = None
    held: int = 0
    gained: list[int] = field(default_factory=lambda: [0, 0])
    was_reset: bool = False
    strays: int = 0
    by_totals: bool = False
    device_ns: int = 0
    uptime_s: float | None = None
    reports: list[tuple[str, int]] = field(default_factory=list)
    dropped_until_ns: int = 0

    @classmethod
    def of(cls, text: str) -> _Door:
        values = json.loads(text)
        for name in ("good", "first", "latest"):
            values[name] = values[name] and _Point(**values[name])
        values["reports"] = [tuple(report) for report in values["reports"]]
        return cls(**values)


class Counters:
    """`ignored_total` counts repeated reports by reason. `is_urgent`: a baseline is not stored yet."""

    def __init__(self, boot: str) -> None:
        self.ignored_total: Final[Counter[str]] = Counter()
        self.is_urgent = False
        self._boot: Final = boot
        self._doors: Final[dict[str, _Door]] = {}
        self._changed: Final[set[str]] = set()

    def load(self, stored: Mapping[str, str]) -> None:
        """Load the state that `changed` returned in all runs before."""
        for key, text in stored.items():
            try:
                self._doors[key] = _Door.of(text)
            except (ValueError, TypeError, KeyError):
                self.ignored_total["counter.memory"] += 1  # of a version that we do not know: counting begins at the next reading

    def changed(self, everything: bool = False) -> dict[str, str]:
        """Return the state to store, by key: what changed since the last call, or everything."""
        keys = list(self._doors) if everything else list(self._changed)
        self._changed.clear()
        self.is_urgent = False
        return {key: json.dumps(asdict(self._doors[key]), separators=(",", ":")) for key in keys}

    def count(self, tally: Tally, limits: CounterLimits) -> Events:
        """Return the events implied since the last reading. Never raises; impossible readings yield RefusedReading."""
        key = json.dumps([tally.device, tally.door])
        if key not in self._doors and len(self._doors) >= MAX_DOORS:
            return [_refused(tally, "counter.doors")]
        if min(tally.counted.entered, tally.counted.left) < 0:
            return [_refused(tally, "counter.negative")]
        door = self._doors.setdefault(key, _Door())
        self._changed.add(key)
        return self._total(door, tally, limits) if tally.counted.cumulative else self._period(door, tally, limits)

    def _total(self, door: _Door, tally: Tally, limits: CounterLimits) -> Events:
        counted = tally.counted
        if counted.t_wall_ns and 0 < door.device_ns - counted.t_wall_ns < NS_PER_DAY and door.by_totals:
            self.ignored_total["counter.late"] += 1
            return []
        shown = _Point([counted.entered, counted.left], tally.t_boot_ns, self._boot)
        restarted = _restarted(door, shown, counted)
        door.device_ns = counted.t_wall_ns
        if door.good is None or not door.by_totals:
            _go_on_from(door, shown)
            door.by_totals = self.is_urgent = True
            return []
        moved = _moved(door.good, shown, limits)
        if restarted and _near_zero(door.good, shown, limits) and (moved is None or not limits.survives_reboot):
            return _settle(door, tally, door.good, shown, shown.totals, shown, "counter.reset")
        if moved is not None:
            return _settle(door, tally, door.good, shown, moved, None)
        return _hold(door, tally, door.good, shown, limits)

    def _period(self, door: _Door, tally: Tally, limits: CounterLimits) -> Events:
        counted = tally.counted
        if door.good is not None and door.by_totals and tally.t_boot_ns - door.good.since_ns(self._boot) < NS_PER_DAY:
            self.ignored_total["counter.beside_totals"] += 1
            return []
        name = counted.serial or (f"{counted.t_wall_ns}+{counted.period_s}" if counted.t_wall_ns else "")
        if any(name == known for known, _ in door.reports):
            self.ignored_total["counter.again"] += 1
            return []
        if counted.t_wall_ns and counted.t_wall_ns <= door.dropped_until_ns:
            return [_refused(tally, "counter.stale")]
        if counted.period_s and max(counted.entered, counted.left) > limits.most_per_min * max(1.0, counted.period_s / 60):
            return [_refused(tally, "counter.implausible")]
        door.by_totals = False
        if name:
            _remember(door, name, counted.t_wall_ns)
        t_wall_ns = counted.t_wall_ns - LAST_INSTANT_NS if counted.t_wall_ns and counted.period_s else counted.t_wall_ns
        return _crossing(tally, [counted.entered, counted.left], t_wall_ns)


def _hold(door: _Door, tally: Tally, good: _Point, shown: _Point, limits: CounterLimits) -> Events:
    """Hold back a total that does not continue the good one, until it can be explained."""
    gained = _moved(door.latest, shown, limits) if door.latest else None
    if door.first is None or gained is None:
        door.strays += door.held
        door.first, door.held = shown, 0
        door.was_reset = _near_zero(good, shown, limits)
        door.gained, gained = [0, 0], shown.totals if door.was_reset else [0, 0]
    door.latest = shown
    door.held += 1
    door.gained = [before + people for before, people in zip(door.gained, gained, strict=True)]
    needed = RESET_READINGS if door.was_reset else REPLACED_READINGS
    if door.held < needed or shown.t_boot_ns - door.first.t_boot_ns < limits.settle_s * NS_PER_S:
        return _refuse_strays(door, tally, good, shown) if door.strays >= REPORTED_STRAYS else []
    door.held = 0
    return _settle(door, tally, good, shown, door.gained, door.first, "counter.reset" if door.was_reset else "counter.replaced")


def _settle(
    door: _Door, tally: Tally, good: _Point, shown: _Point, people: Sequence[int], began: _Point | None, reason: str = "counter.stray"
) -> Events:
    """Make `shown` the good total. Return the people, and a gap since the last good one if a new count `began` or strays were held back."""
    door.strays += door.held
    events = _refuse_strays(door, tally, good, began or shown, reason) if door.strays or began is not None else []
    _go_on_from(door, shown)
    return events + _crossing(tally, people, 0)


def _refuse_strays(door: _Door, tally: Tally, good: _Point, until: _Point, reason: str = "counter.stray") -> Events:
    """Return one refusal of all strays, and the gap since the good total."""
    strays, door.strays = door.strays, 0
    since_ns = min(good.t_boot_ns, until.t_boot_ns) if good.boot == until.boot else until.t_boot_ns
    gap = Gap(since_ns, until.t_boot_ns, reason, source=tally.device, task="doors")
    return [_refused(tally, "counter.stray", f": {strays} readings"), gap] if strays else [gap]


def _go_on_from(door: _Door, shown: _Point) -> None:
    door.good, door.first, door.latest = shown, None, None
    door.held = door.strays = 0
    door.gained, door.was_reset = [0, 0], False


def _moved(before: _Point, now: _Point, limits: CounterLimits) -> list[int] | None:
    """Return the people in each direction between two readings; None if they cannot be of one counter."""
    most = _most(before, now, limits)
    if limits.rolls_over_at and max(now.totals) >= max(limits.rolls_over_at):
        return None
    moved = []
    for last, shown in zip(before.totals, now.totals, strict=True):
        rolled = (shown + width - last for width in limits.rolls_over_at if last < width and shown + width - last <= width // ROLLED_PART)
        people = shown - last if shown >= last else min(rolled, default=-1)
        if not 0 <= people <= most:
            return None
        moved.append(people)
    return moved


def _near_zero(before: _Point, now: _Point, limits: CounterLimits) -> bool:
    """Return whether a counter that was reset to zero after `before` could show this."""
    return max(now.totals) <= _most(before, now, limits)


def _most(before: _Point, now: _Point, limits: CounterLimits) -> float:
    """Return how many people can have passed in one direction meanwhile. A machine is taken to have been off for a day."""
    elapsed_ns = now.t_boot_ns - before.since_ns(now.boot) + (0 if before.boot == now.boot else NS_PER_DAY)
    return limits.most_per_min * max(NS_PER_MINUTE, elapsed_ns) / NS_PER_MINUTE


def _restarted(door: _Door, shown: _Point, counted: Counted) -> bool:
    """Return whether the device restarted since the last reading: its uptime fell, or is short by over a tenth and a minute."""
    uptime_s, before_s = counted.values.get("uptime_s"), door.uptime_s
    door.uptime_s = float(uptime_s) if isinstance(uptime_s, int | float) else None
    if door.uptime_s is None or before_s is None or door.good is None:
        return False
    elapsed_s = (shown.t_boot_ns - door.good.since_ns(shown.boot)) / NS_PER_S
    return door.uptime_s < before_s + max(0.0, 0.9 * elapsed_s - 60)


def _remember(door: _Door, name: str, end_ns: int) -> None:
    door.reports.append((name, end_ns))
    if len(door.reports) > REMEMBERED:
        oldest = min(range(REMEMBERED), key=lambda i: door.reports[i][1])
        door.dropped_until_ns = max(door.dropped_until_ns, door.reports.pop(oldest)[1])


def _crossing(tally: Tally, people: Sequence[int], t_wall_ns: int) -> Events:
    entered, left = people
    return [Crossing(tally.t_boot_ns, tally.door, entered, left, tally.profile, t_wall_ns)] if entered or left else []


def _refused(tally: Tally, reason: str, more: str = "") -> RefusedReading:
    counted = tally.counted
    return RefusedReading(tally.t_boot_ns, reason, f"{tally.device} {tally.door}{more}", f"{counted.entered} {counted.left}".encode())
