"""Which zones hear an item, its owner among them: of each its latest level, since when it is heard, and its usual level.

An item has a few places (`gateway.fold.tables.items.MOST_ZONES`). A zone takes a free place, else that of the quietest that is quieter and
not the owner. The functions read and write one item; those that end in `_many` a column of items, each once.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from gateway.fold.item_rules import KNOWN_NS, Usual, learned_after
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.items import MOST_ZONES, Items

NOBODY: Final = -1
_FILLS: Final = [(name, column.fill) for name, column in Items.COLUMNS.items() if column.width == MOST_ZONES]


class RowPlace(NamedTuple):
    """When and by whom a row was made."""

    time_ns: int
    key_ns: int
    agent: int


class ItemRow(NamedTuple):
    """A row about one item, without what it names."""

    at: RowPlace
    zone: int
    rssi_dbm: int
    kind: int
    sightings: int
    place_ns: int = 0


class HeardZone(NamedTuple):
    """What a zone hears of an item; NO_CODE as the zone: nothing."""

    zone: int
    time_ns: int
    dbm: int
    is_gone: bool
    """Whether an EXIT was the latest row."""
    first: RowPlace
    """The row with which it began to hear the item, or came back after it was hardly known."""
    sightings: int
    """Since its last ENTER."""
    lowest_dbm: int
    """Since its last ENTER."""
    usual: Usual


def heard_at(items: Items, slot: int) -> list[HeardZone]:
    """Return the places of an item, free ones included."""
    return [_read(items, slot, place) for place in range(MOST_ZONES)]


def count(items: Items, slot: int) -> int:
    """Return how many zones hear an item."""
    zones: list[int] = items.heard_zone[slot].tolist()
    return MOST_ZONES - zones.count(NO_CODE)


def heard_in(items: Items, slot: int, zone: int) -> HeardZone | None:
    """Return what a zone hears of an item; None if nothing is known."""
    place = _place(items, slot, zone)
    return None if place == NOBODY else _read(items, slot, place)


def _read(items: Items, slot: int, place: int) -> HeardZone:
    s, at = items, (slot, place)
    dbm = s.heard_dbm.item(at)
    return HeardZone(
        s.heard_zone.item(at), s.heard_zone_ns.item(at), dbm, s.heard_gone.item(at),
        RowPlace(s.heard_first_ns.item(at), s.heard_first_key_ns.item(at), s.heard_first_agent.item(at)),
        s.heard_sightings.item(at), s.heard_lowest_dbm.item(at), Usual(dbm, s.usual_dbm.item(at), s.usual_ns.item(at)),
    )  # fmt: skip


def _write(items: Items, slot: int, place: int, heard: HeardZone) -> None:
    s, at = items, (slot, place)
    s.heard_zone[at], s.heard_zone_ns[at], s.heard_dbm[at], s.heard_gone[at] = heard.zone, heard.time_ns, heard.dbm, heard.is_gone
    s.heard_first_ns[at], s.heard_first_key_ns[at], s.heard_first_agent[at] = heard.first
    s.heard_sightings[at], s.heard_lowest_dbm[at] = heard.sightings, heard.lowest_dbm
    _, s.usual_dbm[at], s.usual_ns[at] = heard.usual


def _place(items: Items, slot: int, zone: int) -> int:
    zones: list[int] = items.heard_zone[slot].tolist()
    return zones.index(zone) if zone in zones else NOBODY


def hear(items: Items, slot: int, row: ItemRow) -> None:
    """Take the level of an ENTER or a STAY."""
    place = _place(items, slot, row.zone)
    if place == NOBODY:
        place = _free_place(items, slot, row.rssi_dbm)
        if place == NOBODY:
            return
        usual = Usual(row.rssi_dbm, float(row.rssi_dbm), 0)
        _write(items, slot, place, HeardZone(row.zone, row.at.time_ns, row.rssi_dbm, False, row.at, row.sightings, row.rssi_dbm, usual))
        return
    before = _read(items, slot, place)
    mean_dbm, learned_ns = before.usual[1:] if before.is_gone else learned_after(before.usual, row.at.time_ns - before.time_ns)
    usual = Usual(row.rssi_dbm, mean_dbm, learned_ns)
    heard = before._replace(time_ns=row.at.time_ns, dbm=row.rssi_dbm, is_gone=False, usual=usual)
    if before.is_gone or row.kind == Kind.ENTER:
        first = row.at if learned_ns < KNOWN_NS else before.first
        heard = heard._replace(first=first, sightings=row.sightings, lowest_dbm=row.rssi_dbm)
    else:
        heard = heard._replace(sightings=before.sightings + row.sightings, lowest_dbm=min(before.lowest_dbm, row.rssi_dbm))
    _write(items, slot, place, heard)


def _free_place(items: Items, slot: int, dbm: int) -> int:
    zones: list[int] = items.heard_zone[slot].tolist()
    if NO_CODE in zones:
        return zones.index(NO_CODE)
    levels: list[int] = items.heard_dbm[slot].tolist()
    quietest_dbm, place = min((level, n) for n, level in enumerate(levels) if zones[n] != items.zone.item(slot))
    return place if quietest_dbm < dbm else NOBODY


def place_of_many(items: Items, slot: npt.NDArray[Any], zone: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the place that a zone has in each item; NOBODY if it has none."""
    same = items.heard_zone[slot] == zone[:, None]
    return np.where(same.any(axis=1), same.argmax(axis=1), NOBODY)


def usual_after_many(items: Items, rows: Evidence, place: npt.NDArray[Any]) -> Usual:
    """Return level and usual level of each row's zone once its STAY is taken."""
    s, at = items, (rows.slot, place)
    mean_dbm, learned_ns = learned_after(usual_of_many(s, rows.slot, place), rows.time_ns - s.heard_zone_ns[at])
    return Usual(rows.rssi_dbm.astype(np.int64), mean_dbm, learned_ns)


def usual_of_many(items: Items, slot: npt.NDArray[Any], place: npt.NDArray[Any]) -> Usual:
    s, at = items, (slot, place)
    return Usual(s.heard_dbm[at].astype(np.int64), s.usual_dbm[at], s.usual_ns[at])


def stay_many(items: Items, rows: Evidence) -> None:
    """Take the level of a STAY of each item, of a zone that hears it."""
    s, slot = items, rows.slot
    place = place_of_many(s, slot, rows.zone)
    at = (slot, place)
    _, s.usual_dbm[at], s.usual_ns[at] = usual_after_many(s, rows, place)
    s.heard_zone_ns[at], s.heard_dbm[at] = rows.time_ns, rows.rssi_dbm
    s.heard_sightings[at] += rows.count
    s.heard_lowest_dbm[at] = np.minimum(s.heard_lowest_dbm[at], rows.rssi_dbm)


def leave(items: Items, slot: int, row: ItemRow) -> None:
    """Take an EXIT: the zone heard the item until then."""
    place = _place(items, slot, row.zone)
    if place == NOBODY or row.at.time_ns < items.heard_zone_ns.item(slot, place):
        return
    items.heard_zone_ns[slot, place], items.heard_gone[slot, place] = row.at.time_ns, True
    items.heard_sightings[slot, place] += row.sightings


def learn_anew(items: Items, slot: int, zone: int) -> None:
    """After a move to `zone`: what is usual now is not known yet, and who does not hear it any more is forgotten."""
    for place, heard in enumerate(heard_at(items, slot)):
        if heard.is_gone and heard.zone != zone:
            _free(items, slot, place)
        items.usual_dbm[slot, place], items.usual_ns[slot, place] = items.heard_dbm[slot, place], 0


def forget(items: Items, slot: int) -> None:
    """Forget all that zones hear of an item."""
    _free(items, slot, slice(MOST_ZONES))


def _free(items: Items, slot: int, place: Any) -> None:
    for name, fill in _FILLS:
        getattr(items, name)[slot, place] = fill
