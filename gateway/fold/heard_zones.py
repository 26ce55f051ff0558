"""Who else hears a subject: of each slot the latest level of the zones that do not own it, by zone and agent.

A slot has a few places (`gateway.fold.tables.tracks.MOST_HEARD`). A row takes the place of its zone and agent, else a free or stale one,
else that of the quietest if it is louder. The functions read and write one slot; those that end in `_many` a column of slots, each once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import MOST_HEARD, Tracks
from gateway.fold.zone_rules import GONE_DBM

NOBODY: Final = -1


class Heard(NamedTuple):
    """What one agent hears of a subject in one zone."""

    zone: int
    agent: int
    dbm: int
    time_ns: int


def heard_at(tracks: Tracks, slot: int) -> list[Heard]:
    """Return the places of a slot, free ones included."""
    columns: Sequence[npt.NDArray[Any]] = (tracks.heard_zone, tracks.heard_agent, tracks.heard_dbm, tracks.heard_ns)
    return list(map(Heard, *[column[slot].tolist() for column in columns]))


def put(tracks: Tracks, slot: int, heard: Heard, fresh_since_ns: int) -> None:
    """Remember a level; places whose latest row is older than `fresh_since_ns` count as free."""
    places = heard_at(tracks, slot)
    place = next((n for n, other in enumerate(places) if other.zone == heard.zone and other.agent == heard.agent), NOBODY)
    if place == NOBODY:
        worth = [GONE_DBM if other.zone == NO_CODE or other.time_ns < fresh_since_ns else other.dbm for other in places]
        place = worth.index(min(worth))
        if worth[place] >= heard.dbm:
            return
    tracks.heard_zone[slot, place], tracks.heard_agent[slot, place] = heard.zone, heard.agent
    tracks.heard_dbm[slot, place], tracks.heard_ns[slot, place] = heard.dbm, heard.time_ns


def put_many(tracks: Tracks, slot: npt.NDArray[Any], zone: Any, agent: Any, dbm: Any, time_ns: Any, fresh_since_ns: Any) -> None:
    """Remember one level of each slot, as `put` does."""
    place = place_of(tracks, slot, zone, agent)
    is_free = (tracks.heard_zone[slot] == NO_CODE) | (tracks.heard_ns[slot] < fresh_since_ns[:, None])
    worth = np.where(is_free, np.int16(GONE_DBM), tracks.heard_dbm[slot])
    kept = (place != NOBODY) | (worth.min(axis=1) < dbm)
    place = np.where(place == NOBODY, worth.argmin(axis=1), place)[kept]
    slot = slot[kept]
    tracks.heard_zone[slot, place], tracks.heard_agent[slot, place] = zone[kept], agent[kept]
    tracks.heard_dbm[slot, place], tracks.heard_ns[slot, place] = dbm[kept], time_ns[kept]


def place_of(tracks: Tracks, slot: npt.NDArray[Any], zone: npt.NDArray[Any], agent: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the place that a zone and an agent have in each slot; NOBODY if they have none."""
    same = (tracks.heard_zone[slot] == zone[:, None]) & (tracks.heard_agent[slot] == agent[:, None])
    return np.where(same.any(axis=1), same.argmax(axis=1), NOBODY)


def free(tracks: Tracks, slot: Any, place: Any) -> None:
    """Forget a place of a slot."""
    tracks.heard_zone[slot, place] = tracks.heard_agent[slot, place] = NO_CODE
    tracks.heard_dbm[slot, place] = tracks.heard_ns[slot, place] = 0


def forget(tracks: Tracks, slot: Any) -> None:
    """Forget all places of a slot, or of a column of slots."""
    free(tracks, slot, slice(MOST_HEARD))


def loudest_dbm(tracks: Tracks, slot: npt.NDArray[Any], fresh_since_ns: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    """Return the highest level of each slot's places that are fresh; GONE_DBM where none is."""
    fresh = (tracks.heard_zone[slot] != NO_CODE) & (tracks.heard_ns[slot] >= fresh_since_ns[:, None])
    levels: npt.NDArray[np.int16] = np.where(fresh, tracks.heard_dbm[slot], np.int16(GONE_DBM)).max(axis=1)
    return levels


def forget_beyond(tracks: Tracks, slot: Any) -> None:
    """Forget the first row elsewhere since the owner's latest evidence: there is none, of a slot or of a column of slots."""
    tracks.beyond_ns[slot] = tracks.beyond_key_ns[slot] = tracks.beyond_agent[slot] = 0
