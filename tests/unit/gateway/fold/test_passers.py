"""Passers-by: who is never as loud as inside has no visit and no dwell, and is counted apart; late rows may show otherwise."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.frames import Kind
from gateway.fold.store import is_visit
from gateway.fold.visits import RETIRE_NS
from tests.support import journal_stories as made
from tests.support.journal_stories import ENTRANCE_DBM, Row, S, Story, folded, of
from tests.support.memory_fold_store import MemoryStore
from tests.support.shop_stories import IDLE_S, Seen, Shop, seen
from tests.support.whole import examples

LOUD, FAINT = round(ENTRANCE_DBM), round(ENTRANCE_DBM) - 1
GONE_S = IDLE_S + RETIRE_NS / S + 120


def shop(kept: MemoryStore | None = None) -> Shop:
    return Shop(kept, variant=7)


def test_who_is_never_as_loud_as_inside_passes_by() -> None:
    heard = shop().hear(seen("ann", "a", 70, FAINT), seen("ann", "a", 75, FAINT), seen("ben", "a", 80, LOUD), seen("ben", "a", 90, LOUD))
    assert heard.total("passers_by") == 0, "it may come in yet"
    heard.close()
    assert ([visit.who for visit in heard.visits()], {dwell.who for dwell in heard.dwells()}) == (["ben"], {"ben"})
    assert (heard.minute(60)["passers_by"], heard.total("passers_by"), heard.total("visits_started")) == (1, 1, 1)
    assert heard.minute(60, "a")["entries"] == 1


def test_a_visit_begins_when_somebody_is_as_loud_as_inside_and_goes_on_when_fainter() -> None:
    rows = [seen("ann", "a", 10, FAINT), seen("ann", "a", 20, LOUD), seen("ann", "a", 30, FAINT), seen("ann", "a", 80, FAINT)]
    heard = shop().hear(*rows).close()
    assert [(visit.begin_s, visit.seconds) for visit in heard.visits()] == [(20, 60)]
    assert heard.total("passers_by") == 0


def test_who_comes_in_after_the_idle_timeout_passed_by_before() -> None:
    back_s = 20 + IDLE_S + 10
    heard = shop().hear(seen("ann", "a", 20, FAINT), seen("ann", "a", back_s, LOUD), seen("ann", "a", back_s + 5, LOUD)).close()
    assert (heard.total("passers_by"), heard.total("visits_started"), heard.minute(20)["passers_by"]) == (1, 1, 1)


def test_each_time_that_somebody_passes_counts() -> None:
    heard = shop().hear(seen("ann", "a", 20, FAINT), seen("ann", "a", 40 + IDLE_S, FAINT)).close()
    assert heard.total("passers_by") == 2


def test_whoever_was_inside_passes_by_after_the_idle_timeout() -> None:
    later_s = 40 + IDLE_S
    heard = shop().hear(seen("ann", "a", 0, LOUD), seen("ann", "a", 30, LOUD), seen("ann", "a", later_s, FAINT)).close()
    assert (heard.total("visits_started"), heard.total("passers_by")) == (1, 1)


@pytest.mark.parametrize("wait_s", [30, IDLE_S + 60, GONE_S])
def test_late_rows_that_show_somebody_inside_take_a_pass_back(wait_s: float) -> None:
    """While it goes on, after it was counted, and after its track was freed."""
    heard = shop().hear(seen("ann", "a", 20, FAINT), seen("ann", "a", 50, FAINT)).wait(wait_s)
    assert heard.total("passers_by") == (wait_s > IDLE_S)
    heard.late(seen("ann", "a", 30, LOUD, agent="y"), seen("ann", "a", 35, LOUD, agent="y")).close()
    assert (heard.total("passers_by"), [visit.begin_s for visit in heard.standing()]) == (0, [30])


def test_late_faint_rows_neither_move_the_begin_of_a_visit_nor_pass_by() -> None:
    heard = shop().hear(seen("ann", "a", 20, LOUD), seen("ann", "a", 40, LOUD)).late(seen("ann", "a", 5, FAINT, agent="y")).close()
    assert ([visit.begin_s for visit in heard.visits()], heard.total("passers_by")) == ([20], 0)


def test_staff_need_no_level_and_the_street_is_no_pass() -> None:
    heard = shop().hear(seen("clerk", "a", 0, FAINT), seen("clerk", "a", 20, FAINT), seen("ann", "street", 30, FAINT)).close()
    assert ([visit.who for visit in heard.visits()], heard.total("passers_by")) == (["clerk"], 0)


def test_where_no_level_is_stated_whoever_is_heard_is_inside() -> None:
    heard = Shop().hear(seen("ann", "a", 0, -99), seen("ann", "a", 20, -99)).close()
    assert (len(heard.visits()), heard.total("passers_by")) == (1, 0)


def test_the_store_keeps_a_pass_as_a_visit_without_zones() -> None:
    kept = MemoryStore()
    shop(kept).hear(seen("ann", "a", 20, FAINT), seen("ann", "a", 50, FAINT)).close()
    (row,) = kept.visits_of(f"{5:016x}")
    assert (is_visit(row), row.last_ns - row.start_ns) == (False, 30 * S)


ANN_FAINT = {at_s: seen("ann", "a", at_s, FAINT, agent="y") for at_s in (150, 250, 350, 700)}
BY_DELAY = pytest.mark.parametrize("wait_s", [30, IDLE_S + 60, GONE_S])


@BY_DELAY
def test_an_earlier_pass_that_is_reported_late_counts(wait_s: float) -> None:
    heard = shop().hear(seen("ann", "a", 1500, FAINT), seen("ann", "a", 1510, FAINT)).wait(wait_s).late(ANN_FAINT[150]).close()
    assert (heard.total("passers_by"), heard.minute(150)["passers_by"], heard.minute(1500)["passers_by"]) == (2, 1, 1)


@BY_DELAY
def test_a_late_row_between_two_passes_makes_them_one(wait_s: float) -> None:
    heard = shop().hear(seen("ann", "a", 100, FAINT), seen("ann", "a", 600, FAINT)).wait(wait_s).late(ANN_FAINT[350]).close()
    assert (heard.total("passers_by"), heard.minute(100)["passers_by"]) == (1, 1)


@BY_DELAY
def test_late_rows_that_go_on_with_a_pass_are_no_other(wait_s: float) -> None:
    heard = shop().hear(seen("ann", "a", 100, FAINT)).wait(wait_s).late(ANN_FAINT[150], ANN_FAINT[350]).close()
    assert heard.total("passers_by") == 1


@BY_DELAY
@pytest.mark.parametrize("at_s", [150, 250])
def test_late_faint_rows_within_a_visit_or_soon_after_it_are_no_pass(wait_s: float, at_s: int) -> None:
    heard = shop().hear(seen("ann", "a", 100, LOUD), seen("ann", "a", 200, LOUD)).wait(wait_s).late(ANN_FAINT[at_s]).close()
    assert (heard.total("passers_by"), len(heard.standing())) == (0, 1)


def test_a_late_faint_row_between_a_visit_and_a_pass_takes_the_pass_back() -> None:
    heard = shop().hear(seen("ann", "a", 100, LOUD), seen("ann", "a", 420, FAINT)).wait(GONE_S)
    assert heard.total("passers_by") == 1
    assert heard.late(ANN_FAINT[350]).close().total("passers_by") == 0


def passes_of(told: list[Seen]) -> Counter[int]:
    """Count, by minute, the presences of one subject without a silence above the timeout in which nothing was loud."""
    passes: list[list[Seen]] = []
    for row in sorted(told, key=lambda each: each.at_s):
        if not passes or row.at_s - passes[-1][-1].at_s > IDLE_S:
            passes.append([])
        passes[-1].append(row)
    return Counter(int(rows[0].at_s // 60) for rows in passes if all(row.dbm == FAINT for row in rows))


told_rows = st.lists(
    st.tuples(st.integers(0, 24).map(lambda n: 101 * n), st.sampled_from([FAINT, FAINT, FAINT, LOUD]), st.integers(0, 2)),
    min_size=1, max_size=8, unique_by=lambda row: row[0],
)  # fmt: skip


@given(told_rows, st.lists(st.sampled_from([0.0, 30.0, IDLE_S + 60, GONE_S]), min_size=2, max_size=2))
@settings(max_examples=25, deadline=None)
def test_the_count_is_the_same_however_late_the_rows_are(told: list[tuple[int, int, int]], waits_s: list[float]) -> None:
    """Rows of batch 0 come in time, all others in up to two deliveries after it, between which the track may be freed."""
    rows = [(seen("ann", "a", at_s, dbm, agent="y" if batch else "x"), batch) for at_s, dbm, batch in told]
    heard = shop().hear(*(row for row, batch in rows if not batch))
    heard.wait(max(0.0, max(row.at_s for row, _ in rows) - heard.now_s))
    for number, wait_s in enumerate(waits_s, 1):
        heard.wait(wait_s).late(*(row for row, batch in rows if batch == number))
    heard.close()
    found = {n: heard.minute(60 * n).get("passers_by", 0) for n in range(42)}
    assert {n: count for n, count in found.items() if count} == passes_of([row for row, _ in rows])
    assert heard.total("passers_by") == sum(found.values())


rows = st.builds(
    Row,
    kind=st.sampled_from([Kind.ENTER, Kind.STAY]),
    subject=st.sampled_from([5, 7, 8, made.STAFF]),
    place=st.integers(0, 2),
    age_s=st.sampled_from([0.0, 0.5, 3.0, 20.0]),
    rssi_dbm=st.sampled_from([-90, FAINT, LOUD, -40]),
)
steps = st.tuples(
    st.sampled_from([1.0, 5.0, 20.0, 70.0, 301.0, 700.0]),
    st.builds(
        lambda agent, heard, lag_s: lambda story: story.frame(agent, heard, lag_s),
        st.integers(0, 1), st.lists(rows, min_size=1, max_size=8), st.sampled_from([0.0] * 6 + [250.0, 800.0]),
    ),
)  # fmt: skip


@given(st.lists(steps, min_size=1, max_size=20))
@settings(max_examples=examples(40), deadline=None)
def test_passers_by_are_never_negative_and_who_has_a_visit_was_loud(told: list[tuple[float, object]]) -> None:
    story = Story(7)
    for wait_s, step in told:
        step(story.wait(wait_s))  # type: ignore[operator] # as `steps` builds them
    found = folded(story.end().records)
    assert all(row["passers_by"] >= 0 for row in of(found, "traffic"))
    loud = {int(subject) for record, body in made.pairs(story.records) if body is not None
            for subject in np.unique(body.subject[body.rssi_dbm >= LOUD]).tolist()}  # fmt: skip
    assert {int(row["subject"], 16) for row in of(found, "visit")} <= loud | {made.STAFF}
