"""How much one agent may send: beyond it waits, and what does not wait is not read."""

from __future__ import annotations

import numpy as np
import pytest

from footfall.errors import ContractError
from footfall.frames import Body, Kind
from gateway.accept.limits import FLOOD, MAX_SUBJECTS_AN_HOUR, MOST_BEYOND_S, PACES, LimitedAmount, RateLimits
from tests.support.accept_inputs import NOW, TOPIC, Memory, S, acceptor, body, frame


@pytest.mark.parametrize("what", PACES)
def test_a_pace_may_be_kept_for_ever_and_a_burst_come_at_once(what: LimitedAmount) -> None:
    limits, pace = RateLimits(), PACES[what]
    burst = int(pace.a_second * pace.burst_s)
    assert limits.spend("x", what, burst, NOW) <= 0
    assert all(limits.spend("x", what, int(pace.a_second), NOW + second * S) <= 0 for second in range(1, 1000))
    assert limits.spend("x", what, 10 * int(pace.a_second), NOW + 999 * S) > 0
    assert limits.spend("y", what, 1, NOW + 999 * S) <= 0, "others are not held back"


def test_nobody_is_held_back_for_long_whatever_came() -> None:
    limits = RateLimits()
    assert limits.spend("x", "rows", 10**12, NOW) == pytest.approx(MOST_BEYOND_S)
    assert limits.beyond_s("x", NOW, "rows", "bytes") == pytest.approx(MOST_BEYOND_S)
    assert limits.beyond_s("x", NOW + int(MOST_BEYOND_S + 1) * S, "rows", "bytes") == 0


def test_three_days_of_a_busy_agent_come_in_within_seven_minutes() -> None:
    """Thirty rows a second in one frame of 3 KB, sent as fast as is taken."""
    limits, waited_s, days_s = RateLimits(), 0.0, 3 * 86_400
    for _ in range(days_s // 1000):
        now_ns = NOW + int(waited_s * S)
        worst = max(limits.spend("x", "messages", 1000, now_ns), limits.spend("x", "bytes", 3_000_000, now_ns))
        waited_s += max(0.0, worst, limits.spend("x", "rows", 30_000, now_ns))
    assert waited_s < 420


def test_a_flood_of_subjects_is_refused_and_named_and_rows_of_few_are_not() -> None:
    limits = RateLimits()
    crowd = body(*[Kind.STAY] * 10_000)
    for _ in range(100):
        limits.take_rows("x", crowd, NOW, NOW)
    for i in range(1, MAX_SUBJECTS_AN_HOUR // 10_000):
        crowd.subject = np.arange(10_000, dtype="<u8") + i * 10_000 + 1
        limits.take_rows("x", crowd, NOW, NOW)
    crowd.subject = crowd.subject + np.uint64(10_000)
    with pytest.raises(ContractError, match="subjects in one hour") as refused:
        limits.take_rows("x", crowd, NOW, NOW)
    assert refused.value.reason == FLOOD
    limits.take_rows("x", crowd, NOW + 3600 * S, NOW)
    limits.take_rows("y", crowd, NOW, NOW)


def test_subjects_are_remembered_of_few_hours_however_many_an_agent_reports() -> None:
    limits, crowd = RateLimits(), body(*[Kind.STAY] * 10_000)
    for hour in range(24):
        for i in range(MAX_SUBJECTS_AN_HOUR // 10_000 + 8):
            crowd.subject = np.arange(10_000, dtype="<u8") + (i % 9) * 10_000 + 1
            limits.take_rows("x", crowd, NOW + hour * 3600 * S, NOW)
    remembered = [len(hour.subjects) for hour in limits._hours["x"].values()]
    assert remembered[-1] == max(remembered) > 0
    assert sum(map(bool, remembered)) <= 3


def beyond_s(limits: RateLimits, agent: str, frame: Body) -> float:
    limits.take_days(agent, frame, 0, NOW, NOW)
    return limits.beyond_s(agent, NOW, "rows")


def test_rows_of_many_days_cost_more_and_those_of_a_backlog_in_order_do_not() -> None:
    """Each day is mended to its end: that must not be had for the price of a row."""
    day_s, limits, backlog = 86_400, RateLimits(), body(*[Kind.IN] * 100)
    for hour in range(40 * 24):
        backlog.t_boot_ns = np.arange(100, dtype="<i8") * S + NOW - (40 * 24 - hour) * 3600 * S
        assert beyond_s(limits, "late", backlog) == 0
    scattered = body(*[Kind.IN] * 100)
    scattered.t_wall_ns = NOW - np.arange(100, dtype="<i8") * (39 * day_s * S // 100)
    said = [beyond_s(limits, "x", scattered) for _ in range(4)]
    assert said[0] == 0
    assert said[3] > 30
    fresh = body(Kind.IN, Kind.IN)
    for _ in range(1000):  # a camera that reports yesterday, beside what is heard now
        fresh.t_wall_ns = np.array([NOW - day_s * S, 0], "<i8")
        assert beyond_s(limits, "y", fresh) == 0


def test_history_of_years_by_plain_events_costs_no_more_than_its_rows() -> None:
    limits, years = RateLimits(), body(*[Kind.EVENT, Kind.REFUSED] * 250, extra={i: {"event": ""} for i in range(0, 500, 2)})
    for year in range(20):
        years.t_wall_ns = NOW - (year * 365 + np.arange(500, dtype="<i8") % 365) * 86_400 * S
        assert beyond_s(limits, "x", years) == 0


def test_a_frame_beyond_the_pace_waits_at_its_agent_and_is_taken_later() -> None:
    accept = acceptor(Memory())
    assert accept.frame(TOPIC, frame(1, body(Kind.STAY)), NOW).receipt == ("e", 1)
    accept.limits.spend("x", "rows", 10**8, NOW)
    second = frame(2, body(Kind.STAY, first_row=1))
    paused = accept.frame(TOPIC, second, NOW + S)
    assert (paused.receipt, paused.entries, paused.units_in, paused.refused) == (("e", 1), [], 0, [])
    assert 0 < paused.pause_s <= MOST_BEYOND_S
    assert "agent_flooding" in paused.noticed
    taken = accept.frame(TOPIC, second, NOW + (paused.pause_s + 2) * S)
    assert (taken.receipt, taken.pause_s) == (("e", 2), 0)
