"""Walks that contradict each other are found; another carrier does not."""

from __future__ import annotations

from gateway.calibration.disagreement import disagreements
from gateway.calibration.walks import LevelRow, Walk

S = 10**9


def walk(name: str, hall: tuple[int, int], yard: tuple[int, int]) -> Walk:
    """A minute in the hall and one in the yard: how loud the receivers of both hear the carrier."""
    levels = [("hall", hall)] * 60 + [("yard", yard)] * 60
    rows = [
        LevelRow(at * S, zone, "a", dbm) for at, (_, both) in enumerate(levels) for zone, dbm in zip(("hall", "yard"), both, strict=True)
    ]
    return Walk(name, rows, [(at * S, zone) for at, (zone, _) in enumerate(levels)])


RIGHT = walk("right", (-60, -75), (-75, -60))


def test_walks_whose_zones_are_swapped_contradict_each_other() -> None:
    (found,) = disagreements([RIGHT, walk("swapped", (-75, -60), (-60, -75))])
    assert (found.walks, found.zone, found.by, found.levels_dbm) == (("right", "swapped"), "hall", "hall", (-60, -75))


def test_another_carrier_is_louder_everywhere_and_contradicts_nothing() -> None:
    assert disagreements([RIGHT, walk("loud", (-48, -63), (-63, -48)), walk("in a pocket", (-66, -76), (-79, -69))]) == []


def test_what_one_walk_alone_heard_is_no_contradiction() -> None:
    deaf = Walk("deaf", [row for row in RIGHT.rows if row.zone == "hall"], RIGHT.truth)
    assert disagreements([RIGHT, deaf]) == []
