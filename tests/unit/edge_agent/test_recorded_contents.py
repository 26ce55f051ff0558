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
        "door side: 1 counts, 7 people in, 0 out",
        "the first: door main, from 1970-01-01 08:00+08:00 for 3,600 s: 1000 in, 0 out, id main/0",
        "1 counts have no id: only the very same files can be sent again",
        "receiver r1: 1 sightings",
    ]
    for n in range(5):
        contents.add(RefusedReading(0, "csv.line", f"a.csv:{n}", why=f"time.format: '{n}' is none"))
    contents.add(RefusedReading(0, "csv.line", "a.csv:9"))
    assert contents.refused == 6
    assert list(contents.refused_lines()) == [
        "5 refused lines, look at time.format:",
        *(f"  a.csv:{n}: '{n}' is none" for n in range(EXAMPLES)),
        "1 refused lines, look at csv.line:",
        "  a.csv:9: csv.line",
    ]
