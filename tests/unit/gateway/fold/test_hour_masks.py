"""Masks of hours: bits that are only ever set, wherever their hour is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.fold.hour_masks import KEEP_HOURS, TABLE, HourMasks, MaskColumn
from tests.support.memory_fold_store import MemoryStore

ALIVE = (MaskColumn.ALIVE,)
WHOLE = (1 << 60) - 1
HOUR = 500_000


def masks_of(hours: HourMasks, first: int, last: int) -> list[int]:
    return [hours.get(0, hour)[MaskColumn.ALIVE] for hour in range(first, last + 1)]


def test_a_span_sets_the_minutes_of_each_hour_that_it_touches() -> None:
    hours = HourMasks(MemoryStore())
    assert hours.set(0, HOUR * 60 + 58, (HOUR + 2) * 60 + 1, ALIVE) == [HOUR, HOUR + 1, HOUR + 2]
    assert masks_of(hours, HOUR, HOUR + 3) == [0b11 << 58, WHOLE, 1, 0]


def test_only_hours_that_change_are_returned() -> None:
    hours = HourMasks(MemoryStore())
    hours.set(0, HOUR * 60, HOUR * 60 + 60, ALIVE)
    assert hours.set(0, HOUR * 60 + 5, (HOUR + 1) * 60 + 5, ALIVE) == [HOUR + 1]
    assert hours.set(0, HOUR * 60 + 5, HOUR * 60 + 6, (MaskColumn.NO_DOORS,)) == [HOUR]


def test_owners_do_not_share_hours() -> None:
    hours = HourMasks(MemoryStore())
    hours.set(0, HOUR * 60, HOUR * 60 + 1, ALIVE)
    assert hours.get(1, HOUR)[: len(MaskColumn)] == [0, 0, 0]


def test_of_a_long_span_only_the_latest_hours_stay_in_memory() -> None:
    kept = MemoryStore()
    hours = HourMasks(kept)
    hours.set(0, HOUR * 60, (HOUR + 24 * 40) * 60, ALIVE)
    hours.retire()
    ((_, in_memory),), _ = hours.dump()
    assert len(in_memory) == KEEP_HOURS + 1
    assert len(kept.cell_minutes(TABLE, 0, 0, (HOUR + 24 * 40) * 60)) == 24 * 40 - len(in_memory)


spans = st.lists(st.tuples(st.integers(0, 600), st.integers(1, 200), st.sampled_from(list(MaskColumn))), max_size=12)


@given(spans, st.lists(st.sampled_from(["stay", "retire", "reload"]), min_size=12, max_size=12))
def test_what_is_kept_in_the_store_and_what_is_in_memory_add_up(wanted: list[tuple[int, int, MaskColumn]], then: list[str]) -> None:
    kept = MemoryStore()
    hours = HourMasks(kept)
    expected: set[tuple[int, MaskColumn]] = set()
    for (first, length, column), step in zip(wanted, then, strict=False):
        hours.set(0, first, first + length, [column])
        expected |= {(minute, column) for minute in range(first, first + length)}
        if step != "stay":
            hours.retire()
        if step == "reload":
            again = HourMasks(kept)
            again.load(hours.dump())
            hours = again
    assert hours.hours(0, 0, 20) == sorted({minute // 60 for minute, _ in expected})
    found = {
        (hour * 60 + bit, column)
        for hour in range(20)
        for column in MaskColumn
        for bit in range(60)
        if hours.get(0, hour)[column] >> bit & 1
    }
    assert found == expected
