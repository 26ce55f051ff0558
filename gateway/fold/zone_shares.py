"""How people's time is shared among the zones of a store: where somebody is likely to be before anybody looks at levels.

Bodies and shelves make the same false lead for a zone in which many are and for one in which few are. So of the leads of a zone with few
people more are false, and it needs a greater one. By Bayes' rule the odds of two zones are those of their levels times those of the time
that people spend there; so a zone needs as many dB more beside an owner as the logarithm of these odds is worth, and one in which more are
as many less (`margins.py`).

Staff count nowhere, nor who is outside, nor who is in a zone for longer than LONG_NS: what lies there shows nothing of others.
Once a slice of time is over (`usual_levels.py`), who was heard in it counts for the zone that has them; the next slice goes by the sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_HOUR
from gateway.fold.deaf_zones import heard_by_owner
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import Tracks

DB_A_NAT: Final = 2.5
"""So many dB of lead make the odds of a zone e times what they were: docs/accuracy.md has how this was found."""
MOST_DB: Final = 6.0
EVEN: Final = 60
"""As if so many slices had been spent in each zone before anybody came: who is alone shows little of where people are."""
LONG_NS: Final = NS_PER_HOUR
Column = npt.NDArray[Any]


class ZoneShares:
    """`prior_db` is by zone: what is added to its level when it is compared, 0 for the zone of its store in which most are."""

    def __init__(self) -> None:
        self.prior_db: npt.NDArray[np.float64] = np.zeros(0)
        self._spent: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        """By zone, for how many slices people were there in all."""

    def grow(self, zones: int) -> None:
        """Make room for the codes below."""
        if (more := zones - len(self._spent)) > 0:
            self._spent = np.append(self._spent, np.zeros(more, np.int64))
            self.prior_db = np.append(self.prior_db, np.zeros(more))

    def count(self, tracks: Tracks, slots: Column, since_ns: Column, is_outside: npt.NDArray[np.bool_]) -> Column:
        """Return of how many visitors' slots each zone was the owner: of those that it heard since a time of their store.

        A zone that is outside has none.
        """
        s, since = tracks, since_ns[tracks.store[slots]]
        counts = heard_by_owner(s, slots, since) & (s.zone[slots] != NO_CODE) & ~s.staff[slots] & (since - s.since_ns[slots] <= LONG_NS)
        return np.bincount(s.zone[slots[counts]], minlength=len(self._spent)) * ~is_outside

    def conclude(self, spent: Column, days: Column, zone_store: npt.NDArray[np.int32]) -> None:
        """A slice is over, in which so many were in each zone. In each store so many days begin: what was before counts half after each."""
        changes = days > 0
        self._spent >>= days[zone_store]
        self._spent += spent
        changes[zone_store[np.flatnonzero(spent)]] = True
        self._weigh(np.flatnonzero(changes[zone_store]), zone_store)

    def _weigh(self, zones: Column, zone_store: npt.NDArray[np.int32]) -> None:
        """Put in force what is known of zones, of all that their stores have."""
        worth_db, most_db = np.round(DB_A_NAT * np.log(self._spent[zones] + EVEN), 1), np.full(int(zone_store.max(initial=0)) + 1, -np.inf)
        np.maximum.at(most_db, zone_store[zones], worth_db)
        self.prior_db[zones] = np.round(np.maximum(worth_db - most_db[zone_store[zones]], -MOST_DB), 1)

    def dump(self) -> dict[str, Any]:
        return {"spent": self._spent.tobytes(), "prior_db": self.prior_db.tobytes()}

    def load(self, values: Mapping[str, Any] | None) -> None:
        """Go on from what `dump` returned; earlier releases had nothing."""
        if not values:
            return
        self._spent = np.frombuffer(values["spent"], np.int64).copy()
        self.prior_db = np.frombuffer(values["prior_db"], np.float64).copy()
