from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.metrics import Balance, Registry

counts = st.integers(0, 1 << 62)
balances = st.builds(Balance, counts, counts, counts, st.dictionaries(st.text(max_size=10), counts, max_size=3))


def test_a_scrape_is_what_prometheus_reads() -> None:
    registry = Registry()
    counter = registry.counter("footfall_frames_total", "Frames.", store='a"b\\c\nd')
    counter.value += 2
    registry.counter("footfall_frames_total", "Frames.", store="z").value += 0.5
    registry.read("footfall_lag_seconds", "gauge", "Lag\nof it.", lambda: {(): math.inf})
    registry.read("footfall_clock", "gauge", "Clock.", lambda: {("x",): math.nan, ("y",): -math.inf}, ("of",))
    assert registry.render() == (
        '# HELP footfall_clock Clock.\n# TYPE footfall_clock gauge\nfootfall_clock{of="x"} NaN\nfootfall_clock{of="y"} -Inf\n'
        "# HELP footfall_frames_total Frames.\n# TYPE footfall_frames_total counter\n"
        'footfall_frames_total{store="a\\"b\\\\c\\nd"} 2\nfootfall_frames_total{store="z"} 0.5\n'
        "# HELP footfall_lag_seconds Lag\\nof it.\n# TYPE footfall_lag_seconds gauge\nfootfall_lag_seconds +Inf\n"
    )


def test_a_counter_is_one_however_often_asked_for() -> None:
    registry = Registry()
    assert registry.counter("footfall_x_total", "X.", a="1") is registry.counter("footfall_x_total", "X.", a="1")
    assert registry.counter("footfall_x_total", "X.", a="1") is not registry.counter("footfall_x_total", "X.", a="2")


def test_names_and_labels_are_held_to_their_rules() -> None:
    registry = Registry()
    with pytest.raises(ValueError, match="_total"):
        registry.counter("footfall_x", "X.")
    registry.counter("footfall_x_total", "X.", a="1")
    with pytest.raises(ValueError, match="labels"):
        registry.counter("footfall_x_total", "X.", b="1")
    with pytest.raises(ValueError, match="gauge"):
        registry.read("footfall_x_total", "gauge", "X.", dict, ("a",))


@given(balances)
def test_a_balance_survives_being_kept(balance: Balance) -> None:
    assert Balance.from_json(json.loads(json.dumps(balance.as_json()))) == balance


@given(st.lists(st.tuples(st.sampled_from(["written", "quarantined", "late", "duplicate", "pending"]), st.integers(0, 1000))))
def test_rows_are_written_quarantined_dropped_or_pending(fates: list[tuple[str, int]]) -> None:
    balance = Balance()
    for fate, rows in fates:
        balance.in_total += rows
        match fate:
            case "written":
                balance.written_total += rows
            case "quarantined":
                balance.quarantined_total += rows
            case "pending":
                pass
            case reason:
                balance.drop(reason, rows)
    assert balance.pending == sum(rows for fate, rows in fates if fate == "pending")
    assert all(balance.dropped_total.values()), "a reason is there once something was dropped for it"
