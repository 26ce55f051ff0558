"""A history is shown with the last things first, in the stores' own time, and to programs in UTC."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from gateway.fans.history import History, Place, Purchase, Stay, Touched, Visited
from gateway.fans.show import Clocks, Heading, as_object, lines

S = 1_000_000_000
T0 = 1_780_000_000 * S
CLOCKS = Clocks({"s1": ZoneInfo("Asia/Shanghai")})


def touched(at_s: int, what: str = "transaction", store: str = "s1", amount: float = 0.0) -> Touched:
    return Touched(T0 + at_s * S, store, what, "till", "ann", "", "", "", "T-1", "", amount, "")


def visited(start_s: int, *touches: Touched, is_open: bool = False) -> Visited:
    stays = (Stay("shelf", T0 + start_s * S, 65.0, is_open),)
    return Visited("s1", T0 + start_s * S, T0 + (start_s + 100) * S, is_open, stays, touches)


SALE = touched(50, amount=1299.5)
VISITS = (visited(-9000), visited(0, SALE), visited(9000, is_open=True))
HISTORY = History(
    Place("s1", "shelf", T0 + 9000 * S, T0 + 9100 * S),
    VISITS,
    (SALE, touched(5000, "registration", "web")),
    (Purchase(SALE, VISITS[:2]),),
)
HEADING = Heading("f-1", "f-2", T0 // S, ids=["f-1", "f-2"])


def test_people_read_the_last_things_first() -> None:
    assert list(lines(HEADING, HISTORY, 20, CLOCKS)) == [
        "fan f-1, also f-2",
        "as of 2026-05-28T20:26:40.000Z",
        "now: s1, zone shelf, since 2026-05-29 06:56+08:00, heard last 2026-05-29 06:58+08:00",
        "",
        "3 visits",
        "  2026-05-29 06:56+08:00 s1, open, 1:40: shelf 1:05",
        "  2026-05-29 04:26+08:00 s1, 1:40: shelf 1:05",
        "    2026-05-29 04:27+08:00 s1 transaction 1,299.50 in till by ann ref T-1",
        "  2026-05-29 01:56+08:00 s1, 1:40: shelf 1:05",
        "1 touch outside visits",
        "  2026-05-28 21:50Z web registration in till by ann ref T-1",
        "1 purchase",
        "  2026-05-29 04:27+08:00 s1 transaction 1,299.50 in till by ann ref T-1, after 2 visits",
        "    2026-05-29 04:26+08:00 s1: shelf 1:05",
        "    2026-05-29 01:56+08:00 s1: shelf 1:05",
    ]


def test_what_is_left_out_is_counted() -> None:
    shown = list(lines(HEADING, HISTORY, 1, CLOCKS))
    assert "3 visits, the last 1 of them" in shown
    assert sum(line.startswith("  2026") and "1:40" in line for line in shown) == 1
    nothing = list(lines(HEADING, History(None, (), (), ()), 1, CLOCKS))
    assert nothing[2:] == ["now: in no store", "", "no visits", "no purchases"]


def test_of_who_is_in_no_store_it_is_shown_where_and_when_they_were_heard_last() -> None:
    gone = HISTORY._replace(now=None)
    assert list(lines(HEADING, gone, 1, CLOCKS))[2] == "now: in no store, heard last in s1, 2026-05-29 06:58+08:00"
    assert [as_object(HEADING, gone, 1)[key] for key in ("now", "last_heard")] == [
        None,
        {"store": "s1", "time": "2026-05-28T22:58:20.000Z"},
    ]


def test_programs_read_an_object_in_utc() -> None:
    found = as_object(HEADING, HISTORY, 2)
    assert (found["fan"], found["asked"], found["as_of"], found["as_known_on"]) == ("f-1", "f-2", "2026-05-28T20:26:40.000Z", None)
    assert found["now"] == {"store": "s1", "zone": "shelf", "since": "2026-05-28T22:56:40.000Z", "heard": "2026-05-28T22:58:20.000Z"}
    assert found["visits_total"] == 3
    assert [(visit["open"], visit["end"]) for visit in found["visits"]] == [(True, None), (False, "2026-05-28T20:28:20.000Z")]
    (purchase,) = found["purchases"]
    assert (purchase["amount"], purchase["staff_id"], purchase["visits_before"]) == (1299.5, "ann", 2)
    assert purchase["visits"][0]["zones"] == [{"zone": "shelf", "start": "2026-05-28T17:56:40.000Z", "seconds": 65.0, "open": False}]
