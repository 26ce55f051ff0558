from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.metrics import MetricRegistry
from gateway.state.balance import Balance


def test_a_scrape_is_what_prometheus_reads() -> None:
    registry = MetricRegistry()
    for store, value in (('a"b\\c\nd', 2), ("z", 0.5)):
        registry.read("footfall_frames_total", "counter", "Frames.", lambda store=store, value=value: {(store,): value}, ("store",))
    registry.read("footfall_lag_seconds", "gauge", "Lag\nof it.", lambda: {(): math.inf})
    registry.read("footfall_clock", "gauge", "Clock.", lambda: {("x",): math.nan, ("y",): -math.inf}, ("of",))
    assert registry.render() == (
        '# HELP footfall_clock Clock.\n# TYPE footfall_clock gauge\nfootfall_clock{of="x"} NaN\nfootfall_clock{of="y"} -Inf\n'
        "# HELP footfall_frames_total Frames.\n# TYPE footfall_frames_total counter\n"
        'footfall_frames_total{store="a\\"b\\\\c\\nd"} 2.0\nfootfall_frames_total{store="z"} 0.5\n'
        "# HELP footfall_lag_seconds Lag\\nof it.\n# TYPE footfall_lag_seconds gauge\nfootfall_lag_seconds +Inf\n"
    )


def test_names_and_labels_are_held_to_their_rules() -> None:
    registry = MetricRegistry()
    with pytest.raises(ValueError, match="_total"):
        registry.read("footfall_x", "counter", "X.", dict)
    registry.read("footfall_x_total", "counter", "X.", dict, ("a",))
    with pytest.raises(ValueError, match="labels"):
        registry.read("footfall_x_total", "counter", "X.", dict, ("b",))
    with pytest.raises(ValueError, match="gauge"):
        registry.read("footfall_x_total", "gauge", "X.", dict, ("a",))


@given(st.lists(st.tuples(st.sampled_from(["written", "quarantined", "late", "duplicate", "pending"]), st.integers(0, 1000))))
def test_rows_are_written_quarantined_dropped_or_pending(fates: list[tuple[str, int]]) -> None:
    counted: Counter[str] = Counter()
    for fate, rows in fates:
        counted[fate] += rows
    dropped = {reason: counted[reason] for reason in ("late", "duplicate")}
    balance = Balance(counted.total(), counted["written"], counted["quarantined"], dropped)
    assert balance.pending == counted["pending"]
    assert balance.as_json()["dropped_total"] == dropped
