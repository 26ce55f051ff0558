"""Wall time of a column of moments equals what zoneinfo's clocks show at each."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_S
from gateway.query.spans import local
from gateway.query.wall import Repeated, repeated, steady_spans, wall_ns

ZONES = ("Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo", "UTC")
FIRST_S, LAST_S = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (1975, 2035))


@given(zone=st.sampled_from(ZONES), seconds=st.lists(st.integers(FIRST_S, LAST_S), max_size=3), span_s=st.integers(0, 400 * 86_400))
def test_wall_times_are_those_that_clocks_show(zone: str, seconds: list[int], span_s: int) -> None:
    clock = ZoneInfo(zone)
    times = np.array([second + step for second in seconds for step in (0, span_s)], np.int64) * NS_PER_S
    expected = [int(local(time_ns, clock).replace(tzinfo=UTC).timestamp()) * NS_PER_S for time_ns in times.tolist()]
    assert wall_ns(clock, times).tolist() == expected


@given(zone=st.sampled_from(ZONES), from_s=st.integers(FIRST_S, LAST_S), span_s=st.integers(1, 400 * 86_400))
def test_steady_spans_tile_the_span_and_differ_from_their_neighbours(zone: str, from_s: int, span_s: int) -> None:
    spans = steady_spans(ZoneInfo(zone), from_s * NS_PER_S, (from_s + span_s) * NS_PER_S)
    assert (spans[0].begin_ns, spans[-1].end_ns) == (from_s * NS_PER_S, (from_s + span_s) * NS_PER_S)
    assert all(before.end_ns == after.begin_ns and before.offset_ns != after.offset_ns for before, after in pairwise(spans))


def test_only_a_change_backwards_shows_times_twice() -> None:
    begin = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * NS_PER_S
    twice = int(datetime(2026, 10, 25, 2, tzinfo=UTC).timestamp()) * NS_PER_S
    spans = steady_spans(ZoneInfo("Europe/Berlin"), begin, begin + 365 * NS_PER_DAY)
    assert repeated(spans) == [Repeated(twice, twice + NS_PER_HOUR)]
