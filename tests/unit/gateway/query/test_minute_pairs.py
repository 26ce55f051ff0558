"""Minutes are compared at the same wall time of paired days, where the store was open and observed on both sides."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.coverage import NO_SPAN, CoverageMasks, CoverageTask
from gateway.query.day_pairs import DayPairs, days_before, same_days
from gateway.query.minute_pairs import BucketPairs, Matched, StoreClock, grain_ns, local_days, match, pair_buckets
from gateway.query.open_minutes import WHOLE_HOUR, hours_of
from gateway.query.spans import local
from gateway.site.names import LAST_NS, Span

BERLIN, LORD_HOWE, KATHMANDU, UTC = (ZoneInfo(name) for name in ("Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"))
ZONES = (BERLIN, LORD_HOWE, KATHMANDU, UTC)
BOTH: frozenset[CoverageTask] = frozenset({"doors", "presence"})
DOORS: frozenset[CoverageTask] = frozenset({"doors"})
BEGIN = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 10**9


def _ns(text: str, zone: ZoneInfo) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 10**9


def _pairs(here: StoreClock, there: StoreClock, from_ns: int, to_ns: int, days: DayPairs) -> BucketPairs:
    grain = grain_ns([from_ns, to_ns], [(here, from_ns, to_ns), (there, from_ns - 400 * NS_PER_DAY, to_ns)], 1)
    return pair_buckets(here, there, from_ns, to_ns, days, grain)


@settings(max_examples=50)
@given(
    zones=st.tuples(st.sampled_from(ZONES), st.sampled_from(ZONES)),
    first=st.sampled_from([date(2026, month, day) for month, day in ((3, 28), (10, 24), (4, 4), (10, 3), (6, 1))]),
    shift=st.sampled_from([7, 14, 364, 182]),
    starts=st.sampled_from([time(0), time(4), time(2, 30)]),
)
def test_buckets_are_paired_at_the_same_wall_time_of_paired_days(
    zones: tuple[ZoneInfo, ZoneInfo], first: date, shift: int, starts: time
) -> None:
    here, there = (StoreClock(zone, starts) for zone in zones)
    from_ns = _ns(f"{first}T{starts}", zones[0])
    to_ns = from_ns + 50 * NS_PER_HOUR
    days = local_days(here, from_ns, to_ns)
    found = _pairs(here, there, from_ns, to_ns, DayPairs({day: day - timedelta(days=shift) for day in days}))
    for mine, other in zip(found.here_ns.tolist(), found.there_ns.tolist(), strict=True):
        assert local(mine, zones[0]).replace(tzinfo=None) == local(other, zones[1]).replace(tzinfo=None) + timedelta(days=shift)
    assert len(set(found.here_ns.tolist())) == len(set(found.there_ns.tolist())) == len(found.here_ns)
    assert (np.diff(found.here_ns) > 0).all()
    assert len(found.here_ns) * NS_PER_MINUTE >= 46 * NS_PER_HOUR, "all but what clocks skip or show twice"


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 24), ("2026-03-29", 23), ("2026-06-01", 24)])
def test_an_hour_that_clocks_repeat_or_skip_has_no_counterpart(day: str, hours: int) -> None:
    clock = StoreClock(BERLIN, time())
    from_ns, to_ns = _ns(day, BERLIN), _ns((date.fromisoformat(day) + timedelta(days=1)).isoformat(), BERLIN)
    found = _pairs(clock, clock, from_ns, to_ns, days_before(local_days(clock, from_ns, to_ns), "weekday", UTC))
    assert len(found.here_ns) == hours * 60


def test_a_day_without_a_pair_is_left_out() -> None:
    clock = StoreClock(UTC, time())
    found = _pairs(clock, clock, BEGIN, BEGIN + 2 * NS_PER_DAY, DayPairs({date(2026, 6, 2): date(2026, 5, 1)}))
    assert (found.here_ns[0], len(found.here_ns)) == (BEGIN + NS_PER_DAY, 1440)
    assert len(_pairs(clock, clock, BEGIN, BEGIN + NS_PER_DAY, DayPairs({})).here_ns) == 0


def test_what_is_over_until_now_is_compared_with_the_same_minutes() -> None:
    clock = StoreClock(UTC, time())
    found = _pairs(clock, clock, BEGIN, BEGIN + 90 * NS_PER_MINUTE, days_before([date(2026, 6, 1)], "weekday", UTC))
    assert (found.here_ns - found.there_ns == 7 * NS_PER_DAY).all()
    assert len(found.there_ns) == 90


def test_buckets_are_as_short_as_there_may_be_of_them() -> None:
    hour = (BEGIN, BEGIN + NS_PER_HOUR)
    day = StoreClock(UTC, time(4)), *hour
    assert grain_ns(hour, [day], 1) == NS_PER_MINUTE
    assert grain_ns([BEGIN, BEGIN + 365 * NS_PER_DAY], [day], 3) == 5 * NS_PER_MINUTE
    assert grain_ns([BEGIN, BEGIN + 365 * NS_PER_DAY], [day], 7000) == NS_PER_HOUR
    odd = StoreClock(KATHMANDU, time()), *hour
    assert grain_ns([BEGIN, BEGIN + 365 * NS_PER_DAY], [odd], 7000) == 15 * NS_PER_MINUTE


def _coverage(opened: list[int], doors: list[int], presence: list[int] | None = None, unknown: Span = NO_SPAN) -> CoverageMasks:
    columns = [np.array([column], np.int64) for column in (opened, doors, presence or [0] * len(opened))]
    return CoverageMasks(hours_of(BEGIN, BEGIN + len(opened) * NS_PER_HOUR), {"s1": 0}, *columns, unknown)


def _match(here: CoverageMasks, there: CoverageMasks, tasks: frozenset[CoverageTask] = DOORS, grain: int = NS_PER_MINUTE) -> Matched:
    clock = StoreClock(UTC, time())
    end = BEGIN + len(here.hours_ns) * NS_PER_HOUR
    return match(pair_buckets(clock, clock, BEGIN, end, same_days([date(2026, 6, 1)]), grain), (here, "s1"), (there, "s1"), tasks, grain)


def test_a_minute_lost_on_one_side_is_left_out_on_both() -> None:
    whole, lost = _coverage([WHOLE_HOUR] * 2, [WHOLE_HOUR] * 2), _coverage([WHOLE_HOUR] * 2, [WHOLE_HOUR & ~0b100, WHOLE_HOUR])
    for here, there in ((whole, lost), (lost, whole)):
        found = _match(here, there)
        assert (found.reason, found.open_minutes, found.compared_minutes) == ("", 120, 119)
        assert BEGIN + 2 * NS_PER_MINUTE not in found.pairs.here_ns
    assert _match(whole, lost, grain=15 * NS_PER_MINUTE).compared_minutes == 105, "its whole bucket is"


def test_a_minute_that_was_open_on_one_side_only_is_left_out_and_one_that_was_closed_on_both_is_not() -> None:
    longer, shorter = _coverage([WHOLE_HOUR, 0], [WHOLE_HOUR, 0]), _coverage([(1 << 58) - 1, 0], [WHOLE_HOUR, 0])
    found = _match(longer, shorter)
    assert (found.reason, found.compared_minutes, len(found.pairs.here_ns)) == ("", 58, 118)


@pytest.mark.parametrize(
    ("here", "there", "tasks", "reason"),
    [
        (_coverage([0], [0]), _coverage([WHOLE_HOUR], [WHOLE_HOUR]), DOORS, "not open in the span"),
        (_coverage([WHOLE_HOUR], [WHOLE_HOUR]), _coverage([0], [0]), DOORS, "not open in what it is compared with"),
        (_coverage([WHOLE_HOUR], [WHOLE_HOUR]), _coverage([WHOLE_HOUR], [(1 << 53) - 1]), DOORS,
         "doors observed in 88 % of its open minutes in what it is compared with"),
        (_coverage([WHOLE_HOUR], [0], [WHOLE_HOUR]), _coverage([WHOLE_HOUR], [WHOLE_HOUR], [WHOLE_HOUR]), BOTH,
         "doors observed in 0 % of its open minutes in the span"),
        (_coverage([WHOLE_HOUR], [0]), _coverage([WHOLE_HOUR], [0]), DOORS, "no agent observed doors"),
        (_coverage([1], [1]), _coverage([2], [2]), DOORS, "no minute was open and observed on both sides"),
    ],
)  # fmt: skip
def test_a_store_that_is_not_comparable_has_its_reason(
    here: CoverageMasks, there: CoverageMasks, tasks: frozenset[CoverageTask], reason: str
) -> None:
    assert _match(here, there, tasks).reason == reason


def test_a_task_that_no_agent_has_on_either_side_is_not_needed() -> None:
    side = _coverage([WHOLE_HOUR], [0], [WHOLE_HOUR])
    assert _match(side, side, BOTH).compared_minutes == 60
    assert _match(side, side, frozenset()).compared_minutes == 60, "sales need no agent"


def test_before_there_was_coverage_all_minutes_count_as_observed() -> None:
    known, unknown = _coverage([WHOLE_HOUR], [WHOLE_HOUR]), _coverage([WHOLE_HOUR], [0], unknown=Span(BEGIN, BEGIN + NS_PER_HOUR))
    assert (_match(known, unknown).compared_minutes, _match(known, unknown).reason) == (60, "")
    earlier = _coverage([WHOLE_HOUR], [0], unknown=Span(BEGIN + NS_PER_HOUR, LAST_NS))
    assert "doors observed in 0 %" in _match(known, earlier).reason, "before its first row nothing was observed"
