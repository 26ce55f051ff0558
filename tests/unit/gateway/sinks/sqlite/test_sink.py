"""What is particular to SQLite: whose file it is, and what can befall a file."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from footfall.errors import ConfigError, SinkUnavailable
from gateway.points import SCHEMA, Points, from_rows
from gateway.sinks.sqlite.reader import SqliteReader
from gateway.sinks.sqlite.sink import SCHEMA_VERSION, SQLite


def doors(count: int, start: int = 0) -> Points:
    return from_rows("door", [(n, "a", "d", "s", n, n) for n in range(start, start + count)])


def count(path: Path, table: str = "door") -> int:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        found: int = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    db.close()
    return found


def test_the_same_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "footfall.db"
    for start in (0, 50):
        sink = SQLite(path)
        sink.write([doors(100, start)])
        sink.close()
    assert count(path) == 150


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"no database at all, but long enough" * 100, "not an SQLite database"), (None, "a database of another program"), (b"", None)],
)
def test_only_its_own_file_is_taken(tmp_path: Path, content: bytes | None, message: str | None) -> None:
    path = tmp_path / "file"
    if content is None:
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE theirs (a)")
        other.close()
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    if message is None:
        SQLite(path).close()
        return
    with pytest.raises(ConfigError, match=message):
        SQLite(path)
    assert path.read_bytes() == before


def test_a_newer_release_s_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "footfall.db"
    sink = SQLite(path)
    sink._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    sink.close()
    with pytest.raises(ConfigError, match="newer release"):
        SQLite(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the folder must exist"):
        SQLite(tmp_path / "nowhere" / "footfall.db")


def test_a_full_disk_stores_nothing_and_loses_nothing(tmp_path: Path) -> None:
    sink = SQLite(tmp_path / "footfall.db")
    sink.write([doors(10)])
    (pages,) = sink._db.execute("PRAGMA page_count").fetchone()
    sink._db.execute(f"PRAGMA max_page_count = {pages + 1}")  # SQLite's own limit gives the code that a full disk gives
    with pytest.raises(SinkUnavailable, match="make room"):
        sink.write([doors(10, 10), doors(5000, 20)])
    assert count(tmp_path / "footfall.db") == 10
    sink._db.execute("PRAGMA max_page_count = 1000000")
    sink.write([doors(10, 10), doors(5000, 20)])
    assert count(tmp_path / "footfall.db") == 5020


def test_a_locked_file_is_waited_for(tmp_path: Path) -> None:
    sink = SQLite(tmp_path / "footfall.db")
    sink._db.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(tmp_path / "footfall.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SinkUnavailable, match="locked it"):
        sink.write([doors(1)])
    other.execute("ROLLBACK")
    other.close()
    sink.write([doors(1)])
    assert count(tmp_path / "footfall.db") == 1


@pytest.mark.parametrize("replaced", [False, True])
def test_a_deleted_file_takes_no_rows_into_nowhere(tmp_path: Path, replaced: bool) -> None:
    sink = SQLite(tmp_path / "footfall.db")
    (tmp_path / "footfall.db").rename(tmp_path / "moved.db")
    if replaced:
        (tmp_path / "footfall.db").touch()
    with pytest.raises(SinkUnavailable, match="start the gateway again"):
        sink.write([doors(1)])


def test_the_views_leave_out_what_was_voided(tmp_path: Path) -> None:
    sink = SQLite(tmp_path / "footfall.db")
    rows = [(1_500_000_000 + n, "a", "s", "z", "00000000000000ff", "", 1.0, False, False, n == 1, 0.9, "", "") for n in range(3)]
    sink.write([from_rows("dwell", rows)])
    db = sqlite3.connect(tmp_path / "footfall.db")
    assert db.execute("SELECT time, time_ns, void FROM dwells").fetchall() == [
        ("1970-01-01T00:00:01.500Z", 1_500_000_000, 0),
        ("1970-01-01T00:00:01.500Z", 1_500_000_002, 0),
    ]
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")}
    db.close()
    assert names == {"visits", "dwells", "touches", "stores"}
    assert {name for name, schema in SCHEMA.items() if "void" in schema.fields} == {"visit", "dwell", "touch", "store"}


WRITER = """
import sys
from pathlib import Path
from tests.unit.gateway.sinks.sqlite.test_sink import doors
from gateway.sinks.sqlite.sink import SQLite
sink = SQLite(Path(sys.argv[1]))
for n in range(10_000):
    sink.write([doors(100, n * 100)])
    print(n, flush=True)
"""


def test_a_killed_gateway_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "footfall.db"
    root = Path(__file__).parents[5]
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert writer.stdout is not None
    acknowledged = [next(writer.stdout) for _ in range(30)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += list(writer.stdout)
    writer.wait()
    SQLite(path).close()
    assert count(path) >= 100 * len(acknowledged)
    assert count(path) % 100 == 0


def _of_an_earlier_release(path: Path) -> None:
    """As `presence` had no width yet, and there was no measurement of goods or of stores."""
    SQLite(path).close()
    db = sqlite3.connect(path)
    db.executescript(
        "DROP VIEW stores; DROP TABLE store; DROP TABLE coverage; DROP TABLE revision; DROP TABLE item; PRAGMA user_version = 1;"
    )
    db.execute("ALTER TABLE presence DROP COLUMN time_width_ms")
    db.execute("INSERT INTO presence VALUES (5, 'x', 'enter', 's', 'z', '00000000000000ff', 'p', -60, 1.5, 'agent', 3)")
    db.commit()
    db.close()


def presence(time_ns: int) -> Points:
    return from_rows("presence", [(time_ns, "x", "enter", "s", "z", 255, "p", -60, 1.5, "measured", 7, 3)])


def test_a_file_of_an_earlier_release_gets_what_is_new_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "footfall.db"
    _of_an_earlier_release(path)
    sink = SQLite(path)
    sink.write([presence(6), from_rows("item", [(6, "x", "arrived", "s", "z", "e", "k", "", 0.0)])])
    rows = sink._db.execute("SELECT time_ns, time_quality, time_width_ms, lag_ms FROM presence ORDER BY time_ns").fetchall()
    assert rows == [(5, "agent", -1, 3), (6, "measured", 7, 3)]
    assert sink._db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert count(path, "item") == 1
    assert sink._db.execute("SELECT count(*) FROM stores").fetchone() == (0,)


def test_a_file_of_an_earlier_release_is_read_before_the_gateway_takes_it_over(tmp_path: Path) -> None:
    _of_an_earlier_release(tmp_path / "footfall.db")
    found = SqliteReader(tmp_path / "footfall.db").rows("presence")
    assert (found.values("time_width_ms"), found.values("lag_ms")) == ([-1], [3])


def test_every_measurement_and_field_that_is_missing_is_added(tmp_path: Path) -> None:
    path = tmp_path / "footfall.db"
    for name, schema in SCHEMA.items():
        for gone in (f"DROP TABLE {name}", *(f'ALTER TABLE {name} DROP COLUMN "{field}"' for field in schema.fields if field != "void")):
            SQLite(path).close()
            db = sqlite3.connect(path)
            db.execute(gone)
            db.close()
            sink = SQLite(path)
            made = from_rows(name, [(1, *schema.tags, *("a" if kind in ("text", "subject") else 1 for kind in schema.fields.values()))])
            sink.write([made])
            sink.close()


def test_a_table_that_goes_away_while_it_is_open_is_made_again(tmp_path: Path) -> None:
    sink = SQLite(tmp_path / "footfall.db")
    other = sqlite3.connect(tmp_path / "footfall.db")
    other.execute("DROP TABLE door")
    with pytest.raises(SinkUnavailable, match="no such table: door: what was missing was made again"):
        sink.write([doors(3)])
    sink.write([doors(3)])
    assert count(tmp_path / "footfall.db") == 3


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE door RENAME COLUMN agent TO sensor",
        "ALTER TABLE door ADD COLUMN theirs TEXT NOT NULL CHECK (theirs != '') DEFAULT ''",
        "CREATE TRIGGER theirs BEFORE INSERT ON door BEGIN SELECT RAISE(ABORT, 'not today'); END",
        "DROP TABLE door; CREATE VIEW door AS SELECT 1",
    ],
)
def test_what_will_not_mend_itself_is_reported_as_such(tmp_path: Path, change: str) -> None:
    sink = SQLite(tmp_path / "footfall.db")
    other = sqlite3.connect(tmp_path / "footfall.db")
    other.executescript(change)
    for _ in range(2):
        with pytest.raises(SinkUnavailable, match=r"footfall.db: .*somebody changed its tables"):
            sink.write([doors(3)])
