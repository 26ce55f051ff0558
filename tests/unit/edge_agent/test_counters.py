"""Counters: every rule of edge_agent/counters.py as a story of readings, and conservation whatever happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.profile import CounterLimits
from device_profiles.reading import Counted
from edge_agent.counters import REMEMBERED, Counters
from edge_agent.sources.source import Crossing, Gap, RefusedReading, Tally

S = 1_000_000_000
LIMITS = CounterLimits(most_per_min=300, rolls_over_at=(1 << 16, 1 << 32), settle_s=5)


def total(t_s: float, entered: int, left: int = 0, **more: Any) -> Tally:
    return Tally(round(t_s * S), "door-box", "main", Counted(entered, left, True, **more), "door-counter")


def period(t_s: float, entered: int, left: int = 0, **more: Any) -> Tally:
    return Tally(round(t_s * S), "door-box", "main", Counted(entered, left, False, **more), "door-counter")


@dataclass
class Told:
    """What all tallies came to."""

    people: list[int]
    gaps: list[tuple[float, float, str]]
    refused: list[str]


def told(counters: Counters, *tallies: Tally, limits: CounterLimits = LIMITS) -> Told:
    so_far = Told([0, 0], [], [])
    for tally in tallies:
        for heard in counters.count(tally, limits):
            match heard:
                case Crossing(_, _, entered, left):
                    so_far.people = [so_far.people[0] + entered, so_far.people[1] + left]
                case Gap(since_ns, until_ns, reason):
                    so_far.gaps.append((since_ns / S, until_ns / S, reason))
                case RefusedReading(_, reason):
                    so_far.refused.append(reason)
    return so_far


STORIES: dict[str, tuple[list[Tally], Told]] = {
    "the first reading counts nobody": ([total(0, 500, 400)], Told([0, 0], [], [])),
    "a total goes on": ([total(0, 500, 400), total(1, 503, 401), total(2, 503, 401)], Told([3, 1], [], [])),
    "16 bits roll over": ([total(0, 65_530), total(1, 4)], Told([10, 0], [], [])),
    "32 bits roll over": ([total(0, (1 << 32) - 2), total(1, 1)], Told([3, 0], [], [])),
    "one direction rolls over while the other goes on": ([total(0, 65_530, 10), total(1, 4, 12)], Told([10, 2], [], [])),
    "a reset: what was counted since is counted": (
        [total(0, 500, 400), total(10, 3, 1), total(12, 4, 1), total(15, 6, 1)],
        Told([6, 1], [(0, 10, "counter.reset")], []),
    ),
    "a reset seen late, after a hole": (
        [total(0, 500, 400), total(600, 40, 2), total(605, 41, 2)],
        Told([41, 2], [(0, 600, "counter.reset")], []),
    ),
    "a camera that begins anew at midnight, after a quiet night": (
        [total(0, 2_000, 1_990), total(30_000, 1, 0), total(30_060, 2, 0)],
        Told([2, 0], [(0, 30_000, "counter.reset")], []),
    ),
    "16 bits roll over in a long hole": ([total(0, 62_000), total(36_000, 3_000)], Told([6_536, 0], [], [])),
    "a register that is zero once is not a reset": (
        [total(0, 500, 400), total(1, 0, 0), total(2, 503, 401)],
        Told([3, 1], [(0, 2, "counter.stray")], ["counter.stray"]),
    ),
    "a device that starts shows zeros for a while": (
        [total(0, 500), total(1, 0), total(2, 0), total(3, 0), total(4, 507)],
        Told([7, 0], [(0, 4, "counter.stray")], ["counter.stray"]),
    ),
    "garbage in between": (
        [total(0, 500), total(1, 3_000_000_000), total(2, 77_777), total(3, 502)],
        Told([2, 0], [(0, 3, "counter.stray")], ["counter.stray"]),
    ),
    "a counter set to another value": (
        [total(0, 500), total(1, 90_000), total(3, 90_002), total(6, 90_003), total(7, 90_004)],
        Told([4, 0], [(0, 1, "counter.replaced")], []),
    ),
    "garbage, then another counter": (
        [total(0, 500), total(1, 3_000_000_000), total(2, 90_000), total(5, 90_002), total(7, 90_003)],
        Told([3, 0], [(0, 2, "counter.replaced")], ["counter.stray"]),
    ),
    "many people after a long hole": ([total(0, 500), total(3600, 10_500)], Told([10_000, 0], [], [])),
    "too many for a minute": ([total(0, 500), total(10, 900), total(11, 501)], Told([1, 0], [(0, 11, "counter.stray")], ["counter.stray"])),
    "a restart that says so needs no second reading": (
        [total(0, 500, values={"uptime_s": 90}), total(10, 3, values={"uptime_s": 4})],
        Told([3, 0], [(0, 10, "counter.reset")], []),
    ),
    "a restart that kept its total": (
        [total(0, 3, values={"uptime_s": 90}), total(10, 5, values={"uptime_s": 4})],
        Told([2, 0], [], []),
    ),
    "a total of the past comes late": (
        [
            total(0, 500, t_wall_ns=100 * S),
            total(1, 498, t_wall_ns=98 * S),
            total(2, 499, t_wall_ns=99 * S),
            total(3, 501, t_wall_ns=101 * S),
        ],
        Told([1, 0], [], []),
    ),
    "a device whose clock was set back by days": (
        [total(0, 500, t_wall_ns=1_000_000 * S), total(1, 501, t_wall_ns=100 * S), total(2, 502, t_wall_ns=101 * S)],
        Told([2, 0], [], []),
    ),
    "a report sent again, by serial": (
        [period(0, 3, serial="7"), period(9, 3, serial="7"), period(9, 4, serial="8")],
        Told([7, 0], [], []),
    ),
    "a report sent again, by its end": (
        [period(0, 3, 1, t_wall_ns=900 * S, period_s=900), period(9, 3, 1, t_wall_ns=900 * S, period_s=900)],
        Told([3, 1], [], []),
    ),
    "more than a period can hold": ([period(0, 300_000, t_wall_ns=900 * S, period_s=900)], Told([0, 0], [], ["counter.implausible"])),
    "totals and periods side by side": (
        [
            total(0, 70, 75),
            total(30, 72, 75),
            period(60, 2, 0, t_wall_ns=60 * S, period_s=60),
            total(70, 73, 76),
            period(120, 1, 1, t_wall_ns=120 * S, period_s=60),
        ],
        Told([3, 1], [], []),
    ),
    "periods first, then totals beside them": (
        [period(60, 2, t_wall_ns=60 * S, period_s=60), total(61, 70), total(70, 72), period(120, 2, t_wall_ns=120 * S, period_s=60)],
        Told([4, 0], [], []),
    ),
    "periods again where totals have ended for a day": (
        [total(0, 70), total(30, 72), period(90_000, 5, t_wall_ns=90_000 * S, period_s=60), total(90_010, 99), total(90_020, 100)],
        Told([8, 0], [], []),
    ),
    "nonsense without end": (
        [total(0, 500), *(total(n, 1 << (20 + n % 4)) for n in range(1, 64)), total(70, 501)],
        Told([1, 0], [(0, 61, "counter.stray"), (0, 70, "counter.stray")], ["counter.stray"] * 2),
    ),
    "more than its width": (
        [total(0, 500), *(total(n, 1 << 40) for n in range(1, 20)), total(20, 501)],
        Told([1, 0], [(0, 20, "counter.stray")], ["counter.stray"]),
    ),
    "less than nobody": ([total(0, -1), total(1, 5)], Told([0, 0], [], ["counter.negative"])),
}


@pytest.mark.parametrize("story", STORIES)
def test_stories(story: str) -> None:
    tallies, expected = STORIES[story]
    assert told(Counters("boot"), *tallies) == expected


@pytest.mark.parametrize("story", STORIES)
def test_stories_with_an_agent_that_restarts_after_every_reading(story: str) -> None:
    """All that a rule needs to know is in what is stored."""
    tallies, expected = STORIES[story]
    stored: dict[str, str] = {}
    so_far = Told([0, 0], [], [])
    for tally in tallies:
        counters = Counters("boot")
        counters.load(stored)
        one = told(counters, tally)
        so_far = Told([a + b for a, b in zip(so_far.people, one.people, strict=True)], so_far.gaps + one.gaps, so_far.refused + one.refused)
        stored |= counters.changed()
    assert so_far == expected


def test_a_counter_that_forgets_its_total_at_a_restart_is_counted_from_zero_though_it_has_passed_its_last_total() -> None:
    limits = CounterLimits(survives_reboot=False)
    readings = [total(0, 3, values={"uptime_s": 90}), total(3600, 50, values={"uptime_s": 3000})]
    assert told(Counters("boot"), *readings, limits=limits).people == [50, 0]


def test_a_counter_that_never_rolls_over_was_reset() -> None:
    readings = [total(0, 65_530), total(1, 4), total(7, 4)]
    assert told(Counters("boot"), *readings, limits=CounterLimits(rolls_over_at=())).people == [4, 0]


def test_another_boot_of_the_machine_is_a_hole_of_unknown_length() -> None:
    before = Counters("boot-1")
    before.count(total(50_000, 500), LIMITS)
    after = Counters("boot-2")
    after.load(before.changed())
    assert told(after, total(30, 20_500)).people == [20_000, 0]
    after.load(before.changed(everything=True))
    garbled = told(after, total(30, 2_000_000_000), total(31, 600))
    assert garbled == Told([100, 0], [(31, 31, "counter.stray")], ["counter.stray"])


def test_doors_and_devices_have_totals_of_their_own() -> None:
    counters = Counters("boot")
    for n, (device, door) in enumerate([("a", "main"), ("a", "side"), ("b", "main")]):
        assert counters.count(Tally(0, device, door, Counted(100 * n, 0, True), "door-counter"), LIMITS) == []
        assert counters.count(Tally(S, device, door, Counted(100 * n + n, 0, True), "door-counter"), LIMITS) == (
            [Crossing(S, door, n, 0)] if n else []
        )


def test_what_was_not_counted_twice_is_reported() -> None:
    counters = Counters("boot")
    told(counters, *STORIES["totals and periods side by side"][0], total(200, 73, 76, t_wall_ns=S), period(300, 1, serial="1"))
    told(counters, *(Tally(0, "other", "main", Counted(1, 0, False, serial="1"), "door-counter") for _ in range(2)))
    assert counters.ignored_total == {"counter.beside_totals": 3, "counter.again": 1}


def test_reports_older_than_memory_are_refused_not_counted() -> None:
    counters = Counters("boot")
    reports = [period(n, 1, t_wall_ns=n * 60 * S, period_s=60) for n in range(1, REMEMBERED + 100)]
    assert told(counters, *reports).people == [REMEMBERED + 99, 0]
    again = told(counters, *reports)
    assert again.people == [0, 0]
    assert again.refused == ["counter.stale"] * 99


def test_memory_of_doors_is_bounded() -> None:
    counters = Counters("boot")
    refused = [
        heard
        for n in range(1_010)
        for heard in counters.count(Tally(0, f"device-{n}", "main", Counted(1, 0, True), "door-counter"), LIMITS)
    ]
    assert [heard.reason for heard in refused if isinstance(heard, RefusedReading)] == ["counter.doors"] * 10


def test_a_memory_that_cannot_be_read_is_a_new_baseline() -> None:
    counters = Counters("boot")
    counters.load({'["door-box", "main"]': '{"good": 7, "reports": [], "shoe_size": 9}', '["x", "y"]': "nonsense"})
    assert counters.ignored_total == {"counter.memory": 2}
    assert told(counters, total(0, 7), total(1, 9)).people == [2, 0]


@given(
    start=st.integers(0, 1 << 16),
    width=st.sampled_from([1 << 16, 1 << 32, 10_000]),
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("people"), st.integers(0, 40), st.integers(0, 40)),
            st.tuples(st.just("hole"), st.integers(2, 7200), st.integers(0, 200)),
            st.tuples(st.just("garbage"), st.integers(1 << 20, 1 << 31), st.integers(1 << 20, 1 << 31)),
            st.tuples(st.just("kill"), st.booleans(), st.just(0)),
            st.tuples(st.just("boot"), st.just(0), st.just(0)),
        ),
        max_size=60,
    ),
)
@settings(max_examples=300)
def test_nobody_is_lost_or_counted_twice(start: int, width: int, steps: list[tuple[str, int, int]]) -> None:
    """Roll-overs, holes, garbage, kills before or after what was counted was stored, reboots: the sum stored is the true sum."""
    limits = CounterLimits(rolls_over_at=(width,), most_per_min=500)
    entered, left, t_s, boot = start % width, start % 97, 0.0, 0
    first = (entered, left)
    counters = Counters("boot-0")
    stored: dict[str, str] = {}
    people = [0, 0]
    pending: list[Crossing] = []

    def read(garbage: tuple[int, int] | None = None) -> None:
        shown = garbage or (entered % width, left % width)
        pending.extend(heard for heard in counters.count(total(t_s, *shown), limits) if isinstance(heard, Crossing))

    def commit() -> None:
        nonlocal stored
        stored = stored | counters.changed()
        for crossing in pending:
            people[0] += crossing.entered
            people[1] += crossing.left
        pending.clear()

    read()
    commit()
    for what, a, b in steps:
        t_s += a if what == "hole" else 1.0
        if what in ("people", "hole"):
            entered, left = entered + min(a, 200), left + b
            read()
        elif what == "garbage":
            read((a, b))
        else:
            if a:
                commit()
            boot += what == "boot"
            t_s = 1.0 if what == "boot" else t_s
            counters = Counters(f"boot-{boot}")
            counters.load(stored)
            pending.clear()
    t_s += 1.0
    read()
    commit()
    assert people == [entered - first[0], left - first[1]]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(-5, 1 << 33), st.integers(-5, 1 << 33), st.booleans(), st.integers(0, 1 << 60))))
def test_whatever_a_counter_reports_nothing_is_raised_and_nobody_is_negative(readings: list[tuple[float, int, int, bool, int]]) -> None:
    counters = Counters("boot")
    for t_s, entered, left, cumulative, t_wall_ns in readings:
        tally = Tally(round(t_s * S), "d", "main", Counted(entered, left, cumulative, t_wall_ns=t_wall_ns), "door-counter")
        for heard in counters.count(tally, LIMITS):
            if isinstance(heard, Crossing):
                assert min(heard.entered, heard.left) >= 0
            if isinstance(heard, Gap):
                assert heard.from_boot_ns <= heard.to_boot_ns
    copy = Counters("boot")
    copy.load(counters.changed())
    assert copy.changed(everything=True).keys() == counters.changed(everything=True).keys()
