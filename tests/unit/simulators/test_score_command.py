"""`footfall score RECORDING`: tables of 80 columns, JSON, a picture; and messages that name what is wrong."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from footfall.cli import build
from footfall.errors import ConfigError
from gateway.points import SCHEMA, from_rows
from gateway.sinks.sqlite.sink import SQLite
from tests.support.mapped_rooms import MAPPING

RUNNER = CliRunner()
SITE = """
brand = "b"
[[stores]]
name = "shop"
zones = [{ name = "hall" }, { name = "yard", type = "outside" }]
[[stores.agents]]
name = "box"
receivers = { hall_dbm = "hall", yard_dbm = "yard" }
"""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    levels = [(-50, -85, "hall")] * 60 + [(-85, -50, "yard")] * 60
    rows = "".join(f"{1_700_000_000 + k},{hall_dbm},{yard_dbm},{room}\n" for k, (hall_dbm, yard_dbm, room) in enumerate(levels))
    (tmp_path / "heard.csv").write_text("t,hall_dbm,yard_dbm,room\n" + rows)
    (tmp_path / "columns.toml").write_text(MAPPING)
    return tmp_path / "heard.csv"


def score(*arguments: str) -> str:
    result = RUNNER.invoke(build(), ["score", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_any_recording_is_scored_by_a_mapping(recording: Path) -> None:
    printed = score(str(recording), "--mapping", str(recording.parent / "columns.toml"))
    assert "csv against its truth" in printed
    assert "stays by zone, stored beside the truth" in printed
    assert max(map(len, printed.splitlines())) <= 80


@pytest.mark.parametrize("asks", [("--json",), ("--format", "json"), ("--format", "csv", "--format", "json")])
def test_json_has_every_figure(recording: Path, asks: tuple[str, ...]) -> None:
    values = json.loads(score(str(recording), "--mapping", str(recording.parent / "columns.toml"), *asks))
    assert values["zone_accuracy"]["stored"] > 0.9
    assert values["transitions"]["true"] == 1
    assert set(values["f1"]) == {"2", "3", "5", "10"}
    assert {each["zone"] for each in values["stays"]} == {"hall", "yard"}
    assert values["runs"]["heard"]["moments"] == 120


def test_truth_and_estimate_are_drawn(recording: Path) -> None:
    picture = recording.parent / "bands.svg"
    assert "drawn into" in score(str(recording), "--mapping", str(recording.parent / "columns.toml"), "--plot", str(picture))
    text = picture.read_text()
    assert "</svg>" in text
    with pytest.raises(ConfigError, match=r"bands\.xyz"):
        score(str(recording), "--mapping", str(recording.parent / "columns.toml"), "--plot", str(picture.with_suffix(".xyz")))


@pytest.mark.parametrize(
    ("plot", "message"), [("bands.xyz", "a chart is a file that ends in"), ("nowhere/bands.svg", "there is no folder")]
)
def test_where_to_draw_is_checked_before_anything_is_read(recording: Path, plot: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        score(str(recording.parent / "there-is-none.csv"), "--format", "csv", "--plot", str(recording.parent / plot))


def test_a_misspelt_receiver_and_the_first_line_that_cannot_be_read_are_named(recording: Path) -> None:
    mapping = recording.parent / "columns.toml"
    mapping.write_text(MAPPING.replace("yard_dbm =", "yrad_dbm ="))
    recording.write_text(recording.read_text() + "soon,-50,-60,hall\n")
    notes = json.loads(score(str(recording), "--mapping", str(mapping), "--json"))["notes"]
    assert "receiver 'yrad_dbm' of the mapping is no column: did you mean 'yard_dbm'?" in notes
    assert any("the first is heard.csv:122: 'soon,-50,-60,hall': a time that is no number" in note for note in notes)


def test_a_store_of_ones_own_plays_it(recording: Path) -> None:
    site = recording.parent / "site.toml"
    site.write_text(SITE)
    arguments = (str(recording), "--mapping", str(recording.parent / "columns.toml"), "--site", str(site))
    assert json.loads(score(*arguments, "--json"))["zone_accuracy"]["stored"] > 0.9
    site.write_text(f'{SITE}\n[[stores.calibrations]]\nprofile = "ibeacon"\noffset_db = {{ hall = 3.0 }}\n')
    (note,) = json.loads(score(*arguments, "--json"))["notes"]
    assert note.startswith("The calibration of store 'shop' is for profile 'ibeacon', and not applied to")
    with pytest.raises(ConfigError, match="no store 'shp': did you mean 'shop'"):
        score(*arguments, "--store", "shp")
    site.write_text(SITE.replace('"hall"', '"halls"'))
    with pytest.raises(
        ConfigError, match=r"'shop' has no zone 'hall', which receivers .* hear: did you mean 'halls'\? It has .*: add the zone"
    ):
        score(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "say what to compare with"),
        (("heard.csv", "--truth", "truth.jsonl"), "say what to compare with"),
        (("heard.csv", "--format", "sal-br"), "format 'sal-br': did you mean 'sal-rb'"),
        (("heard.csv", "--format", "sal-rb", "--format", "itag"), "the recording has one format"),
        (("heard.csv",), "looks like no format that is known"),
        (("heard.csv", "--format", "sal-rb"), "there is no column 'superframe'"),
        (("heard.csv", "--format", "csv"), "needs a mapping"),
        (("nothing.csv", "--format", "itag"), "there is no such file"),
    ],
)
def test_mistakes_are_reported(recording: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str) -> None:
    monkeypatch.chdir(recording.parent)
    with pytest.raises(ConfigError, match=message):
        score(*arguments)


def test_counts_are_compared_with_what_is_stored(tmp_path: Path) -> None:
    (tmp_path / "cal-inflow.csv").write_text('"07/24/05 10:00:00",3\n"07/24/05 10:30:00",2\n"\n')
    (tmp_path / "cal-outflow.csv").write_text('"07/24/05 10:00:00",1\n"07/24/05 10:30:00",5\n')
    values = json.loads(score(str(tmp_path), "--json"))
    assert (values["entered_stored"], values["entered"], values["left_stored"], values["left"]) == (5, 5, 6, 6)
    assert (values["refused"], values["unexplained"], values["confidence"]) == (1, 0, 0.8)
    assert "cal-inflow.csv:3: '\"': it is not" in values["notes"][-1]
    assert values["least_inside"] >= 0 or values["most_drift"] > 0


@pytest.fixture
def counts(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "counts.csv").write_text("time,in,out\n2026-05-04 09:00,10,0\n2026-05-04 17:00,0,8\n2026-05-05 06:30,0,3\nsoon,4,4\n")
    mapping = '[time]\ncolumn = "time"\nzone = "Asia/Shanghai"\n[counts]\nin = "in"\nout = "out"\ninterval_s = 1800\n'
    (tmp_path / "columns.toml").write_text(mapping)
    return str(tmp_path / "counts.csv"), "--mapping", str(tmp_path / "columns.toml")


def test_counts_by_a_mapping_are_compared_by_days_of_its_time_zone(counts: tuple[str, ...]) -> None:
    values = json.loads(score(*counts, "--json"))
    assert (values["entered_stored"], values["entered"], values["left_stored"], values["left"]) == (10, 10, 11, 11)
    assert (values["refused"], values["unexplained"]) == (1, 0)
    assert [(day["day"], day["entered"], day["left"]) for day in values["days"]] == [("2026-05-04", 10, 8), ("2026-05-05", 0, 3)]


@pytest.mark.parametrize("asked", [("--plot", "bands.svg"), ("--db", "footfall.db"), ("--site", "site.toml"), ("--window-s", "10")])
def test_what_cannot_be_done_with_counts_is_refused(counts: tuple[str, ...], asked: tuple[str, str]) -> None:
    with pytest.raises(ConfigError, match="a recording of counts has no zones"):
        score(*counts, *asked)


def test_a_world_of_goods_alone_is_named_as_what_cannot_be_scored(tmp_path: Path) -> None:
    done = RUNNER.invoke(build(), ["simulate", "--scene", "goods-portal", "--out", str(tmp_path / "world")], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    with pytest.raises(ConfigError, match="goods alone, and no visitor"):
        score("--truth", str(tmp_path / "world" / "truth.jsonl"))


def test_a_database_of_something_else_is_refused(recording: Path) -> None:
    path = recording.parent / "other.db"
    with closing(SQLite(path)) as sink:
        sink.write([from_rows("traffic", [(1_700_000_000 * 10**9, "shop", *[0 for _ in SCHEMA["traffic"].fields])])])
    with pytest.raises(ConfigError, match=r"other\.db, store 'shop': nothing of this recording is stored there: `footfall replay`"):
        score(str(recording), "--mapping", str(recording.parent / "columns.toml"), "--db", str(path))


def test_a_recording_that_was_replayed_is_read_from_its_database(recording: Path) -> None:
    with pytest.raises(ConfigError, match=r"footfall\.db"):
        score(str(recording), "--mapping", str(recording.parent / "columns.toml"), "--db", str(recording.parent / "footfall.db"))
