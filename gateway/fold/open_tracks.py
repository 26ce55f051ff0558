"""Who is where, of some subjects, read from the parts of a checkpoint without the rest of the fold. Pure.

Open visits and dwells stand in no table: the tracks have them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

import msgpack
import numpy as np

from footfall.pseudonyms import to_hex
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import Tracks
from gateway.fold.visit_rows import OPEN

Part = Callable[[str], bytes]
"""Gives a part of a checkpoint by its name."""
_COLUMNS: Final = ("store", "v_key_ns", "v_agent", "v_start_ns", "v_last_ns", "v_fan", "staff", "d_state", "d_start_ns", "zone")


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


def open_tracks(part: Part, fold: Mapping[str, Any], subjects: Collection[str] | None = None) -> list[OpenTrack]:
    """Return the visits of subjects, in hex, that were open at a checkpoint, with None of all. `fold` is that part of it, unpacked."""
    size, free = msgpack.unpackb(part("slots"))
    column, states = (np.frombuffer(part(f"slots.{name}"), Tracks.COLUMNS[name].dtype)[:size] for name in ("subject", "v_state"))
    is_asked = states == OPEN
    if subjects is not None:
        is_asked &= np.isin(column, np.array([int(subject, 16) for subject in subjects], np.uint64))
    slots = np.setdiff1d(np.flatnonzero(is_asked), np.array(free, np.intp))
    if not len(slots):
        return []
    values = {name: np.frombuffer(part(f"slots.{name}"), Tracks.COLUMNS[name].dtype)[slots].tolist() for name in _COLUMNS}
    return [_track(fold["state"], {**row, "subject": subject}) for subject, row in _by_slot(column[slots].tolist(), values)]


def _by_slot(subjects: list[int], values: Mapping[str, list[Any]]) -> list[tuple[int, dict[str, Any]]]:
    rows = zip(*(values[name] for name in _COLUMNS), strict=True)
    return [(subject, dict(zip(_COLUMNS, row, strict=True))) for subject, row in zip(subjects, rows, strict=True)]


def _track(state: Mapping[str, Any], row: Mapping[str, Any]) -> OpenTrack:
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
        zone_since_ns=row["d_start_ns"] if is_in_zone else 0,
    )
