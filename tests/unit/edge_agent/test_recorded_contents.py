"""What a recording contains, as a dry run shows it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from edge_agent.recorded_contents import EXAMPLES, Contents
from edge_agent.sources.source import AliveUntil, Crossing, RefusedReading, Sighting

S = 1_000_000_000


def test_counts_are_added_up_by_door_and_refused_lines_by_reason() -> None:
    contents = Contents(ZoneInfo("Asia/Shanghai"))
    assert contents.is_empty
    for n in range(3):
        contents.add(Crossing(0, "main", 1000, n, t_wall_ns=n * 3600 * S, event_id=f"main/{n}", seconds=3600))
    contents.add(Crossing(0, "side", 7, 0, t_wall_ns=60 * S))
    contents.add(Sighting(0, "r1", "ble-tag", "x", -60, 30 * S))
    contents.add(AliveUntil(0, 9999 * 3600 * S))
    assert not contents.is_empty
    assert list(contents.lines()) == [
        "from 1970-01-01 08:00+08:00 to 1970-01-01 10:00+08:00",
        "door main: 3 counts, 3,000 people in, 3 out",
        "door side: 1 count, 7 people in, 0 out",
        "the first: door main, from 1970-01-01 08:00+08:00 for 3,600 s: 1000 in, 0 out, id main/0",
        "1 count has no id: only the very same files can be sent again",
        "receiver r1: 1 sighting",
    ]
    for n in range(5):
        contents.add(RefusedReading(0, "csv.line", f"a.csv:{n}", why=f"time.format: '{n}' is none"))
    contents.add(RefusedReading(0, "csv.line", "a.csv:9"))
    assert contents.refused == 6
    assert list(contents.refused_lines()) == [
        "5 refused lines, look at time.format:",
        *(f"  a.csv:{n}: '{n}' is none" for n in range(EXAMPLES)),
        "1 refused line, look at csv.line:",
        "  a.csv:9: csv.line",
    ]


def test_an_interval_that_the_rows_contradict_is_named() -> None:
    def doubts(seconds: int, *hours: int) -> list[str]:
        contents = Contents(ZoneInfo("UTC"))
        for hour in hours:
            for door in ("main", "side"):
                contents.add(Crossing(0, door, 1, 1, t_wall_ns=(1000 + hour) * 3600 * S, seconds=seconds))
        return list(contents.doubts())

    assert doubts(86_400, 0, 1) == [
        f"door {door}: rows are 3,600 s apart, and `interval_s` is 86,400: is it right?" for door in ("main", "side")
    ]
    assert doubts(900, 0, 1, 2, 3)[0] == "door main: rows are 3,600 s apart, and `interval_s` is 900: is it right?"
    assert doubts(900, 0, 24) == [], "two days show nothing"
    assert doubts(3600, 0, 1, 14, 15, 38) == [], "a store closes"
    assert doubts(0, 0, 1, 2, 3) == [], "none is stated"


def test_days_on_which_people_passed_one_way_alone_are_doubtful_of_a_door_that_they_pass_both_ways() -> None:
    def found(*days: tuple[int, int]) -> tuple[list[str], float]:
        contents = Contents(ZoneInfo("UTC"))
        for day, (entered, left) in enumerate(days):
            contents.add(Crossing(0, "main", entered, left, t_wall_ns=day * 86_400 * S))
        return list(contents.doubts()), contents.one_way_share

    doubt = "door main: people passed one way alone on 2 of 5 days, the first 1970-01-03, the last 1970-01-04"
    (text,), share = found((90, 80), (70, 70), (9, 0), (60, 0), (9, 0))
    assert (text.startswith(doubt), share) == (True, 0.4)
    assert found((90, 80), (4, 0), (80, 80)) == ([], 0.0), "a few may stay until the next day"
    assert found((90, 0), (80, 1), (70, 0), (80, 1)) == ([], 0.0), "a way in"
