"""Where people are is known before anybody looks at levels: a zone with few people needs a greater lead than one with many."""

from __future__ import annotations

import math

import numpy as np
import pytest

from device_profiles.registry import shipped
from gateway.fold import zone_shares
from gateway.fold.margins import more_db
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import Tracks
from gateway.fold.zone_rules import GONE_DBM
from gateway.fold.zone_shares import DB_A_NAT, EVEN, LONG_NS, MOST_DB, ZoneShares
from gateway.site.recorded import read_site, record_site
from tests.support.journal_stories import site_of
from tests.support.memory_fold_store import MemoryStore
from tests.support.shop_stories import Shop, seen

ZONE_STORE = np.array([0, 0, 0, 1], np.int32)
NONE = np.zeros(2, np.int64)
"""Days that begin, by store."""
MARGIN_DB, MORE_DB = 5, round(MOST_DB)
BEGINS_S, LEADS_S = 60, 75
LEAD_S = 40
"""No lead takes longer to be confirmed."""


def shares(*spent: int) -> ZoneShares:
    """Two stores, of which the first has three zones; people spent so many slices in each zone."""
    found = ZoneShares()
    found.grow(len(ZONE_STORE))
    found.conclude(np.array(spent), NONE, ZONE_STORE)
    return found


def test_a_zone_where_people_spend_a_part_of_the_time_needs_as_many_db_more_as_that_is_worth() -> None:
    known = shares(5 * EVEN, 2 * EVEN, 0, 9 * EVEN)
    assert known.prior_db[0] - known.prior_db[1] == pytest.approx(DB_A_NAT * math.log(2), abs=0.11)
    known.conclude(np.array([0, 3 * EVEN, 0, 0]), NONE, ZONE_STORE)
    assert known.prior_db[0] == known.prior_db[1]


def test_no_zone_needs_more_than_a_bound_beside_another_of_its_store() -> None:
    assert shares(10**6, 0, 10**4, 1).prior_db.tolist() == [0, -MOST_DB, -MOST_DB, 0]


def test_yesterday_counts_half_and_only_in_stores_whose_day_begins() -> None:
    known = shares(4 * EVEN, 0, 0, 4 * EVEN)
    known.conclude(np.zeros(4, np.int64), np.array([1, 0]), ZONE_STORE)
    assert known.prior_db == pytest.approx([0, *[-DB_A_NAT * math.log(3)] * 2, 0], abs=0.06)
    known.conclude(np.array([0, 2 * EVEN, 5 * EVEN, 0]), NONE, ZONE_STORE)
    assert known.prior_db == pytest.approx([-DB_A_NAT * math.log(2), -DB_A_NAT * math.log(2), 0, 0], abs=0.06)


def test_days_that_begin_at_once_count_as_those_that_begin_one_by_one() -> None:
    at_once, one_by_one = shares(40 * EVEN, 3 * EVEN, 0, EVEN), shares(40 * EVEN, 3 * EVEN, 0, EVEN)
    at_once.conclude(np.zeros(4, np.int64), np.array([3, 0]), ZONE_STORE)
    for _ in range(3):
        one_by_one.conclude(np.zeros(4, np.int64), np.array([1, 0]), ZONE_STORE)
    assert at_once.dump() == one_by_one.dump()


def test_what_is_known_can_be_stored() -> None:
    known, again = shares(7 * EVEN, 0, 3, 1), ZoneShares()
    again.load(known.dump())
    assert again.dump() == known.dump()
    again.load(None)
    assert again.dump() == known.dump()


def test_who_counts_is_a_visitor_whom_a_zone_hears_and_has_for_no_longer_than_an_hour() -> None:
    tracks, known = Tracks(), shares(0, 0, 0, 0)
    now_ns = LONG_NS + 100
    slots = np.array([tracks.add(subject, 0, 0, subject == 3) for subject in range(1, 8)])
    tracks.zone[slots] = [0, 1, 1, 1, 1, NO_CODE, 2]
    tracks.zone_ns[slots], tracks.since_ns[slots], tracks.level_dbm[slots] = now_ns, 100, -60
    tracks.since_ns[slots[1]], tracks.zone_ns[slots[3]], tracks.level_dbm[slots[4]] = 99, now_ns - 1, GONE_DBM
    since_ns, is_outside = np.array([now_ns, now_ns]), np.array([False, False, True, False])
    assert known.count(tracks, slots, since_ns, is_outside).tolist() == [1, 0, 0, 0]


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Shop:
    """One who was in a for a minute is enough to know where people are; nobody was in b."""
    monkeypatch.setattr(zone_shares, "EVEN", 1)
    monkeypatch.setattr(zone_shares, "DB_A_NAT", 10 * MOST_DB)
    return Shop().hear(*[seen("ben", "a", at_s) for at_s in range(0, BEGINS_S, 10)])


def moves(shop: Shop, owner: str, zone: str, ahead_db: int) -> bool:
    """Return whether Ann goes from one zone to the other, which then hears her better by so much."""
    for at_s in range(BEGINS_S, LEADS_S + LEAD_S, 5):
        shop.hear(seen("ann", owner, at_s), seen("ann", zone, at_s + 1, dbm=-60 + (ahead_db if at_s >= LEADS_S else -20)))
    return shop.close().zones_of("ann") == [owner, zone]


@pytest.mark.parametrize(
    ("owner", "zone", "ahead_db", "is_enough"),
    [("a", "b", MARGIN_DB + MORE_DB, False), ("a", "b", MARGIN_DB + MORE_DB + 1, True), ("b", "a", 0, False), ("b", "a", 1, True)],
)
def test_it_takes_more_to_go_where_few_are_and_less_to_where_many_are(
    busy: Shop, owner: str, zone: str, ahead_db: int, is_enough: bool
) -> None:
    assert moves(busy, owner, zone, ahead_db) == is_enough


def test_neither_staff_nor_who_is_outside_have_such_odds_nor_stores_whose_levels_decide_together() -> None:
    state = State(shipped(), MemoryStore())
    state.estate.apply(read_site(record_site(site_of())))
    a, b, street = (state.estate.zone("s1", name) for name in ("a", "b", "street"))
    state.zone_shares.grow(len(state.estate.zone_store))
    state.zone_shares.prior_db[[a, street]] = 4.0
    slots = np.array([state.tracks.add(subject, 0, 0, subject == 2) for subject in (1, 2, 3)])
    state.tracks.zone[slots] = [a, a, street]
    assert more_db(state, slots, np.array([b, b, b])).tolist() == [4, 0, 0]
    assert [more_db(state, slot, zone) for slot, zone in ((slots[0], b), (slots[0], street), (slots[1], b))] == [4, 0, 0]
    state.estate.joint.stores[0] = True
    assert more_db(state, slots[0], b) == 0
