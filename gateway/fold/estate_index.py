"""The estate as small numbers: what the fold needs of site and profiles, codes given once and kept for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final, overload
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from device_profiles.profile import Presence
from device_profiles.registry import Registry
from footfall.units import NS_PER_S
from gateway.fold.area_model import AreaModel, model_of
from gateway.fold.presence_limits import NO_LIMITS, decision_limits_of, limits_of
from gateway.fold.reorder_buffer import Ranks
from gateway.fold.zone_rules import DecisionLimits, ZoneLimits
from gateway.site import local_day
from gateway.site.closings import OpenDates, settling_minutes
from gateway.site.recorded import RecordedSite

NEVER_NS: Final = 1 << 62
MOST_CACHED: Final = 30_000
LONGEST_CACHED: Final = 64
"""An agent hears a few zones; lists of thousands of names are not kept."""
UNUSED: Final = -1
UNKNOWN_PROFILE: Final = ""
Codings = npt.NDArray[np.int32]
VISITORS: Final = frozenset({"person", "staff"})


@overload
def seconds_of(start_ns: int, last_ns: int) -> float: ...
@overload
def seconds_of(start_ns: npt.NDArray[np.int64], last_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]: ...
def seconds_of(start_ns: Any, last_ns: Any) -> Any:
    """Return how long spans last, s, to the millisecond, so that sums can be taken back exactly."""
    return (last_ns - start_ns + 500_000) // 1_000_000 / 1000


class Codes:
    """Names to 0, 1, 2 … in the order in which they were first seen."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names: Final = list(names)
        self._codes: Final = {name: code for code, name in enumerate(self.names)}

    def of(self, name: str) -> int:
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = len(self.names)
            self.names.append(name)
        return code

    def __len__(self) -> int:
        return len(self.names)


class Estate:
    """Codes of stores, agents, zones (`store/zone`), profiles and kinds, with what the fold asks of each, as arrays by code."""

    def __init__(self, profiles: Registry) -> None:
        self._profiles: Final = profiles
        self.stores, self.agents, self.zones, self.profiles = Codes(), Codes(), Codes(), Codes()
        self.timeout_ns: npt.NDArray[np.int64] = np.zeros(0, np.int64)
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
        self.areas: dict[tuple[int, int], AreaModel] = {}
        """By store and profile, where areas are weighed by all levels together."""
        self.store_has_areas: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._zone_bit: npt.NDArray[np.uint64] = np.zeros(0, np.uint64)
        self._zones_of: Counter[int] = Counter()
        self.profile_class: list[str] = []
        self.profile_visits: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.profile_goods: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.limits = ZoneLimits(*[np.zeros(0, np.asarray(limit).dtype) for limit in NO_LIMITS])
        """By profile."""
        self.limits_of: Final[list[ZoneLimits]] = []
        """The same of each profile alone, in Python's numbers."""
        self.decided_within = DecisionLimits(*[np.zeros(0, np.int64)] * len(DecisionLimits._fields))
        self.decided_within_of: Final[list[DecisionLimits]] = []
        self._zone_codes: dict[tuple[str, tuple[str, ...]], npt.NDArray[np.int32]] = {}
        self._profile_codes: dict[tuple[str, tuple[str, ...]], npt.NDArray[np.int32]] = {}
        self._day_cache: dict[int, tuple[int, int, int]] = {}
        self._settling_cache: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._ranks = Ranks(_ranks(()), _ranks(()))

    def apply(self, site: RecordedSite) -> None:
        """Put an estate in force."""
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
        timeouts = {store.name: round(store.idle_timeout_s * NS_PER_S) for store in site.stores}
        known = dict(zip(self.stores.names, self.timeout_ns.tolist(), strict=False))
        self.timeout_ns = np.array([timeouts.get(name, known.get(name, 1800 * NS_PER_S)) for name in self.stores.names], np.int64)
        self.zone_outside = np.array([self._outside_names.get(name, False) for name in self.zones.names], np.bool_)
        self.zone_tried_ns = np.array([self._tried_ns.get(name, NEVER_NS) for name in self.zones.names], np.int64)
        self._apply_areas(site)
        self._day_cache.clear()
        self._settling_cache.clear()
        self._zone_codes.clear()

    def _apply_areas(self, site: RecordedSite) -> None:
        self.areas = {}
        self.store_has_areas = np.zeros(len(self.stores), np.bool_)
        for store in site.stores:
            code = self.stores.of(store.name)
            for profile in dict.fromkeys(area.profile for area in store.areas if area.profile in self._profiles):
                its = [area for area in store.areas if area.profile == profile]
                self.areas[code, self._profile(profile)] = model_of(its, partial(self._zone, store.name))
                self.store_has_areas[code] = True

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

    def profile_codes(self, names: tuple[str, ...]) -> npt.NDArray[np.int32]:
        codes = self._codes_of(self._profile_codes, names)
        if len(codes) and codes[0] == UNUSED:
            codes[:] = [self._profile(name) for name in names]
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

    def settling_minutes(self, store: int, minute: int) -> tuple[int, ...]:
        """Return the minutes of the store's day that `minute` belongs to, in order, at whose end nobody is inside."""
        today, (of_day, found) = self.day(store, minute), self._settling_cache.get(store, (0, ()))
        if of_day != today:
            day, begin_s, end_s = self.day_span(store, minute * 60)
            found = settling_minutes(self._open_dates.get(store), self._timezone[store], day, begin_s, end_s)
            self._settling_cache[store] = (day, found)
        return found

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
        outside, tried_ns = self._outside_names, self._tried_ns
        self.zone_outside = np.append(self.zone_outside, np.array([outside.get(key, False) for key in keys], np.bool_))
        self.zone_tried_ns = np.append(self.zone_tried_ns, np.array([tried_ns.get(key, NEVER_NS) for key in keys], np.int64))

    def _profile(self, name: str) -> int:
        """A profile that this release does not know is kept as presence, but opens no visit."""
        code = self.profiles.of(name if name in self._profiles else UNKNOWN_PROFILE)
        if code == len(self.profile_class):
            profile = self._profiles.get(name)
            presence = profile.presence if profile else None
            self.profile_class.append(profile.identifier_class if profile else "unknown")
            self.profile_visits = np.append(self.profile_visits, self.profile_class[-1] in VISITORS)
            self.profile_goods = np.append(self.profile_goods, self.profile_class[-1] == "goods")
            self._add_limits(presence)
        return code

    def _add_limits(self, presence: Presence | None) -> None:
        self.limits_of.append(limits_of(presence) if presence else NO_LIMITS)
        self.limits = ZoneLimits(*map(np.append, self.limits, self.limits_of[-1]))
        self.decided_within_of.append(decision_limits_of(presence or Presence()))
        self.decided_within = DecisionLimits(*map(np.append, self.decided_within, self.decided_within_of[-1]))

    def dump(self) -> dict[str, Any]:
        return {
            "stores": self.stores.names,
            "agents": self.agents.names,
            "zones": [[self.stores.names[store], name] for store, name in zip(self.zone_store.tolist(), self.zone_name, strict=True)],
            "profiles": self.profiles.names,
            "rules": [
                [code, self._timezone[code].key, self._day_start[code].seconds, int(self.timeout_ns[code]), sorted(self.expected[code])]
                for code in self._timezone
            ],
            "outside": self._outside_names,
            "tried": self._tried_ns,
        }

    def load(self, values: Mapping[str, Any], site: RecordedSite) -> None:
        """Give the codes of `dump` again, in their order, then those of the site; stores that left the site keep their rules."""
        for name in values["stores"]:
            self.stores.of(name)
        for name in values["agents"]:
            self.agents.of(name)
        self.timeout_ns = np.full(len(self.stores), 1800 * NS_PER_S, np.int64)
        for code, timezone, day_start_s, timeout_ns, expected in values["rules"]:
            self._timezone[code], self._day_start[code] = ZoneInfo(timezone), timedelta(seconds=day_start_s)
            self.timeout_ns[code], self.expected[code] = timeout_ns, frozenset(expected)
        self._outside_names.update(values["outside"])
        self._tried_ns.update(values.get("tried", {}))
        self._add_zones(values["zones"])
        for name in values["profiles"]:
            self._profile(name)
        self.apply(site)


def _ranks(names: Sequence[str]) -> npt.NDArray[np.int32]:
    ranks = np.empty(len(names), np.int32)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return ranks
