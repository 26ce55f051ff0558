"""Devices that always move together are proposed as one person's; strangers are not, however many there are."""

from __future__ import annotations

import tracemalloc
from random import Random
from typing import Any

import pytest

from gateway.points.rows import DwellPoint
from gateway.query.companions import COLUMNS, together
from tests.support.query_rows import BERLIN, SATURDAY, records, table

S = 10**9
ZONES = ("entrance", "shelf", "fitting", "checkout")
Walk = list[tuple[str, float, float]]
Row = DwellPoint


def walk(random: Random, from_s: float) -> Walk:
    """Who comes in then, goes through some zones and leaves: (zone, from, to)."""
    found, at_s = [], from_s
    for zone in ("entrance", *random.choices(ZONES[1:], k=random.randrange(2, 5))):
        length_s = random.lognormvariate(4.5, 0.8)
        found.append((zone, at_s, at_s + length_s))
        at_s += length_s + 4
    return found


def rows_of(who: int, walked: Walk, random: Random, *, fan: str = "", staff: bool = False, late_s: float = 4.0) -> list[Row]:
    """What is stored of a device on that walk; its zones are decided some seconds early or late."""
    found = []
    for zone, from_s, to_s in walked:
        begin_s, end_s = from_s + random.uniform(0, late_s), to_s + random.uniform(0, late_s)
        began_ns, subject = SATURDAY + round(begin_s * S), f"{who:016x}"
        found.append(DwellPoint(began_ns, "a1", "s1", zone, subject, fan, end_s - begin_s, staff, False, False, 1.0))
    return found


def shop(people: int, hours: float, doubles: int, random: Random, **of_second: Any) -> list[Row]:
    """People who come at random; the first of them carry two devices, numbers 2n and 2n + 1."""
    rows: list[Row] = []
    for n in range(people):
        walked = walk(random, random.uniform(0, hours * 3600))
        rows += rows_of(2 * n, walked, random)
        if n < doubles:
            rows += rows_of(2 * n + 1, walked, random, **of_second)
    return sorted(rows)


def pairs(rows: list[Row]) -> set[tuple[int, int]]:
    return {(int(each["subject"], 16), int(each["with"], 16)) for each in records(together(table("dwell", sorted(rows)), BERLIN))}


@pytest.mark.parametrize(("people", "hours"), [(100, 8.0), (400, 4.0)])
def test_two_devices_of_one_person_are_proposed_and_strangers_in_a_crowd_are_not(people: int, hours: float) -> None:
    found = pairs(shop(people, hours, people // 4, Random(50)))
    true = {(2 * n, 2 * n + 1) for n in range(people // 4)}
    assert len(found & true) >= 0.95 * len(found)
    assert len(found & true) >= 0.8 * len(true)


def test_where_nobody_carries_two_devices_nobody_is_proposed() -> None:
    assert all(not pairs(shop(300, 2.0, 0, Random(seed))) for seed in range(50, 54))


def test_who_comes_alone_as_often_does_not_always_move_together() -> None:
    random = Random(51)
    rows = shop(100, 8.0, 1, random)
    assert (0, 1) in pairs(rows)
    alone = [row for day in (1, 2) for row in rows_of(1, walk(random, day * 86_400), random)]
    assert (0, 1) not in pairs(rows + alone)


def test_devices_of_one_fan_are_one_already_and_those_of_two_are_shown_with_both() -> None:
    random = Random(52)
    walked = walk(random, 0)
    crowd = shop(60, 8.0, 10, random)
    one = [*rows_of(500, walked, random, fan="f1"), *rows_of(501, walked, random, fan="f1")]
    two = [*rows_of(500, walked, random, fan="f1"), *rows_of(501, walked, random, fan="f2")]
    assert (500, 501) not in pairs(crowd + one)
    (found,) = [each for each in records(together(table("dwell", sorted(crowd + two)), BERLIN)) if each["fan"]]
    assert (found["fan"], found["with_fan"], found["days"]) == ("f1", "f2", 1)
    assert found["share"] > 0.9
    assert found["entered"] == len(walked)


@pytest.mark.parametrize("second", [{"staff": True}, {}])
def test_staff_and_day_subjects_are_left_out(second: dict[str, Any]) -> None:
    random = Random(53)
    walked, crowd = walk(random, 0), shop(60, 8.0, 10, random)
    who = 501 if second else 1 << 63 | 501
    found = pairs(crowd + rows_of(500, walked, random) + rows_of(who, walked, random, **second))
    assert not {500, who} & {each for pair in found for each in pair}


def test_nobody_is_proposed_where_there_are_no_dwells() -> None:
    answer = together(table("dwell", []), BERLIN)
    assert (answer.columns, answer.rows) == (COLUMNS, [])


def noted(rows: list[Row]) -> str:
    (note,) = together(table("dwell", sorted(rows)), BERLIN).notes
    return note


def test_where_no_pair_is_proposed_a_note_states_what_was_needed() -> None:
    alone = shop(3, 8.0, 0, Random(50))
    assert "no pair was together enough: it needs a share of 60% of the time of either" in noted(alone)
    assert "15 s, 2 at least" in noted(alone)
    assert "fewer than two dwells" in noted(alone[:1])


def test_where_strangers_are_together_as_much_no_share_is_enough_and_a_note_states_that() -> None:
    by_the_clock = [("shelf", 100.0 * n, 100.0 * n + 99) for n in range(4000)]
    rows = [row for who in (1, 2) for row in rows_of(who, by_the_clock, Random(50), late_s=0)]
    assert noted(rows) == "no pair is proposed: strangers are together in a share of 95%, too, so that none is enough"


def test_pairs_of_one_fan_are_named_as_the_reason_for_no_row() -> None:
    random = Random(52)
    walked = walk(random, 0)
    rows = [*rows_of(500, walked, random, fan="f1"), *rows_of(501, walked, random, fan="f1")]
    assert noted(rows) == "no pair is proposed: each of the 1 that were together enough is one fan's already"


def test_a_proposal_has_no_note() -> None:
    assert together(table("dwell", shop(100, 8.0, 25, Random(50))), BERLIN).notes == ()


def test_a_crowd_takes_no_more_memory_than_is_looked_at_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table("dwell", shop(600, 1.0, 100, Random(54)))

    def found(at_once: int) -> tuple[list[tuple[Any, ...]], int]:
        monkeypatch.setattr("gateway.query.companions._AT_ONCE", at_once)
        tracemalloc.start()
        try:
            return together(rows, BERLIN).rows, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    (whole, most), (in_parts, least) = found(10**9), found(20_000)
    assert whole == in_parts != []
    assert least < most / 2
