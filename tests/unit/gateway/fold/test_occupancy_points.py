"""Reports of how many people are in a zone: stored as they are, and nobody is counted by them."""

from __future__ import annotations

from typing import Any

from tests.support.journal_stories import Story, folded, of

REPORT: dict[str, Any] = {"kind": "occupancy", "zone": "a", "sensor": "camera", "people": 3}


def stored(*reports: dict[str, Any]) -> list[tuple[Any, ...]]:
    story = Story()
    for report in reports:
        story.event(0, report).wait(1)
    rows = sorted(of(folded(story.records), "occupancy"), key=lambda row: row["time_ns"])
    return [(row["zone"], row["sensor"], row["people"], row["counted"]) for row in rows]


def test_each_report_is_a_point() -> None:
    assert stored(REPORT, REPORT, {**REPORT, "people": 0}) == [("a", "camera", 3, True)] * 2 + [("a", "camera", 0, True)]


def test_a_sensor_that_does_not_count_reports_one_or_nobody() -> None:
    seen = {"kind": "occupancy", "occupied": True}
    assert stored(seen, {**seen, "occupied": False}) == [("", "", 1, False), ("", "", 0, False)]


def test_nobody_is_counted_by_it() -> None:
    rows = folded(Story().event(0, REPORT).wait(100).tick().records)
    assert [row for row in of(rows, "traffic") if row["in"] or row["out"] or row["occupancy"]] == []
    assert of(rows, "door") == of(rows, "zone_traffic") == []


def test_a_report_that_comes_late_leaves_a_revision() -> None:
    early = {**REPORT, "time": "2001-01-01T00:00:00Z", "history": True}
    rows = folded(Story().event(0, early).records)
    assert [row["of"] for row in of(rows, "revision")] == ["occupancy"]
