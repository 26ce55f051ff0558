"""Points as they were: what became known later is taken back, and nothing of later is there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from footfall.errors import ConfigError
from gateway.points.revision import series_of, tags_of
from gateway.query.answer import Request
from gateway.query.as_of_reader import AsOfReader
from gateway.query.estate import QueryEstate
from gateway.query.questions import ask
from gateway.sinks.cells import Aggregate
from tests.support.memory_reader import MemoryReader
from tests.support.query_rows import HOUR_NS, MINUTE_NS, SATURDAY, minute, totals

LEARNED = SATURDAY + 5 * HOUR_NS
"""When the second version of the first minute became known."""
TOUCH_NS = SATURDAY + 7


def revision(of: str, series: str, point_ns: int, was: list[Any] | None, learned_ns: int = LEARNED) -> tuple[Any, ...]:
    return (learned_ns, of, series, "s1", point_ns, json.dumps(was) if was is not None else "")


def zone(at: int, name: str, entries: int) -> tuple[Any, ...]:
    return (SATURDAY + at * MINUTE_NS, "s1", name, entries, 0, 0, 0, 0.0, 0, 0, 0.0)


def touch(channel: str, fan: str, void: bool) -> tuple[Any, ...]:
    return (TOUCH_NS, "a1", channel, "s1", "scan", "hall", "", fan, "", "", "", "", "", "", 0.0, void, "", "", "", "")


READER = MemoryReader({
    "traffic": [minute(0, in_=5), minute(1, in_=2), minute(400, in_=9)],
    "zone_traffic": [zone(0, "a", 3), zone(0, "b", 4)],
    "touch": [touch("web/app", "f1", True)],
    "store": [(0, "s1", "T", "", "own", "UTC", "04:00", "", "", "[]", "", "", "s1", False)],
    "revision": [
        revision("traffic", "", SATURDAY, list(minute(0, in_=1)[2:])),
        revision("traffic", "", SATURDAY, list(minute(0, in_=3)[2:]), LEARNED + HOUR_NS),
        revision("traffic", "", SATURDAY + MINUTE_NS, None),
        revision("zone_traffic", "b", SATURDAY, [1, 0, 0, 0, 0.0, 0]),
        revision("touch", series_of(["a1", "web/app", "scan", "hall"]), TOUCH_NS, list(touch("", "", False)[6:])),
    ],
})  # fmt: skip


def people(as_of_ns: int) -> list[int]:
    return AsOfReader(READER, as_of_ns).rows("traffic", columns=("in",)).values("in")


def test_a_point_has_the_fields_of_its_first_revision_after_the_time() -> None:
    assert people(LEARNED) == [1]
    assert people(LEARNED + 1) == [3, 2]
    assert people(LEARNED + 2 * HOUR_NS) == [5, 2, 9]


def test_points_of_later_are_not_there() -> None:
    reader = AsOfReader(READER, SATURDAY + 10 * HOUR_NS)
    assert reader.span("traffic") == (SATURDAY, SATURDAY + 400 * MINUTE_NS)
    assert AsOfReader(READER, LEARNED).span("traffic") == (SATURDAY, LEARNED - 1)
    assert AsOfReader(READER, SATURDAY).span("traffic") is None


def test_only_the_series_that_changed_is_taken_back() -> None:
    reader = AsOfReader(READER, LEARNED)
    assert sorted(zip(*[reader.rows("zone_traffic").values(name) for name in ("zone", "entries")], strict=True)) == [("a", 3), ("b", 1)]
    assert reader.rows("zone_traffic", zone="b").values("entries") == [1]
    assert reader.rows("zone_traffic", zone="a").values("entries") == [3]
    assert reader.rows("zone_traffic", "s2").values("entries") == []


def test_cells_of_a_store_that_did_not_change_stand_beside_those_of_one_that_did() -> None:
    time_ns, _, *fields = minute(0, in_=7)
    late = revision("traffic", "", SATURDAY, list(minute(0, in_=1)[2:]))
    reader = AsOfReader(MemoryReader({"traffic": [minute(0, in_=5), (time_ns, "s2", *fields)], "revision": [late]}), LEARNED)
    found = reader.cells("traffic", [Aggregate("in", "sum", "in")], SATURDAY, SATURDAY + HOUR_NS, HOUR_NS, ("store",), ["s1", "s2"])
    assert dict(zip(found.keys["store"].texts(), found.values["in"].tolist(), strict=True)) == {"s1": 1, "s2": 7}


def test_what_was_taken_back_later_is_there() -> None:
    reader = AsOfReader(READER, LEARNED)
    assert [reader.rows("touch").values(name) for name in ("channel", "fan", "void")] == [["web/app"], [""], [False]]
    assert AsOfReader(READER, LEARNED + 1).rows("touch").values("fan") == []


def test_measurements_without_revisions_are_refused_but_for_the_table_of_stores() -> None:
    reader = AsOfReader(READER, LEARNED)
    assert reader.rows("store").values("title") == ["T"]
    with pytest.raises(ConfigError, match="no earlier versions of dwell; it has those of traffic"):
        reader.rows("dwell")


def test_any_tags_are_one_text_and_back() -> None:
    for tags in (["a/b", "", "ä %2F"], ["x"], []):
        assert tags_of(series_of(tags)) == tags


def test_measures_of_what_has_no_earlier_versions_are_left_out_or_refused_by_name() -> None:
    request = Request("traffic", from_="2026-10-23T22:00Z", as_of="2026-10-24T03:00Z")
    answer = ask(READER, request, QueryEstate(), SATURDAY + 48 * HOUR_NS)
    assert {"in", "conversion"} <= set(answer.columns)
    assert not {"visits", "anonymous_visits"} & set(answer.columns)
    with pytest.raises(
        ConfigError, match=r"as_of: anonymous_visits: counted from visit, of which .* keeps no earlier versions; it is for in, out"
    ):
        ask(READER, replace(request, measures=("in", "anonymous_visits")), QueryEstate(), SATURDAY + 48 * HOUR_NS)


def test_an_answer_as_of_a_time_is_the_one_of_then_with_a_note() -> None:
    request = Request("traffic", from_="2026-10-23T22:00Z", measures=("in",), as_of="2026-10-24T03:00Z")
    answer = ask(READER, request, QueryEstate(), SATURDAY + 48 * HOUR_NS)
    assert totals(answer)["in"] == 1
    assert answer.notes[0].startswith("as of 2026-10-24T03:00+00:00: what became known later is left out")
