"""Files of earlier releases become files of this one, step by step; of what is not known nothing is touched."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import footfall
from footfall.errors import ConfigError
from footfall.sqlite import VALUES_AT_ONCE, Schema, connect, insert_many, migrate, open_memory

OLD = Schema("a diary", "days", "CREATE TABLE days (day INTEGER); CREATE TABLE total (n INTEGER);")


def _fill(db: sqlite3.Connection) -> None:
    db.execute("UPDATE days SET mood = 'fine' WHERE day = 2")


TRIGGER = "CREATE TRIGGER counted AFTER INSERT ON days BEGIN DELETE FROM total; INSERT INTO total SELECT count(*) FROM days; END;"
NEW = Schema("a diary", "days", OLD.script, ("ALTER TABLE days ADD COLUMN mood TEXT NOT NULL DEFAULT '';", _fill, TRIGGER))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "diary.db"


def made(path: Path, schema: Schema) -> sqlite3.Connection:
    db = connect(path)
    migrate(db, path, schema)
    return db


def layout(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return db.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


def test_an_old_file_keeps_its_rows_and_becomes_like_a_new_one(path: Path, tmp_path: Path) -> None:
    old = made(path, OLD)
    old.executemany("INSERT INTO days VALUES (?)", [(1,), (2,)])
    old.close()
    db = connect(path)
    assert migrate(db, path, NEW) == 1
    assert migrate(db, path, NEW) == NEW.version == 4
    assert db.execute("SELECT day, mood FROM days").fetchall() == [(1, ""), (2, "fine")]
    assert layout(db) == layout(made(tmp_path / "new.db", NEW))
    db.execute("INSERT INTO days VALUES (3, '')")
    assert db.execute("SELECT n FROM total").fetchall() == [(3,)]


def test_a_step_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    old = made(path, OLD)
    before = layout(old)
    bad = Schema("a diary", "days", OLD.script, (*NEW.steps, "ALTER TABLE nowhere ADD COLUMN mood TEXT;"))
    with pytest.raises(ConfigError, match="no such table: nowhere"):
        migrate(connect(path), path, bad)
    assert layout(old) == before
    assert migrate(connect(path), path, NEW) == 1


def test_files_without_a_version_are_the_first_where_the_kind_had_none(path: Path) -> None:
    old = made(path, OLD)
    old.execute("PRAGMA user_version = 0")
    named = Schema("a diary", "days", OLD.script, NEW.steps, was_unversioned=True)
    assert migrate(old, path, named) == 1
    assert "mood" in layout(old)[1][1] + layout(old)[0][1]


@pytest.mark.parametrize(
    ("version", "schema", "words"),
    [
        (9, NEW, "another release, a newer one .schema 9, this one knows 4"),
        (1, Schema("a diary", "days", "", first=3, if_too_old="burn it"), "too old .* reaches back to 3.: burn it"),
        (0, NEW, "too old"),
        (1, Schema("a cookbook", "recipes", ""), "not a cookbook"),
    ],
)
def test_what_cannot_be_taken_over_is_refused_by_name(path: Path, version: int, schema: Schema, words: str) -> None:
    old = made(path, OLD)
    old.execute(f"PRAGMA user_version = {version}")
    before = layout(old)
    with pytest.raises(ConfigError, match=rf"diary\.db: .*{words}"):
        migrate(old, path, schema)
    assert layout(old) == before


def test_a_command_beside_a_gateway_takes_no_file_over(path: Path) -> None:
    old = made(path, OLD)
    with pytest.raises(ConfigError, match="start the gateway of this release first"):
        migrate(old, path, NEW, take_over=False)
    assert migrate(old, path, OLD, take_over=False) == 1


@pytest.mark.parametrize("count", [0, 1, VALUES_AT_ONCE // 2, VALUES_AT_ONCE // 2 + 1, VALUES_AT_ONCE])
def test_rows_of_many_statements_are_all_there_and_of_two_with_one_key_the_later_counts(count: int) -> None:
    db = open_memory()
    db.execute("CREATE TABLE days (day INTEGER PRIMARY KEY, mood TEXT)")
    insert_many(db, "INSERT OR REPLACE INTO days (day, mood) VALUES (?, ?)", ((day, "fine") for day in [*range(count), *range(count)]))
    insert_many(db, "INSERT OR REPLACE INTO days (day, mood) VALUES (?, ?)", [(0, "bad"), (0, "?")])
    assert db.execute("SELECT day, mood FROM days").fetchall() == [(0, "?"), *((day, "fine") for day in range(1, count))]


def test_a_damaged_file_is_named(path: Path) -> None:
    db = made(path, NEW)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    path.write_bytes(path.read_bytes()[:5000] + b"\xff" * 5000)
    with pytest.raises(ConfigError, match=r"diary\.db"):
        made(path, Schema("a diary", "days", OLD.script, (*NEW.steps, "INSERT INTO days VALUES (1, '');")))


def test_one_module_opens_sqlite_for_the_whole_product() -> None:
    root = Path(footfall.__file__).parents[1]
    packages = ("footfall", "device_profiles", "edge_agent", "gateway")
    opening = [
        path.relative_to(root) for name in packages for path in (root / name).rglob("*.py") if "sqlite3.connect(" in path.read_text()
    ]
    assert opening == [Path("footfall/sqlite.py")]
