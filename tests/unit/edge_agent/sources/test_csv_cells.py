"""A cell without a value loses no other of its row; one that is no value refuses its line with the key to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.sources.source import Reported, Sighting
from tests.support.csv_recordings import LONG, WIDE, levels, recorded

PLACED = LONG + '[receivers]\ng1 = "a"\n[truth]\nx = "x"\ny = "y"\nareas = [{ zone = "a", x_m = [0, 5], y_m = [0, 5] }]\n'
ROOMS = WIDE + '[truth]\ncolumn = "room"\n'


@pytest.mark.parametrize("nothing", ["", "NA", "None", "nan", "n/a", "NULL"])
def test_a_level_that_is_no_value_loses_neither_the_others_nor_the_truth(tmp_path: Path, nothing: str) -> None:
    run = recorded(tmp_path, ROOMS, f"t,tag,ra,rb,room\n1,x,-50, {nothing},a\n2,x,-50,-70,a\n")
    assert levels(run) == [("ra", "x", -50), ("ra", "x", -50), ("rb", "x", -70)]
    assert ([true.zone for true in run.truth], run.why_refused) == (["a", "a"], "")


def test_what_else_is_no_level_the_mapping_states(tmp_path: Path) -> None:
    rows = "t,tag,ra,rb,room\n1,x,-50,---,a\n2,x,-50,-127,a\n"
    assert recorded(tmp_path, ROOMS, rows).why_refused.endswith("the level '---' is no number; see `not_heard`")
    assert levels(recorded(tmp_path, 'not_heard = ["---", -127]\n' + ROOMS, rows)) == [("ra", "x", -50), ("ra", "x", -50)]


def test_a_truth_that_is_no_value_is_not_known_and_none_may_be_a_place(tmp_path: Path) -> None:
    run = recorded(tmp_path, ROOMS, "t,tag,ra,rb,room\n1,x,-50,,nan\n2,x,-50,,N/A\n3,x,-50,,a\n4,x,-50,,None\n")
    assert [true.zone for true in run.truth] == ["a", "none"]


def test_positions_are_numbers_as_the_others_are_and_may_be_unknown(tmp_path: Path) -> None:
    rows = "t;tag;gw;rssi;x;y\n1;x;g1;-50;1,5;2,5\n2;x;g1;-51;;\n3;x;g1;-52;2;NaN\n4;x;g1;-53;2;2\n5;x;g1;-54;east;2\n"
    run = recorded(tmp_path, 'decimal = ","\n' + PLACED, rows)
    assert [level for _, _, level in levels(run)] == [-50, -51, -52, -53]
    assert [true.t_ns // 1_000_000_000 for true in run.truth] == [1, 4]
    assert run.why_refused.endswith("the position 'east' is no number")


def test_identifiers_are_as_a_label_file_has_them_whatever_blanks_stand_around(tmp_path: Path) -> None:
    mapping = LONG + '[receivers]\ng1 = "a"\n[truth]\nfile = "labels.txt"\ntime = "t"\nidentifier = "tag"\ncolumn = "room"\n'
    for rows, labels in (("1, x, g1, -50\n", "0,x,a\n"), ("1,x,g1,-50\n", '0, "x", a\n')):
        run = recorded(tmp_path, mapping, f"t, tag, gw, rssi\n{rows}", labels=f"t,tag,room\n{labels}")
        assert levels(run) == [("g1", "x", -50)]
        assert {(true.identifier, true.zone) for true in run.truth} == {("x", "a")}


def test_what_nobody_is_named_to_have_sent_is_refused(tmp_path: Path) -> None:
    run = recorded(tmp_path, WIDE, "t,tag,ra,rb\n1, ,-50,\n2,,,\n3,x,-50,\n")
    assert levels(run) == [("ra", "x", -50)]
    assert run.why_refused == "heard.csv:2: '1, ,-50,': no identifier is stated"


def test_numbers_of_reported_rows_are_as_the_others(tmp_path: Path) -> None:
    mapping = 'decimal = ","\n' + LONG + '[receivers]\ng1 = "a"\n[reported]\nkind = "k"\nsightings = "n"\nage_s = "age"\n'
    run = recorded(tmp_path, mapping, "t;tag;gw;rssi;k;n;age\n1;x;g1;-50;enter;4;1,5\n2;x;g1;-50;stay;4; \n3;x;g1;-50;gone;4;0\n")
    assert [one.age_ns for one in run.heard if isinstance(one, Reported)] == [1_500_000_000, 0]
    assert run.why_refused.endswith("a row is enter, stay, exit, not 'gone'")
    assert sum(isinstance(one, Sighting) for one in run.heard) == 2
