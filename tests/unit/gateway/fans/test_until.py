"""A fan as of an earlier time: what came later is not there, and who was in a store then is."""

from __future__ import annotations

import json

from gateway.fans.history import FanRows, History, Place, history_of
from gateway.fans.until import until
from gateway.fold.open_tracks import OpenTrack
from gateway.fold.store import DwellRow, TouchRow, VisitRow

S = 1_000_000_000
BODY = dict.fromkeys(("zone", "staff_id", "department", "channel", "campaign", "ref", "items"), "") | {"amount": 0.0}
ROWS = FanRows(
    visits=[VisitRow("a", "s1", 0, "x", 0, 100 * S, 1, 0, 0, "f", 0, "")],
    dwells=[DwellRow("a", "s1", zone, at * S, "x", at * S, (at + 40) * S, 0, 0, "f") for zone, at in (("shelf", 10), ("till", 60))]
    + [DwellRow("a", "s1", "shelf", 1000 * S, "x", 1000 * S, 1040 * S, 0, 0, "f")],
    touches=[
        TouchRow("s1", "pos", at, at * S, at * S, None, "", "f", "", 0, json.dumps(BODY | {"what": "transaction"})) for at in (70, 90)
    ],
    open=[OpenTrack("a", "s1", "x", 1000 * S, 1000 * S, 1090 * S, "f", False, "till", 1050 * S)],
    timeout_ns={"s1": 300 * S},
)


def at(second: int) -> History:
    return history_of(until(ROWS, second * S), now_ns=second * S)


def test_who_was_in_a_store_then_is_there_in_the_zone_of_then() -> None:
    assert at(30).now == Place("s1", "shelf", 10 * S, 30 * S)
    assert at(55).now == Place("s1", "", 0, 55 * S), "between two zones"
    assert at(1030).now == Place("s1", "shelf", 1000 * S, 1030 * S), "also in a visit that is not over"
    assert at(1060).now == Place("s1", "till", 1050 * S, 1060 * S)
    assert at(500).now is None


def test_nothing_of_later_is_in_it() -> None:
    (visit,) = at(75).visits
    assert (visit.is_open, visit.last_ns, [(stay.zone, stay.seconds) for stay in visit.stays]) == (
        True,
        75 * S,
        [("shelf", 40.0), ("till", 15.0)],
    )
    assert [each.touch.time_ns for each in at(75).purchases] == [70 * S]
    assert at(2000).visits == history_of(ROWS, now_ns=2000 * S).visits
