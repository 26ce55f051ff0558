"""Plays walks in stores that differ in their calibration or areas, by the fold's own rule: many at once, as columns.

    play(trials, walks, "ble-tag", workshop) -> list[Played]

The rows are those that agents sent. Each trial is a store of an estate, and each of its walks a subject in it: `ZoneArbiter` decides who
owns the carrier as it does in a gateway, step by step of a tenth of a second. Nothing of its rule is repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from device_profiles.registry import Registry
from footfall.units import NS_PER_DAY, NS_PER_MS, NS_PER_S
from gateway.calibration.walks import Walk
from gateway.fold.dwells import Dwells
from gateway.fold.reorder_buffer import NO_MENTION, Evidence, in_order, order_key
from gateway.fold.state import State
from gateway.fold.store import FoldStore
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import DECIDED
from gateway.fold.visits import Visits
from gateway.fold.watermarks import Watermarks
from gateway.fold.zone_arbiter import ZoneArbiter
from gateway.fold.zones_now import zones_now
from gateway.site import Site, Store
from gateway.site.recorded import read_site, record_site

STEP_NS: Final = NS_PER_S // 10
"""As simulators/accuracy/playing.py has it."""
EXPIRE_STEPS: Final = 50
"""The gateway closes what is over every five seconds."""
AFTER_NS: Final = 60 * NS_PER_S
"""What is open when a walk ends, or is silent for long, is decided by then."""
QUIET_STEPS: Final = AFTER_NS // STEP_NS
FILTER_BYTES: Final = 1 << 12
"""Of links; there are none."""


class Change(NamedTuple):
    """`zone` has the carrier since `from_ns`, which is known since `decided_ns`."""

    zone: str
    from_ns: int
    decided_ns: int


class Lead(NamedTuple):
    """`zone` leads since `since_ns`, but is not decided: so by evidence up to any time from `from_ns` to `to_ns`."""

    zone: str
    since_ns: int
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class Played:
    """Who owned the carrier, in the order of time, and who led while nothing was decided (`gateway.fold.zones_now`)."""

    changes: list[Change] = field(default_factory=list)
    leads: list[Lead] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What trials are played with: the profiles, and an empty store for each fold."""

    profiles: Registry
    new_store: Callable[[], FoldStore]


class Trial(NamedTuple):
    """One walk, by its number, in one store."""

    store: Store
    walk: int


def play(trials: Sequence[Trial], walks: Sequence[Walk], profile: str, workshop: Workshop) -> list[Played]:
    """Return what becomes of each trial."""
    return _Round(trials, walks, profile, workshop).play() if trials else []


class _Round:
    """One fold. Walks lie side by side, each with its first row a day after the beginning of time."""

    def __init__(self, trials: Sequence[Trial], walks: Sequence[Walk], profile: str, workshop: Workshop) -> None:
        self._trials: Final = trials
        self._walks: Final = walks
        self._state: Final = State(workshop.profiles, workshop.new_store(), FILTER_BYTES)
        self._watermarks: Final = Watermarks()
        visits = Visits(self._state, self._watermarks)
        self._arbiter: Final = ZoneArbiter(self._state, visits, Dwells(self._state, visits.whose))
        self._visits: Final = visits
        names = {id(trial.store): f"trial{number}" for number, trial in enumerate(trials)}
        self._stores: Final = [names[id(trial.store)] for trial in trials]
        renamed = {name: _renamed(trial.store, name) for name, trial in zip(self._stores, trials, strict=True)}
        site = read_site(record_site(Site.model_construct(brand="trials", stores=tuple(renamed.values()))))
        self._state.estate.apply(site)
        self._watermarks.grow(len(self._state.estate.stores))
        self._shift_ns: Final = [NS_PER_DAY - min((row.t_ns for row in walk.rows), default=0) for walk in walks]
        self._slots: Final = self._add_slots(profile)
        self._rows: Final = self._evidence()
        self._key_ns = np.zeros(len(trials), np.int64)
        self._lead = _Leads.none(len(trials))
        self._played: Final = [Played() for _ in trials]

    def play(self) -> list[Played]:
        for now_ns, rows in self._steps():
            step = now_ns // STEP_NS
            self._watermarks.by_store[:] = now_ns
            if not len(rows) and not self._is_open() and step % EXPIRE_STEPS:
                continue  # nothing can change
            if len(rows):
                self._arbiter.take(in_order(rows, np.arange(len(rows)), self._state.estate.ranks()))
            self._arbiter.decide(self._watermarks.by_store)
            if step % EXPIRE_STEPS == 0:
                self._arbiter.expire(self._watermarks.by_store, self._watermarks.by_store, self._slots)
                self._visits.project()
            self._note_changes(now_ns)
            self._note_leads(now_ns)
            self._state.points.take()
        return self._played

    def _is_open(self) -> bool:
        """Return whether anything is to be decided, or was shown as leading."""
        return bool(self._state.tracks.contest[self._slots].any() or (self._lead.zone != NO_CODE).any())

    def _steps(self) -> Iterator[tuple[int, Evidence]]:
        """Yield what agents have sent by each step; rows are sorted by it. Of a long silence the beginning and the end are played."""
        if not len(self._rows):
            return
        steps, begins = np.unique(-(-self._rows.place_ns // STEP_NS), return_index=True)
        ends, following = [*begins[1:].tolist(), len(self._rows)], [*steps[1:].tolist(), int(steps[-1]) + QUIET_STEPS + 1]
        for step, begin, end, after in zip(steps.tolist(), begins.tolist(), ends, following, strict=True):
            yield step * STEP_NS, self._rows.take(np.arange(begin, end))
            for quiet in range(step + 1, min(after, step + QUIET_STEPS + 1)):
                yield quiet * STEP_NS, self._rows.take(np.zeros(0, np.intp))
            if (late := (after - 1) // EXPIRE_STEPS * EXPIRE_STEPS) > step + QUIET_STEPS:
                yield late * STEP_NS, self._rows.take(np.zeros(0, np.intp))

    def _note_changes(self, now_ns: int) -> None:
        """Remember which subjects have another dwell than a step ago."""
        tracks, slots = self._state.tracks, self._slots
        key_ns = tracks.d_key_ns[slots]
        for at in np.flatnonzero((key_ns != self._key_ns) & (tracks.d_state[slots] != 0)).tolist():
            shift_ns, slot = self._shift_ns[self._trials[at].walk], slots[at]
            zone = self._state.estate.zone_name[tracks.zone[slot]]
            self._played[at].changes.append(Change(zone, int(tracks.d_start_ns[slot]) - shift_ns, now_ns - shift_ns))
        self._key_ns = np.where(tracks.d_state[slots] != 0, key_ns, self._key_ns)

    def _note_leads(self, now_ns: int) -> None:
        """Remember which leads are over."""
        before, self._lead = self._lead, self._leads_now(now_ns)
        for at in np.flatnonzero((before.zone != NO_CODE) & ~self._lead.go_on(before)).tolist():
            shift_ns, zone = self._shift_ns[self._trials[at].walk], self._state.estate.zone_name[before.zone[at]]
            times = (int(before.since_ns[at]), int(before.from_ns[at]), now_ns)
            self._played[at].leads.append(Lead(zone, *(t_ns - shift_ns for t_ns in times)))

    def _leads_now(self, now_ns: int) -> _Leads:
        found, tracks = _Leads.none(len(self._slots)), self._state.tracks
        now = zones_now(self._state, self._slots[tracks.contest[self._slots] != DECIDED])
        now = now.take(~now.is_decided)
        at = np.searchsorted(self._slots, now.slot)
        found.zone[at], found.since_ns[at], found.from_ns[at] = now.zone, now.since_ns, now_ns
        same = found.go_on(self._lead)
        found.from_ns[same] = self._lead.from_ns[same]
        return found

    def _add_slots(self, profile: str) -> npt.NDArray[np.int32]:
        estate = self._state.estate
        codes = np.array([estate.profile(profile, store) for store in self._stores], np.int32)
        stores = np.array([estate.stores.of(store) for store in self._stores], np.int32)
        subjects = (np.arange(len(self._trials)) + 1).astype(np.uint64)
        return self._state.tracks.add_many(subjects, stores, codes, np.zeros(len(subjects), np.bool_))

    def _evidence(self) -> Evidence:
        """Return the rows of all trials, sorted by their place."""
        parts = [self._of_walk(walk) for walk in range(len(self._walks))]
        of_trial = [parts[trial.walk] for trial in self._trials]
        trial = np.repeat(np.arange(len(of_trial)), [len(part.time_ns) for part in of_trial])
        joined = _Columns(*(np.concatenate(columns) for columns in zip(*of_trial, strict=True)))
        estate, slot = self._state.estate, self._slots[trial]
        zone, profile = self._zones(joined.zone, trial), self._state.tracks.profile[slot].astype(np.int32)
        rows = Evidence(
            slot=slot,
            order=order_key(joined.time_ns, joined.reported_ns),
            time_ns=joined.time_ns,
            key_ns=joined.time_ns // NS_PER_MS * NS_PER_MS + joined.number % NS_PER_MS,
            zone=zone,
            agent=joined.agent,
            rssi_dbm=estate.calibrated_dbm(joined.dbm, profile, zone),
            kind=joined.kind,
            profile=profile,
            mention=np.full(len(slot), NO_MENTION, np.int32),
            count=joined.sightings,
        )
        return rows.take(np.argsort(rows.order, kind="stable"))

    def _zones(self, name: npt.NDArray[Any], trial: npt.NDArray[np.intp]) -> npt.NDArray[np.int32]:
        """Return the code of each row's zone in its trial's store; `name` counts the names of all walks."""
        names, estate = self._zone_names(), self._state.estate
        of_store = {store: [estate.zone(store, zone) for zone in names] for store in dict.fromkeys(self._stores)}
        codes: npt.NDArray[np.int32] = np.array([of_store[store] for store in self._stores], np.int32)[trial, name]
        return codes

    def _zone_names(self) -> list[str]:
        return list(dict.fromkeys(row.zone for walk in self._walks for row in walk.rows))

    def _of_walk(self, number: int) -> _Columns:
        rows, shift_ns = self._walks[number].rows, self._shift_ns[number]
        places = {zone: place for place, zone in enumerate(self._zone_names())}
        return _Columns(
            np.array([row.t_ns + shift_ns for row in rows], np.int64),
            np.arange(len(rows)),
            np.array([row.reported_ns + shift_ns if row.reported_ns else 0 for row in rows], np.int64),
            np.array([places[row.zone] for row in rows], np.int32),
            np.array([self._state.estate.agents.of(row.agent) for row in rows], np.int32),
            np.array([0 if row.dbm is None else round(row.dbm) for row in rows], np.int16),
            np.array([row.kind for row in rows], np.uint8),
            np.array([row.sightings for row in rows], np.int32),
        )


class _Leads(NamedTuple):
    """By trial: which zone leads, NO_CODE for none, since when, and by evidence from when on."""

    zone: npt.NDArray[np.int32]
    since_ns: npt.NDArray[np.int64]
    from_ns: npt.NDArray[np.int64]

    @staticmethod
    def none(trials: int) -> _Leads:
        return _Leads(np.full(trials, NO_CODE, np.int32), np.zeros(trials, np.int64), np.zeros(trials, np.int64))

    def go_on(self, before: _Leads) -> npt.NDArray[np.bool_]:
        same: npt.NDArray[np.bool_] = (self.zone == before.zone) & (self.since_ns == before.since_ns)
        return same


class _Columns(NamedTuple):
    """Rows of walks; `number` is a row's place in its walk, `zone` counts names, `agent` is a code."""

    time_ns: npt.NDArray[np.int64]
    number: npt.NDArray[np.int64]
    reported_ns: npt.NDArray[np.int64]
    zone: npt.NDArray[np.int32]
    agent: npt.NDArray[np.int32]
    dbm: npt.NDArray[np.int16]
    kind: npt.NDArray[np.uint8]
    sightings: npt.NDArray[np.int32]


def _renamed(store: Store, name: str) -> Store:
    """Return a store under another name, without agents: names of agents are unique in an estate."""
    return store.model_copy(update={"name": name, "aliases": (), "agents": ()})
