"""What a mapping names and the files lack is named, with the nearest that they have."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.sources.csv_mapping import SHIPPED, read_mapping
from edge_agent.sources.csv_recording import read_csv
from edge_agent.sources.csv_strangers import strangers
from edge_agent.sources.replay_settings import ReplaySettings

WIDE = """
outside = ["street"]
[time]
column = "at"
unit_s = 1
[receivers]
hall_dbm = "hall"
"Yard*" = "yard"
[truth]
column = "room"
"""
LONG = """
receiver = "gateway"
level = "rssi"
[time]
column = "at"
unit_s = 1
[receivers]
"G 1" = "hall"
"h*" = "yard"
[truth]
column = "room"
"""


def named(folder: Path, mapping: str, rows: str) -> list[str]:
    (folder / "columns.toml").write_text(mapping)
    (folder / "heard.csv").write_text(rows)
    columns = read_mapping(folder / "columns.toml")
    files = [folder / "heard.csv"]
    return strangers(columns, files, read_csv(columns, files, ReplaySettings()))


def test_what_fits_has_no_strangers(tmp_path: Path) -> None:
    assert named(tmp_path, WIDE, "at,hall_dbm,yard_1,room\n1,-60,-70,hall\n2,-60,-70,street\n") == []


def test_long_rows_that_fit_have_none_either(tmp_path: Path) -> None:
    assert named(tmp_path, LONG, "at,gateway,rssi,room\n1,G 1,-60,hall\n2,h7,-60,yard\n") == []


@pytest.mark.parametrize(
    ("mapping", "rows", "sentence"),
    [
        (WIDE.replace("hall_dbm", "hal_dbm"), "at,hall_dbm,yard_1,room\n1,-60,-70,hall\n",
         "receiver 'hal_dbm' of the mapping is no column: did you mean 'hall_dbm'?"),
        (WIDE.replace("Yard*", "Yadr*"), "at,hall_dbm,yard_1,room\n1,-60,-70,hall\n", "receiver 'Yadr*' of the mapping is no column"),
        (WIDE, "at,hall_dbm,yard_1,room\n1,-60,-70,hal\n",
         "zone 'hal' of the truth is heard by no receiver: did you mean 'hall'?"),
        (LONG, "at,gateway,rssi,room\n1,h7,-60,yard\n", "receiver 'G 1' of the mapping is named by no row"),
        (LONG, "at,gateway,rssi,room\n1,G 1,-60,hall\n2,h7,-60,yard\n3,x9,-60,yard\n",
         "the mapping has no zone for what receivers x9 heard: it is left out"),
    ],
)  # fmt: skip
def test_each_is_named(tmp_path: Path, mapping: str, rows: str, sentence: str) -> None:
    (found,) = named(tmp_path, mapping, rows)
    assert found.startswith(sentence)


def test_what_the_mapping_has_already_is_not_meant(tmp_path: Path) -> None:
    mapping = LONG.replace('"h*"', '"G 2" = "hall"\n"h*"')
    assert named(tmp_path, mapping, "at,gateway,rssi,room\n1,G 1,-60,hall\n2,h7,-60,yard\n") == [
        "receiver 'G 2' of the mapping is named by no row"
    ]


def test_a_zone_that_only_areas_name_is_meant_so(tmp_path: Path) -> None:
    by_place = 'x = "x"\ny = "y"\nareas = [{ zone = "attic", x_m = [0, 9], y_m = [0, 9] }]'
    mapping = WIDE.replace('column = "room"', by_place)
    assert named(tmp_path, mapping, "at,hall_dbm,yard_1,x,y\n1,-60,-70,1,1\n") == []


def test_the_shipped_mappings_fit_the_recordings_they_are_of(real_data: Path) -> None:
    for name, folder in (("sal-rb", "sal-rb"), ("pa-ble", "pa-ble-rssi"), ("itag", "uci-itag-entry")):
        mapping = read_mapping(SHIPPED / f"{name}.toml")
        files = sorted(path for path in (real_data / folder).iterdir() if path.name.endswith(mapping.suffixes))
        assert strangers(mapping, files, read_csv(mapping, files, ReplaySettings())) == [], name
