"""Whatever reports something at the same millisecond, at the same place, through the same agent, has a point of its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from footfall.frames import Kind
from gateway.points import record_key_ns, row_key_ns
from tests.support.journal_stories import Row, Story, folded, of

MS = 1_000_000
numbers = st.one_of(st.integers(0, 2_000_000), st.integers(0, (1 << 63) - 1))


def test_a_count_of_a_till_and_a_crossing_at_the_same_door_and_millisecond_are_two_points() -> None:
    story = Story().frame(0, [Row(Kind.IN, count=1), Row(Kind.IN, count=2), Row(Kind.OUT, count=4)])
    for number in range(3):
        story.event(0, {"kind": "count", "id": f"c{number}", "door": "d", "in": 8})
    doors = of(folded(story.records), "door")
    assert len({door["time_ns"] // MS for door in doors}) == 1
    assert (sum(door["in"] for door in doors), sum(door["out"] for door in doors)) == (27, 4)


def test_a_gap_that_accept_found_and_one_that_the_agent_reports_are_two_points() -> None:
    """The record of the one has the number that the other's row has."""
    told = {"to_boot_ns": 0, "rows": 5, "reason": "silent"}
    story = Story().frame(0, [Row(Kind.GAP, age_s=1.0, extra=tuple(told.items())) for _ in range(4)])  # type: ignore[misc] # numbers as well
    gaps = of(folded(story.gap(0).records), "gap")
    assert sorted(gap["reason"] for gap in gaps) == ["silent"] * 4 + ["spool_full"], gaps


@given(st.integers(946_684_800 * 10**9, 4_102_444_800 * 10**9), numbers, numbers)
def test_a_row_and_a_record_never_share_a_key_and_both_keep_their_millisecond(time_ns: int, row: int, number: int) -> None:
    keys = row_key_ns(time_ns, row), record_key_ns(time_ns, number)
    assert keys[0] < keys[1]
    assert {key // MS for key in keys} == {time_ns // MS}
    assert row_key_ns(time_ns, row) != row_key_ns(time_ns, row + 1)
    assert record_key_ns(time_ns, number) != record_key_ns(time_ns, number + 1)
