"""The estate as small numbers: what the fold needs of site and profiles, codes given once and kept for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, overload
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_S
from gateway.fold.adjacency import Adjacency
from gateway.fold.codes import Codes
from gateway.fold.joint_stores import JointStores
from gateway.fold.reorder_buffer import Ranks
from gateway.fold.visit_limits import VisitLimits
from gateway.fold.zone_offsets import ZoneOffsets
from gateway.site import local_day
from gateway.site.closings import OpenDates, settling_minutes
from gateway.site.recorded import RecordedSite

if TYPE_CHECKING:  # who reads what the fold stored loads no profiles
    from device_profiles.registry import Registry

NEVER_NS: Final = 1 << 62
MOST_CACHED: Final = 30_000
LONGEST_CACHED: Final = 64
"""An agent hears a few zones; lists of thousands of names are not kept."""
UNUSED: Final = -1
Codings = npt.NDArray[np.int32]


@overload
def seconds_of(start_ns: int, last_ns: int) -> float: ...
@overload
def seconds_of(start_ns: npt.NDArray[np.int64], last_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]: ...
def seconds_of(start_ns: Any, last_ns: Any) -> Any:
    """Return how long spans last, s, to the millisecond, so that sums can be taken back exactly."""
    return (last_ns - start_ns + 500_000) // 1_000_000 / 1000


class Estate(VisitLimits):
    """Codes of stores, agents, zones (`store/zone`), profiles and kinds, with what the fold asks of each, as arrays by code."""

    def __init__(self, profiles: Registry) -> None:
        super().__init__(profiles)
        self.agents: Final = Codes()
        self.expected: dict[int, frozenset[int]] = {}
        """Agents of a store by its site."""
        self._timezone: dict[int, ZoneInfo] = {}
        self._day_start: dict[int, timedelta] = {}
        self._open_dates: dict[int, OpenDates] = {}
        """Of the stores of the site in force."""
        self._outside_names: dict[str, bool] = {}
        self._tried_ns: dict[str, int] = {}
        """By name of a zone: how long an item must be there to be tried; of any other never."""
        self.zone_name: list[str] = []
        self.zone_store: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        self.zone_outside: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.zone_tried_ns: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self.joint: Final = JointStores()
        """Where levels decide together."""
        self._zone_bit: npt.NDArray[np.uint64] = np.zeros(0, np.uint64)
        self._zones_of: Counter[int] = Counter()
        self._zone_codes: dict[tuple[str, tuple[str, ...]], npt.NDArray[np.int32]] = {}
        self._profile_codes: dict[tuple[str, tuple[str, ...]], npt.NDArray[np.int32]] = {}
        self._day_cache: dict[int, tuple[int, int, int]] = {}
        self._settling_cache: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._ranks = Ranks(_ranks(()), _ranks(()))
        self.adjacency: Final = Adjacency()
        self.offsets = ZoneOffsets()
        """In dB, by profile and zone."""

    def apply(self, site: RecordedSite) -> frozenset[int]:
        """Put an estate in force; return the stores whose calibrations are others than before."""
        self._open_dates = {self.stores.of(store.name): OpenDates(store) for store in site.stores}
        for store in site.stores:
            code = self.stores.of(store.name)
            self._timezone[code] = ZoneInfo(store.timezone)
            self._day_start[code] = timedelta(hours=store.day_start.hour, minutes=store.day_start.minute)
            self.expected[code] = frozenset(self.agents.of(agent.name) for agent in store.agents)
            for zone in store.zones:
                self._outside_names[f"{store.name}/{zone.name}"] = zone.type == "outside"
                is_fitting = zone.type == "fitting"
                self._tried_ns[f"{store.name}/{zone.name}"] = round(store.tried_s * NS_PER_S) if is_fitting else NEVER_NS
        self._add_zones([(store.name, zone.name) for store in site.stores for zone in store.zones])
        self._add_zones([(store.name, door) for store in site.stores for door in store.doors])
        self.limit_visits(site)
        self.zone_outside = np.array([self._outside_names.get(name, False) for name in self.zones.names], np.bool_)
        self.zone_tried_ns = np.array([self._tried_ns.get(name, NEVER_NS) for name in self.zones.names], np.int64)
        self._day_cache.clear()
        self._settling_cache.clear()
        self._zone_codes.clear()
        self._profile_codes.clear()
        recalibrated = self.calibrate(site)
        self.offsets = ZoneOffsets(site)
        self.offsets.learn(enumerate(self.profiles.names), self._zone_of_key)
        self.joint.apply(site, self, self._zone)
        self.adjacency.apply(site, self._zone)
        return frozenset(map(self.stores.of, recalibrated))

    def knows_profile(self, name: str) -> bool:
        return name in self._registry

    def zone_codes(self, lists: Sequence[tuple[str, tuple[str, ...]]], used: npt.NDArray[np.intp]) -> npt.NDArray[np.int32]:
        """Return the codes of zone (or door) names, one list a frame, with its store.

        `used` are the places, over all lists, that rows point to.

        What no row uses gets no code: codes are kept for ever, and a frame may name anything.
        """
        found = [self._codes_of(self._zone_codes, names, store) for store, names in lists]
        codes = np.concatenate(found)
        unused = codes[used] == UNUSED
        if unused.any():
            new = np.unique(used[unused])
            begins = np.cumsum([0, *map(len, found)])
            which = np.searchsorted(begins, new, "right") - 1
            places = list(zip(which.tolist(), (new - begins[which]).tolist(), strict=True))
            self._add_zones([(lists[frame][0], lists[frame][1][place]) for frame, place in places])
            for at, (frame, place) in zip(new.tolist(), places, strict=True):
                found[frame][place] = codes[at] = self.zones.of(f"{lists[frame][0]}/{lists[frame][1][place]}")
        return codes

    def calibrated_dbm(self, dbm: npt.NDArray[np.int16], profile: npt.NDArray[Any], zone: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
        """Return levels as zones are compared by them, with what calibrations add; profiles and zones by code."""
        if not self.offsets:
            return dbm
        levels: npt.NDArray[np.int16] = dbm + self.offsets.of(profile, zone)
        return levels

    def add_profile(self, key: str) -> int:
        before, code = len(self.profiles), super().add_profile(key)
        if code == before:
            self.offsets.learn([(code, key)], self._zone_of_key)
        return code

    def profile_codes(self, store: str, names: tuple[str, ...]) -> npt.NDArray[np.int32]:
        """Return the codes of profiles in a store."""
        codes = self._codes_of(self._profile_codes, names, store if store in self.calibrated_stores else "")
        if len(codes) and codes[0] == UNUSED:
            codes[:] = [self.profile(name, store) for name in names]
        return codes

    def _codes_of(self, cache: dict[tuple[str, tuple[str, ...]], Codings], names: tuple[str, ...], store: str = "") -> Codings:
        """What is known of the codes of names; UNUSED of the others, to be filled in. Long lists are not remembered."""
        codes = cache.get((store, names))
        if codes is None:
            codes = np.full(len(names), UNUSED, np.int32)
            if len(names) <= LONGEST_CACHED:
                if len(cache) >= MOST_CACHED:
                    cache.clear()
                cache[store, names] = codes
        return codes

    def zone(self, store: str, name: str) -> int:
        return self._zone(store, name)

    def ranks(self) -> Ranks:
        """Return the ranks of agents and zones by name."""
        if len(self._ranks.agent) != len(self.agents) or len(self._ranks.zone) != len(self.zones):
            self._ranks = Ranks(_ranks(self.agents.names), _ranks(self.zones.names))
        return self._ranks

    def zone_bit(self, zone: int) -> int:
        """Return a mask with the zone's bit in its store; from the 64th zone on they share one."""
        return int(self._zone_bit[zone])

    def zone_bits(self, zones: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
        """Return the same for a column of zones."""
        return self._zone_bit[zones]

    def day(self, store: int, minute: int) -> int:
        """Return a number for the store's day that the minute (since 1970, UTC) belongs to; it begins at day_start, local time."""
        low, high, day = self._day_cache.get(store, (0, 0, 0))
        if low <= minute < high:
            return day
        day, begin_s, end_s = self.day_span(store, minute * 60)
        self._day_cache[store] = (begin_s // 60, end_s // 60, day)
        return day

    def day_span(self, store: int, time_s: int) -> tuple[int, int, int]:
        """Return (day, begin, end) of the store's day that a time belongs to, s since 1970; `day` as above."""
        return local_day(self._timezone[store], self._day_start[store], time_s)

    def day_rules(self) -> Mapping[int, tuple[ZoneInfo, timedelta]]:
        """Return by store the time zone of its days, and when they begin, local time."""
        return {store: (zone, self._day_start[store]) for store, zone in self._timezone.items()}

    def settling_minutes(self, store: int, minute: int) -> tuple[int, ...]:
        """Return the minutes of the store's day that `minute` belongs to, in order, at whose end nobody is inside."""
        today, (of_day, found) = self.day(store, minute), self._settling_cache.get(store, (0, ()))
        if of_day != today:
            day, begin_s, end_s = self.day_span(store, minute * 60)
            found = settling_minutes(self._open_dates.get(store), self._timezone[store], day, begin_s, end_s)
            self._settling_cache[store] = (day, found)
        return found

    def _zone_of_key(self, key: str) -> int:
        store, _, name = key.partition("/")
        return self._zone(store, name)

    def _zone(self, store: str, name: str) -> int:
        code = self.zones.of(f"{store}/{name}")
        if code == len(self.zone_name):
            self._add_zones([(store, name)])
        return code

    def _add_zones(self, places: Sequence[tuple[str, str]]) -> None:
        """Zones and doors that are new, by (store, name)."""
        keys, stores, bits = [], [], []
        for store, name in places:
            key, store_code = f"{store}/{name}", self.stores.of(store)
            if self.zones.of(key) != len(self.zone_name):
                continue
            keys.append(key)
            stores.append(store_code)
            bits.append(1 << min(self._zones_of[store_code], 63))
            self._zones_of[store_code] += 1
            self.zone_name.append(name)
        self.zone_store = np.append(self.zone_store, np.array(stores, np.int32))
        self._zone_bit = np.append(self._zone_bit, np.array(bits, np.uint64))
        self.adjacency.add(np.array(bits, np.uint64))
        self.limit_zones(keys)
        outside, tried_ns = self._outside_names, self._tried_ns
        self.zone_outside = np.append(self.zone_outside, np.array([outside.get(key, False) for key in keys], np.bool_))
        self.zone_tried_ns = np.append(self.zone_tried_ns, np.array([tried_ns.get(key, NEVER_NS) for key in keys], np.int64))

    def dump(self) -> dict[str, Any]:
        return {
            "stores": self.stores.names,
            "agents": self.agents.names,
            "zones": [[self.stores.names[store], name] for store, name in zip(self.zone_store.tolist(), self.zone_name, strict=True)],
            "profiles": self.profiles.names,
            "rules": [
                [
                    code,
                    self._timezone[code].key,
                    self._day_start[code].seconds,
                    int(self.timeout_ns[code]),
                    sorted(self.expected[code]),
                ]
                for code in self._timezone
            ],
            "outside": self._outside_names,
            "tried": self._tried_ns,
            "visits": self.dump_visit_limits(),
        }

    def known_agents(self, known: Callable[[int], frozenset[int]]) -> dict[str, set[str]]:
        """Return, by store, the names of its agents that are among those `known` of it, all by code."""
        return {
            self.stores.names[store]: {self.agents.names[agent] for agent in known(store) & mine} for store, mine in self.expected.items()
        }

    def load(self, values: Mapping[str, Any], site: RecordedSite) -> None:
        """Give the codes of `dump` again, in their order, then those of the site; stores that left the site keep their rules."""
        for name in values["stores"]:
            self.stores.of(name)
        for name in values["agents"]:
            self.agents.of(name)
        self.load_visit_limits(values.get("visits", {}))
        for code, timezone, day_start_s, timeout_ns, expected in values["rules"]:
            self._timezone[code], self._day_start[code] = ZoneInfo(timezone), timedelta(seconds=day_start_s)
            self.timeout_ns[code], self.expected[code] = timeout_ns, frozenset(expected)
        self._outside_names.update(values["outside"])
        self._tried_ns.update(values.get("tried", {}))
        self._add_zones(values["zones"])
        for key in values["profiles"]:
            self.add_profile(key)
        self.apply(site)


def _ranks(names: Sequence[str]) -> npt.NDArray[np.int32]:
    ranks = np.empty(len(names), np.int32)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return ranks
