"""Who is where, of some subjects, read from the parts of a checkpoint without the rest of the fold. Pure.

Open visits and dwells stand in no table: the tracks have them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple

import msgpack
import numpy as np
from numpy.typing import NDArray

from footfall.pseudonyms import to_hex
from gateway.fold.live_tracks import are_live
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import Tracks
from gateway.fold.visit_rows import OPEN

Part = Callable[[str], bytes]
"""Gives a part of a checkpoint by its name."""
_COLUMNS: Final = (
    "store",
    "v_key_ns",
    "v_agent",
    "v_start_ns",
    "v_last_ns",
    "v_fan",
    "v_part_of_ns",
    "staff",
    "d_state",
    "d_key_ns",
    "d_start_ns",
    "d_part_key_ns",
    "d_part_ns",
    "d_agent",
    "zone",
)


class OpenTrack(NamedTuple):
    """A visit that is not over, and the dwell in it."""

    subject: str
    store: str
    agent: str
    key_ns: int
    start_ns: int
    last_ns: int
    """The latest evidence."""
    fan: str
    is_staff: bool
    zone: str
    """The zone that has the subject; "" if none does."""
    zone_since_ns: int
    part_of_ns: int = 0
    """The key of the segment of which the visit is a part (gateway.fold.visit_parts); 0: it is a whole one."""
    dwell_key_ns: int = 0
    dwell_agent: str = ""
    dwell_part_of_ns: int = 0
    """The same of the dwell in the zone."""
    absences: tuple[tuple[int, int], ...] = ()
    """When the subject was away during the visit (gateway.fold.absences)."""


class OpenTracks:
    """The visits that were open at one checkpoint, found by subject, and who else had something that may still change."""

    def __init__(self, part: Part, fold: Mapping[str, Any]) -> None:
        """`fold` is that part of the checkpoint, unpacked; empty before the first one."""
        self._part: Final = part
        self._fold: Final = fold
        self._slots: NDArray[np.intp] = np.zeros(0, np.intp)
        """Slots with an open visit, by subject."""
        self._subjects: NDArray[np.uint64] = np.zeros(0, np.uint64)
        if fold:
            self._size, free = msgpack.unpackb(part("slots"))
            self._free: Final = np.array(free, np.intp)
            subjects, states = self._column("subject"), self._column("v_state")
            slots = np.setdiff1d(np.flatnonzero(states == OPEN), self._free)
            self._slots = slots[np.argsort(subjects[slots], kind="stable")]
            self._subjects = subjects[self._slots]

    def of(self, subjects: Collection[str] | None = None) -> list[OpenTrack]:
        """Return those of subjects, in hex; with None all."""
        if subjects is None:
            return self._tracks(np.sort(self._slots))
        asked = np.array(sorted(int(subject, 16) for subject in subjects), np.uint64)
        begins, ends = np.searchsorted(self._subjects, asked, "left"), np.searchsorted(self._subjects, asked, "right")
        found = [self._slots[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True) if begin < end]
        return self._tracks(np.sort(np.concatenate(found))) if found else []

    def live_in(self, store: str, to_ns: int) -> frozenset[str]:
        """Return the subjects who still have something in a store that began before a time, open or over since a moment."""
        stores = self._fold["state"]["estate"]["stores"] if self._fold else []
        if store not in stores:
            return frozenset()
        slots = np.flatnonzero((self._column("store") == stores.index(store)) & are_live(self._column, to_ns))
        return frozenset(map(to_hex, self._column("subject")[np.setdiff1d(slots, self._free)].tolist()))

    def _column(self, name: str) -> NDArray[Any]:
        column, values = Tracks.COLUMNS[name], self._part(f"slots.{name}")
        if not values:  # until its first checkpoint after an update the gateway's is an earlier release's
            return np.full(self._size, column.fill, column.dtype)
        return np.frombuffer(values, column.dtype)[: self._size]

    def _tracks(self, slots: NDArray[np.intp]) -> list[OpenTrack]:
        if not len(slots):
            return []
        values = {name: self._column(name)[slots].tolist() for name in _COLUMNS}
        rows = zip(slots.tolist(), _by_slot(self._column("subject")[slots].tolist(), values), strict=True)
        return [
            _track(self._fold["state"], {**row, "subject": subject, "absences": self._absences.get(slot, ())})
            for slot, (subject, row) in rows
        ]

    @cached_property
    def _absences(self) -> Mapping[int, tuple[tuple[int, int], ...]]:
        """Return those of visits, by slot; none of a checkpoint of an earlier release, which kept none."""
        visits = self._fold["visits"]
        found = visits["absences"] if isinstance(visits, Mapping) else ()
        return {slot: tuple((from_ns, to_ns) for from_ns, to_ns in spans) for slot, spans in found}


def open_tracks(part: Part, fold: Mapping[str, Any], subjects: Collection[str] | None = None) -> list[OpenTrack]:
    """Return the visits of subjects, in hex, that were open at a checkpoint, with None of all. `fold` is that part of it, unpacked."""
    return OpenTracks(part, fold).of(subjects)


def _by_slot(subjects: list[int], values: Mapping[str, list[Any]]) -> list[tuple[int, dict[str, Any]]]:
    rows = zip(*(values[name] for name in _COLUMNS), strict=True)
    return [(subject, dict(zip(_COLUMNS, row, strict=True))) for subject, row in zip(subjects, rows, strict=True)]


def _track(state: Mapping[str, Any], row: Mapping[str, Any]) -> OpenTrack:
    part_ns, part_key_ns = row["d_part_ns"] or row["d_start_ns"], row["d_part_key_ns"] or row["d_key_ns"]
    estate, fan, is_in_zone = state["estate"], row["v_fan"], row["d_state"] == OPEN and row["zone"] != NO_CODE
    return OpenTrack(
        subject=to_hex(row["subject"]),
        store=estate["stores"][row["store"]],
        agent=estate["agents"][row["v_agent"]],
        key_ns=row["v_key_ns"],
        start_ns=row["v_start_ns"],
        last_ns=row["v_last_ns"],
        fan=state["fans"][fan] if fan != NO_CODE else "",
        is_staff=row["staff"],
        zone=estate["zones"][row["zone"]][1] if is_in_zone else "",
        zone_since_ns=part_ns if is_in_zone else 0,
        part_of_ns=row["v_part_of_ns"],
        dwell_key_ns=part_key_ns,
        dwell_agent=estate["agents"][row["d_agent"]],
        dwell_part_of_ns=row["d_key_ns"] if part_key_ns != row["d_key_ns"] else 0,
        absences=row["absences"],
    )
