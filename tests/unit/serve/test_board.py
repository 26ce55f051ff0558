"""The board of the live page: every store of the site, what is known of it now, and the sums of each path."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.site import Site, Store
from serve.board import NOW, STALE_NS, Board
from serve.views import View, Views
from tests.support.live_chain import FORGOTTEN, counters, message, stores

S = 10**9
NOON_NS = 1_795_953_600 * S
DAY_NS = 86_400 * S


def site(*listed: dict[str, Any]) -> Sequence[Store]:
    return Site.model_validate({"brand": "acme", "stores": listed}).stores


def board(*listed: dict[str, Any]) -> Board:
    made = Board()
    made.use(site(*listed), NOON_NS)
    return made


def sums(found: Board, *path: str) -> dict[str, float]:
    node = found.node(path)
    assert node is not None
    return {name: value for name, value in node.sums.items() if value}


TWO = ({"name": "s1", "path": "acme/north"}, {"name": "s2", "path": "acme/south"})


def test_a_store_that_was_never_heard_is_listed() -> None:
    assert sums(board(*TWO)) == {"stores": 2, "never": 2}
    assert sums(board(*TWO), "acme", "south") == {"stores": 1, "never": 1}


def test_sums_of_a_path_are_those_of_its_stores() -> None:
    found = board(*TWO)
    found.take(message("s1", "UTC", NOON_NS, {"in": 5, "occupancy": 2}), NOON_NS)
    found.take(message("s2", "UTC", NOON_NS, {"in": 7, "occupancy": 1}), NOON_NS)
    found.take(message("s1", "UTC", NOON_NS, {"in": 6, "occupancy": 3}), NOON_NS)
    assert (sums(found)["in"], sums(found)["occupancy"], sums(found)["live"]) == (13, 4, 2)
    assert (sums(found, "acme", "north")["in"], sums(found, "acme")["in"]) == (6, 13)
    assert found.node(("acme", "east")) is None


def test_what_is_older_than_three_minutes_keeps_its_sums_and_is_not_now() -> None:
    found = board(*TWO)
    found.take(message("s1", "UTC", NOON_NS, {"in": 5, "occupancy": 2}), NOON_NS)
    found.sweep(NOON_NS + STALE_NS)
    assert found.rows["s1"].state == "live"
    found.sweep(NOON_NS + STALE_NS + 1)
    assert (found.rows["s1"].state, found.rows["s1"].today()["in"]) == ("stale", 5)
    assert not {*found.rows["s1"].today()} & NOW
    assert (sums(found)["in"], "occupancy" in sums(found), sums(found)["stale"]) == (5, False, 1)


def test_four_weeks_later_nobody_is_inside() -> None:
    found = board(*TWO)
    found.take(message("s1", "UTC", NOON_NS - 28 * DAY_NS, {"in": 5, "occupancy": 1}), NOON_NS)
    assert (found.rows["s1"].state, found.rows["s1"].today()) == ("stale", {})
    assert sums(found) == {"stores": 2, "stale": 1, "never": 1}


def test_sums_of_a_day_end_with_the_stores_own_day() -> None:
    found = board({"name": "s1", "timezone": "Asia/Tokyo", "day_start": "06:00"})
    late_ns = 1_795_985_990 * S  # 2026-11-30 05:59:50 in Tokyo
    late = message("s1", "Asia/Tokyo", late_ns, {"in": 5}) | {"day": "2026-11-29"}
    found.take(late, late_ns)
    assert sums(found)["in"] == 5
    found.sweep(late_ns + 9 * S)
    assert sums(found)["in"] == 5
    found.sweep(late_ns + 10 * S)
    assert "in" not in sums(found)


def test_stores_that_left_the_site_are_gone_and_new_ones_have_what_came_before() -> None:
    found = board(*TWO)
    for name, entered in (("s1", 5), ("s2", 7), ("s3", 9)):
        found.take(message(name, "UTC", NOON_NS, {"in": entered}), NOON_NS)
    assert sums(found)["in"] == 12
    found.use(site({"name": "s2", "path": "acme/west"}, {"name": "s3"}), NOON_NS)
    assert (sums(found)["in"], sums(found, "acme", "west")["in"], found.node(("acme", "north"))) == (16, 7, None)


def test_stores_that_are_not_open_yet_or_closed_for_good_are_not_on_it() -> None:
    found = board(
        {"name": "s1", "valid_to": "2026-11-28"}, {"name": "s2", "valid_from": "2026-12-05"}, {"name": "s3", "valid_from": "2026-11-01"}
    )
    assert {*found.rows} == {"s3"}


def test_a_store_begins_and_another_ends_with_a_day_though_site_toml_stays_as_it_is() -> None:
    found = board({"name": "s1", "valid_to": "2026-11-29"}, {"name": "s2", "valid_from": "2026-11-30"})
    found.take(message("s1", "UTC", NOON_NS, {"in": 5}), NOON_NS)
    assert (list(found.rows), sums(found)["in"]) == (["s1"], 5)
    listings = found.listings
    found.sweep(NOON_NS + DAY_NS // 2 - S)
    assert (list(found.rows), found.listings) == (["s1"], listings)
    found.sweep(NOON_NS + DAY_NS // 2)
    assert (list(found.rows), sums(found)) == (["s2"], {"stores": 1, "never": 1})
    assert found.listings > listings, "views list anew"


def test_where_the_last_store_ends_views_show_none() -> None:
    found = board({"name": "s1", "valid_to": "2026-11-29"})
    views = Views(found)
    assert json.loads(views.message(View(), NOON_NS))["matching"] == 1
    found.sweep(NOON_NS + DAY_NS // 2)
    assert json.loads(views.message(View(), NOON_NS + S))["matching"] == 0


def test_without_a_site_it_has_the_stores_that_were_heard() -> None:
    found = Board()
    found.take(message("s1", "UTC", NOON_NS, {"in": 5}), NOON_NS)
    assert sums(found)["in"] == 5


RIGHT = message("s1", "UTC", NOON_NS, {"in": 5})


@pytest.mark.parametrize(
    "wrong",
    [
        {"store": "a/b"}, {"store": []}, {"as_of_ns": "x"}, {"day": "x"}, {"day": "9999-12-31"}, {"today": [1]}, {"today": {"in": "5"}},
        {"today": {"in": float("nan")}}, {"fields": None}, {"fields": {"in": {}}}, {"time_ns": None}, {"day": 5},
    ],
)  # fmt: skip
def test_what_are_no_counters_is_not_taken(wrong: dict[str, Any]) -> None:
    found = board(*TWO)
    assert not found.take(RIGHT | wrong, NOON_NS)
    assert sums(found) == {"stores": 2, "never": 2}
    assert found.take(RIGHT, NOON_NS)


NUMBER = 60
events = st.tuples(
    st.integers(0, NUMBER - 1),
    st.sampled_from([0, 100, 200, 90_000]),
    st.fixed_dictionaries({"in": st.integers(0, 9), "occupancy": st.integers(0, 9), "revenue": st.sampled_from([0.0, 0.1, 129.9])}),
    st.sampled_from([0, 1, 60, 7200, 40_000]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(events, max_size=40))
def test_after_any_messages_each_node_is_the_sum_of_its_stores(changes: list[tuple[int, int, dict[str, float], int]]) -> None:
    listed, now_ns = stores(NUMBER), NOON_NS
    found = board(*listed)
    for number, ago_s, today, wait_s in changes:
        store = listed[number]
        found.take(message(store["name"], store["timezone"], now_ns - ago_s * S, today), now_ns)
        now_ns += wait_s * S
        found.sweep(now_ns)
    expected: dict[tuple[str, ...], Counter[str]] = {}
    for row in found.rows.values():
        path = row.store.path.split("/")
        for depth in range(len(path) + 1):
            expected.setdefault(tuple(path[:depth]), Counter()).update({"stores": 1, row.state: 1, **row.today()})
    for of, wanted in expected.items():
        assert sums(found, *of) == pytest.approx({name: value for name, value in wanted.items() if value}), of


def test_a_chain_of_7000_has_every_store_and_nobody_in_the_forgotten_one() -> None:
    found = board(*stores(7000))
    for each in counters(7000, NOON_NS):
        assert found.take(each, NOON_NS)
    assert sums(found)["stores"] == 7000 == sum(sums(found)[state] for state in ("live", "stale", "never"))
    assert found.rows[f"s{FORGOTTEN:04}"].today() == {}
