"""A fan's history is what the fold made of the evidence, gathered from the ledger's rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.fans.history import FanRows, Heard, Place, history_of
from gateway.fans.reading import rows_of_fan, zones
from gateway.fold.open_tracks import open_tracks
from gateway.fold.store import DwellRow, TouchRow, VisitRow
from gateway.state.ledger import Ledger
from gateway.state.ledger_reader import ledger_reader
from tests.support.shop_stories import IDLE_S, Shop, left, seen

S = 1_000_000_000
TIMEOUT = {"s1": 300 * S, "s2": 300 * S}


def visit(subject: str, start_s: float, last_s: float, store: str = "s1", zones: int = 1) -> VisitRow:
    start_ns = round(start_s * S)
    return VisitRow(subject, store, start_ns, "x", start_ns, round(last_s * S), zones, 0, 0, "f", 0, "")


def dwell(subject: str, zone: str, start_s: float, last_s: float, store: str = "s1") -> DwellRow:
    return DwellRow(subject, store, zone, round(start_s * S), "x", round(start_s * S), round(last_s * S), 0, 0, "f")


def touch(at_s: float, what: str, store: str = "s1", amount: float = 0.0, staff_id: str = "") -> TouchRow:
    values: dict[str, Any] = {"what": what, "zone": "", "staff_id": staff_id, "department": "", "channel": "", "campaign": "", "ref": "",
                              "items": "", "amount": amount}  # fmt: skip
    return TouchRow(store, "till", round(at_s), round(at_s * S), round(at_s * S), None, "", "f", "f", 0, json.dumps(values))


def test_segments_within_the_timeout_are_one_visit_and_others_are_not() -> None:
    rows = FanRows(visits=[visit("a", 0, 100), visit("b", 350, 500), visit("a", 801, 900)], timeout_ns=TIMEOUT)
    assert [(each.start_ns // S, each.last_ns // S) for each in history_of(rows).visits] == [(0, 500), (801, 900)]


def test_a_touch_that_only_somebody_in_the_store_makes_bridges_a_silence() -> None:
    visits = [visit("a", 0, 100), visit("a", 600, 700)]
    assert len(history_of(FanRows(visits=visits, touches=[touch(350, "try_on")], timeout_ns=TIMEOUT)).visits) == 1
    assert len(history_of(FanRows(visits=visits, touches=[touch(350, "promotion")], timeout_ns=TIMEOUT)).visits) == 2


def test_a_pass_is_no_visit() -> None:
    assert history_of(FanRows(visits=[visit("a", 0, 100, zones=0)], timeout_ns=TIMEOUT)).visits == ()


def test_two_devices_in_one_zone_stay_once() -> None:
    rows = FanRows(
        visits=[visit("a", 0, 300), visit("b", 0, 300)],
        dwells=[dwell("a", "shelf", 0, 100), dwell("b", "shelf", 50, 150), dwell("a", "till", 100, 300), dwell("a", "far", 9000, 9100)],
        timeout_ns=TIMEOUT,
    )
    (only,) = history_of(rows).visits
    assert [(stay.zone, stay.seconds) for stay in only.stays] == [("shelf", 150.0), ("till", 200.0)]


def test_a_purchase_has_the_visits_since_the_one_before_in_every_store() -> None:
    rows = FanRows(
        visits=[visit("a", 0, 100), visit("a", 1000, 1100, "s2"), visit("a", 2000, 2100), visit("a", 3000, 3100)],
        touches=[touch(2050, "transaction", amount=99.0, staff_id="ann"), touch(3050, "transaction"), touch(3060, "payment")],
        timeout_ns=TIMEOUT,
    )
    first, second = history_of(rows).purchases
    assert [(each.store, each.start_ns // S) for each in first.visits] == [("s1", 0), ("s2", 1000), ("s1", 2000)]
    assert (first.touch.amount, first.touch.staff_id) == (99.0, "ann")
    assert [each.start_ns // S for each in second.visits] == [3000]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(Ledger(tmp_path / "ledger.db")).link("ann", "fan-1").link("ben", "fan-2")


def test_an_open_visit_is_where_the_fan_is_now(shop: Shop, tmp_path: Path) -> None:
    shop.hear(*(seen("ann", "a", at) for at in range(0, 60, 5)), *(seen("ann", "b", at, dbm=-40) for at in range(60, 120, 5)))
    shop.hear(*(seen("ben", "a", at) for at in range(120, 130, 5))).checkpoint()
    with ledger_reader(tmp_path / "ledger.db") as ledger:
        rows = rows_of_fan(ledger, "fan-1")
        history = history_of(rows)
        assert ledger.as_of_s > 0
        assert set(zones(ledger))
        assert open_tracks(ledger.part, ledger.fold, ["00000000000000ff"]) == []
        earlier = open_tracks(lambda name: b"" if "_part_" in name else ledger.part(name), ledger.fold)
        assert earlier == open_tracks(ledger.part, ledger.fold), "a checkpoint of an earlier release has no parts"
    (only,) = history.visits
    assert isinstance(history.now, Place)
    assert (history.now.zone, only.is_open) == ("b", True)
    assert [stay.zone for stay in only.stays] == ["a", "b"]
    assert history.now.heard_ns == only.last_ns


def test_who_was_not_heard_for_longer_than_the_timeout_is_nowhere_and_the_visit_is_over(shop: Shop, tmp_path: Path) -> None:
    shop.hear(*(seen("ann", "a", at) for at in range(0, 60, 5))).checkpoint()
    with ledger_reader(tmp_path / "ledger.db") as ledger:
        rows = rows_of_fan(ledger, "fan-1")
    (heard_ns,) = {track.last_ns for track in rows.open}
    timeout_ns = rows.timeout_ns["s1"]
    there, gone = (history_of(rows, now_ns=heard_ns + timeout_ns + later) for later in (0, 1))
    assert (there.now is not None, there.visits[0].is_open, there.visits[0].stays[0].is_open) == (True, True, True)
    assert (gone.now, gone.visits[0].is_open, gone.visits[0].stays[0].is_open) == (None, False, False)
    assert there.last_heard == gone.last_heard == Heard("s1", heard_ns)


def test_what_is_over_is_read_as_it_was_stored(shop: Shop, tmp_path: Path) -> None:
    shop.hear(*(seen("ann", "a", at) for at in range(0, 60, 5)), left("ann", "a", 60))
    shop.touch("transaction", "ann", amount=12.5)
    shop.wait(IDLE_S * 2)
    shop.hear(*(seen("ann", "a", shop.now_s + at) for at in range(0, 60, 5)))
    stored = shop.close().standing()
    shop.checkpoint()
    with ledger_reader(tmp_path / "ledger.db") as ledger:
        history = history_of(rows_of_fan(ledger, "fan-1"))
        assert history_of(rows_of_fan(ledger, "fan-3")).visits == ()
    assert [round(each.seconds, 1) for each in history.visits] == [each.seconds for each in stored if each.fan == "fan-1"]
    assert history.now is None
    assert [purchase.touch.amount for purchase in history.purchases] == [12.5]
