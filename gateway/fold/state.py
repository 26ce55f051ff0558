"""All that the fold remembers, and the points that it emits. No clock, no socket: the ledger is its only memory outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_S
from gateway.fold.deaf_zones import DeafZones
from gateway.fold.door_watch import DoorWatch
from gateway.fold.estate_index import Estate
from gateway.fold.fan_codes import FanCodes
from gateway.fold.fan_touches import FanTouches
from gateway.fold.history import History
from gateway.fold.joint_places import JointPlaces
from gateway.fold.keys import Keys
from gateway.fold.link_index import FILTER_BYTES, LinkIndex
from gateway.fold.minute_counts import TRAFFIC, ZONE, Cells
from gateway.fold.outcome_days import OutcomeDays
from gateway.fold.revisions import Revisions
from gateway.fold.store import FoldStore
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import SETTLES, Tracks
from gateway.fold.unmet import Unmet
from gateway.fold.usual_levels import UsualLevels
from gateway.fold.zone_shares import ZoneShares
from gateway.identity.types import IdentifierTypes
from gateway.outcome.rules import ContributionSettings
from gateway.points import Points, from_rows
from gateway.points.rows import KEY_SIZE, MEASUREMENT, PointRow
from gateway.site.staff import Badges, Roster

if TYPE_CHECKING:  # who reads what the fold stored loads no profiles
    from device_profiles.registry import Registry


class PointBuffer:
    """Points to be written, in the order in which they were emitted: of several versions of one point the last one counts."""

    def __init__(self, history: History) -> None:
        self._history: Final = history
        self._rows: dict[str, dict[tuple[Any, ...], PointRow]] = {}
        self._points: list[Points] = []
        self._ready: list[Points] = []

    def emit(self, row: PointRow) -> None:
        """Emit a point. It replaces an earlier version that has not left the buffer."""
        measurement = MEASUREMENT[row.__class__]
        self._rows.setdefault(measurement, {})[row[: KEY_SIZE[row.__class__]]] = row

    def emit_columns(self, points: Points) -> None:
        """Emit columns of points, after all rows of their measurement that were emitted before."""
        if not len(points):
            return
        if before := self._rows.pop(points.measurement, None):
            self._points.append(from_rows(points.measurement, list(before.values())))
        self._points.append(points)

    def close(self) -> None:
        """Filter what was emitted until now by the history as known now, whatever becomes known later."""
        points = self._points + [from_rows(measurement, list(rows.values())) for measurement, rows in self._rows.items()]
        self._rows, self._points = {}, []
        self._ready += [each for each in map(self._history.ours, points) if len(each)]

    def take(self) -> list[Points]:
        """Return what was emitted since the last call, in order, filtered by history."""
        self.close()
        ready, self._ready = self._ready, []
        return ready


class State:
    """Everything about every store, at one position of the journal."""

    def __init__(self, profiles: Registry, ledger: FoldStore, filter_bytes: int = FILTER_BYTES) -> None:
        self.estate: Final = Estate(profiles)
        self.ledger: Final = ledger
        self.links: Final = LinkIndex(ledger, filter_bytes)
        self.keys: Final = Keys(ledger)
        self.fan_touches: Final = FanTouches(ledger)
        self.tracks = Tracks()
        self.joint_places: Final = JointPlaces()
        self.usual_levels: Final = UsualLevels()
        self.deaf_zones: Final = DeafZones()
        self.zone_shares: Final = ZoneShares()
        self.traffic: Final = Cells("traffic", len(TRAFFIC), ledger)
        self.zones: Final = Cells("zone", len(ZONE), ledger)
        self.contribution = ContributionSettings()
        self.identifier_types = IdentifierTypes()
        self.outcome_days: Final = OutcomeDays(self.estate)
        self.fans = FanCodes()
        self.staff: frozenset[int] = frozenset()
        self.assets: frozenset[int] = frozenset()
        self.roster = Roster()
        self.badges = Badges()
        self.inner_doors: frozenset[tuple[str, str]] = frozenset()
        """By (store, door): who passes them does not count for the store."""
        self.doors: Final = DoorWatch()
        self.unknown_voids: Final = Unmet()
        """By the id of an event that is not stored, voids and amends of it."""
        self.returns_without_sale: Final = Unmet()
        """By the `ref` of a sale that is not stored, returns of it."""
        self.waiting_adjustments: Final[dict[str, str]] = {}
        """By adjustment that takes back more than its store's day has, the door, as store/door."""
        self.held_back: tuple[str, ...] = ()
        """Stores in which rows of some agents have waited for others for a minute."""
        self.history: Final = History()
        self.points: Final = PointBuffer(self.history)
        self.revisions: Final = Revisions(self.history)
        self.fan_dwells_from_ns = 0
        """Dwells whose key is before count one by one, though their fan has several devices: an earlier release counted them so."""
        self.one_place_from_ns = 0
        """Dwells whose key is before count though another device of the fan was elsewhere meanwhile: likewise."""
        self.counts: Counter[str] = Counter()
        """What the fold counts of what it saw; names end in _total."""

    def emit(self, row: PointRow, was: PointRow | None) -> None:
        """Emit a point that was another, or None, before; if that comes late, a revision too."""
        self.points.emit(row)
        if self.revisions.is_late(row.time_ns) and (revision := self.revisions.of(row, was)):
            self.points.emit(revision)

    def are_staff(self, subject: npt.NDArray[np.uint64], profile: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return which rows are staff's, by their subject or their profile."""
        classes, staff = self.estate.profile_class, self.staff
        rows = zip(subject.tolist(), profile.tolist(), strict=True)
        return np.array([classes[row_profile] == "staff" or row_subject in staff for row_subject, row_profile in rows], np.bool_)

    def fan_code(self, fan: str) -> int:
        """Return the code of a fan, a new one if it has none; NO_CODE for ""."""
        return self.fans.of(fan) if fan else NO_CODE

    def fan_name(self, code: int) -> str:
        """Return the fan of a code; "" for NO_CODE."""
        return self.fans.names[code] if code >= 0 else ""

    def dump(self) -> dict[str, Any]:
        return {
            "estate": self.estate.dump(),
            "traffic": self.traffic.dump(),
            "zones": self.zones.dump(),
            "outcome_days": self.outcome_days.dump(),
            "joint_places": self.joint_places.dump(),
            "usual_levels": self.usual_levels.dump(),
            "deaf_zones": self.deaf_zones.dump(),
            "zone_shares": self.zone_shares.dump(),
            "fans": self.fans.names,
            "counts": dict(self.counts),
            "fan_dwells_from_ns": self.fan_dwells_from_ns,
            "one_place_from_ns": self.one_place_from_ns,
            "history": self.history.dump(),
            "revisions": self.revisions.dump(),
            "doors": self.doors.dump(),
        }

    def load(self, values: Mapping[str, Any], parts: Mapping[str, bytes], now_s: int) -> None:
        """Go on from what `dump` returned at a time; `parts` has the tracks. The estate's codes have to be loaded before."""
        self.tracks = Tracks.restore(parts)
        self.joint_places.load(values.get("joint_places", ()))
        if "usual_levels" not in values:  # earlier releases never left somebody in no zone
            self.tracks.lead_clear |= self.tracks.contest == SETTLES
        self.usual_levels.load(values.get("usual_levels"))
        self.deaf_zones.load(values.get("deaf_zones"))
        self.zone_shares.load(values.get("zone_shares"))
        self.traffic.load(values["traffic"])
        self.zones.load(values["zones"])
        self.outcome_days.load(values.get("outcome_days"))
        self.fans = FanCodes(values["fans"])
        self.counts = Counter(values["counts"])
        counted_until_ns = max((now_s + 1) * NS_PER_S, int(self.tracks.d_key_ns[: self.tracks.size].max(initial=0)) + 1)
        self.fan_dwells_from_ns = values.get("fan_dwells_from_ns", counted_until_ns)
        self.one_place_from_ns = values.get("one_place_from_ns", counted_until_ns)
        self.history.load(values.get("history", {}))
        self.revisions.load(values.get("revisions"))
        self.doors.load(values.get("doors", ()), now_s * NS_PER_S)
