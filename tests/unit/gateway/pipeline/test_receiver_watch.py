"""Receivers of calibrated stores that fell silent: named by their share of the rows, never because nobody is there."""

from __future__ import annotations

import numpy as np

from footfall.frames import COLUMNS, Body, Kind
from footfall.units import NS_PER_S
from gateway.pipeline.receiver_watch import MISSED_ROWS, NEVER_ROWS, ReceiverWatch, calibrated_zones
from gateway.site import Site

ZONES = ("floor", "fitting")
LISTED = {"shop": {("box", "floor"), ("box", "fitting")}}


def frame(rows: dict[str, int], levels: dict[str, tuple[str, ...]] | None = None, kind: Kind = Kind.STAY) -> Body:
    """So many rows of each zone; `levels`: whose levels the first row of a zone has."""
    zone = np.repeat([ZONES.index(name) for name in rows], list(rows.values())).astype(COLUMNS["zone"])
    columns = {name: np.zeros(len(zone), dtype) for name, dtype in COLUMNS.items()} | {"zone": zone}
    columns["kind"] = np.full(len(zone), kind, COLUMNS["kind"])
    first = {int(np.flatnonzero(zone == ZONES.index(name))[0]): names for name, names in (levels or {}).items()}
    extra = {row: {"levels": dict.fromkeys(names, -60.0)} for row, names in first.items()}
    return Body("b", 0, 0, True, 0, 0, ZONES, ("ibeacon",), extra=extra, **columns)


class Shop:
    def __init__(self, listed: dict[str, set[tuple[str, str]]] | None = None) -> None:
        self.watch, self.now_ns = ReceiverWatch(LISTED if listed is None else listed), 1_000_000 * NS_PER_S

    def hears(self, rows: dict[str, int], levels: dict[str, tuple[str, ...]] | None = None, times: int = 1, kind: Kind = Kind.STAY) -> Shop:
        for _ in range(times):
            self.now_ns += NS_PER_S
            self.watch.hear("shop", "box", frame(rows, levels, kind), self.now_ns)
        return self

    def silent(self) -> list[str]:
        return self.watch.silent(self.now_ns)


def test_a_zone_that_should_have_sent_a_thousand_rows_by_its_share_is_named() -> None:
    shop = Shop().hears({"floor": 30, "fitting": 10}, times=100)
    shop.hears({"floor": 30}, times=4 * MISSED_ROWS // 30 - 5)
    assert shop.silent() == []
    shop.hears({"floor": 30}, times=15)
    assert shop.silent() == ["shop/box/fitting for 2 min"]
    assert shop.hears({"fitting": 1}).silent() == []


def test_a_zone_is_empty_and_not_deaf_while_the_store_is_quiet() -> None:
    shop = Shop().hears({"floor": 30, "fitting": 10}, times=100)
    shop.hears({}, times=3600)
    assert shop.silent() == []


def test_a_zone_that_rarely_hears_anybody_is_waited_for_longer() -> None:
    shop = Shop().hears({"floor": 100, "fitting": 1}, times=20)
    shop.hears({"floor": 100}, times=400)
    assert shop.silent() == []
    assert shop.hears({"floor": 100}, times=700).silent() != []


def test_an_agent_that_is_offline_is_named_elsewhere() -> None:
    shop = Shop().hears({"floor": 30, "fitting": 10}, times=100)
    shop.hears({"floor": 30}, times=200)
    shop.now_ns += 300 * NS_PER_S
    assert shop.silent() == []


def test_a_receiver_among_those_of_a_zone_is_named_though_the_zone_is_heard() -> None:
    both, one = {"floor": ("r1", "r2")}, {"floor": ("r1",)}
    shop = Shop().hears({"floor": 1, "fitting": 1}, both, times=500).hears({"floor": 1, "fitting": 1}, one, times=5 * MISSED_ROWS)
    assert shop.silent() == ["shop/box/r2 (floor) for 83 min"]
    assert shop.watch.receivers("shop") == {("box", "r1", "floor"), ("box", "r2", "floor")}


def test_a_zone_that_was_deaf_when_the_gateway_started_is_named_in_the_end() -> None:
    shop = Shop().hears({"floor": 100}, times=NEVER_ROWS // 100 - 1)
    assert shop.silent() == []
    assert shop.hears({"floor": 100}).silent() == ["shop/box/fitting since the gateway started"]


def test_exits_are_no_sign_of_a_receiver() -> None:
    shop = Shop().hears({"floor": 30, "fitting": 10}, times=100)
    shop.hears({"floor": 30}, times=200).hears({"fitting": 1}, kind=Kind.EXIT)
    assert shop.silent() != []


def test_stores_that_are_not_calibrated_are_not_watched() -> None:
    zones = [{"name": "floor"}, {"name": "fitting"}]
    agents = [{"name": "box", "receivers": {"r1": "floor"}}]
    site = Site.model_validate({"brand": "b", "stores": [
        {"name": "plain", "zones": zones}, {"name": "tuned", "zones": zones, "agents": agents, "calibrations": [{"profile": "ibeacon"}]},
    ]})  # fmt: skip
    assert calibrated_zones(site) == {"tuned": {("box", "floor")}}
    assert Shop({}).hears({"floor": 1000}, times=20).silent() == []


def test_another_estate_is_watched_from_then_on_and_a_store_that_stays_keeps_what_was_heard() -> None:
    watch = ReceiverWatch(LISTED)
    store = next(iter(LISTED))
    known = watch._stores[store]
    watch.use({**LISTED, "new": {("a9", "hall")}})
    assert watch._stores[store] is known
    assert watch.receivers("new") == set()
    watch.use({"new": {("a9", "hall")}})
    assert store not in watch._stores
    assert watch.silent(0) == []
