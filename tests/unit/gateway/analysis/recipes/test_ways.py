"""Ways through zones, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from footfall.analysis import recipes
from footfall.errors import ConfigError


def dwells(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """(subject, zone, time of day, seconds) of each dwell."""
    subject, zone, at, seconds = (list(column) for column in zip(*rows, strict=True))
    time = pd.DatetimeIndex([f"2026-09-07 {each}" for each in at], tz="UTC")
    return pd.DataFrame({"store": "s1", "subject": subject, "zone": zone, "time": time, "seconds": seconds, "is_staff": False})


ROWS = (
    ("a", "door", "10:00", 60.0), ("a", "shoes", "10:02", 60.0), ("a", "till", "10:04", 60.0),
    ("b", "door", "10:00", 60.0), ("b", "till", "10:02", 60.0), ("b", "shoes", "10:04", 60.0),
    ("c", "door", "10:00", 60.0), ("c", "shoes", "11:00", 60.0),
)  # fmt: skip


def test_zones_are_reached_in_their_order_and_within_one_way() -> None:
    found = recipes.funnel(dwells(*ROWS), ["door", "shoes", "till"])
    assert found["ways"].to_list() == [3, 2, 1]
    assert found["share_of_first"].to_list() == pytest.approx([1, 2 / 3, 1 / 3])
    assert found["share_of_previous"].to_list() == pytest.approx([1, 2 / 3, 1 / 2])
    assert recipes.funnel(dwells(*ROWS), ["door", "shoes"], timeout="2h")["ways"].to_list() == [3, 3]


def test_a_long_dwell_is_no_silence() -> None:
    rows = (("a", "door", "10:00", 3000.0), ("a", "till", "11:00", 60.0))
    assert recipes.funnel(dwells(*rows), ["door", "till"])["ways"].to_list() == [1, 1]


def test_staff_have_no_way() -> None:
    frame = dwells(*ROWS).assign(is_staff=lambda rows: rows["subject"] == "a")
    assert recipes.funnel(frame, ["door", "shoes", "till"])["ways"].to_list() == [2, 1, 0]


def test_transitions_add_up_and_end_in_nothing() -> None:
    found = recipes.transitions(dwells(*ROWS)).set_index(["from", "to"])
    assert found["ways"].to_dict() == {("door", "shoes"): 1, ("door", "till"): 1, ("door", ""): 1, ("shoes", "till"): 1, ("shoes", ""): 2,
                                       ("till", "shoes"): 1, ("till", ""): 1}  # fmt: skip
    assert found.groupby("from")["share"].sum().to_list() == pytest.approx([1, 1, 1])


def test_a_zone_that_nobody_was_in_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match="nobody was in zone 'tills'; the frame has door, shoes, till"):
        recipes.funnel(dwells(*ROWS), ["door", "tills"])
