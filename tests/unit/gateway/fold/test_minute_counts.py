"""Counts per minute: sums that can be taken back, kept in memory while they may change."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from gateway.fold.minute_counts import KEEP_MINUTES, OCCUPANCY, TRAFFIC, TRAFFIC_COLUMN, Cells, traffic_row
from gateway.fold.visit_rows import TrafficContribution
from tests.support.memory_fold_store import MemoryStore
from tests.support.shop_stories import Shop, seen

STORE = 3
IN, OUT, OPEN = TRAFFIC_COLUMN["in"], TRAFFIC_COLUMN["out"], TRAFFIC_COLUMN["visits_open"]


def cells() -> Cells:
    return Cells("traffic", len(TRAFFIC), MemoryStore())


def counted(found: Cells, minutes: range, index: int) -> list[float]:
    return [found.get(STORE, minute)[index] for minute in minutes]


def test_what_was_added_can_be_taken_back_exactly() -> None:
    found = cells()
    found.add_span(STORE, 10, 12, OPEN, 1)
    found.add_span(STORE, 11, 12, OPEN, -1)
    assert counted(found, range(9, 14), OPEN) == [0, 1, 0, 0, 0]


def test_spans_as_columns_count_what_each_would_alone() -> None:
    found = cells()
    found.add_spans(np.array([STORE, STORE], np.int32), np.array([10, 11]), np.array([11, 13]), OPEN)
    assert counted(found, range(9, 15), OPEN) == [0, 1, 2, 1, 1, 0]


def test_amounts_as_columns_add_up_within_a_minute() -> None:
    found = cells()
    found.add_each(np.array([STORE] * 3, np.int32), np.array([10, 10, 12]), {IN: np.array([2.0, 3.0, 4.0])})
    assert counted(found, range(10, 13), IN) == [5, 0, 4]


def test_a_changed_minute_is_reported_once() -> None:
    found = cells()
    found.add(STORE, 10, IN, 1)
    found.add(STORE, 10, OUT, 1)
    assert [(owner, minute) for owner, minute, _ in found.take_changed()] == [(STORE, 10)]
    assert found.take_changed() == []


def test_a_minute_that_left_memory_is_found_again_and_can_be_corrected() -> None:
    found = cells()
    found.add(STORE, 10, IN, 5)
    found.add(STORE, 10 + KEEP_MINUTES + 1, IN, 1)
    found.retire()
    found.add(STORE, 10, IN, -2)
    assert found.get(STORE, 10)[IN] == 3
    assert found.minutes(STORE, 0, 100) == [10, 10 + KEEP_MINUTES + 1]


def test_a_cell_is_a_point_at_the_beginning_of_its_minute() -> None:
    cell = [0.0] * (len(TRAFFIC))
    cell[IN], cell[OCCUPANCY] = 4, 3
    row = traffic_row("s1", 10, cell)
    assert (row.time_ns, row.store, row.in_, row.occupancy) == (600 * 10**9, "s1", 4, 3)


def test_a_visit_is_open_in_every_minute_that_it_touches() -> None:
    shop = Shop().hear(seen("ann", "a", 30), seen("ann", "a", 130)).close()
    assert shop.minute(0) == {"visits_started": 1, "visits_open": 1}
    assert shop.minute(60) == {"visits_open": 1}
    assert shop.minute(120) == {"visits_open": 1, "visits_closed": 1, "dwell_sum_s": 100}
    assert shop.minute(180) == {}


def test_staff_are_no_traffic_but_for_their_entries() -> None:
    shop = Shop().hear(seen("clerk", "a", 0), seen("clerk", "a", 40)).close()
    assert (len(shop.visits()), shop.minute(0), shop.minute(0, "a")) == (1, {"staff_entries": 1}, {})


def test_a_known_fan_is_counted_among_the_known() -> None:
    shop = Shop().link("ann", "fan-1").hear(seen("ann", "a", 0), seen("ben", "a", 1)).close()
    assert (shop.minute(0)["visits_open"], shop.minute(0)["known_open"]) == (2, 1)
    assert (shop.minute(0, "a")["present"], shop.minute(0, "a")["known_present"]) == (2, 1)


def test_a_visit_of_a_day_subject_is_counted_apart_in_every_minute_that_it_touches() -> None:
    shop = Shop().hear(seen("stranger", "a", 30), seen("ann", "a", 40), seen("stranger", "a", 70)).close()
    both = [(shop.minute(at).get("anonymous_started", 0), shop.minute(at).get("anonymous_open", 0)) for at in (0, 60, 120)]
    assert both == [(1, 1), (0, 1), (0, 0)]
    assert shop.minute(0)["visits_started"] == 2


def test_late_evidence_moves_the_visit_of_a_day_subject_and_counts_it_once() -> None:
    shop = Shop().hear(seen("stranger", "a", 130), seen("ben", "a", 200)).late(seen("stranger", "a", 10, agent="y")).close()
    found = [(shop.minute(at).get("anonymous_started", 0), shop.minute(at).get("anonymous_open", 0)) for at in (0, 60, 120)]
    assert found == [(1, 1), (0, 1), (0, 1)]


def test_what_an_earlier_release_kept_of_a_visit_counts_no_day_subject() -> None:
    kept = TrafficContribution(*json.loads("[1, 2, false, true, 60.0]"))
    assert kept.anonymous is False
    assert TrafficContribution(*json.loads(replace(kept, anonymous=True).to_json())).anonymous is True


def test_a_cell_that_a_release_with_fewer_counts_kept_has_zeros_for_the_others() -> None:
    kept = MemoryStore()
    kept.save_cells("zone", [(1, 5, [3.0, 2.0])])
    cells = Cells("zone", 4, kept)
    cells.load({"cells": [[1, 9, [7.0, 1.0]]], "floor": [(1, 8)], "changed": [(1, 9)], "before": [[6.0, 1.0]], "new": []})
    assert (cells.get(1, 5), cells.get(1, 9)) == ([3.0, 2.0, 0.0, 0.0], [7.0, 1.0, 0.0, 0.0])
    assert [change.before for change in cells.take_changed()] == [[6.0, 1.0, 0.0, 0.0]]
