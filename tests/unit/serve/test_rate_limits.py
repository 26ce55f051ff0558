"""A bucket of each token: so many at once, then as fast as it fills."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serve.rate_limits import RateLimits


def test_a_burst_then_the_rate() -> None:
    limits = RateLimits(per_s=2.0, burst=3)
    assert [limits.take("a", 10.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert limits.take("b", 10.0) == 0.0, "another token has a bucket of its own"
    assert limits.take("a", 10.4) > 0.0
    assert limits.take("a", 10.5) == 0.0
    assert [limits.take("a", 99.0) for _ in range(4)][:3] == [0.0, 0.0, 0.0], "a full bucket holds no more"


def test_who_waits_as_long_as_told_goes_on() -> None:
    limits = RateLimits(per_s=3.0, burst=1)
    limits.take("a", 0.0)
    wait_s = limits.take("a", 0.1)
    assert limits.take("a", 0.1 + wait_s + 1e-9) == 0.0


@given(st.lists(st.floats(0, 10), min_size=1, max_size=60).map(sorted))
def test_never_more_than_the_burst_and_the_rate(times: list[float]) -> None:
    limits = RateLimits(per_s=2.0, burst=5)
    taken = sum(limits.take("a", at_s) == 0.0 for at_s in times)
    assert taken <= 5 + 2.0 * (times[-1] - times[0]) + 1e-6


def test_a_clock_that_is_set_back_gives_nothing() -> None:
    limits = RateLimits(per_s=1.0, burst=1)
    limits.take("a", 100.0)
    assert limits.take("a", 50.0) > 0.0
    assert limits.take("a", 100.5) > 0.0
    assert limits.take("a", 101.5) == 0.0
