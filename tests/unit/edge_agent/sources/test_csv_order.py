"""Rows newest first, or one receiver's after another's, are no jumps of a clock; the hour that there is twice is twice an hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.sources.csv_order import are_newest_first
from edge_agent.sources.replay_settings import ClockJump
from edge_agent.sources.run_notes import notes_of_runs
from edge_agent.sources.source import Crossing, Sighting
from tests.support.csv_recordings import LONG, TIMES, WIDE, levels, recorded

S = 1_000_000_000
TWO = LONG + '[receivers]\n"g*" = "a"\n'
LOCAL = TIMES.replace("unit_s = 1", 'zone = "Europe/Berlin"')


def sightings(*rows: tuple[int, str]) -> str:
    return "t,tag,gw,rssi\n" + "".join(f"{t},x,{receiver},-50\n" for t, receiver in rows)


def test_rows_newest_first_are_read_from_their_end(tmp_path: Path) -> None:
    rows = [f"{3 * k},x,-50,-{70 + k}\n" for k in range(5)]
    forward, backward = (recorded(tmp_path, WIDE, "t,tag,ra,rb\n" + "".join(each)) for each in (rows, rows[::-1]))
    assert levels(backward) == levels(forward)
    assert backward.jumps == []


def test_rows_of_one_receiver_after_those_of_another_are_no_jumps(tmp_path: Path) -> None:
    run = recorded(tmp_path, TWO, sightings(*((k, f"g{g}") for g in (1, 2) for k in range(60))))
    assert run.jumps == []
    assert len(levels(run)) == 120


def test_a_clock_that_is_set_back_is_one_jump_however_many_receivers_show_it(tmp_path: Path) -> None:
    rows = ((100, "g1"), (101, "g2"), (102, "g1"), (50, "g1"), (51, "g2"), (52, "g1"), (99, "g2"), (150, "g1"), (200, "g2"))
    assert recorded(tmp_path, TWO, sightings(*rows)).jumps == [ClockJump("heard.csv:5", 102 * S, 50 * S)]


@pytest.mark.parametrize(
    ("step_s", "receivers", "pause_s", "is_hole"),
    [(1, 1, 60, False), (1, 1, 62, True), (1, 4, 540, True), (30, 4, 270, False), (30, 4, 330, True), (60, 1, 600, False)],
)
def test_nothing_of_anybody_for_a_minute_and_ten_usual_steps_is_a_hole(
    tmp_path: Path, step_s: int, receivers: int, pause_s: int, is_hole: bool
) -> None:
    times = [at for begin in (0, 19 * step_s + pause_s) for at in range(begin, begin + 20 * step_s, step_s)]
    run = recorded(tmp_path, TWO, sightings(*((t, f"g{g}") for t in times for g in range(receivers))))
    wanted = ClockJump(f"heard.csv:{2 + 20 * receivers}", 19 * step_s * S, (19 * step_s + pause_s) * S)
    assert run.jumps == ([wanted] if is_hole else [])


def test_who_is_absent_while_others_are_heard_makes_no_hole(tmp_path: Path) -> None:
    rows = "".join(f"{t},{tag},g1,-50\n" for t in range(2000) for tag in "xy" if tag == "y" or not 100 < t < 1500)
    assert recorded(tmp_path, TWO, "t,tag,gw,rssi\n" + rows).jumps == []
    wide = "".join(f"{t},x,{'' if 100 < t < 1500 else -50},\n" for t in range(2000))
    assert recorded(tmp_path, WIDE, "t,tag,ra,rb\n" + wide).jumps == [], "its recorder was there"


def test_rows_in_no_order_are_put_in_that_of_time_without_a_jump(tmp_path: Path) -> None:
    mixed = [(37 * k % 100, "g1") for k in range(100)]
    run, sorted_run = (recorded(tmp_path, TWO, sightings(*rows)) for rows in (mixed, sorted(mixed)))
    assert (run.heard, run.jumps, run.parts) == (sorted_run.heard, [], sorted_run.parts)
    notes = ["heard: the rows are in no order, and are put in that of time: a clock that was set back cannot be seen."]
    assert [[note.text for note in notes_of_runs([each])] for each in (run, sorted_run)] == [notes, []]


@pytest.mark.parametrize(("times", "is_so"), [([], False), ([5], False), ([3, 2, 2, 1], True), ([1, 2, 3, 0, 1], False), ([2, 2], False)])
def test_most_steps_show_which_way_rows_are_written(times: list[int], is_so: bool) -> None:
    assert are_newest_first(times) is is_so


def test_what_was_heard_in_the_hour_that_there_is_twice_was_heard_in_two(tmp_path: Path) -> None:
    rows = [f"2021-10-31 02:{minute:02d}:0{second},x,-50,-70\n" for _ in "12" for minute in range(60) for second in (1, 0, 2)]
    mapping = LOCAL + '[receivers]\nra = "a"\nrb = "b"\n'
    for each in (rows, rows[::-1]):
        run = recorded(tmp_path, mapping, "t,tag,ra,rb\n" + "".join(each))
        heard = [one.t_wall_ns for one in run.heard if isinstance(one, Sighting) and one.receiver == "ra"]
        assert (len(set(heard)), (heard[-1] - heard[0]) // S, run.jumps) == (360, 2 * 3600 - 58, [])


def test_a_receiver_s_rows_after_another_s_are_of_the_hour_that_they_were(tmp_path: Path) -> None:
    rows = "".join(f"{at},x,{gw},-50\n" for gw in ("g1", "g2") for at in ("2021-10-31 01:50", "2021-10-31 02:10", "2021-10-31 05:00"))
    mapping = LONG.replace("unit_s = 1", 'zone = "Europe/Berlin"') + '[receivers]\n"g*" = "a"\n'
    run = recorded(tmp_path, mapping, "t,tag,gw,rssi\n" + rows)
    assert len({one.t_wall_ns for one in run.heard if isinstance(one, Sighting)}) == 3


def test_a_time_that_spring_lacks_is_refused_of_what_was_heard_too(tmp_path: Path) -> None:
    run = recorded(tmp_path, LOCAL + '[receivers]\nra = "a"\n', "t,tag,ra\n2021-03-28 01:59,x,-50\n2021-03-28 02:30,x,-50\n")
    assert "there is no '2021-03-28 02:30' in Europe/Berlin: its clocks went forward then" in run.why_refused


def test_counts_newest_first_have_the_hour_that_there_is_twice_in_order(tmp_path: Path) -> None:
    mapping = LOCAL.replace('[identifier]\ncolumn = "tag"\n', "") + '[counts]\nin = "in"\n'
    rows = [f"2024-10-27 {at},{n}\n" for n, at in enumerate(("01:30", "02:00", "02:30", "02:00", "02:30", "03:00"))]
    forward, backward = (recorded(tmp_path, mapping, "t,in\n" + "".join(each)) for each in (rows, rows[::-1]))
    assert [one.entered for one in backward.heard if isinstance(one, Crossing)] == list(range(6))
    assert backward.heard == forward.heard
