"""A mapping describes any CSV file: wide or long rows, times of every kind, the truth in a column, by position or in a file beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.sources.csv_mapping import SHIPPED, CsvMapping, read_mapping, shipped_mappings
from edge_agent.sources.csv_recording import read_csv, receivers_of
from edge_agent.sources.replay import FORMATS, FormatName, expand, format_named, format_of, read, zones
from edge_agent.sources.replay_settings import ClockJump, ReplaySettings, Run, TrueZone
from edge_agent.sources.source import AliveUntil, Crossing, RefusedReading, Reported, Sighting
from footfall.errors import ConfigError
from footfall.frames import Kind

S = 1_000_000_000
LONG = """
receiver = "gateway"
level = "rssi"
[time]
column = "at"
unit_s = 1
[identifier]
column = "tag"
[receivers]
"G 1" = "hall"
"g*" = "yard"
"""


def written(folder: Path, mapping: str, files: dict[str, str]) -> ReplaySettings:
    (folder / "columns.toml").write_text(mapping)
    for name, text in files.items():
        (folder / name).write_text(text)
    return ReplaySettings(mapping=folder / "columns.toml")


def runs(name: FormatName, paths: list[Path], settings: ReplaySettings) -> list[Run]:
    mapping = FORMATS[name].mapping
    assert mapping is not None
    return read_csv(mapping(settings), expand(name, paths, settings), settings)


def only_run(folder: Path, settings: ReplaySettings) -> Run:
    (run,) = runs("csv", [folder], settings)
    return run


def test_long_rows_name_their_receiver(tmp_path: Path) -> None:
    settings = written(tmp_path, LONG, {"a.csv": "at,gateway,rssi,tag\n1.5,G 1,-60.4,x\n2,g2,-71,y\n3,g2,,x\n"})
    assert list(read("csv", [tmp_path], settings)) == [
        Sighting(0, "g-1", "ble-tag", "x", -60, 1_500_000_000),
        Sighting(0, "g2", "ble-tag", "y", -71, 2 * S),
    ]
    assert zones("csv", [tmp_path], settings) == {"g-1": "hall", "g2": "yard"}


def test_times_are_local_unless_they_have_an_offset(tmp_path: Path) -> None:
    mapping = LONG.replace("unit_s = 1", 'format = "%d.%m.%Y %H:%M"')
    settings = written(tmp_path, mapping, {"a.csv": "at,gateway,rssi,tag\n24.07.2005 00:30,g2,-60,x\n"})
    in_la = ReplaySettings("America/Los_Angeles", mapping=settings.mapping)
    (heard,) = read("csv", [tmp_path], in_la)
    assert heard == Sighting(0, "g2", "ble-tag", "x", -60, int(datetime(2005, 7, 24, 7, 30, tzinfo=UTC).timestamp()) * S)


def test_the_truth_is_a_column_whose_names_may_be_others(tmp_path: Path) -> None:
    mapping = LONG + '[truth]\ncolumn = "room"\nzones = { A = "hall" }\n'
    settings = written(tmp_path, mapping, {"a.csv": "at,gateway,rssi,tag,room\n1,g2,-60,x,A\n2,g2,-60,x,Back yard\n3,g2,-60,x,\n"})
    assert only_run(tmp_path, settings).truth == [TrueZone(S, "a", "x", "hall"), TrueZone(2 * S, "a", "x", "back-yard")]


def test_rows_that_are_not_to_be_judged_have_no_truth(tmp_path: Path) -> None:
    mapping = LONG + '[truth]\ncolumn = "room"\nwhere = { sure = "1" }\n'
    settings = written(tmp_path, mapping, {"a.csv": "at,gateway,rssi,tag,room,sure\n1,g2,-60,x,hall,0\n2,g2,-60,x,hall, 1\n"})
    assert only_run(tmp_path, settings).truth == [TrueZone(2 * S, "a", "x", "hall")]


def test_the_truth_is_the_area_of_a_position(tmp_path: Path) -> None:
    areas = '[truth]\nx = "x"\ny = "y"\nareas = [{ zone = "hall", x_m = [0, 5], y_m = [0, 5] }, '
    areas += '{ zone = "yard", x_m = [5, 9], y_m = [0, 5] }]\n'
    settings = written(tmp_path, LONG + areas, {"a.csv": "at,gateway,rssi,tag,x,y\n1,g2,-60,t,4.9,1\n2,g2,-60,t,5,1\n3,g2,-60,t,12,1\n"})
    assert [(true.t_ns // S, true.zone) for true in only_run(tmp_path, settings).truth] == [(1, "hall"), (2, "yard")]


def test_the_truth_in_a_file_beside_holds_from_its_times_on(tmp_path: Path) -> None:
    mapping = LONG + '[truth]\nfile = "{stem}.labels.csv"\ncolumn = "place"\nidentifier = "who"\ntime = { column = "since", unit_s = 1 }\n'
    labels = "since,who,place\n2,x,hall\n4,x,yard\n"
    files = {"a.csv": "at,gateway,rssi,tag\n1,g2,-60,x\n2,g2,-60,x\n5,g2,-60,x\n5,g2,-60,y\n", "a.labels.csv": labels}
    truth = only_run(tmp_path, written(tmp_path, mapping, files)).truth
    assert [(true.t_ns // S, true.identifier, true.zone) for true in truth] == [(k, "x", "hall" if k < 4 else "yard") for k in (2, 3, 4, 5)]
    (tmp_path / "a.labels.csv").unlink()
    with pytest.raises(ConfigError, match=r"a\.labels\.csv: there is no such file: the mapping's `truth\.file` names it"):
        runs("csv", [tmp_path], ReplaySettings(mapping=tmp_path / "columns.toml"))


def test_counts_are_crossings(tmp_path: Path) -> None:
    mapping = '[time]\ncolumn = 1\nunit_s = 60\n[counts]\ndoor = "north"\nin = 2\nout = 3\n'
    settings = written(tmp_path, "header = false\n" + mapping, {"a.csv": "1,3,2\n2,0,\n"})
    assert list(read("csv", [tmp_path], settings)) == [
        Crossing(0, "north", 3, 2, t_wall_ns=60 * S, event_id="north/1970-01-01T00:01:00Z"),
        Crossing(0, "north", 0, 0, t_wall_ns=120 * S, event_id="north/1970-01-01T00:02:00Z"),
    ]


def test_rows_out_of_order_are_put_in_order_and_a_clock_that_jumps_is_stated(tmp_path: Path) -> None:
    rows = "at,gateway,rssi,tag\n100,g2,-60,x\n99,g2,-61,x\n50,g2,-62,x\n51,g2,-63,y\n5000,g2,-64,y\n"
    run = only_run(tmp_path, written(tmp_path, LONG, {"a.csv": rows}))
    assert [one.t_wall_ns // S for one in run.heard if isinstance(one, Sighting)] == [50, 51, 99, 100, 5000]
    assert run.jumps == [ClockJump("a.csv:4", 99 * S, 50 * S), ClockJump("a.csv:6", 100 * S, 5000 * S)]


def test_files_of_one_name_are_runs_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    row = "at,gateway,rssi,tag\n1,g2,-60,x\n"
    names = ["a/walk.csv", "b/walk.csv", "other.csv", "day.1.csv", "day.2.csv"]
    settings = written(tmp_path, LONG, dict.fromkeys(names, row))
    found = runs("csv", [tmp_path / name for name in [*names, "other.csv"]], settings)
    assert [run.name for run in found] == ["a/walk.csv", "b/walk.csv", "other", "day.1.csv", "day.2.csv"]


@pytest.mark.parametrize(("length_s", "hours"), [(10, 1), (1799, 1), (1801, 2), (3700, 2), (7100, 3)])
def test_files_of_relative_times_follow_each_other_so_that_no_visit_spans_two(tmp_path: Path, length_s: int, hours: int) -> None:
    row = f"at,gateway,rssi,tag\n0,g2,-60,x\n{length_s},g2,-60,x\n"
    settings = written(tmp_path, LONG.replace("unit_s = 1", "unit_s = 1\nrelative = true"), {"a.csv": row, "b.csv": row})
    first, second = (run.heard for run in runs("csv", [tmp_path], settings))
    assert isinstance(first[0], Sighting)
    assert isinstance(second[0], Sighting)
    assert second[0].t_wall_ns - first[0].t_wall_ns == hours * 3600 * S


def test_why_a_line_cannot_be_read_is_stated(tmp_path: Path) -> None:
    text = "at,gateway,rssi,tag\n1,g2,-60,x\n2,g2\n3,g2,loud,x\n"
    assert only_run(tmp_path, written(tmp_path, LONG, {"a.csv": text})).why_refused == "a.csv:3: '2,g2': it has too few cells"
    (tmp_path / "a.csv").write_text(text.replace("2,g2\n", ""))
    run = only_run(tmp_path, ReplaySettings(mapping=tmp_path / "columns.toml"))
    assert run.why_refused == "a.csv:3: '3,g2,loud,x': the level 'loud' is no number; see `not_heard`"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("", "the file is empty"),
        ("at,gateway,rssi,tag\n", "no rows here"),
        ("at,gateway,rssi,tag\nx,y\nz\n", r"no rows here: 2 lines cannot be read, the first is a\.csv:2"),
        ("at,gateway,rsi,tag\n1,g2,-60,x\n", "there is no column 'rssi': did you mean 'rsi'"),
    ],
)
def test_files_that_the_mapping_does_not_fit_are_refused(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        list(read("csv", [tmp_path], written(tmp_path, LONG, {"a.csv": rows})))


def test_cells_that_are_no_value_are_refused_line_by_line(tmp_path: Path) -> None:
    rows = "at,gateway,rssi,tag\n1,g2,-60,x\n2,g2,-600,x\ninf,g2,-60,x\n3,g2,strong,x\n"
    heard = list(read("csv", [tmp_path], written(tmp_path, LONG, {"a.csv": rows})))
    assert [one.where for one in heard if isinstance(one, RefusedReading)] == ["a.csv:4", "a.csv:5"]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (LONG.replace("level", "levl"), "did you mean `level`"),
        (LONG.replace('level = "rssi"', ""), "state `receiver` and `level` together"),
        (LONG.replace('column = "tag"', ""), "state one of `column`, `value` and `file`"),
        (LONG.split("[receivers]")[0], "state `receivers`"),
        (LONG.replace("unit_s = 1", "relative = true"), "a relative time is a number"),
        (LONG + '[truth]\nx = "x"\n', "state `column`, or `x`, `y` and `areas`"),
    ],
)
def test_mistakes_of_a_mapping_are_reported_with_their_key(tmp_path: Path, mapping: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        list(read("csv", [tmp_path], written(tmp_path, mapping, {"a.csv": "at\n"})))


def test_zones_of_a_mapping_have_the_names_that_are_written(tmp_path: Path) -> None:
    mapping = LONG.replace('"hall"', '"Back Hall"') + '[truth]\ncolumn = "room"\nzones = { 1 = "Back Hall" }\n'
    settings = written(tmp_path, mapping, {"a.csv": "at,gateway,rssi,tag,room\n1,G 1,-60,x,1\n"})
    assert zones("csv", [tmp_path / "a.csv"], settings)["g-1"] == "back-hall" == only_run(tmp_path, settings).truth[0].zone


def test_times_of_the_truth_may_be_in_a_column_of_another_name(tmp_path: Path) -> None:
    mapping = LONG + '[truth]\nfile = "{stem}.truth.csv"\ntime = "since"\nidentifier = "tag"\ncolumn = "room"\n'
    files = {"a.csv": "at,gateway,rssi,tag\n1,g1,-60,x\n3,g1,-60,x\n", "a.truth.csv": "since,tag,room\n0,x,hall\n2,x,yard\n"}
    assert [true.zone for true in only_run(tmp_path, written(tmp_path, mapping, files)).truth] == ["hall", "yard", "yard"]


def test_a_label_without_a_zone_ends_the_one_before(tmp_path: Path) -> None:
    mapping = LONG + '[truth]\nfile = "{stem}.truth.csv"\ntime = "since"\ncolumn = "room"\nwhere = { sure = "1" }\n'
    labels = "since,room,sure\n0,hall,1\n2,,1\n4,yard,1\n6,yard,0\n"
    files = {"a.csv": "at,gateway,rssi,tag\n1,g1,-60,x\n9,g1,-60,x\n", "a.truth.csv": labels}
    truth = only_run(tmp_path, written(tmp_path, mapping, files)).truth
    assert [(true.t_ns // S, true.zone) for true in truth] == [(1, "hall"), (1, "hall"), (4, "yard"), (5, "yard"), (5, "yard")]


@pytest.mark.parametrize(
    ("step_s", "stated", "profile"),
    [
        (1, "", "ble-tag"),
        (5, "", "ibeacon"),
        (15, "", "ibeacon"),
        (30, "", "ble-tag-rare"),
        (5, "ble-tag", "ble-tag"),
        (1, "phone", "phone"),
    ],
)
def test_without_a_stated_profile_tags_have_the_one_that_suits_how_often_they_are_heard(
    tmp_path: Path, step_s: int, stated: str, profile: str
) -> None:
    rows = "".join(f"{step_s * k},{gateway},-60,x\n" for k in range(20) for gateway in ("g1", "g2"))
    mapping = f'profile = "{stated}"\n{LONG}' if stated else LONG
    run = only_run(tmp_path, written(tmp_path, mapping, {"a.csv": "at,gateway,rssi,tag\n" + rows}))
    assert {one.profile for one in run.heard if isinstance(one, Sighting)} == {profile}


def test_a_tag_that_is_heard_rarely_has_its_profile_beside_one_that_is_heard_often(tmp_path: Path) -> None:
    rows = [f"{0.5 * k:.1f},g1,-60,often\n" + (f"{0.5 * k:.1f},g1,-60,rarely\n" if k % 20 == 0 else "") for k in range(100)]
    run = only_run(tmp_path, written(tmp_path, LONG, {"a.csv": "at,gateway,rssi,tag\n" + "".join(rows) + "49.5,g1,-60,once\n"}))
    profiles = {(one.identifier, one.profile) for one in run.heard if isinstance(one, Sighting)}
    assert profiles == {("often", "ble-tag"), ("rarely", "ibeacon"), ("once", "ble-tag")}


def test_a_mapping_is_needed_and_a_format_misspelt_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs a mapping"):
        zones("csv", [tmp_path])
    with pytest.raises(ConfigError, match="format 'salrb': did you mean 'sal-rb'"):
        format_named("salrb")


def test_formats_are_recognised_by_their_columns(tmp_path: Path) -> None:
    texts = {
        "sal-rb": ("car_measurement_1.csv", "superframe,O-DR,I-E,Label\n0,-77,-100,0\n"),
        "itag": ("tags.csv", "name,locationStatus,timestamp,rssiOne,rssiTwo\nx,INSIDE,1,-70,-80\n"),
        "pa-ble": ("walk.mbd", "1.5,b827eb4521b4,e7,-87,18.0,8.4\n"),
        "calit2": ("cal-inflow.csv", '"07/24/05 23:30:00",3\n'),
    }
    for name, (file, text) in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(text)
        assert format_of([tmp_path / name]) == name
    assert set(shipped_mappings()) < set(texts)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match="looks like no format that is known"):
        format_of([tmp_path / "other"])


def test_an_empty_cell_of_a_wide_row_is_not_heard(tmp_path: Path) -> None:
    mapping = '[time]\ncolumn = "t"\nunit_s = 0.1\nrelative = true\n[receivers]\n"R*" = "hall"\n'
    settings = written(tmp_path, mapping, {"a.csv": "t,R1,R2\n5,-60,\n"})
    zero = int(settings.start.timestamp()) * S
    heard = list(read("csv", [tmp_path], settings))
    assert heard == [Sighting(0, "r1", "ble-tag", "tag", -60, zero + S // 2), AliveUntil(0, zero + S // 2)]


def test_the_real_recordings_have_their_truth(real_data: Path) -> None:
    hall = runs("pa-ble", [real_data / "pa-ble-rssi"], ReplaySettings())
    assert (sum(len(run.truth) for run in hall), len(hall)) == (6173, 5)
    assert {true.zone for run in hall for true in run.truth} == set("abcd")
    (tags,) = runs("itag", [real_data / "uci-itag-entry"], ReplaySettings())
    assert len({true.identifier for true in tags.truth}) == 6
    assert not tags.jumps, "its lines are out of order by less than two seconds"
    assert [true.t_ns for true in tags.truth] == sorted(true.t_ns for true in tags.truth)
    doors = read_csv(read_mapping_of("sal-rb"), sorted((real_data / "sal-rb").glob("*.csv")), ReplaySettings())
    assert sum(len(run.truth) for run in doors) == 11_387
    assert set(receivers_of(read_mapping_of("sal-rb"), sorted((real_data / "sal-rb").glob("*.csv"))).values()) == {"inside", "outside"}


def read_mapping_of(name: str) -> CsvMapping:
    return read_mapping(SHIPPED / f"{name}.toml")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (('column = "tag"', 'file = "("'), "is no pattern"),
        (("[receivers]", '[truth]\nfile = "{name}.csv"\ncolumn = "zone"\n[receivers]'), "only {stem} is known"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_with_its_reason(tmp_path: Path, changed: tuple[str, str], reason: str) -> None:
    settings = written(tmp_path, LONG.replace(*changed), {"a.csv": "at,gateway,rssi,tag\n1,g1,-60,x\n"})
    with pytest.raises(ConfigError, match=reason):
        list(read("csv", [tmp_path], settings))


def test_times_of_another_unit_are_lines_that_cannot_be_read(tmp_path: Path) -> None:
    settings = written(tmp_path, LONG, {"a.csv": "at,gateway,rssi,tag\n1600000000,g1,-60,x\n1600000000000,g1,-60,x\n"})
    heard = list(read("csv", [tmp_path], settings))
    assert [type(each) for each in heard if not isinstance(each, AliveUntil)] == [Sighting, RefusedReading]


def test_a_recording_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.csv: no such file or folder"):
        format_of([tmp_path / "none.csv"])


REPORTED = (
    LONG
    + """
[reported]
kind = "kind"
sightings = "n"
age_s = "age"
"""
)


def test_rows_that_agents_reported_keep_their_kind_sightings_and_age(tmp_path: Path) -> None:
    lines = "at,tag,gateway,rssi,kind,n,age\n1,t,G 1,-60,enter,4,0.0\n2,t,G 1,-100,exit,0,1.5\n3,t,G 1,-60,leave,1,0\n"
    settings = written(tmp_path, REPORTED, {"heard.csv": lines})
    (run,) = runs("csv", [tmp_path / "heard.csv"], settings)
    first, last, refused = run.heard
    assert first == Reported(0, "g-1", "ble-tag", "t", -60, S, Kind.ENTER, 4, 0)
    assert last == Reported(0, "g-1", "ble-tag", "t", -100, 2 * S, Kind.EXIT, 0, round(1.5 * S))
    assert isinstance(refused, RefusedReading)


def test_reported_rows_are_long_ones(tmp_path: Path) -> None:
    settings = written(tmp_path, REPORTED.replace('receiver = "gateway"\nlevel = "rssi"\n', ""), {"heard.csv": "at\n1\n"})
    with pytest.raises(ConfigError, match="rows that agents reported have one receiver each"):
        runs("csv", [tmp_path / "heard.csv"], settings)
