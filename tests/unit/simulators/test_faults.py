from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.faults import CLOCK_FAULTS, FaultyClock, doubled, lost, reordered, spoiled
from simulators.people import stream

SEEDS = st.integers(0, 2**32)
S = 10**9
START_NS = 1_795_000_000 * S


@given(SEEDS, st.lists(st.integers(), unique=True), st.integers(0, 10))
def test_reordering_keeps_every_item_once_and_nothing_comes_early(seed: int, items: list[int], depth: int) -> None:
    found = list(reordered(items, stream(seed), depth))
    assert Counter(found) == Counter(items)
    assert all(items.index(item) <= at + depth for at, item in enumerate(found))


@given(SEEDS, st.lists(st.integers(), unique=True), st.floats(0, 1))
def test_doubling_and_losing_keep_the_order(seed: int, items: list[int], share: float) -> None:
    twice = list(doubled(items, stream(seed), share))
    assert list(dict.fromkeys(twice)) == items
    assert max(Counter(twice).values(), default=0) <= 2
    kept = list(lost(items, stream(seed), share))
    assert kept == [item for item in items if item in set(kept)]


def test_shares_are_about_right_and_extremes_exact() -> None:
    items = list(range(10_000))
    assert len(list(doubled(items, stream(1), 0.25))) == pytest.approx(12_500, rel=0.02)
    assert len(list(lost(items, stream(1), 0.25))) == pytest.approx(7_500, rel=0.02)
    assert list(lost(items, stream(1), 0.0)) == items
    assert list(lost(items, stream(1), 1.0)) == []


@given(SEEDS, st.lists(st.binary(min_size=1, max_size=50), max_size=20))
def test_a_spoiled_payload_differs_in_one_bit(seed: int, payloads: list[bytes]) -> None:
    for before, after in zip(payloads, spoiled(payloads, stream(seed), 1.0), strict=True):
        assert (int.from_bytes(before, "big") ^ int.from_bytes(after, "big")).bit_count() == 1
    assert list(spoiled(payloads, stream(seed), 0.0)) == payloads


def wall_error_s(name: str, after_s: int) -> float:
    clock = FaultyClock("b1", START_NS, CLOCK_FAULTS[name], uptime_ns=60 * S)
    return (clock.at(START_NS + after_s * S).wall_ns - clock.true_ns) / S


def test_clock_faults_are_what_their_names_state() -> None:
    assert wall_error_s("right", 1000) == 0
    assert wall_error_s("behind 3 days", 1000) == -3 * 86_400
    assert wall_error_s("ahead 1 hour", 1000) == 3600
    assert (wall_error_s("step", 599), wall_error_s("step", 600)) == (-7 * 86_400, 0)
    assert wall_error_s("drift 50 ppm", 100_000) == 5
    assert FaultyClock("b1", START_NS, CLOCK_FAULTS["1970"], 60 * S).at(START_NS + S).wall_ns == 61 * S


@pytest.mark.parametrize("name", CLOCK_FAULTS)
def test_the_boot_clock_never_steps(name: str) -> None:
    clock = FaultyClock("b1", START_NS, CLOCK_FAULTS[name], uptime_ns=60 * S)
    times = [clock.at(START_NS + t * S).boot_ns for t in range(0, 1200, 100)]
    assert times[0] == 60 * S
    assert all(b - a == pytest.approx(100 * S, rel=1e-4) for a, b in pairwise(times))
