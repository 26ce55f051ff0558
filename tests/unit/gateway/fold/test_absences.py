"""Entries: somebody who was away for minutes within a visit came in again. Several devices, late rows and any order count alike."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from footfall.frames import Kind
from gateway.fold.absences import Absences, absences_between, from_text, heard_spans, to_text
from gateway.fold.fold import Fold
from gateway.fold.tables.hash_index import NO_CODE
from tests.support.journal_stories import REENTRY_S, Row, Story, new_fold, pairs
from tests.support.memory_fold_store import MemoryStore
from tests.support.shop_stories import IDLE_S, Shop, left, seen
from tests.support.shop_stories import REENTRY_S as AWAY_S


def entries(shop: Shop) -> list[int]:
    """Of the visits that stand."""
    return [visit.entries for visit in shop.standing()]


def test_who_comes_back_within_the_idle_timeout_is_one_visit_of_two_entries() -> None:
    shop = Shop().hear(seen("ann", "a", 0), left("ann", "a", 20), seen("ann", "a", 200), seen("ann", "a", 230)).close()
    assert entries(shop) == [2]


def test_silence_as_long_as_the_least_absence_is_none_and_longer_is_one() -> None:
    assert entries(Shop().hear(seen("ann", "a", 0), seen("ann", "a", AWAY_S)).close()) == [1]
    assert entries(Shop().hear(seen("ann", "a", 0), seen("ann", "a", AWAY_S + 1), seen("ann", "a", AWAY_S + 9)).close()) == [2]


def test_the_next_visit_counts_its_entries_from_one() -> None:
    back_s = 100 + IDLE_S + 50
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 100), seen("ann", "a", back_s), seen("ann", "a", back_s + 5)).close()
    assert entries(shop) == [2, 1]


def test_minutes_in_front_of_the_shop_are_an_absence() -> None:
    rows = [seen("ann", "a", 0), *(seen("ann", "street", 20.0 + 10 * n) for n in range(10)), seen("ann", "a", 140), seen("ann", "a", 150)]
    assert entries(Shop().hear(*rows).close()) == [2]


def test_an_open_visit_is_stored_with_one_entry() -> None:
    assert entries(Shop().hear(seen("ann", "a", 0), seen("ann", "a", 200), seen("ann", "a", 210))) == [1]


def test_late_rows_end_an_absence_or_split_it() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 200), seen("ann", "a", 210))
    assert entries(shop.late(seen("ann", "a", 20, agent="y")).close()) == [2]
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 120), seen("ann", "a", 130))
    assert entries(shop.late(seen("ann", "a", 60, agent="y")).close()) == [1]
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 200), seen("ann", "a", 210))
    assert entries(shop.late(seen("ann", "a", 100, agent="y")).close()) == [3]


def test_late_rows_of_a_visit_that_is_closed_count_too() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 120), seen("ann", "a", 130)).wait(IDLE_S + 60)
    assert entries(shop) == [2]
    assert entries(shop.late(seen("ann", "a", 60, agent="y")).wait(60)) == [1]


def test_late_rows_before_the_begin_of_a_visit_may_be_an_entry_of_their_own() -> None:
    shop = Shop().hear(seen("ben", "a", 0), seen("ann", "a", 200), seen("ann", "a", 230))
    shop.late(seen("ann", "a", 10, agent="y")).close()
    assert [visit.entries for visit in shop.standing() if visit.who == "ann"] == [2]


def test_an_absence_of_one_device_is_none_while_the_fan_s_other_one_is_heard() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1")
    rows = [seen("ann", "a", 0), *(seen("ben", "a", 10.0 + 20 * n) for n in range(10)), seen("ann", "a", 195), seen("ann", "a", 200)]
    assert entries(shop.hear(*rows).close()) == [1]


def test_an_absence_of_both_devices_is_one_for_both() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1")
    rows = [seen("ann", "a", 0), seen("ben", "a", 20), seen("ann", "a", 150), seen("ben", "a", 155), seen("ann", "a", 160)]
    assert entries(shop.hear(*rows).close()) == [2]


def test_links_that_come_after_the_visits_were_closed_count_their_entries_together() -> None:
    rows = [
        seen("ann", "a", 0),
        seen("ann", "a", 100),
        seen("ben", "a", 50),
        seen("ben", "a", 200),
        seen("ann", "a", 205),
        seen("ben", "a", 210),
    ]
    shop = Shop().hear(*rows).close()
    assert sorted(entries(shop)) == [2, 3]
    assert entries(shop.link("ann", "fan-1").link("ben", "fan-1").close()) == [2]


def test_the_store_keeps_what_a_closed_visit_was_away() -> None:
    kept = MemoryStore()
    Shop(kept).hear(seen("ann", "a", 0), seen("ann", "a", 200), seen("ann", "a", 210)).close()
    (row,) = kept.visits_of(f"{5:016x}")
    assert [to_ns - from_ns for from_ns, to_ns in from_text(row.absences)] == [200 * 10**9]


def absent(times_s: list[int], order: random.Random) -> tuple[tuple[int, int], ...]:
    """What is kept of one track after evidence at these times in some order."""
    fold = one_track()
    s, slot, absences = fold.state.tracks, 0, Absences(fold.state)
    first, *rest = order.sample(times_s, len(times_s))
    s.v_start_ns[slot] = s.v_last_ns[slot] = first * 10**9
    for time_ns in [time_s * 10**9 for time_s in rest]:
        if time_ns > s.v_last_ns[slot]:
            absences.extend(slot, time_ns)
            s.v_last_ns[slot] = time_ns
        elif time_ns < s.v_start_ns[slot]:
            absences.earlier(slot, time_ns)
            s.v_start_ns[slot] = time_ns
        else:
            absences.fill(slot, time_ns)
    return absences.of(slot)


def one_track() -> Fold:
    fold = new_fold(MemoryStore())
    fold.apply(pairs(Story().frame(0, [Row(Kind.ENTER, 5, 0)]).wait(2).tick().records))
    assert fold.state.tracks.store[0] != NO_CODE
    return fold


@given(st.lists(st.integers(0, 1500), min_size=1, max_size=12, unique=True), st.randoms(use_true_random=False))
def test_absences_follow_from_the_evidence_whatever_its_order(times_s: list[int], order: random.Random) -> None:
    least_s = max(REENTRY_S, AWAY_S)
    expected = [(a * 10**9, b * 10**9) for a, b in pairwise(sorted(times_s)) if b - a > least_s]
    assert absent(times_s, order) == tuple(expected)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(sorted).map(tuple), min_size=1, max_size=8), st.integers(1, 20))
def test_entries_are_the_runs_of_what_any_device_was_heard(spans: list[tuple[int, int]], least: int) -> None:
    heard = sorted({second for a, b in spans for second in range(a, b + 1)})
    assert 1 + len(absences_between(spans, least)) == 1 + sum(b - a > least for a, b in pairwise(heard))


def test_a_visit_is_heard_between_its_absences() -> None:
    assert list(heard_spans(0, 90, ((10, 30), (50, 80)))) == [(0, 10), (30, 50), (80, 90)]
    assert from_text(to_text(((10, 30), (50, 80)))) == ((10, 30), (50, 80))
    assert (to_text(()), from_text("")) == ("", ())


def test_who_bought_something_meanwhile_was_not_away() -> None:
    shop = Shop().link("ann", "fan-1").hear(seen("ann", "a", 0)).wait(100)
    shop.touch("transaction", fan="fan-1", amount=20.0).hear(seen("ann", "a", 200), seen("ann", "a", 210)).close()
    assert entries(shop) == [1]
    shop.void("t1")
    assert entries(shop) == [2]
