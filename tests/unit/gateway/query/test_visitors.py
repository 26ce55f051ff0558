"""The question `visitors`: which days a factor is learned from, where it comes from else, and when there is no estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from footfall.moments import to_ns
from footfall.units import NS_PER_HOUR
from gateway.points import SCHEMA
from gateway.query.answer import Answer, Request
from gateway.query.estate import QueryEstate, StoreFacts, StoreVersion
from gateway.query.open_hours import open_hours
from gateway.query.people_factor import LEAST_DAYS, CountedDay, Factor, factor_of_days
from gateway.query.questions import ask
from gateway.query.store_days import LOOK_BACK_DAYS, StoreDay
from gateway.query.visitors import LEARNED_DAYS
from tests.support.memory_reader import MemoryReader
from tests.support.query_rows import records

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 21)
WHOLE = 2**60 - 1
PEOPLE, PHONES, MINUTES = 300, 252, 2000
"""Of a usual day: 252 visits of day subjects began, in 2,000 minutes: 152 phones arrived, after 100 changes of address in 1,500."""
ARRIVED = 152


@dataclass(frozen=True)
class Day:
    """`ago`: days before TODAY. Minutes are those that `anonymous_open` adds up to."""

    ago: int
    counted: int = PEOPLE
    started: int = PHONES
    minutes: int = MINUTES - 248
    doors: int = WHOLE
    presence: int = WHOLE
    store: str = "s1"
    staff: int = 0

    @property
    def noon_ns(self) -> int:
        return to_ns(datetime.combine(TODAY - timedelta(days=self.ago), time(12), ZONE))

    def traffic(self) -> tuple[Any, ...]:
        values = {
            "in": self.counted + self.staff,
            "in_staff": self.staff,
            "anonymous_started": self.started,
            "anonymous_open": self.minutes,
        }
        return (self.noon_ns, self.store, *(values.get(name, 0) for name in SCHEMA["traffic"].fields))

    def coverage(self) -> list[tuple[Any, ...]]:
        return [(self.noon_ns + hour * NS_PER_HOUR, "a1", self.store, self.presence, self.doors, 60) for hour in range(-2, 8)]


def facts(name: str, path: str = "acme/east", hours: str = "10:00-20:00") -> StoreFacts:
    return StoreFacts(name, ZONE, versions=(StoreVersion(path=path, hours=open_hours(hours)),))


def reader_of(days: Sequence[Day]) -> MemoryReader:
    return MemoryReader({"traffic": [day.traffic() for day in days], "coverage": [row for day in days for row in day.coverage()]})


def answered(days: Sequence[Day], *stores: StoreFacts, reader: MemoryReader | None = None, **asked: Any) -> Answer:
    there = stores or (facts("s1"),)
    request = Request(**{"question": "visitors", "stores": ("s1",), "from_": f"{TODAY}", "to": f"{TODAY}", **asked})
    now_ns = to_ns(datetime.combine(TODAY + timedelta(days=30), time(), ZONE))
    return ask(reader or reader_of(days), request, QueryEstate({each.name: each for each in there}), now_ns)


def usual(*ago: int, **changes: Any) -> list[Day]:
    """Days on which the doors' counts scatter about their usual ratio."""
    return [Day(number, **{"counted": PEOPLE + (number * 7) % 31 - 15} | changes) for number in ago]


def today(answer: Answer) -> dict[str, Any]:
    (row,) = records(answer)
    return row


def test_people_are_the_phones_of_the_day_times_what_the_doors_counted_for_each_on_days_before() -> None:
    row = today(answered([*usual(*range(1, 15)), Day(0, counted=0, started=378, minutes=2628)]))
    assert (row["arrivals"], row["basis"], row["in_guests"]) == (228, "14 days", 0)
    assert row["factor"] == pytest.approx(PEOPLE / ARRIVED, rel=0.02)
    assert row["people"] == pytest.approx(450, rel=0.02)
    assert row["people"] * 0.75 < row["at_least"] < row["people"] < row["at_most"] < row["people"] * 1.25


def test_staff_whom_the_doors_counted_are_no_people() -> None:
    with_staff = answered([*usual(*range(1, 15), staff=40), Day(0, staff=40)])
    assert today(with_staff) == today(answered([*usual(*range(1, 15)), Day(0)]))


def test_the_day_itself_and_later_ones_teach_nothing() -> None:
    before = usual(*range(1, 15))
    alone, with_others = (answered([*before, Day(0, counted=n), *usual(*later, counted=n)]) for n, later in ((0, ()), (200, (-1, -2, -9))))
    assert today(alone)["people"] == today(with_others)["people"]
    assert today(alone)["factor"] == today(with_others)["factor"]


def test_days_are_learned_from_only_where_doors_and_receivers_observed_nine_tenths_of_the_open_minutes() -> None:
    lost = WHOLE >> 8  # eight minutes of each hour
    days = [*usual(*range(1, 8)), *usual(8, 9, counted=900, doors=lost), *usual(10, 11, counted=900, presence=lost), Day(0)]
    row = today(answered(days))
    assert (row["basis"], row["factor"]) == ("7 days", today(answered([*usual(*range(1, 8)), Day(0)]))["factor"])


def test_the_last_days_teach_and_those_long_ago_do_not() -> None:
    row = today(answered([*usual(*range(1, 41)), *usual(*range(41, 50), counted=400), Day(0)]))
    assert row["basis"] == f"{LEARNED_DAYS} days"
    assert row["factor"] == pytest.approx(PEOPLE / ARRIVED, rel=0.02)
    long_ago = today(answered([*usual(*range(LOOK_BACK_DAYS + 1, LOOK_BACK_DAYS + 20)), Day(0)]))
    assert long_ago["people"] is None
    assert long_ago["basis"] == f"too few earlier days on which doors and receivers were observed, 0 of {LEAST_DAYS}"


def test_a_store_whose_factor_is_not_known_publishes_no_people_and_states_what_it_needs() -> None:
    answer = answered([*usual(1, 2), Day(0)])
    row = today(answer)
    assert (row["factor"], row["at_least"], row["people"], row["at_most"]) == (None, None, None, None)
    assert row["arrivals"] == ARRIVED
    assert any("too few earlier days" in note and f"2 of {LEAST_DAYS}: s1 {TODAY}" in note for note in answer.notes)


def test_days_of_which_too_few_fit_their_phones_teach_nothing() -> None:
    row = today(answered([*usual(1, 2, 3, 4), *usual(5, 6, 7, counted=20), Day(0)]))
    assert (row["people"], row["basis"]) == (None, "the counts of earlier days do not fit their phones")


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (Day(0, presence=WHOLE >> 20), "receivers observed 66.7 % of the open minutes, and 90% are needed"),
        (Day(0, started=4, minutes=4), "fewer than 10 phones arrived"),
        (Day(0, started=30, minutes=30), "the interval would be wider than ± 50%, by 5 days"),
    ],
)
def test_a_day_whose_phones_mean_too_little_has_no_estimate(day: Day, reason: str) -> None:
    scattered = [Day(ago, counted=counted) for ago, counted in enumerate((200, 420, 250, 390, 310), 1)]
    row = today(answered([*scattered, day]))
    assert (row["people"], row["basis"]) == (None, reason)


def test_a_day_on_which_the_store_is_closed_has_no_estimate_and_takes_none_from_the_total() -> None:
    weekdays = "; ".join(f"{day} 10:00-20:00" for day in ("mon", "tue", "wed", "thu", "fri", "sat"))
    shut = facts("s1", hours=f"{weekdays}; sun closed")
    answer = answered([*usual(*range(-1, 15))], shut, to=f"{TODAY + timedelta(days=1)}")
    assert [row["basis"] for row in records(answer)] == ["12 days", "closed"]
    (total,) = answer.totals
    assert total[answer.columns.index("people")] == records(answer)[0]["people"]


def test_a_store_without_a_counter_takes_the_factor_of_the_stores_of_its_path() -> None:
    others = {"s2": 290, "s3": 300, "s4": 310}
    days = [day for name, counted in others.items() for day in usual(*range(12), store=name, counted=counted)]
    days += usual(*range(12), store="far", counted=3000)
    stores = [facts("s1"), *map(facts, others), facts("far", "acme/west")]
    answer = answered([*days, *[Day(ago, counted=0, doors=-1) for ago in range(12)]], *stores)
    row = today(answer)
    assert (row["basis"], row["in_guests"]) == ("3 stores of acme/east", None)
    assert row["factor"] == pytest.approx(PEOPLE / ARRIVED, rel=0.01)
    own = today(answered(usual(*range(12))))
    assert row["at_most"] - row["at_least"] > own["at_most"] - own["at_least"]
    assert "no factor of its own, so that of 3 stores of acme/east: s1 2026-11-21" in answer.notes


def test_too_few_comparable_stores_leave_a_store_without_an_estimate() -> None:
    days = [day for name in ("s2", "s3") for day in usual(*range(12), store=name)]
    row = today(answered([*days, Day(0, doors=-1)], facts("s1"), facts("s2"), facts("s3")))
    assert row["people"] is None


def test_stores_without_a_counter_read_those_of_their_path_once() -> None:
    names = [f"s{number}" for number in range(1, 9)]
    days = [day for name in names[3:] for day in usual(*range(12), store=name)]
    days += [Day(ago, doors=-1, counted=0, store=name) for name in names[:3] for ago in range(12)]
    reader = reader_of(days)
    span = {"from_": f"{TODAY - timedelta(days=3)}", "stores": tuple(names[:3])}
    answer = answered(days, *map(facts, names), reader=reader, **span)
    assert {row["basis"] for row in records(answer)} == {"5 stores of acme/east"}
    assert reader.asked.count("cells of traffic") == 2


def test_a_drift_and_odd_days_are_stated() -> None:
    drifting = [*usual(*range(1, 8), counted=300), *usual(*range(8, 15), counted=360), Day(0)]
    odd = [*usual(*range(1, 14)), Day(14, counted=20), Day(0)]
    assert any("the factor drifts" in note for note in answered(drifting).notes)
    assert any("do not fit their phones" in note for note in answered(odd).notes)
    assert not any("drifts" in note or "do not fit" in note for note in answered([*usual(*range(1, 15)), Day(0)]).notes)


def test_days_add_up_to_a_total_whose_interval_is_narrower_in_proportion() -> None:
    answer = answered(usual(*range(20)), from_=f"{TODAY - timedelta(days=4)}")
    rows, (total,) = records(answer), answer.totals
    whole = dict(zip(answer.columns, total, strict=True))
    assert whole["people"] == pytest.approx(sum(row["people"] for row in rows), abs=3)
    assert (whole["at_most"] - whole["people"]) / whole["people"] < (rows[0]["at_most"] - rows[0]["people"]) / rows[0]["people"]
    assert whole["in_guests"] == sum(row["in_guests"] for row in rows)


def test_each_column_of_a_total_is_of_the_days_on_which_the_store_was_open() -> None:
    shut = facts("s1", hours="; ".join(f"{day} 10:00-20:00" for day in ("mon", "tue", "wed", "thu", "fri", "sat")) + "; sun closed")
    days = [*usual(*range(1, 15)), Day(0), Day(-1, counted=40, started=300, minutes=0)]
    answer = answered(days, shut, to=f"{TODAY + timedelta(days=1)}")
    opened, closed = records(answer)
    (total,) = answer.totals
    whole = dict(zip(answer.columns, total, strict=True))
    assert (closed["basis"], closed["in_guests"], closed["arrivals"]) == ("closed", 40, 320)
    same = ("covered", "arrivals", "factor", "at_least", "people", "at_most", "in_guests")
    assert [whole[name] for name in same] == [opened[name] for name in same]


def test_a_factor_of_a_store_is_worked_out_once_for_each_day_and_a_day_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = {"s2": "acme/east", "s3": "acme/east", "s4": "acme/west", "s5": "acme/west"}
    days = [day for number, name in enumerate(paths) for day in usual(*range(20), store=name, counted=290 + number)]
    stores = [facts("s1"), *(facts(name, path) for name, path in paths.items())]
    learned: list[tuple[CountedDay, ...]] = []
    looked: list[StoreDay] = []
    lesson_of = StoreDay.lesson.fget

    def learning(kept: Sequence[CountedDay]) -> Factor | None:
        learned.append(tuple(kept))
        return factor_of_days(kept)

    def looking(day: StoreDay) -> CountedDay | None:
        looked.append(day)
        return lesson_of(day)

    monkeypatch.setattr("gateway.query.visitors.factor_of_days", learning)
    monkeypatch.setattr(StoreDay, "lesson", property(looking))
    without = [Day(ago, counted=0, doors=-1) for ago in range(20)]
    answer = answered([*days, *without], *stores, from_=f"{TODAY - timedelta(days=4)}")
    assert {row["basis"] for row in records(answer)} == {"4 stores of acme"}
    assert len(learned) == len(set(learned)) == 4 * 5 + 1, "five days of four stores, and none of the store itself"
    assert len(looked) <= len(stores) * (LOOK_BACK_DAYS + 5)


def test_a_span_with_a_day_that_has_no_estimate_has_no_total() -> None:
    assert answered([*usual(*range(1, 15)), Day(0, presence=0)], from_=f"{TODAY - timedelta(days=2)}").totals == []


def test_all_stores_have_a_total_by_their_own_errors() -> None:
    days = [day for name in ("s1", "s2") for day in usual(*range(15), store=name)]
    answer = answered(days, facts("s1"), facts("s2"), stores=())
    rows, (total,) = records(answer), answer.totals
    whole = dict(zip(answer.columns, total, strict=True))
    assert (whole["store"], whole["people"]) == ("all stores", pytest.approx(sum(row["people"] for row in rows), abs=1))
    assert whole["at_most"] - whole["people"] == pytest.approx(2**0.5 * (rows[0]["at_most"] - rows[0]["people"]), rel=0.1)
