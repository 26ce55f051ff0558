"""What the minutes of a day are together: occupancy and drift, and how many of those who came in were staff."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gateway.fold.minute_counts import DRIFT, OCCUPANCY, STAFF_ENTRIES, TRAFFIC, TRAFFIC_COLUMN, Cells
from gateway.fold.settling import OWED_MINUTES, settle
from tests.support.memory_fold_store import MemoryStore
from tests.support.shop_stories import IDLE_S, Shop, seen

STORE, CLOSES = 3, 20 * 60
IN, OUT, IN_STAFF = (TRAFFIC_COLUMN[name] for name in ("in", "out", "in_staff"))


def cells() -> Cells:
    return Cells("traffic", len(TRAFFIC), MemoryStore())


class Days:
    """Days of UTC; the store closes at 20:00."""

    def day(self, store: int, minute: int) -> int:
        return minute // 1440

    def settling_minutes(self, store: int, minute: int) -> tuple[int, ...]:
        begin = minute // 1440 * 1440
        return begin + CLOSES, begin + 1439


def settled(found: Cells, minute: int, over: Sequence[int] = ()) -> None:
    """Settle the day from this minute on; `over` are minutes that have a row since they are over."""
    for each in over:
        found.get(STORE, each)
    settle(found, STORE, minute, Days())


def inside(found: Cells, minutes: Sequence[int]) -> list[tuple[float, float]]:
    """Occupancy and drift."""
    return [(cell[OCCUPANCY], cell[DRIFT]) for cell in (found.get(STORE, minute) for minute in minutes)]


def test_occupancy_runs_from_minute_to_minute() -> None:
    found = cells()
    for minute, entered, left in ((10, 3, 0), (12, 1, 2), (15, 0, 1)):
        found.add(STORE, minute, IN, entered)
        found.add(STORE, minute, OUT, left)
        settled(found, minute)
    assert [found.get(STORE, minute)[OCCUPANCY] for minute in (10, 12, 15)] == [3, 2, 1]


def test_occupancy_never_falls_below_zero_and_drift_has_the_rest() -> None:
    found = cells()
    found.add(STORE, 10, OUT, 4)
    settled(found, 10)
    assert inside(found, [10]) == [(0, 4)]


def test_who_is_left_when_the_store_closes_is_drift() -> None:
    found = cells()
    found.add(STORE, 10, IN, 7)
    found.add(STORE, 20, OUT, 4)
    settled(found, 10)
    settled(found, CLOSES, over=[CLOSES])
    assert inside(found, [10, 20, CLOSES]) == [(7, 0), (3, 0), (0, -3)]


def test_who_leaves_after_the_store_closed_was_no_drift() -> None:
    found = cells()
    found.add(STORE, 10, IN, 7)
    found.add(STORE, CLOSES + 5, OUT, 7)
    settled(found, 10, over=[CLOSES, 1439])
    assert inside(found, [10, CLOSES, CLOSES + 5]) == [(7, 0), (0, -7), (0, 0)]


def test_who_comes_after_the_store_closed_is_settled_with_the_day() -> None:
    found = cells()
    found.add(STORE, CLOSES + 5, IN, 2)
    settled(found, CLOSES + 5, over=[CLOSES, 1439])
    assert inside(found, [CLOSES + 5, 1439]) == [(2, 0), (0, -2)]


def test_a_late_count_corrects_what_was_settled() -> None:
    found = cells()
    found.add(STORE, 10, IN, 7)
    settled(found, 10, over=[CLOSES, 1439])
    found.add(STORE, 30, OUT, 5)
    settled(found, 30, over=[CLOSES, 1439])
    assert inside(found, [30, CLOSES]) == [(2, 0), (0, -2)]


@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 9), st.integers(0, 9)), max_size=30), st.data())
def test_what_came_in_less_what_went_out_is_the_change_of_occupancy_less_that_of_drift(
    crossings: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    """In every span of the day, in whatever order counts come; over the whole day drift is what went out less what came in."""
    found = cells()
    for minute, entered, left in data.draw(st.permutations(crossings)):
        found.add(STORE, minute, IN, entered)
        found.add(STORE, minute, OUT, left)
        settled(found, minute, data.draw(st.sampled_from([[], [CLOSES], [CLOSES, 1439]])))
    settled(found, 0, over=[CLOSES, 1439])
    minutes, raw = found.minutes(STORE, 0, 1439), 0.0
    for minute, (occupancy, drift) in zip(minutes, inside(found, minutes), strict=True):
        raw += found.get(STORE, minute)[IN] - found.get(STORE, minute)[OUT]
        assert occupancy - drift == raw
        assert occupancy >= 0
        assert not occupancy or minute not in (CLOSES, 1439)
    assert inside(found, minutes[-1:]) == [(0, sum(left - entered for _, entered, left in crossings))]


def test_a_late_count_corrects_every_later_minute_of_its_day_and_none_of_the_next() -> None:
    found = cells()
    for minute in (10, 20, 1450):
        found.add(STORE, minute, IN, 1)
        settled(found, minute)
    found.add(STORE, 10, IN, 5)
    settled(found, 10)
    assert [found.get(STORE, minute)[OCCUPANCY] for minute in (10, 20, 1450)] == [6, 7, 1]


# Staff among those whom the doors counted


def staffed(entered: Sequence[tuple[int, int]], staff: Sequence[tuple[int, int]]) -> dict[int, float]:
    """Staff by minute, of people counted by the doors and entries of staff, (minute, how many) each."""
    found = cells()
    for index, counts in ((IN, entered), (STAFF_ENTRIES, staff)):
        for minute, people in counts:
            found.add(STORE, minute, index, people)
            settled(found, minute)
    return {minute: found.get(STORE, minute)[IN_STAFF] for minute in found.minutes(STORE, 0, 1439) if found.get(STORE, minute)[IN_STAFF]}


def test_the_doors_counted_staff_in_the_minute_of_their_entry() -> None:
    assert staffed([(10, 5), (11, 5)], [(10, 2)]) == {10: 2}


def test_a_beacon_may_be_heard_a_minute_after_the_door_was_passed() -> None:
    assert staffed([(10, 1)], [(11, 1)]) == {10: 1}
    assert staffed([(10, 1), (11, 4)], [(11, 1)]) == {10: 1}
    assert staffed([(9, 1)], [(11, 1)]) == {}


def test_a_counter_that_reports_rarely_counts_staff_later_and_none_after_a_quarter_of_an_hour() -> None:
    assert staffed([(10 + OWED_MINUTES, 7)], [(10, 2)]) == {10 + OWED_MINUTES: 2}
    assert staffed([(11 + OWED_MINUTES, 7)], [(10, 2)]) == {}


def test_nobody_is_staff_whom_the_doors_did_not_count() -> None:
    assert staffed([(10, 1), (12, 1)], [(10, 5)]) == {10: 1, 12: 1}


def test_staff_of_yesterday_are_owed_no_more() -> None:
    found = cells()
    found.add(STORE, 1439, STAFF_ENTRIES, 1)
    found.add(STORE, 1441, IN, 1)
    for minute in (1439, 1441):
        settled(found, minute)
    assert found.get(STORE, 1441)[IN_STAFF] == 0


DAY = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 4)), max_size=12)


@given(DAY, DAY, st.randoms(use_true_random=False))
def test_staff_follow_from_the_counts_in_whatever_order_they_come(
    entered: list[tuple[int, int]], staff: list[tuple[int, int]], order: object
) -> None:
    """Never more than the doors counted, nor than came in by their beacons."""
    counts = [(IN, *each) for each in entered] + [(STAFF_ENTRIES, *each) for each in staff]
    order.shuffle(counts)  # type: ignore[attr-defined] # a random.Random of hypothesis
    found, at_once = cells(), cells()
    for index, minute, people in counts:
        found.add(STORE, minute, index, people)
        settled(found, minute)
    for index, minute, people in counts:
        at_once.add(STORE, minute, index, people)
    settled(at_once, 0)
    minutes = found.minutes(STORE, 0, 1439)
    assert [found.get(STORE, minute) for minute in minutes] == [at_once.get(STORE, minute) for minute in minutes]
    assert all(0 <= found.get(STORE, minute)[IN_STAFF] <= found.get(STORE, minute)[IN] for minute in minutes)
    assert sum(found.get(STORE, minute)[IN_STAFF] for minute in minutes) <= sum(people for _, people in staff)


def test_each_entry_of_staff_counts_and_so_those_after_a_break() -> None:
    shop = Shop().hear(seen("clerk", "a", 0), seen("clerk", "a", 40), seen("clerk", "a", 200), seen("clerk", "a", 230)).close()
    assert (shop.minute(0), shop.minute(180)) == ({"staff_entries": 1}, {"staff_entries": 1})


def test_late_rows_take_an_entry_of_staff_back() -> None:
    shop = Shop().hear(seen("clerk", "a", 0), seen("clerk", "a", 120), seen("clerk", "a", 130))
    assert shop.total("staff_entries") == 2
    shop.late(seen("clerk", "a", 60, agent="y")).wait(IDLE_S + 60)
    assert shop.total("staff_entries") == 1


def test_a_late_beginning_moves_the_entry_of_staff() -> None:
    shop = Shop().hear(seen("clerk", "a", 100), seen("clerk", "a", 130), seen("ben", "a", 140)).late(seen("clerk", "a", 50, agent="y"))
    assert (shop.close().minute(0), shop.total("staff_entries")) == ({"staff_entries": 1}, 1)
