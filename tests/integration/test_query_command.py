"""`footfall query` as it is typed: every question in every form, the same from every database, and errors that help."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from footfall.errors import ConfigError
from gateway.query.fitting import SCREEN_ROWS
from gateway.query.questions import QUESTIONS
from gateway.sinks.sqlite.sink import SQLite
from tests.docs import dataset
from tests.support.query_command import query, write_files
from tests.support.real_parts import Bucket

STARTS = {"png": b"\x89PNG\r\n\x1a\n", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder's database; site.toml and gateway.toml lie beside it."""
    return write_files(tmp_path_factory.mktemp("query")).with_name("footfall.db")


def rows(*arguments: str | Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(query(*arguments, "--format", "csv"))))


def test_nobody_of_the_data_set_carries_two_devices(db: Path) -> None:
    assert rows("together", "--db", db) == []


@pytest.mark.parametrize("what", [name for name in QUESTIONS if name != "together"])
def test_every_question_in_every_form(db: Path, what: str) -> None:
    listed = rows(what, "--db", db)
    records = json.loads(query(what, "--db", db, "--format", "json"))
    assert listed
    assert len(records) == len(listed)
    assert list(records[0]) == list(listed[0])
    stores = {"berlin"} if what == "inferred" else {"berlin", "shanghai"}  # only berlin has what somebody is inferred from
    assert {row["store"] for row in listed} == stores
    table = query(what, "--db", db)
    assert f"{what} of berlin" in table
    assert max(map(cell_len, table.splitlines())) <= 80


@pytest.mark.parametrize("what", QUESTIONS)
def test_sqlite_and_influxdb_answer_alike(db: Path, filled: Bucket, tmp_path: Path, what: str) -> None:
    (tmp_path / "token").write_text(filled.token + "\n")
    same = ("--site", db.with_name("site.toml"), "--format", "json")
    influx = query(what, "--influx", filled.url, "--bucket", filled.name, "--token-file", tmp_path / "token", *same)
    assert influx == query(what, "--db", db, *same)


def test_the_token_and_the_sink_come_from_where_the_configuration_points(
    db: Path, filled: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site.toml").write_text(dataset.SITE_TOML, encoding="utf-8")
    config = tmp_path / "gateway.toml"
    config.write_text(f'[sink]\nkind = "influxdb"\nurl = "{filled.url}"\nbucket = "{filled.name}"\n')
    with pytest.raises(ConfigError, match="refuses the token"):
        query("traffic", "--config", config)
    monkeypatch.setenv("FOOTFALL_INFLUX_TOKEN", filled.token)
    by_environment = query("traffic", "--config", config)
    assert by_environment == query("traffic", "--config", db.with_name("gateway.toml"))
    monkeypatch.delenv("FOOTFALL_INFLUX_TOKEN")
    (tmp_path / "token").write_text(filled.token)
    config.write_text(config.read_text() + 'token_file = "token"\n')
    assert query("traffic", "--config", config) == by_environment


def test_every_way_of_counting_agrees(db: Path) -> None:
    """Doors, traffic by any interval and the total agree."""
    where = ("--config", db.with_name("gateway.toml"), "--store", "berlin")
    by_interval = {interval: rows("traffic", *where, "--interval", interval) for interval in ("1m", "5m", "15m", "30m", "1h", "1d", "1w")}
    counted = {interval: sum(int(row["in"] or 0) for row in found) for interval, found in by_interval.items()}
    assert set(counted.values()) == {sum(int(row["in"]) for row in rows("doors", *where))} == {280}
    (week,) = json.loads(query("traffic", *where, "--interval", "1w", "--format", "json"))
    assert (week["in"], week["visits"]) == (280, len([row for row in rows("visits", *where) if row["is_staff"] == "false"]))
    assert week["transactions"] == len(rows("touches", *where))


def test_the_day_on_which_clocks_go_back_has_25_hours(db: Path) -> None:
    where = ("--config", db.with_name("gateway.toml"), "--from", "2026-10-25", "--to", "2026-10-25", "--interval", "1h")
    times = {store: [row["time"] for row in rows("traffic", *where, "--store", store)] for store in ("berlin", "shanghai")}
    assert (len(times["berlin"]), len(times["shanghai"])) == (25, 24)
    assert times["berlin"][2:4] == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]


def test_the_time_zone_is_the_stores_unless_given(db: Path) -> None:
    first = ("traffic", "--db", db, "--store", "shanghai")
    assert rows(*first)[0]["time"] == "2026-10-24T10:00+08:00", "the database has a table of stores"
    assert rows(*first, "--site", db.with_name("site.toml"))[0]["time"] == "2026-10-24T10:00+08:00"
    assert rows(*first, "--timezone", "Asia/Tokyo")[0]["time"] == "2026-10-24T11:00+09:00"


def test_an_answer_as_of_a_time_has_what_was_there_by_then(db: Path) -> None:
    whole = ("traffic", "--db", db, "--store", "berlin", "--from", "2026-10-24", "--interval", "1d")
    then = rows(*whole, "--as-of", "2026-10-24T14:00+02:00")
    assert 0 < sum(int(row["in"]) for row in then) < int(rows(*whole)[0]["in"])
    assert "as of 2026-10-24T14:00+02:00" in query(*whole, "--as-of", "2026-10-24T14:00+02:00")
    with pytest.raises(ConfigError, match="as-of means nothing for dwell; it is for traffic, zones, doors, sales, items"):
        query("dwell", "--db", db, "--as-of", "2026-10-24")


def test_filters(db: Path) -> None:
    assert {row["fan"] for row in rows("visits", "--db", db, "--fan", "f-003")} == {"f-003"}
    assert {row["zone"] for row in rows("zones", "--db", db, "--zone", "shoes", "--interval", "1h")} == {"shoes"}
    assert {row["zone"] for row in rows("dwell", "--db", db, "--zone", "shoes")} == {"shoes", "*"}
    assert {row["store"] for row in rows("traffic", "--db", db, "--store", "berlin")} == {"berlin"}


@pytest.mark.parametrize(
    ("what", "interval", "kind"),
    [
        ("traffic", "1h", "png"), ("traffic", "1m", "png"), ("traffic", "1w", "svg"), ("zones", None, "png"), ("zones", "1h", "pdf"),
        ("doors", "5m", "png"), ("doors", "1d", "png"), ("dwell", None, "png"), ("visits", None, "png"),
        ("touches", None, "png"), ("items", None, "png"),
    ],
)  # fmt: skip
def test_charts(db: Path, tmp_path: Path, what: str, interval: str | None, kind: str) -> None:
    """The title of one store is Chinese, for which there may be no font here."""
    path = tmp_path / f"{what}.{kind}"
    query(what, "--config", db.with_name("gateway.toml"), "--chart", path, *(("--interval", interval) if interval else ()))
    assert path.stat().st_size > 10_000
    assert path.read_bytes().startswith(STARTS[kind])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("traffic",), "name one place to read: db"),
        (("traffic", "--db", "DB", "--influx", "http://x"), "name one place to read"),
        (("traffic", "--db", "nowhere.db"), "there is no such file"),
        (("traffic", "--db", "DB", "--store", "paris"), "no store 'paris'; it has berlin, shanghai"),
        (("traffic", "--db", "DB", "--store", "shangai"), r"no store 'shangai': did you mean 'shanghai'\?"),
        (("traffic", "--db", "DB", "--by", "zones"), r"cannot be grouped by 'zones'; it goes by chain, store, path"),
        (("traffic", "--db", "DB", "--by", "zone"), "zone is a group of dwell, items, outcome, sales, zones"),
        (("zones", "--db", "DB", "--by", "hours"), r"'hours': did you mean 'hour'\?"),
        (("traffic", "--db", "DB", "--by", "store,store"), "by store: it is given twice"),
        (("traffic", "--db", "DB", "--by", "store:2"), "only path has levels"),
        (("traffic", "--db", "DB", "--store", "[/b]"), r"no store '\[/b\]'"),
        (("zones", "--db", "DB", "--zone", "no such zone"), "cannot name a zone"),
        (("visits", "--db", "DB", "--interval", "1h"), "interval means nothing for visits; it is for traffic, zones, doors"),
        (("traffic", "--db", "DB", "--from", "gestern"), "'gestern' is no time"),
        (("traffic", "--db", "DB", "--from", "2026-10-25", "--to", "2026-10-24"), "before it begins"),
        (("traffic", "--db", "DB", "--timezone", "Mars/Olympus"), "no IANA time zone"),
        (("traffic", "--db", "DB", "--interval", "1m", "--from", "1980-01-01"), "more than 200,000 intervals"),
        (("gaps", "--db", "DB", "--chart", "x.png"), "there is no chart of gaps"),
        (("traffic", "--db", "nowhere.db", "--chart", "x.gif"), "x.gif: a chart is a file that ends in .png, .svg, .pdf: write x.png or"),
        (("traffic", "--db", "DB", "--chart", "/no/such/folder/x.png"), "there is no folder /no/such/folder to draw into: make it"),
    ],
)
def test_errors_advise_what_to_do(db: Path, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        query(*(str(db) if word == "DB" else word for word in arguments))


def test_no_gaps_is_an_answer(tmp_path: Path) -> None:
    sink = SQLite(tmp_path / "footfall.db")
    sink.write([points for points in dataset.points() if points.measurement == "traffic"])
    sink.close()
    assert rows("gaps", "--db", tmp_path / "footfall.db") == []
    assert "gaps of berlin and shanghai, 2026-10-2" in query("gaps", "--db", tmp_path / "footfall.db"), (
        "of the days for which there is traffic"
    )
    assert "store berlin has no visit at all" in query("visits", "--db", tmp_path / "footfall.db")


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (("traffic", "--from", "2020-01-01", "--to", "2020-01-02"), "store berlin has traffic from 2026-10-24 10:11 to 2026-10-25"),
        (("visits", "--fan", "nobody"), "no visit of fan nobody in this span"),
        (("zones", "--zone", "shoes", "--from", "2020-01-01", "--to", "2020-01-02"), "no zone_traffic of zone shoes in this span"),
    ],
)
def test_a_span_without_data_is_answered_with_what_there_is(db: Path, arguments: tuple[str, ...], note: str) -> None:
    assert note in " ".join(query(*arguments, "--db", db).split())
    found = rows(*arguments, "--db", db)
    assert {row["in"] for row in found} == ({""} if arguments[0] == "traffic" else set()), "not measured"


@pytest.mark.parametrize("question", ["zones", "dwell", "sales", "touches"])
def test_a_zone_that_does_not_exist_is_refused_with_the_nearest(db: Path, question: str) -> None:
    with pytest.raises(ConfigError, match="has no zone 'shoe' in what was asked for: did you mean 'shoes'\\? There is checkout"):
        query(question, "--zone", "shoe", "--db", db)


def test_a_list_has_as_many_rows_as_a_screen_and_names_how_many_more(db: Path) -> None:
    every = rows("visits", "--db", db)
    text = query("visits", "--db", db)
    assert f"… and {len(every) - SCREEN_ROWS:,} more: --format csv and json have all" in text
    assert sum(line.startswith(("berlin", "shanghai")) for line in text.splitlines()) == SCREEN_ROWS
    assert "more: --format" not in query("visits", "--db", db, "--fan", "f-003")


def test_a_database_without_stores(tmp_path: Path) -> None:
    SQLite(tmp_path / "footfall.db").close()
    with pytest.raises(ConfigError, match="holds no store yet"):
        query("traffic", "--db", tmp_path / "footfall.db")


def test_items_are_counted_by_article_or_zone(db: Path) -> None:
    by_sku, by_zone = (rows("items", "--db", db, "--by", f"store,{by}") for by in ("sku", "zone"))
    for kind in ("arrived", "moved", "tried", "left"):
        assert sum(int(row[kind]) for row in by_sku) == sum(int(row[kind]) for row in by_zone) > 0
    assert by_sku == [{name: value for name, value in row.items() if name != "time"} for row in rows("items", "--db", db)]
    assert {row["zone"] for row in rows("items", "--db", db, "--by", "zone", "--zone", "fitting")} == {"fitting"}


def test_a_store_with_goods_only_is_a_store(tmp_path: Path) -> None:
    sink = SQLite(tmp_path / "footfall.db")
    sink.write([points for points in dataset.points() if points.measurement == "item"])
    sink.close()
    assert {row["store"] for row in rows("items", "--db", tmp_path / "footfall.db")} == {"berlin", "shanghai"}


def test_a_renamed_store_is_read_under_all_its_names(db: Path, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text("""
brand = "b"
[[stores]]
name = "spree"
timezone = "Europe/Berlin"
aliases = [{ name = "berlin", until = 2026-12-31 }, { name = "never-heard", until = 2020-01-01 }]
""")
    where = ("traffic", "--db", db, "--site", tmp_path / "site.toml", "--store", "spree")
    assert {row["store"] for row in rows(*where)} == {"spree"}, "one store, by its present name"
    assert sum(int(row["in"]) for row in rows(*where)) == 280
    assert rows(*where)[0]["time"].endswith("+02:00"), "its time zone is the store's"
    with pytest.raises(ConfigError, match="no store 'spree'"):
        query("traffic", "--db", db, "--store", "spree")
