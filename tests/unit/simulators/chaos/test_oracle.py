"""The oracle finds a row that is lost, doubled, or not as it was sent."""

from __future__ import annotations

from device_profiles.registry import shipped
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.sources.source import Crossing, Gap, Sighting
from footfall.frames import Body
from gateway.sinks.table import Builder, PointTable
from simulators.chaos.feeds import TILL_DOOR, Counted
from simulators.chaos.oracle import Row, Rows, Verdict, add_counted, add_frames, add_stored, compare
from simulators.chaos.run import lags_s

MS = 1_000_000
OFFSET_NS = 1_795_000_000_000 * MS
COUNTED = [Counted(0, 1_795_000_000_100, 2, 1), Counted(1, 1_795_000_000_107, 1, 0)]


def body() -> Body:
    core = Core("boot", {"r1": "hall"}, shipped(), SubjectKeys(private=b"k" * 32))
    core.tick(Moment(0, 0, True))
    core.hear(Gap(0, 3 * MS, "agent.restart"))
    core.hear(Sighting(5 * MS, "r1", "ibeacon", "u:1:1", -60))
    core.hear(Crossing(6 * MS, "main", 2, 1))
    (made,) = core.tick(Moment(9 * MS, 0, True), flush=True)
    return made


def sent() -> Rows:
    rows = Rows()
    add_frames(rows, [("a1", body())], OFFSET_NS)
    add_counted(rows, "a1", COUNTED)
    return rows


def table(measurement: str, names: tuple[str, ...], *rows: tuple[object, ...]) -> PointTable:
    builder = Builder(measurement, names)
    builder.add(rows)
    return builder.table()


def verdict(doors: list[tuple[object, ...]] | None = None) -> Verdict:
    """Of a database that holds all, with these rows of `door`."""
    made = body()
    subject = f"{int(made.subject[1]):016x}"
    presence = ("agent", "zone", "kind", "subject", "profile", "rssi_dbm", "dwell_s")
    stored = Rows()
    add_stored(
        stored,
        table("presence", presence, (OFFSET_NS + 5 * MS + 1, "a1", "hall", "enter", subject, "ibeacon", -60, 0.0)),
        table("door", ("agent", "door", "in", "out"), *(right() if doors is None else doors)),
        table("gap", ("agent", "reason", "rows"), (OFFSET_NS, "a1", "agent.restart", 0)),
    )
    return compare(sent(), stored, sent())


def right() -> list[tuple[object, ...]]:
    counters = [(OFFSET_NS + 6 * MS + 2, "a1", "main", 2, 0), (OFFSET_NS + 6 * MS + 3, "a1", "main", 0, 1)]
    return [*counters, *((each.time_ms * MS + each.number, "a1", TILL_DOOR, each.entered, each.left) for each in COUNTED)]


def test_all_that_was_sent_is_there() -> None:
    found = verdict()
    assert found.is_right
    assert found.is_still
    assert (found.sent, found.stored) == (6, 6)
    assert max(found.time_errors_ms) < 1


def test_each_missing_row_is_lost() -> None:
    for k in range(4):
        found = verdict([row for i, row in enumerate(right()) if i != k])
        assert (len(found.lost), len(found.doubled)) == (1, 0)


def test_a_row_stored_again_at_another_time_is_doubled() -> None:
    for time_ns, *rest in right():
        found = verdict([*right(), (int(str(time_ns)) + 1000 * MS, *rest)])
        assert (len(found.lost), len(found.doubled)) == (0, 1)


def test_a_row_with_another_count_is_lost_and_doubled() -> None:
    first, *others = right()
    wrong: Row = ("door", "a1", "main", 3, 0, 2)
    found = verdict([(*first[:3], 3, *first[4:]), *others])
    assert len(found.lost) == 1
    assert found.doubled == [wrong]


def test_lag_is_the_time_until_as_much_is_stored_as_had_been_sent() -> None:
    assert lags_s([(0.0, 10, 0), (1.0, 20, 5), (2.0, 30, 20), (5.0, 30, 30)]) == [0.0, 1.0, 2.0, 3.0]


def test_of_two_gaps_that_are_alike_one_lost_does_not_hide_that_the_other_is_doubled() -> None:
    gap, minute_ns = ("gap", "a1", "agent.restart", 0), 60_000 * MS

    def gaps(*at_ns: int) -> Rows:
        rows = Rows()
        for time_ns in at_ns:
            rows.add(gap, time_ns)
        return rows

    told = gaps(0, minute_ns)
    assert compare(told, gaps(30 * MS, minute_ns - 40 * MS), told).is_right
    found = compare(told, gaps(minute_ns, minute_ns + MS), told)
    assert (found.lost, found.doubled) == ([gap], [gap])
    assert compare(told, gaps(0), told).lost == [gap]
    assert compare(told, gaps(0, MS, minute_ns), told).doubled == [gap]
