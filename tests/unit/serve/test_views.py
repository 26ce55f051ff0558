"""What a page shows of the board: sums of its path, the nodes below, and the stores that it asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.errors import ConfigError
from gateway.query.estate import QueryEstate
from gateway.site import Site
from serve.board import Board
from serve.opening import Opening
from serve.views import ORDER_NS, ROWS, SHOWN, View, Views, read_view
from tests.support.live_chain import counters, message, stores
from tests.unit.serve.test_board import NOON_NS, site

LISTED = (
    {"name": "s1", "title": "Mall 10", "path": "acme/north", "timezone": "Asia/Tokyo"},
    {"name": "s2", "title": "Mall 9", "path": "acme/south"},
    {"name": "x3", "path": "other"},
)


@pytest.fixture
def board() -> Board:
    made = Board()
    made.use(site(*LISTED), NOON_NS)
    return made


def shown(board: Board, now_ns: int = NOON_NS, **given: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Views(board).message(read_view(given), now_ns))
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [store["name"] for store in found["stores"]]


def test_the_chain_has_its_sums_the_nodes_below_and_every_store_by_title(board: Board) -> None:
    board.take(message("s1", "Asia/Tokyo", NOON_NS, {"in": 5}), NOON_NS)
    found = shown(board)
    assert (found["kind"], found["path"], found["sums"]["in"], found["sums"]["never"]) == ("board", [], 5, 2)
    assert [(node["path"], node["sums"]["stores"]) for node in found["nodes"]] == [(["acme"], 2), (["other"], 1)]
    assert names(found) == ["s2", "s1", "x3"], "Mall 9 is before Mall 10"
    first = found["stores"][1]
    assert (first["title"], first["path"], first["timezone"], first["state"]) == ("Mall 10", "acme/north", "Asia/Tokyo", "live")
    assert (first["today"]["in"], first["minute"]["in"], first["as_of_ns"]) == (5, 2, NOON_NS)
    assert found["stores"][2]["as_of_ns"] is None


def test_a_live_store_has_its_zones_and_a_stale_one_has_none(board: Board) -> None:
    zones = {"hall": {"decided": 2, "probable": 3}}
    board.take({**message("s1", "Asia/Tokyo", NOON_NS, {"in": 5}), "zones": zones}, NOON_NS)
    assert shown(board)["stores"][1]["zones"] == zones
    board.sweep(NOON_NS + 600 * 10**9)
    assert shown(board)["stores"][1]["zones"] == {}


@pytest.mark.parametrize("zones", [{"hall": 3}, {"hall": {"decided": 1}}, {"hall": {"decided": "<b>", "probable": 1}}, [1], 7])
def test_zones_that_are_no_crowds_are_refused(board: Board, zones: Any) -> None:
    assert not board.take({**message("s1", "Asia/Tokyo", NOON_NS, {"in": 5}), "zones": zones}, NOON_NS)


def test_a_path_has_what_is_below_it(board: Board) -> None:
    found = shown(board, path="acme")
    assert (names(found), [node["path"] for node in found["nodes"]]) == (["s2", "s1"], [["acme", "north"], ["acme", "south"]])
    assert (shown(board, path="acme/east")["matching"], shown(board, path="acme/east")["sums"]) == (0, {})


def test_a_level_of_the_path_that_all_stores_share_is_passed_over() -> None:
    board = Board()
    board.use(site(*({"name": f"s{n}", "path": f"acme/east/{city}"} for n, city in enumerate("aab"))), NOON_NS)
    assert [node["path"] for node in shown(board)["nodes"]] == [["acme", "east", "a"], ["acme", "east", "b"]]
    assert shown(board, path="acme/east/a")["nodes"] == []
    board.use(site({"name": "s1", "path": "acme/east"}, {"name": "s2", "path": "acme"}), NOON_NS)
    assert [node["path"] for node in shown(board)["nodes"]] == [["acme", "east"]], "one of them is not in it"


def test_a_search_finds_titles_names_and_paths_in_any_case(board: Board) -> None:
    assert [names(shown(board, search=text)) for text in ("MALL", "X3", "south", "nowhere")] == [["s2", "s1"], ["x3"], ["s2"], []]


def test_stores_are_sorted_by_any_number_and_what_is_not_known_is_last(board: Board) -> None:
    for name, entered in (("s1", 5), ("s2", 7)):
        board.take(message(name, "UTC", NOON_NS, {"in": entered}), NOON_NS)
    assert names(shown(board, sort="in")) == ["s1", "s2", "x3"]
    assert names(shown(board, sort="-in")) == ["s2", "s1", "x3"]
    assert {*SHOWN} == {*message("s1", "UTC", NOON_NS, {})["today"]}


def test_stores_come_in_pages_and_the_last_page_is_never_empty() -> None:
    board = Board()
    board.use(site(*stores(120)), NOON_NS)
    found = [shown(board, sort="path", offset=str(offset)) for offset in (0, ROWS, 2 * ROWS, 999)]
    assert [(each["offset"], len(each["stores"]), each["matching"]) for each in found] == [
        (0, 50, 120),
        (50, 50, 120),
        (100, 20, 120),
        (100, 20, 120),
    ]
    assert len({name for each in found for name in names(each)}) == 120


def test_the_order_holds_for_five_seconds(board: Board) -> None:
    views, view = Views(board), View(sort="in", is_descending=True)

    def order(now_ns: int) -> list[str]:
        return names(json.loads(views.message(view, now_ns)))

    board.take(message("s1", "UTC", NOON_NS, {"in": 5}), NOON_NS)
    assert order(NOON_NS)[0] == "s1"
    board.take(message("s2", "UTC", NOON_NS, {"in": 7}), NOON_NS)
    assert order(NOON_NS + ORDER_NS - 1)[0] == "s1"
    assert order(NOON_NS + ORDER_NS)[0] == "s2"


def test_a_site_that_changed_counts_at_once(board: Board) -> None:
    views = Views(board)
    assert len(names(json.loads(views.message(View(), NOON_NS)))) == 3
    board.use(site(LISTED[0]), NOON_NS)
    assert names(json.loads(views.message(View(), NOON_NS))) == ["s1"]


def test_a_view_of_7000_stores_is_no_larger_than_one_of_70() -> None:
    sizes = []
    for number in (70, 7000):
        board = Board()
        board.use(site(*stores(number)), NOON_NS)
        for each in counters(number, NOON_NS):
            board.take(each, NOON_NS)
        sizes.append(len(Views(board).message(View(path=("acme", "north")) if number == 7000 else View(), NOON_NS)))
    assert sizes[1] < 1.2 * sizes[0]


def test_a_store_outside_its_hours_is_marked_as_closed(board: Board) -> None:
    opening = Opening()
    hours = {"opens": "10:00", "closes": "20:00"}
    opening.use(QueryEstate.from_site(Site.model_validate({"brand": "acme", "stores": [each | hours for each in LISTED]})))
    stores_shown = json.loads(Views(board, opening).message(View(), NOON_NS))["stores"]
    assert {each["name"]: each["is_closed"] for each in stores_shown} == {"s1": True, "s2": False, "x3": False}, "21:00 in Tokyo"


def test_an_arrival_is_for_pages_above_its_store_with_title_and_zone(board: Board) -> None:
    views, arrival = Views(board), {"kind": "arrival", "store": "s1", "fan": "f"}
    text = views.arrival(View(path=("acme",)), arrival)
    assert text is not None
    assert json.loads(text) == arrival | {"title": "Mall 10", "timezone": "Asia/Tokyo"}
    assert views.arrival(View(path=("other",)), arrival) is None
    assert views.arrival(View(), arrival | {"store": "nobody"}) is None


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"sort": "revenu"}, "did you mean revenue?"), ({"sort": "-x"}, "none of title, path"), ({"offset": "-1"}, "offset"),
        ({"offset": "٣"}, "offset"), ({"colour": "x"}, "colour: means nothing here; a view takes path, search, sort, offset"),
    ],
)  # fmt: skip
def test_a_view_that_nobody_can_show_is_refused_by_name(given: dict[str, str], what: str) -> None:
    with pytest.raises(ConfigError, match=what.replace("?", r"\?")):
        read_view(given)
