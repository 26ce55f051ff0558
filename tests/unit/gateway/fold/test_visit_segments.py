"""Segments of visits: what each track of a person's evidence makes, and which of them stand for one visit."""

from __future__ import annotations

from gateway.fold.visit_rows import TrafficContribution
from gateway.fold.visit_segments import opened_ns
from tests.support.memory_fold_store import MemoryStore
from tests.support.shop_stories import IDLE_S, Shop, seen


def test_a_closed_segment_is_in_the_store_with_what_it_contributes() -> None:
    kept = MemoryStore()
    shop = Shop(kept).hear(seen("ann", "a", 0), seen("ann", "a", 130)).close()
    (row,) = kept.visits_of(f"{5:016x}")
    assert (row.last_ns - row.start_ns, row.open, row.grouped, row.fan) == (130 * 10**9, 0, 0, "")
    first = row.start_ns // (60 * 10**9)
    assert row.counted == TrafficContribution(first, first + 2, known=False, closed=True, seconds=130.0).to_json()
    assert shop.total("dwell_sum_s") == 130


def test_an_open_segment_is_not_in_the_store_yet() -> None:
    kept = MemoryStore()
    assert Shop(kept).hear(seen("ann", "a", 0)).wait(10).visits()[0].is_open
    assert kept.visits_of(f"{5:016x}") == []


def test_of_joined_segments_the_earliest_alone_contributes() -> None:
    kept = MemoryStore()
    shop = Shop(kept).link("ann", "fan-1").link("ben", "fan-1").hear(seen("ann", "a", 0), seen("ben", "a", 20)).close()
    (first,), (second,) = kept.visits_of(f"{5:016x}"), kept.visits_of(f"{7:016x}")
    assert (first.grouped, second.grouped) == (1, 1)
    assert first.counted
    assert not second.counted
    assert shop.total("visits_started") == 1


def test_segments_are_joined_through_one_that_lies_between() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1")
    shop.hear(seen("ann", "a", 0), seen("ben", "a", IDLE_S - 50), seen("ann", "a", 2 * IDLE_S - 100)).close()
    assert [(visit.begin_s, visit.seconds) for visit in shop.standing()] == [(0, 2 * IDLE_S - 100)]


def test_a_link_that_ends_before_the_second_segment_leaves_it_alone() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1", to_s=10)
    shop.hear(seen("ann", "a", 0), seen("ben", "a", 20)).close()
    assert [(visit.who, visit.fan) for visit in shop.standing()] == [("ann", "fan-1"), ("ben", "")]


def test_a_more_confident_link_parts_what_was_joined_and_takes_its_minutes_back() -> None:
    shop = Shop().link("ann", "fan-1", confidence=0.5).link("ben", "fan-1", confidence=0.5)
    shop.hear(seen("ann", "a", 0), seen("ben", "a", 20)).close()
    assert shop.total("visits_started") == 1
    shop.link("ben", "fan-2", confidence=0.9)
    assert [(visit.who, visit.fan) for visit in shop.standing()] == [("ann", "fan-1"), ("ben", "fan-2")]
    assert (shop.total("visits_started"), shop.total("visits_closed")) == (2, 2)


def test_whose_visit_it_is_is_asked_as_of_the_millisecond_of_its_opening_event() -> None:
    assert opened_ns(12_345_678_901) == 12_345_000_000
