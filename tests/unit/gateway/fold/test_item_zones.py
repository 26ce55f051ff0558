"""What zones hear of one item."""

from __future__ import annotations

from footfall.frames import Kind
from gateway.fold import item_zones
from gateway.fold.item_zones import ItemRow, RowPlace
from gateway.fold.tables.items import MOST_ZONES, Items

OWNER = 7


def new_items() -> tuple[Items, int]:
    items = Items()
    slot = items.expect(0, 0, "epc")
    items.zone[slot] = OWNER
    hear(items, slot, OWNER, -80)
    return items, slot


def hear(items: Items, slot: int, zone: int, dbm: int, at_s: int = 1, kind: Kind = Kind.STAY) -> None:
    item_zones.hear(items, slot, ItemRow(RowPlace(at_s * 10**9, at_s, 3), zone, dbm, kind, 2))


def zones(items: Items, slot: int) -> set[int]:
    return {heard.zone for heard in item_zones.heard_at(items, slot)}


def test_of_more_zones_than_there_are_places_the_loudest_are_remembered_and_the_owner_always() -> None:
    items, slot = new_items()
    for zone in range(1, MOST_ZONES + 2):
        hear(items, slot, 10 + zone, -70 + zone)
    assert zones(items, slot) == {OWNER, 13, 14, 15, 16}
    hear(items, slot, 30, -70)
    assert 30 not in zones(items, slot)
    assert item_zones.count(items, slot) == MOST_ZONES


def test_who_comes_back_is_new_unless_it_was_heard_long_enough_to_be_known() -> None:
    for heard_s, first_s in ((20, 100), (40, 1)):
        items, slot = new_items()
        hear(items, slot, 9, -60)
        hear(items, slot, 9, -60, 1 + heard_s)
        item_zones.leave(items, slot, ItemRow(RowPlace(60 * 10**9, 60, 3), 9, -60, Kind.EXIT, 0))
        hear(items, slot, 9, -65, 100, Kind.ENTER)
        heard = item_zones.heard_in(items, slot, 9)
        assert heard is not None
        assert (heard.first.time_ns, heard.sightings, heard.lowest_dbm) == (first_s * 10**9, 2, -65)


def test_an_exit_that_is_older_than_what_was_heard_since_changes_nothing() -> None:
    items, slot = new_items()
    hear(items, slot, 9, -60, 50)
    item_zones.leave(items, slot, ItemRow(RowPlace(40 * 10**9, 60, 3), 9, -60, Kind.EXIT, 0))
    heard = item_zones.heard_in(items, slot, 9)
    assert heard is not None
    assert not heard.is_gone


def test_after_a_move_who_does_not_hear_the_item_any_more_is_forgotten_and_usual_levels_begin_anew() -> None:
    items, slot = new_items()
    for zone in (9, 10):
        hear(items, slot, zone, -60)
        hear(items, slot, zone, -50, 60)
    item_zones.leave(items, slot, ItemRow(RowPlace(60 * 10**9, 60, 3), 9, -50, Kind.EXIT, 0))
    item_zones.learn_anew(items, slot, 10)
    heard = item_zones.heard_in(items, slot, 10)
    assert heard is not None
    assert heard.usual == (-50, -50.0, 0)
    assert zones(items, slot) == {OWNER, 10, -1}
