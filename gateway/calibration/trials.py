"""Plays walks in stores that differ in their calibration or areas, by the fold's own rule: many at once, as columns.

    changes_in(trials, walks, "ble-tag", workshop) -> list[list[Change]]

The rows are those that agents sent. Each trial is a store of an estate, and each of its walks a subject in it: `ZoneArbiter` decides who
owns the carrier as it does in a gateway, step by step of a fifth of a second. Nothing of its rule is repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
from gateway.fold.visits import Visits
from gateway.fold.watermarks import Watermarks
from gateway.fold.zone_arbiter import ZoneArbiter
from gateway.site import Site, Store
from gateway.site.recorded import read_site, record_site

STEP_NS: Final = NS_PER_S // 5
EXPIRE_STEPS: Final = 25
"""The gateway closes what is over every five seconds."""
AFTER_NS: Final = 60 * NS_PER_S
"""What is open when a walk ends is decided by then."""
FILTER_BYTES: Final = 1 << 12
"""Of links; there are none."""
NOBODY: Final[npt.NDArray[np.int32]] = np.zeros(0, np.int32)


class Change(NamedTuple):
    """`zone` has the carrier since `from_ns`, which is known since `decided_ns`."""

    zone: str
    from_ns: int
    decided_ns: int


@dataclass(frozen=True, slots=True)
class Workshop:
    """What trials are played with: the profiles, and an empty store for each fold."""

    profiles: Registry
    new_store: Callable[[], FoldStore]


class Trial(NamedTuple):
    """One walk, by its number, in one store."""

    store: Store
    walk: int


def changes_in(trials: Sequence[Trial], walks: Sequence[Walk], profile: str, workshop: Workshop) -> list[list[Change]]:
    """Return, of each trial, who owned the carrier, in the order of time."""
    return _Round(trials, walks, profile, workshop).play() if trials else []


class _Round:
    """One fold. Walks lie side by side, each with its first row a day after the beginning of time."""

    def __init__(self, trials: Sequence[Trial], walks: Sequence[Walk], profile: str, workshop: Workshop) -> None:
        self._trials: Final = trials
        self._walks: Final = walks
        self._state: Final = State(workshop.profiles, workshop.new_store(), FILTER_BYTES)
        self._watermarks: Final = Watermarks()
        visits = Visits(self._state, self._watermarks)
        self._arbiter: Final = ZoneArbiter(self._state, visits, Dwells(self._state))
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
        self._changes: Final[list[list[Change]]] = [[] for _ in trials]

    def play(self) -> list[list[Change]]:
        for step, (now_ns, rows) in enumerate(self._steps()):
            self._watermarks.by_store[:] = now_ns
            if len(rows):
                self._arbiter.take(in_order(rows, np.arange(len(rows)), self._state.estate.ranks()))
            self._arbiter.decide(self._watermarks.by_store)
            if step % EXPIRE_STEPS == 0:
                self._arbiter.expire(self._watermarks.by_store, self._watermarks.by_store, NOBODY)
                self._visits.project()
            self._note(now_ns)
            self._state.points.take()
        return self._changes

    def _steps(self) -> Iterator[tuple[int, Evidence]]:
        """Yield what agents have sent by each step; rows are sorted by it."""
        if not len(self._rows):
            return
        step_of = -(-self._rows.place_ns // STEP_NS)
        first, last = int(step_of[0]), int(step_of[-1]) + AFTER_NS // STEP_NS
        begins = np.searchsorted(step_of, np.arange(first, last + 2))
        for number, step in enumerate(range(first, last + 1)):
            yield step * STEP_NS, self._rows.take(np.arange(begins[number], begins[number + 1]))

    def _note(self, now_ns: int) -> None:
        """Remember which subjects have another dwell than a step ago."""
        tracks, slots = self._state.tracks, self._slots
        key_ns = tracks.d_key_ns[slots]
        for at in np.flatnonzero((key_ns != self._key_ns) & (tracks.d_state[slots] != 0)).tolist():
            shift_ns, slot = self._shift_ns[self._trials[at].walk], slots[at]
            zone = self._state.estate.zone_name[tracks.zone[slot]]
            self._changes[at].append(Change(zone, int(tracks.d_start_ns[slot]) - shift_ns, now_ns - shift_ns))
        self._key_ns = np.where(tracks.d_state[slots] != 0, key_ns, self._key_ns)

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
