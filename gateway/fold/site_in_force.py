"""The estate that is in force, as the latest SITE record states it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from footfall.units import NS_PER_S
from gateway.fold.item_events import ItemEvents
from gateway.fold.joint_levels import take_joint_places
from gateway.fold.recalibration import Recalibration
from gateway.fold.reorder_buffer import ReorderBuffer
from gateway.fold.state import State
from gateway.fold.store_counters import StoreCounters
from gateway.fold.store_points import store_points
from gateway.fold.watermarks import Watermarks
from gateway.identity.types import IdentifierTypes
from gateway.outcome.rules import ContributionSettings
from gateway.site.recorded import RecordedIdentifierType, RecordedSite, read_site
from gateway.site.staff import Badges, Roster

StaffSubjects = Callable[[RecordedSite], tuple[set[int], set[int]]]
"""Returns the subjects of a site's staff and assets."""


class SiteInForce:
    """Only what the fold needs of it stays in memory: a chain's estate is large. `body` is as its record had it; empty before the first."""

    def __init__(
        self, state: State, watermarks: Watermarks, counters: StoreCounters, staff_subjects: StaffSubjects, people: ReorderBuffer,
        goods: ItemEvents,
    ) -> None:  # fmt: skip
        self.body = b""
        self.identifier_types: tuple[RecordedIdentifierType, ...] = ()
        """What the brand states of types of identifiers, for the stage of identity."""
        self._state: Final = state
        self._watermarks: Final = watermarks
        self._counters: Final = counters
        self._staff_subjects: Final = staff_subjects
        self._people: Final = people
        self._goods: Final = goods

    def take(self, body: bytes) -> None:
        """Put the estate of a record in force, and emit what it states of stores."""
        before, site, offsets = read_site(self.body) if self.body else None, read_site(body), self._state.estate.offsets
        was_joint = self._state.estate.joint.stores
        if recalibrated := self._use(body, site):
            self._recalibrate(Recalibration(self._state.estate, recalibrated, offsets))
            theirs = np.isin(self._state.estate.zone_store, list(recalibrated))
            self._state.usual_levels.forget(theirs)
            self._state.deaf_zones.forget(theirs)
        take_joint_places(self._state, was_joint)
        if before is not None and (before.contribution, before.staff) != (site.contribution, site.staff):
            self._state.outcome_days.changed_rules()
        for point in store_points(before, site):
            self._state.points.emit(point)

    def emit_again(self) -> None:
        """Emit what it states of stores once more."""
        for point in store_points(None, read_site(self.body)):
            self._state.points.emit(point)

    def load(self, body: bytes, estate: Mapping[str, Any]) -> None:
        """Go on with an estate that was in force, and the codes of names that `estate` has."""
        site = read_site(body)
        self._state.estate.load(estate, site)
        self._use(body, site)

    def _recalibrate(self, change: Recalibration) -> None:
        tracks, items = self._state.tracks, self._goods
        change.take_tracks(tracks, self._state.joint_places)
        change.take_items(items.table)
        self._people.change(lambda rows: change.of_waiting(rows, tracks.store[rows.slot]))
        items.waiting.change(lambda rows: change.of_waiting(rows, rows.slot))

    def _use(self, body: bytes, site: RecordedSite) -> frozenset[int]:
        """Return the stores whose calibrations are others than before."""
        if self.identifier_types != site.identifier_types:
            self._state.identifier_types = IdentifierTypes(site.identifier_types)
        self.body, self.identifier_types = body, site.identifier_types
        recalibrated = self._state.estate.apply(site)
        self._state.deaf_zones.apply(site, self._state.estate.zone)
        self._state.doors.apply(site, self._state.revisions.now_s * NS_PER_S)
        self._watermarks.grow(len(self._state.estate.stores))
        self._counters.look_again()
        self._state.outcome_days.changed_site()
        self._state.contribution = ContributionSettings.of(*site.contribution.model_dump().values())
        staff, assets = self._staff_subjects(site)
        self._state.staff, self._state.assets = frozenset(staff), frozenset(assets)
        self._state.roster, self._state.badges = Roster(site.staff, site.zones), Badges(site.staff, site.zones)
        self._state.inner_doors = frozenset((store.name, door) for store in site.stores for door in store.inner_doors)
        return recalibrated
