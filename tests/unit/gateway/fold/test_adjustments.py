"""Adjustments of doors: none takes back more people than the store's day has, in whichever order all of it comes."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.fold.adjustments import without_negatives
from gateway.records import Record, RecordKind
from gateway.site.recorded import record_site
from gateway.state.ledger import Ledger
from tests.support.journal_stories import T0, Story, new_fold, of, pairs, site_of, store
from tests.support.memory_fold_store import MemoryStore

WHY = {"reason": "a class", "actor": "kim"}
COUNT = {"kind": "count", "id": "c1", "door": "d", "in": 50, "out": 10}
MORE = COUNT | {"id": "c2", "in": 20}


def adjustment(number: int, **people: int) -> dict[str, Any]:
    return WHY | {"kind": "adjustment", "id": f"j{number}", "door": "d", **people}


def void(of_: str) -> dict[str, Any]:
    return WHY | {"kind": "void", "id": f"v-{of_}", "of": of_}


def records_of(*events: dict[str, Any]) -> list[Record]:
    story = Story()
    for event in events:
        story.wait(1).event(0, event)
    return story.records


def outcome(records: list[Record], kept: Any = None) -> tuple[int, int, dict[str, tuple[int, int]], int]:
    """Return who came in and went out by minutes and by door points, and how many corrections wait."""
    kept = kept or MemoryStore()
    head, *told = records
    last = max(record.received_ns for record in records)
    told = [record._replace(received_ns=last + n * 10**9) for n, record in enumerate(told, 1)]
    ends = [told[-1]._replace(kind=RecordKind.TICK, body=b"", received_ns=told[-1].received_ns + n * 10**10) for n in (1, 2)]
    told = [record._replace(pos=pos) for pos, record in enumerate([head, *told, *ends], 1)]
    rows: dict[Any, Any] = {}
    fold = new_fold(kept)
    rows = store(fold.apply(pairs(told)), rows)
    minutes = of(rows, "traffic")
    doors = {str(row["time_ns"]): (row["in"], row["out"]) for row in of(rows, "door")}
    return sum(row["in"] for row in minutes), sum(row["out"] for row in minutes), doors, len(kept.waiting_corrections())


def minutes_of(*events: tuple[float, dict[str, Any]]) -> list[tuple[int, int, int]]:
    """Return who came in, went out and was inside in each minute that has a row, of events and the seconds before each."""
    story = Story().frame(0, [])
    for wait_s, event in events:
        story.wait(wait_s).event(0, event)
    rows: dict[Any, Any] = store(new_fold().apply(pairs(story.wait(2).tick().records)), {})
    return [(row["in"], row["out"], row["occupancy"]) for row in sorted(of(rows, "traffic"), key=lambda row: row["time_ns"])]


def in_every_order(*events: dict[str, Any]) -> tuple[int, int, dict[str, tuple[int, int]], int]:
    head, *told = records_of(*events)
    first, *others = [outcome([head, *order]) for order in permutations(told)]
    assert all(other == first for other in others)
    return first


def test_what_takes_back_more_than_the_day_has_is_not_counted_and_waits() -> None:
    entered, left, doors, waiting = in_every_order(COUNT, adjustment(1, **{"in": -400}))
    assert (entered, left, waiting) == (50, 10, 1)
    assert sorted(doors.values()) == [(0, 0), (50, 10)]


def test_what_the_day_bears_is_counted_also_if_it_came_first() -> None:
    assert in_every_order(COUNT, adjustment(1, **{"in": -50, "out": -10}))[:2] == (0, 0)
    assert in_every_order(COUNT, adjustment(1, **{"in": -60}), MORE)[::3] == (10, 0)


def test_it_waits_as_a_whole_if_only_one_way_is_too_much() -> None:
    assert in_every_order(COUNT, adjustment(1, **{"in": -5, "out": -11}))[:2] == (50, 10)


def test_of_several_the_earlier_ones_by_their_own_times_are_borne_and_people_who_are_added_count_first() -> None:
    assert in_every_order(COUNT, adjustment(1, **{"in": -40}), adjustment(2, **{"in": -40}))[::3] == (10, 1)
    assert in_every_order(COUNT, adjustment(1, **{"in": -60}), adjustment(2, **{"in": 15}))[::3] == (5, 0)


def test_what_was_taken_back_bears_nothing_and_waits_no_longer() -> None:
    assert in_every_order(COUNT, void("c1"), adjustment(1, **{"in": -40}))[::3] == (0, 1)
    assert in_every_order(COUNT, adjustment(1, **{"in": -400}), void("j1"))[::3] == (50, 0)


@pytest.mark.parametrize("kind", ["ledger", "memory"])
def test_one_that_waits_is_known_to_a_fold_that_begins_anew(kind: str) -> None:
    kept = Ledger(":memory:") if kind == "ledger" else MemoryStore()
    outcome(records_of(adjustment(1, **{"in": -40})), kept)
    (row,) = kept.adjustments()
    assert (row.kind, row.waits) == ("adjustment", 1)
    assert list(new_fold(kept).state.waiting_adjustments.values()) == ["s1/d"]
    kept.save_corrections([row._replace(waits=0)])
    assert not new_fold(kept).state.waiting_adjustments


def test_no_minute_is_below_zero_what_one_lacks_is_taken_off_those_before_it_and_then_off_those_after_it() -> None:
    first, second, third = (60, COUNT), (60, COUNT | {"id": "c2", "in": 5, "out": 0}), (60, COUNT | {"id": "c3", "in": 7, "out": 1})
    assert minutes_of(first, second, (60, adjustment(1, **{"in": -12})), third) == [(43, 10, 33), (0, 0, 33), (0, 0, 33), (7, 1, 39)]
    assert minutes_of(first, second, (60, adjustment(1, **{"in": -60})), third) == [(0, 10, 0), (0, 0, 0), (0, 0, 0), (2, 1, 1)]
    late = minutes_of(first, (120, adjustment(1, **{"in": -50})), third, (1, adjustment(2, **{"in": -1, "out": -10})))
    assert late == [(0, 1, 0), (0, 0, 0), (6, 0, 6)]


def test_minutes_have_their_own_counts_again_once_the_adjustment_is_taken_back() -> None:
    adjusted = [(60, COUNT), (60, adjustment(1, **{"in": -12})), (60, MORE)]
    assert minutes_of(*adjusted, (1, void("j1"))) == [(50, 10, 40), (0, 0, 40), (20, 10, 50)]
    assert minutes_of(*adjusted, (1, void("c1"))) == [(0, 0, 0), (0, 0, 0), (8, 10, 0)]


def test_the_sum_of_minutes_is_kept() -> None:
    assert without_negatives([3, 2, -4, 5]) == [1, 0, 0, 5]
    assert without_negatives([1, -3, 5]) == [0, 0, 3]
    assert without_negatives([1, -3]) == [0, -2]
    assert without_negatives([]) == []


@pytest.mark.parametrize(("event", "people"), [(MORE | {"in": 1, "out": 0}, [10, 1]), (void("c1"), [])])
def test_people_moved_across_what_becomes_the_begin_of_a_day_come_back(event: dict[str, Any], people: list[int]) -> None:
    """Four of ten are taken back in a later minute; then days begin between the two, so that minute has nobody to take back."""
    site = site_of().model_dump(mode="json", by_alias=True, exclude_defaults=True)
    site["stores"][0]["day_start"] = "04:40"
    story = Story().frame(0, []).wait(60).event(0, COUNT | {"in": 10, "out": 0})
    story.wait(940).event(0, adjustment(1, **{"in": -4})).wait(2).tick()
    fold = new_fold()
    rows: dict[Any, Any] = store(fold.apply(pairs(story.records)), {})
    taken = len(story.records)

    def counted() -> list[int]:
        return [row["in"] for row in sorted(of(rows, "traffic"), key=lambda row: row["time_ns"]) if row["in"]]

    assert counted() == [6]
    story.add(RecordKind.SITE, record_site(type(site_of()).model_validate(site)))
    story.wait(600).event(0, event).wait(2).tick()
    store(fold.apply(pairs(story.records[taken:])), rows)
    assert counted() == people


@settings(max_examples=8)
@given(st.lists(st.tuples(st.integers(0, 10), st.integers(-8, 0)), min_size=2, max_size=3))
@example([(10, -4), (10, -4)])
@example([(10, -4), (10, -4), (10, -4)])
@example([(10, -4), (0, 2), (10, -12), (3, -2)])
@example([(5, 0), (5, -2), (5, 0)])
def test_days_that_begin_at_other_times_later_have_what_those_have_that_began_so_at_once(days: list[tuple[int, int]]) -> None:
    """Each day has a count and, over what begins days later, an adjustment: what adjoining days lend each other may cancel out."""
    site = site_of().model_dump(mode="json", by_alias=True, exclude_defaults=True)
    del site["stores"][0]["opens"], site["stores"][0]["closes"]
    before = record_site(type(site_of()).model_validate(site))
    site["stores"][0]["day_start"] = "04:40"
    changed = record_site(type(site_of()).model_validate(site))

    def rows_of(first: bytes, then: bytes) -> dict[int, tuple[int, ...]]:
        story = Story().add(RecordKind.SITE, first).frame(0, [])
        for day, (people, more) in enumerate(days):
            story.wait(60).event(0, COUNT | {"id": f"c{day}", "in": people, "out": 0}).wait(940)
            story = story.event(0, adjustment(day, **{"in": more})) if more else story
            story.wait(2).tick().wait(86400 - 1002)
        story.tick().add(RecordKind.SITE, then)
        rows: dict[Any, Any] = store(new_fold().apply(pairs(story.wait(2).tick().wait(120).tick().records)), {})
        return {row["time_ns"]: (row["in"], row["out"], row["occupancy"], row["drift"]) for row in of(rows, "traffic")}

    def changes_in(rows: dict[int, tuple[int, ...]], begin_ns: int) -> list[tuple[int, tuple[int, ...]]]:
        """Return the rows of a day but those in which nobody comes or goes and all stays as it was: where days ended before."""
        of_day = [(each, row) for each, row in sorted(rows.items()) if begin_ns <= each < begin_ns + NS_PER_DAY]
        before = [(0, 0), *(row[2:] for _, row in of_day)]
        return [(each, row) for (each, row), was in zip(of_day, before, strict=False) if row != (0, 0, *was)]

    once, later, unchanged = rows_of(changed, changed), rows_of(before, changed), rows_of(before, before)
    assert {each: row[:2] for each, row in once.items() if row[0]} == {each: row[:2] for each, row in later.items() if row[0]}
    day_0_ns = T0 // NS_PER_DAY * NS_PER_DAY + 20 * NS_PER_HOUR + 40 * NS_PER_MINUTE
    settled = {day for day, (_, more) in enumerate(days) if more}
    settled |= {(each - day_0_ns) // NS_PER_DAY for each, row in unchanged.items() if row[:2] != later[each][:2]}
    for day in settled | {day + 1 for day in settled}:
        begin_ns = day_0_ns + day * NS_PER_DAY
        assert changes_in(once, begin_ns) == changes_in(later, begin_ns), f"day {day}, which is settled anew"
