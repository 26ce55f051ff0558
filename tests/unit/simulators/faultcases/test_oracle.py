"""The oracle can fail: each of the five words of the last line is found where it belongs, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.faultcases.findings import WORDS, Findings
from simulators.faultcases.oracle import (
    DoorRow,
    Heard,
    Passed,
    PresenceRow,
    Sent,
    judge_doors,
    judge_not_lowered,
    judge_presence,
    judge_same,
    judge_unchanged,
)

S = 1_000_000_000
NOW_NS = 1_795_000_000 * S


@pytest.fixture
def sent() -> Sent:
    found = Sent()
    for number in (1, 2, 3):
        found.add(Passed(number, "s1", "a1", "main", NOW_NS + number * S))
    found.heard["0abc"] = Heard("0abc", "s1", "a1", "shelf", NOW_NS, NOW_NS + 5 * S)
    return found


def doors(sent: Sent) -> list[DoorRow]:
    return [DoorRow(each.number, each.store, each.agent, each.door, each.time_ns + 3_000_000) for each in sent.passed.values()]


def presence(kind: str, time_ns: int = NOW_NS, **more: object) -> PresenceRow:
    return replace(PresenceRow("0abc", kind, "s1", "a1", "shelf", time_ns, "measured", 4_000_000), **more)  # type: ignore[arg-type]


def words(found: Findings) -> dict[str, int]:
    return {word: len(getattr(found, word)) for word in WORDS if getattr(found, word)}


def test_all_that_was_sent_stored_once_is_right(sent: Sent) -> None:
    assert judge_doors(sent, doors(sent)).is_right
    assert judge_presence(sent, [presence("enter"), presence("exit", NOW_NS + 5 * S)]).is_right


def test_a_lost_row_is_found(sent: Sent) -> None:
    assert words(judge_doors(sent, doors(sent)[1:])) == {"lost": 1}
    assert words(judge_presence(sent, [presence("enter")])) == {"lost": 1}


def test_a_gap_counts_for_the_rows_that_it_states_and_no_more(sent: Sent) -> None:
    assert judge_doors(sent, doors(sent)[2:], gap_rows=2).is_right
    assert words(judge_doors(sent, doors(sent)[2:], gap_rows=1)) == {"lost": 2}


def test_a_row_stored_twice_is_found_at_whatever_time(sent: Sent) -> None:
    stored = doors(sent)
    assert words(judge_doors(sent, [*stored, replace(stored[0], time_ns=stored[0].time_ns + 1)])) == {"doubled": 1}
    again = [presence("enter"), presence("enter", NOW_NS + 2_000_000), presence("exit", NOW_NS + S)]
    assert words(judge_presence(sent, again)) == {"doubled": 1}


def test_a_row_that_nobody_sent_is_found(sent: Sent) -> None:
    assert words(judge_doors(sent, [*doors(sent), DoorRow(99, "s1", "a1", "main", NOW_NS)])) == {"doubled": 1}


def test_a_row_of_another_store_is_lost_to_its_own(sent: Sent) -> None:
    stored = doors(sent)
    assert words(judge_doors(sent, [replace(stored[0], store="s2"), *stored[1:]])) == {"lost": 1}


def test_a_misdated_row_is_found(sent: Sent) -> None:
    stored = doors(sent)
    assert words(judge_doors(sent, [replace(stored[0], time_ns=NOW_NS + 4 * S), *stored[1:]])) == {"misdated": 1}
    late = presence("exit", NOW_NS + 8 * S)
    assert words(judge_presence(sent, [presence("enter"), late])) == {"misdated": 1}


def test_a_bounded_row_may_be_off_by_what_it_states(sent: Sent) -> None:
    late = presence("exit", NOW_NS + 8 * S, quality="bounded")
    assert judge_presence(sent, [presence("enter"), replace(late, width_ns=4 * S)]).is_right
    assert words(judge_presence(sent, [presence("enter"), replace(late, width_ns=2 * S)])) == {"misdated": 1}


def test_a_row_that_changed_or_went_is_found() -> None:
    before = {("item", 1, "s1"): (1,), ("traffic", 60, "s1"): (5,)}
    assert judge_unchanged(before, before, ["item"]).is_right
    assert words(judge_unchanged(before, {}, ["item"])) == {"lost": 1}
    assert words(judge_unchanged(before, {("item", 1, "s1"): (2,)}, ["item"])) == {"lost": 1}


def test_a_lowered_minute_is_found_and_one_that_differs_outside_of_the_span() -> None:
    before = {("traffic", 60, "s1"): (5, 1)}
    columns = {"traffic": (0,)}
    assert judge_not_lowered(before, {("traffic", 60, "s1"): (7, 0)}, columns, until_ns=60).is_right
    assert words(judge_not_lowered(before, {("traffic", 60, "s1"): (4, 1)}, columns, until_ns=60)) == {"lost": 1}
    assert words(judge_not_lowered(before, {("traffic", 60, "s1"): (7, 1)}, columns, until_ns=59)) == {"doubled": 1}


def test_two_databases_that_differ_are_found() -> None:
    one = {("dwell", 1): (5.0,), ("dwell", 2): (6.0,)}
    assert judge_same(one, dict(one), "dwells").is_right
    assert words(judge_same(one, {("dwell", 1): (5.5,), ("dwell", 3): (1.0,)}, "dwells")) == {"lost": 1, "doubled": 2}
