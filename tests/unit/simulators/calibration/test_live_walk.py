"""What is kept of a walk: rows of one beacon by our clock, and what was stated of where it was."""

from __future__ import annotations

import numpy as np
import pytest

from footfall.frames import COLUMNS, Body, Header, Kind
from footfall.units import NS_PER_S
from simulators.calibration.live_walk import FRESH_NS, LiveWalk, Stated

BEACON, OTHER = 5, 6
Row = tuple[Kind, int, int, int, float]


def frame(seq: int, sent_s: float, *rows: Row, agent: str = "x", boot: str = "b1", made_s: float | None = None) -> tuple[Header, Body]:
    """Rows are (kind, subject, place of the zone, dBm, seconds on the agent's clock)."""
    values = {"kind": 0, "subject": 1, "zone": 2, "rssi_dbm": 3}
    columns = {name: np.array([row[values[name]] if name in values else 0 for row in rows], dtype) for name, dtype in COLUMNS.items()}
    columns["t_boot_ns"] = np.array([round(row[4] * NS_PER_S) for row in rows], "<i8")
    columns["count"] = np.array([3 for _ in rows], COLUMNS["count"])
    made_ns = round((sent_s if made_s is None else made_s) * NS_PER_S)
    body = Body(boot, made_ns, 0, True, 0, 0, ("hall", "yard"), ("ibeacon",), **columns)
    return Header("s", agent, "e", seq, 1, boot, round(sent_s * NS_PER_S), 0), body


def walk_of(*frames: tuple[float, tuple[Header, Body]]) -> LiveWalk:
    walk = LiveWalk(BEACON)
    for received_s, one in frames:
        walk.hear(*one, round(received_s * NS_PER_S))
    return walk


def test_rows_of_the_beacon_alone_are_kept_dated_by_the_frame_that_came_the_quickest() -> None:
    walk = walk_of(
        (1000.5, frame(1, 10, (Kind.ENTER, BEACON, 0, -60, 9.0), (Kind.STAY, OTHER, 0, -50, 9.0))),
        (1001.1, frame(2, 11, (Kind.STAY, BEACON, 1, -70, 10.5))),
    )
    rows = list(walk.rows())
    assert [(row.t_ns / NS_PER_S, row.zone, row.dbm, row.sightings) for row in rows] == [(999.1, "hall", -60, 3), (1000.6, "yard", -70, 3)]
    assert rows[0].enters
    assert walk.profiles == {"ibeacon": 2}


def test_a_frame_that_comes_twice_counts_once() -> None:
    again = frame(1, 10, (Kind.STAY, BEACON, 0, -60, 9.0))
    walk = walk_of((1000, again), (1003, again))
    assert (len(list(walk.rows())), walk.frames) == (1, 1)


def test_an_exit_has_its_own_time_and_its_place_behind_what_was_reported() -> None:
    walk = walk_of((100, frame(1, 10, (Kind.STAY, BEACON, 0, -60, 9.5))), (105, frame(2, 15, (Kind.EXIT, BEACON, 0, 0, 9.5))))
    *_, leaves = walk.rows()
    assert (leaves.dbm, leaves.t_ns / NS_PER_S, leaves.reported_ns / NS_PER_S) == (None, 99.5, 100)


def test_of_two_agents_that_hear_a_zone_the_louder_has_its_level_until_it_is_silent() -> None:
    late_s = FRESH_NS / NS_PER_S + 5
    walk = walk_of(
        (0, frame(1, 0, (Kind.STAY, BEACON, 0, -50, 0.0), agent="x")),
        (1, frame(1, 1, (Kind.STAY, BEACON, 0, -60, 1.0), agent="y")),
        (late_s, frame(2, late_s, (Kind.STAY, BEACON, 0, -60, late_s), agent="y")),
    )
    assert [(row.agent, row.dbm) for row in walk.rows()] == [("x", -50), ("y", -60)]
    assert walk.level("hall", round(late_s * NS_PER_S)) == -60
    assert walk.level("yard", 0) is None


def test_a_calibration_has_the_levels_of_every_agent_that_hears_a_zone() -> None:
    walk = walk_of(
        (0, frame(1, 0, (Kind.STAY, BEACON, 0, -50, 0.0), agent="x")),
        (1, frame(1, 1, (Kind.STAY, BEACON, 0, -60, 1.0), agent="y")),
    )
    walk.state("hall", 0)
    found = walk.as_walk("walk", 2 * NS_PER_S)
    assert [(row.agent, row.zone, row.dbm) for row in found.rows] == [("x", "hall", -50), ("y", "hall", -60)]
    assert len(list(walk.rows())) == 1, "the file is that of one agent: the loudest has the zone"
    assert (found.truth[0], len(found.truth)) == ((0, "hall"), 10)


def test_levels_of_receivers_are_shown_beside_the_zone() -> None:
    header, body = frame(1, 10, (Kind.STAY, BEACON, 0, -60, 10.0))
    body.extra[0] = {"levels": {"r1": -60.0, "r2": -75.0}}  # type: ignore[index] # a dictionary here
    walk = walk_of((10, (header, body)))
    assert {each.receiver: each.dbm for each in walk.now.values()} == {"": -60, "r1": -60.0, "r2": -75.0}


def test_a_zone_holds_since_the_crossing_before_it_and_a_pause_until_the_next() -> None:
    walk = LiveWalk(BEACON)
    walk.state("hall", 10 * NS_PER_S)
    walk.cross(30 * NS_PER_S)
    assert walk.is_crossing
    walk.state("yard", 33 * NS_PER_S)
    walk.pause(50 * NS_PER_S)
    walk.state("hall", 70 * NS_PER_S)
    assert [(each.from_ns / NS_PER_S, each.zone) for each in walk.stated] == [(10, "hall"), (30, "yard"), (50, ""), (70, "hall")]
    assert walk.seconds_in(80 * NS_PER_S) == {"hall": 30, "yard": 20}


def test_a_crossing_long_ago_is_none() -> None:
    walk = LiveWalk(BEACON)
    walk.cross(10 * NS_PER_S)
    walk.state("yard", 100 * NS_PER_S)
    assert walk.stated == [Stated(100 * NS_PER_S, "yard")]


def test_what_was_stated_is_taken_back_step_by_step() -> None:
    walk = LiveWalk(BEACON)
    walk.state("hall", 1)
    walk.cross(2)
    walk.undo()
    assert (walk.is_crossing, walk.zone) == (False, "hall")
    walk.undo()
    walk.undo()
    assert walk.zone == ""


@pytest.mark.parametrize("quickest_s", [0.0, 0.4])
def test_the_delay_of_one_frame_is_not_that_of_all(quickest_s: float) -> None:
    """Each boot of an agent has a clock of its own."""
    walk = walk_of(
        (100 + quickest_s, frame(1, 10, (Kind.STAY, BEACON, 0, -60, 10.0))),
        (207, frame(2, 5, (Kind.STAY, BEACON, 0, -60, 5.0), boot="b2")),
    )
    assert [row.t_ns / NS_PER_S for row in walk.rows()] == [100 + quickest_s, 207]
