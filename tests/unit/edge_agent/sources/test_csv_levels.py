"""A level that no receiver reports is nothing heard, counted and stated; a row that commas within cells shift is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.sources.replay import read
from edge_agent.sources.replay_settings import FileNote, ReplaySettings
from edge_agent.sources.source import Sighting
from footfall.errors import ConfigError
from tests.support.csv_recordings import LONG, WIDE, levels, recorded

S = 1_000_000_000
ONE = LONG + '[receivers]\ng1 = "a"\n'


@pytest.mark.parametrize("level", [0, 1, 20, 127, -128, 999, -999])
def test_a_level_that_no_receiver_reports_is_nothing_heard_and_counted(tmp_path: Path, level: int) -> None:
    run = recorded(tmp_path, WIDE, f"t,tag,ra,rb\n1,x,-50,{level}\n2,x,-1,-127\n")
    assert levels(run) == [("ra", "x", -50), ("ra", "x", -1), ("rb", "x", -127)]
    assert (run.not_levels.times_ns, run.not_levels.first) == ({"x": [S]}, f"'{level}' (heard.csv:2)")
    assert run.why_refused == ""


def test_a_level_may_have_its_unit_behind_it(tmp_path: Path) -> None:
    assert levels(recorded(tmp_path, WIDE, "t,tag,ra,rb\n1,x,-50 dBm,-61.4DBM\n")) == [("ra", "x", -50), ("rb", "x", -61)]


def test_what_the_mapping_states_as_not_heard_is_no_mistake(tmp_path: Path) -> None:
    assert recorded(tmp_path, "not_heard = [0, 127]\n" + WIDE, "t,tag,ra,rb\n1,x,0,127\n2,x,-50,\n").not_levels.count == 0


def test_a_replay_and_a_score_state_them(tmp_path: Path) -> None:
    (tmp_path / "columns.toml").write_text(ONE)
    (tmp_path / "heard.csv").write_text("t,tag,gw,rssi\n1,x,g1,-50\n2,x,g1,0\n3,x,g1,0\n")
    notes: list[FileNote] = []
    list(read("csv", [tmp_path / "heard.csv"], ReplaySettings(mapping=tmp_path / "columns.toml", on_note=notes.append)))
    wanted = "2 levels are none that a receiver reports, and are taken for nothing heard: the first is '0' (heard.csv:3)."
    assert [note.text for note in notes] == [wanted]


@pytest.mark.parametrize("level", ["82", "0"])
def test_a_recording_without_one_level_in_dbm_is_refused_with_what_to_state(tmp_path: Path, level: str) -> None:
    with pytest.raises(ConfigError, match=rf"not one of 1 levels is from -127 to -1 dBm, such as '{level}' \(heard.csv:2\): .*level_unit"):
        recorded(tmp_path, ONE, f"t,tag,gw,rssi\n1,x,g1,{level}\n")


def test_levels_of_another_unit_are_read_as_the_mapping_states(tmp_path: Path) -> None:
    rows = "t,tag,gw,rssi\n1,x,g1,82\n2,x,g1,0\n3,x,g1,-5\n"
    assert levels(recorded(tmp_path, 'level_unit = "-dBm"\n' + ONE, rows)) == [("g1", "x", -82)]
    relative = recorded(tmp_path, 'level_unit = "relative"\n' + ONE, rows)
    assert ([level for _, _, level in levels(relative)], relative.not_levels.count) == ([82, 0, -5], 0)


def test_levels_that_agents_reported_are_theirs(tmp_path: Path) -> None:
    mapping = ONE + '[reported]\nkind = "k"\nsightings = "n"\nage_s = "age"\n'
    run = recorded(tmp_path, mapping, "t,tag,gw,rssi,k,n,age\n1,x,g1,-50,enter,4,0\n2,x,g1,0,exit,0,0\n")
    assert [one.rssi_dbm for one in run.heard if isinstance(one, Sighting)] == [-50, 0]


def test_a_row_of_more_cells_than_there_are_columns_is_refused_unless_they_are_empty(tmp_path: Path) -> None:
    run = recorded(tmp_path, ONE, "t,tag,gw,rssi\n1,x,g1,-50,\n2,x,g1,-50,5\n3,5,x,g1,-50\n")
    assert levels(run) == [("g1", "x", -50)]
    assert run.why_refused == "heard.csv:3: '2,x,g1,-50,5': it has 5 cells, and the first line 4: does one hold a ','?"
