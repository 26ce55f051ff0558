"""Which receivers and zones a mapping means: under any name, in full or as patterns, and never two as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.sources.csv_mapping import is_meant
from edge_agent.sources.csv_recording import read_csv, receivers_of
from edge_agent.sources.csv_strangers import strangers
from edge_agent.sources.replay_settings import ReplaySettings
from footfall.errors import ConfigError
from footfall.names import name_of
from tests.support.csv_recordings import LONG, TIMES, levels, recorded, written

ROWS = "t,tag,gw,rssi,room\n1,x,{0},-50,{2}\n2,x,{1},-60,{3}\n"


def test_zones_and_receivers_of_any_letters_are_as_many_as_they_are(tmp_path: Path) -> None:
    mapping = LONG + '[receivers]\n"前门" = "大厅"\n"后门" = "收银台"\n[truth]\ncolumn = "room"\n'
    columns, files = written(tmp_path, mapping, {"heard.csv": ROWS.format("前门", "后门", "大厅", "收银台")})
    (run,) = read_csv(columns, files, ReplaySettings())
    front, back, hall, till = map(name_of, ("前门", "后门", "大厅", "收银台"))
    assert levels(run) == [(front, "x", -50), (back, "x", -60)]
    assert receivers_of(columns, files) == {front: hall, back: till}
    assert [true.zone for true in run.truth] == [hall, till]


@pytest.mark.parametrize(
    ("patterns", "receivers"),
    [
        ('"AA:*" = "a"\n"BB:*" = "b"', ("AA:01", "BB:01")),
        ('"aa-*" = "a"\n"bb-*" = "b"', ("AA:01", "BB:01")),
        ('"Hall *" = "a"\n"Hall" = "b"', ("Hall 1", "Hall")),
        ('"前*" = "a"\n"后?" = "b"', ("前门", "后门")),
        ('"gw+[0-4]" = "a"\n"gw+*" = "b"', ("gw+1", "gw+7")),
        ('"*" = "b"\n"Front Door" = "a"', ("front door", "x")),
    ],
)
def test_a_star_stands_for_any_text(tmp_path: Path, patterns: str, receivers: tuple[str, str]) -> None:
    zones = dict(zip(map(name_of, receivers), "ab", strict=True))
    long, files = written(tmp_path, f"{LONG}[receivers]\n{patterns}\n", {"long.csv": ROWS.format(*receivers, "", "")})
    assert zones.items() <= receivers_of(long, files).items()
    assert strangers(long, files, read_csv(long, files, ReplaySettings())) == []
    wide, files = written(tmp_path, f"{TIMES}[receivers]\n{patterns}\n", {"wide.csv": "t,tag,{},{}\n1,x,-50,-60\n".format(*receivers)})
    assert receivers_of(wide, files) == zones
    assert strangers(wide, files, read_csv(wide, files, ReplaySettings())) == []


def test_a_pattern_means_no_more_than_it_states() -> None:
    assert [is_meant(stated, "Hall 1") for stated in ("Hall", "Hall ?", "hall*", "Hall  2", "*all")] == [False, True, True, False, False]


def test_two_receivers_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'gw 1' and 'GW/1' are one name, 'gw-1', with two zones"):
        written(tmp_path, LONG + '[receivers]\n"gw 1" = "a"\n"GW/1" = "b"\n', {})
    with pytest.raises(ConfigError, match=r"heard\.csv: columns 'R1' and 'r1' are one receiver's name, 'r1': rename one"):
        recorded(tmp_path, TIMES + '[receivers]\n"*1" = "a"\n', "t,tag,R1,r1\n1,x,-50,-60\n")


def test_the_files_of_the_truth_are_no_recordings(tmp_path: Path) -> None:
    mapping = TIMES + '[receivers]\nra = "a"\n[truth]\nfile = "{stem}_labels.csv"\ntime = "since"\ncolumn = "room"\n'
    columns, files = written(tmp_path, mapping, {"w.csv": "t,tag,ra\n1,x,-50\n", "w_labels.csv": "since,room\n0,a\n"})
    runs = read_csv(columns, files, ReplaySettings())
    assert ([run.name for run in runs], receivers_of(columns, files), strangers(columns, files, runs)) == (["w"], {"ra": "a"}, [])
