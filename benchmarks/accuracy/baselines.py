"""What others do, as small rules with their published constants: which receiver owns an identifier after each sighting.

These are rules, not ports: filters of firmware and positions on floor plans are left out. Sources stand with each rule.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Protocol

from edge_agent.sources.source import Sighting
from footfall.units import NS_PER_S
from simulators.accuracy.course import DecidedDwell


class Rule(Protocol):
    """`hear` takes a sighting of one identifier, in the order of time, and returns the receiver that owns it now."""

    def hear(self, t_s: float, receiver: str, rssi_dbm: float) -> str: ...


@dataclass(slots=True)
class ReelyActive:
    """What was heard in a mixing delay of 1 s is one decoding, and its strongest receiver the owner (reelyActive, barnowl: raddecs are
    mixed for `mixingDelayMilliseconds` 1000 and sorted by level)."""

    delay_s: float = 1.0
    _begun_s: float = -1e18
    _levels: dict[str, list[float]] = field(default_factory=dict)
    _owner: str = ""

    def hear(self, t_s: float, receiver: str, rssi_dbm: float) -> str:
        if t_s - self._begun_s >= self.delay_s:
            self._owner = max(self._levels, key=self._mean) if self._levels else receiver
            self._begun_s, self._levels = t_s, {}
        self._levels.setdefault(receiver, []).append(rssi_dbm)
        return self._owner

    def _mean(self, receiver: str) -> float:
        return sum(self._levels[receiver]) / len(self._levels[receiver])


@dataclass(slots=True)
class Habluetooth:
    """A challenger must be 16 dB stronger, or the owner stale: silent for its longest interval and 5 s.

    habluetooth, const.py: ADV_RSSI_SWITCH_THRESHOLD 16, TRACKER_BUFFERING_WOBBLE_SECONDS 5, RSSI smoothed with 0.3.
    """

    threshold_db: float = 16.0
    smoothing: float = 0.3
    wobble_s: float = 5.0
    intervals: int = 16
    _level: dict[str, float] = field(default_factory=dict)
    _heard: dict[str, deque[float]] = field(default_factory=dict)
    _owner: str = ""

    def hear(self, t_s: float, receiver: str, rssi_dbm: float) -> str:
        before = self._level.get(receiver, rssi_dbm)
        self._level[receiver] = before + self.smoothing * (rssi_dbm - before)
        self._heard.setdefault(receiver, deque(maxlen=self.intervals)).append(t_s)
        if receiver != self._owner and (self._is_stale(t_s) or self._level[receiver] - self._level[self._owner] > self.threshold_db):
            self._owner = receiver
        return self._owner

    def _is_stale(self, t_s: float) -> bool:
        times = list(self._heard.get(self._owner, ()))
        if not times:
            return True
        longest_s = max((b - a for a, b in pairwise(times)), default=0.0)
        return t_s - times[-1] > longest_s + self.wobble_s


@dataclass(slots=True)
class EspresenseRoom:
    """A node reports every 5 s, or when the distance moved by 0.5 m; the nearest owns, until its report is 5 s old.

    ESPresense's settings: skip_ms 5000, skip_distance 0.5, ref_rssi -65, absorption 3.5; Home Assistant's mqtt_room: timeout 5.
    """

    skip_s: float = 5.0
    skip_m: float = 0.5
    ref_dbm: float = -65.0
    absorption: float = 3.5
    timeout_s: float = 5.0
    _reported: dict[str, tuple[float, float]] = field(default_factory=dict)
    _owner: str = ""

    def hear(self, t_s: float, receiver: str, rssi_dbm: float) -> str:
        distance_m = 10.0 ** ((self.ref_dbm - rssi_dbm) / (10.0 * self.absorption))
        before_s, before_m = self._reported.get(receiver, (-1e18, 0.0))
        if t_s - before_s >= self.skip_s or abs(distance_m - before_m) > self.skip_m:
            self._reported[receiver] = (t_s, distance_m)
            owned_s, owned_m = self._reported.get(self._owner, (-1e18, 0.0))
            if receiver == self._owner or distance_m < owned_m or t_s - owned_s > self.timeout_s:
                self._owner = receiver
        return self._owner


@dataclass(slots=True)
class Bermuda:
    """The least smoothed distance of those heard in the last 10 s; once a second.

    bermuda, const.py: DEFAULT_SMOOTHING_SAMPLES 20, AREA_MAX_AD_AGE 10, DEFAULT_ATTENUATION 3, DEFAULT_REF_POWER -55,
    DEFAULT_MAX_RADIUS 20, UPDATE_INTERVAL 1.05. The average takes a nearer reading at once, a farther one slowly.
    """

    samples: int = 20
    max_age_s: float = 10.0
    attenuation: float = 3.0
    ref_power_dbm: float = -55.0
    max_radius_m: float = 20.0
    update_s: float = 1.05
    _latest: dict[str, tuple[float, float]] = field(default_factory=dict)
    _sampled: dict[str, deque[float]] = field(default_factory=dict)
    _updated_s: float = -1e18
    _owner: str = ""

    def hear(self, t_s: float, receiver: str, rssi_dbm: float) -> str:
        distance_m = 10.0 ** ((self.ref_power_dbm - rssi_dbm) / (10.0 * self.attenuation))
        self._latest[receiver] = (t_s, distance_m)
        if t_s - self._updated_s >= self.update_s:
            self._update(t_s)
        return self._owner

    def _update(self, t_s: float) -> None:
        before_s, self._updated_s = self._updated_s, t_s
        for receiver, (heard_s, distance_m) in self._latest.items():
            if heard_s > before_s or receiver not in self._sampled:
                self._sampled.setdefault(receiver, deque(maxlen=self.samples)).append(distance_m)
        near = {name: self._smoothed(name) for name, (heard_s, _) in self._latest.items() if t_s - heard_s <= self.max_age_s}
        within = {name: distance for name, distance in near.items() if distance <= self.max_radius_m}
        if within:
            self._owner = min(within, key=lambda name: (within[name], name != self._owner))

    def _smoothed(self, receiver: str) -> float:
        """The latest reading, or the mean of what readings, the latest first, were at least, if that is nearer."""
        readings = self._sampled[receiver]
        least, total = float("inf"), 0.0
        for distance_m in reversed(readings):
            least = min(least, distance_m)
            total += least
        return min(total / len(readings), readings[-1])


@dataclass(slots=True)
class EdgeX:
    """The mean of the last 20 levels must exceed the owner's by 6 dB, less 8 dB for each second after the first half in which it is silent.

    edgexfoundry/app-rfid-llrp-inventory: MobilityProfile of asset tracking: slope -0.008 dBm a millisecond, threshold 6, holdoff 500 ms.
    """

    slope_db_per_s: float = -8.0
    threshold_db: float = 6.0
    holdoff_s: float = 0.5
    window: int = 20
    _levels: dict[str, deque[float]] = field(default_factory=dict)
    _heard_s: dict[str, float] = field(default_factory=dict)
    _owner: str = ""

    def hear(self, t_s: float, receiver: str, rssi_dbm: float) -> str:
        self._levels.setdefault(receiver, deque(maxlen=self.window)).append(rssi_dbm)
        self._heard_s[receiver] = t_s
        if not self._owner:
            self._owner = receiver
        elif receiver != self._owner:
            silent_s = t_s - self._heard_s[self._owner]
            needed_db = min(self.threshold_db, self.threshold_db + self.slope_db_per_s * (silent_s - self.holdoff_s))
            if self._mean(receiver) > self._mean(self._owner) + needed_db:
                self._owner = receiver
        return self._owner

    def _mean(self, receiver: str) -> float:
        levels = self._levels[receiver]
        return sum(levels) / len(levels)


RULES: Final[Mapping[str, Callable[[], Rule]]] = {
    "reelyActive": ReelyActive,
    "habluetooth": Habluetooth,
    "ESPresense": EspresenseRoom,
    "Bermuda": Bermuda,
    "EdgeX": EdgeX,
}


def dwells_by(make: Callable[[], Rule], heard: Iterable[Sighting], receivers: Mapping[str, str]) -> dict[str, list[DecidedDwell]]:
    """Return by identifier the dwells that a rule makes of sightings, each decided when it began."""
    rules: dict[str, Rule] = {}
    found: dict[str, list[DecidedDwell]] = {}
    for sighting in heard:
        if sighting.receiver not in receivers:
            continue
        rule = rules.get(sighting.identifier) or rules.setdefault(sighting.identifier, make())
        t_ns = sighting.t_wall_ns
        zone = receivers.get(rule.hear(t_ns / NS_PER_S, sighting.receiver, sighting.rssi_dbm), "")
        dwells = found.setdefault(sighting.identifier, [])
        if dwells and dwells[-1].zone == zone:
            dwells[-1] = dwells[-1]._replace(to_ns=t_ns)
        elif zone:
            dwells += [DecidedDwell(zone, t_ns, t_ns, t_ns)]
    return found
