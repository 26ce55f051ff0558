"""Nobody walks through a wall: a change to a zone that is not next to the owner takes more margin."""

from __future__ import annotations

import numpy as np

from device_profiles.registry import shipped
from gateway.fold.adjacency import APART_DB
from gateway.fold.estate_index import Estate
from gateway.site.recorded import read_site, record_site
from tests.support.journal_stories import site_of
from tests.support.shop_stories import Shop, seen

WALLS = 6
"""The variant of the estate in which one comes from a to b by w alone."""
MARGIN_DB = round(shipped()["ibeacon"].presence.margin_db)


def moved_to(zone: str, ahead_db: int, variant: int) -> list[str]:
    """She is in a; from then on another zone hears her louder by so much."""
    there = [seen("ann", "a", at) for at in range(0, 100, 2)]
    there += [seen("ann", zone, at + 0.5, dbm=-60 + ahead_db) for at in range(40, 100, 2)]
    return Shop(variant=variant).hear(*there).close().zones_of("ann")


def test_a_change_through_a_wall_takes_more_margin_than_one_to_a_neighbour() -> None:
    enough, more = MARGIN_DB + 1, MARGIN_DB + 1 + APART_DB
    assert moved_to("b", enough, variant=0) == ["a", "b"]
    assert moved_to("b", enough, WALLS) == ["a"]
    assert moved_to("b", more, WALLS) == ["a", "b"]
    assert moved_to("w", enough, WALLS) == ["a", "w"]


def test_zones_of_a_store_with_walls_alone_are_apart_and_only_if_nothing_leads_from_one_to_the_other() -> None:
    estate = Estate(shipped())
    assert estate.adjacency.apart_db(np.array([0]), np.array([1])) == 0
    estate.apply(read_site(record_site(site_of(WALLS))))
    a, b, w, c = (estate.zone(*place) for place in (("s1", "a"), ("s1", "b"), ("s1", "w"), ("s2", "c")))
    owners, zones = np.array([a, a, b, w, c, a]), np.array([b, w, a, a, c, a])
    assert estate.adjacency.apart_db(owners, zones).tolist() == [APART_DB, 0, APART_DB, 0, 0, 0]
    assert estate.adjacency.apart_db(a, b) == APART_DB
    estate.apply(read_site(record_site(site_of())))
    assert estate.adjacency.apart_db(a, b) == 0


def test_a_zone_that_got_its_code_after_the_walls_is_next_to_all() -> None:
    estate = Estate(shipped())
    estate.apply(read_site(record_site(site_of(WALLS))))
    late = estate.zone("s1", "of-an-earlier-site")
    assert estate.adjacency.apart_db(np.array([late, 0]), np.array([0, late])).tolist() == [0, 0]
