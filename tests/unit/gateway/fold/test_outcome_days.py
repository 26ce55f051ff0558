"""When a day's outcome is due: the running one at the next full hour, one that is over within twenty minutes, each store in its turn."""

from __future__ import annotations

import zlib

import pytest

from device_profiles.registry import shipped
from gateway.fold.estate_index import Estate
from gateway.fold.outcome_days import AT_ONCE, HOUR_S, TURNS_S, DueDay, OutcomeDays
from gateway.records import RecordKind
from gateway.site import Site, Staff
from gateway.site.contribution import Contribution
from gateway.site.recorded import read_site, record_site
from tests.support.journal_stories import Story, new_fold, pairs, site_of

DAY_S = 86_400
NOON_S = 1_792_843_200
"""2026-10-24T12:00Z."""
BEGIN_S = NOON_S - 8 * HOUR_S
"""Days begin at four."""
SITE = Site.model_validate(
    {"brand": "b", "stores": [{"name": name, "timezone": "UTC", "zones": [{"name": "z", "type": "shelf"}]} for name in ("s1", "s2")]}
)


@pytest.fixture
def days() -> OutcomeDays:
    estate = Estate(shipped())
    estate.apply(read_site(record_site(SITE)))
    found = OutcomeDays(estate)
    found.begin(NOON_S)
    return found


def turn(store: str) -> int:
    return zlib.crc32(store.encode()) % TURNS_S


def due_at(days: OutcomeDays, now_s: int) -> list[DueDay]:
    days.begin(now_s)
    return days.take_due()


def test_the_running_day_is_due_once_at_the_next_full_hour_however_often_it_changes(days: OutcomeDays) -> None:
    for minute in range(5):
        days.mark(0, NOON_S // 60 + minute)
    due_s = NOON_S + HOUR_S + turn("s1")
    assert due_at(days, due_s - 1) == []
    assert due_at(days, due_s) == [DueDay(due_s, 0, BEGIN_S)]
    assert due_at(days, due_s + DAY_S) == []


def test_a_day_that_is_over_is_due_within_twenty_minutes(days: OutcomeDays) -> None:
    days.mark(0, NOON_S // 60 - 1440)
    (found,) = due_at(days, NOON_S + 2 * TURNS_S)
    assert (found.begin_s, found.due_s - NOON_S) == (BEGIN_S - DAY_S, TURNS_S + turn("s1"))


def test_what_the_store_keeps_no_more_stays_as_it_was_written(days: OutcomeDays) -> None:
    days.forget(BEGIN_S)
    days.mark(0, NOON_S // 60 - 1440)
    assert due_at(days, NOON_S + DAY_S) == []


def test_few_days_are_worked_out_at_once_and_those_that_waited_longest_first(days: OutcomeDays) -> None:
    for ago in range(1, AT_ONCE + 3):
        days.mark(0, NOON_S // 60 - 1440 * ago)
    first, rest = due_at(days, NOON_S + HOUR_S), due_at(days, NOON_S + HOUR_S + 1)
    assert (len(first), len(rest)) == (AT_ONCE, 2)
    assert first + rest == sorted(first + rest)


def test_other_rules_or_staff_hold_for_the_whole_running_day_of_each_store_and_not_for_days_that_are_over(days: OutcomeDays) -> None:
    days.changed_rules()
    assert {(each.store, each.begin_s) for each in due_at(days, NOON_S + 2 * HOUR_S)} == {(0, BEGIN_S), (1, BEGIN_S)}


def test_what_waits_goes_on_after_a_restart(days: OutcomeDays) -> None:
    days.mark(0, NOON_S // 60)
    days.mark(1, NOON_S // 60 - 1440)
    estate = Estate(shipped())
    estate.apply(read_site(record_site(SITE)))
    later = OutcomeDays(estate)
    later.load(days.dump())
    assert due_at(later, NOON_S + 2 * HOUR_S) == due_at(days, NOON_S + 2 * HOUR_S) != []


def test_a_clock_that_was_ahead_makes_nothing_wait_for_it(days: OutcomeDays) -> None:
    days.begin(NOON_S + 30 * DAY_S)
    days.mark(0, NOON_S // 60 + 30 * 1440)
    days.begin(NOON_S)
    assert due_at(days, NOON_S + 2 * HOUR_S) != []


def test_a_site_with_another_contribution_or_other_staff_marks_the_running_days_and_the_same_site_again_none() -> None:
    site = site_of(0)
    shorter = site.model_copy(update={"contribution": Contribution(window_days=7)})
    hired = site.model_copy(update={"staff": (*site.staff, Staff(staff_id="new"))})
    assert [len(_waiting(site, each)) for each in (site, shorter, hired)] == [0, len(site.stores), len(site.stores)]


def _waiting(before: Site, after: Site) -> list[DueDay]:
    story = Story().wait(5).add(RecordKind.SITE, record_site(before)).wait(5).add(RecordKind.SITE, record_site(after))
    fold = new_fold()
    fold.apply(pairs(story.records))
    due: list[DueDay] = fold.state.outcome_days.dump()["due"]
    return due
