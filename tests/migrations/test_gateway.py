"""The state of the release before is taken over by the whole gateway, with every row; newer files are refused by name."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import msgpack
import pytest

from footfall.errors import ConfigError
from footfall.sqlite import Schema
from gateway.config import load_site
from gateway.sinks.sqlite.sink import SCHEMA_VERSION, SQLite
from gateway.state import day_keys as daykeys
from gateway.state import journal_schema, ledger_schema
from gateway.state.day_keys import DayKeys
from gateway.state.journal import Journal
from gateway.state.ledger import Ledger
from gateway.state.quarantine import schema as quarantine_schema
from gateway.state.quarantine.store import Quarantine
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.programs import FOOTFALL
from tests.support.running_gateway import SITE, Place
from tests.support.waiting import PATIENCE_S

FILES = Path(__file__).parent / "files"
RELEASE = "6c2b348"
"""Made by its gateway: a recording of s1/x, three frames of a live agent s2/y whose visits are open, a till's touches, sale and count
at s3, one link, and two refused messages."""
ROWS = 181
STATE = ("journal.db", "ledger.db", "keys.db", "quarantine.db", "quarantine.key")


def put(place: Place) -> None:
    """The files of that release, where a gateway has them."""
    (place.folder / "state").mkdir(mode=0o700)
    for name in STATE:
        path = Path(name)
        shutil.copy(FILES / f"{path.stem}-{RELEASE}{path.suffix}", place.folder / "state" / name)
    shutil.copy(FILES / f"footfall-{RELEASE}.db", place.database)


BETTER = ("time_width_ms", "lag_ms", "items")
NEW = ("squad", "campaigns", "code", "shared_by")
"""Fields that touches had not."""


def rows(path: Path) -> dict[str, set[tuple[Any, ...]]]:
    """What analysts find, but for a gateway's own report on its agents, and what is stored better by now."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'agent'")]
    found = {}
    for name in tables:
        columns = sorted(row[1] for row in db.execute(f"PRAGMA table_info({name})") if row[1] not in (*BETTER, *NEW))
        quoted = ", ".join(f'"{each}"' for each in columns)
        found[name] = set(db.execute(f"SELECT {quoted} FROM {name}"))
    db.close()
    return found


RAW = ("presence", "door", "touch", "item")


def test_the_state_of_the_release_before_is_taken_over_whole(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    place = Place(tmp_path / "gateway", embedded_broker)
    put(place)
    before = rows(place.database)
    assert {name: len(before[name]) for name in ("presence", "touch", "door")} == {"presence": 15, "touch": 4, "door": 10}
    with place:
        place.until(place.gateway.is_settled, "the journal to be folded")
        status = place.gateway.status()
        assert status["balance"] == {"in_total": ROWS, "written_total": 179, "quarantined_total": 2, "dropped_total": {}, "pending": 0}
        assert sum(status["quarantine"].values()) == 2
        assert "records_set_aside" not in {problem["code"] for problem in status["problems"]}
        place.events(
            {"kind": "touch", "what": "scan", "id": "t0", "zone": "shelf"}, {"kind": "touch", "what": "scan", "id": "new", "zone": "shelf"}
        )
        place.until(lambda: place.gateway.status()["balance"]["in_total"] == ROWS + 2, "two events")
        place.until(place.gateway.is_settled, "both to be stored")
        assert place.gateway.status()["balance"]["dropped_total"] == {"duplicate_event": 1}, "ids are remembered"
    after = rows(place.database)
    for name in RAW:
        assert before[name] <= after[name]
        assert len(after[name]) == len(before[name]) + (name == "touch")
    for name in STATE[:-1]:
        db = sqlite3.connect(place.folder / "state" / name)
        assert db.execute("PRAGMA user_version").fetchone() == (KINDS[name].version,)
        db.close()


def test_the_same_rows_are_made_of_its_journal_again(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    """Points of records that earlier releases journaled fall on their old keys."""
    place = Place(tmp_path / "gateway", embedded_broker)
    put(place)
    before = rows(place.database)
    for path in (place.folder / "state" / "ledger.db", place.database):
        path.unlink()
    with place:
        place.until(place.gateway.is_settled, "the journal to be folded")
    after = rows(place.database)
    assert {name: after[name] ^ before[name] for name in RAW} == {name: set() for name in RAW}


def test_a_fold_s_state_that_is_too_old_is_made_again_from_the_journal(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    place = Place(tmp_path / "gateway", embedded_broker)
    put(place)
    before = rows(place.database)
    path = place.folder / "state" / "ledger.db"
    db = sqlite3.connect(path)
    db.execute("DELETE FROM state WHERE key = 'items.stock.zone_agent'")
    db.commit()
    db.close()
    with place:
        place.until(place.gateway.is_settled, "the journal to be folded")
        assert place.gateway.status()["balance"]["pending"] == 0
    assert {name: rows(place.database)[name] ^ before[name] for name in RAW} == {name: set() for name in RAW}
    assert path.with_name("ledger.db.unusable-1").exists()
    assert "zone_agent" in place.log()


def started(place: Place) -> str:
    """What a gateway prints that does not start."""
    done = subprocess.run(
        [FOOTFALL, "gateway", "--config", str(place.gateway.config)], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 2, done.stderr
    return " ".join(done.stderr.split())


def test_one_that_is_too_old_is_named_where_the_journal_does_not_reach_back(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    place = Place(tmp_path / "gateway", embedded_broker)
    put(place)
    db = sqlite3.connect(place.folder / "state" / "ledger.db")
    db.execute("DELETE FROM state WHERE key = 'items.stock.zone_agent'")
    db.commit()
    db.close()
    db = sqlite3.connect(place.folder / "state" / "journal.db")
    db.execute("DELETE FROM records WHERE pos BETWEEN 2 AND 5")
    db.commit()
    db.close()
    said = started(place)
    assert "ledger.db" in said
    assert "footfall restore" in said
    assert not (place.folder / "state" / "ledger.db.unusable-1").exists()


KINDS: dict[str, Schema] = {
    "journal.db": journal_schema.SCHEMA,
    "ledger.db": ledger_schema.SCHEMA,
    "keys.db": daykeys.SCHEMA,
    "quarantine.db": quarantine_schema.QUARANTINE,
}


@pytest.mark.parametrize("name", [*KINDS, "footfall.db", "the fold's state"])
def test_a_newer_file_is_refused_by_name_and_left_alone(tmp_path: Path, embedded_broker: EmbeddedBroker, name: str) -> None:
    place = Place(tmp_path / "gateway", embedded_broker)
    put(place)
    if name == "the fold's state":
        path = place.folder / "state" / "ledger.db"
        made = Ledger(path)
        values = msgpack.unpackb(made.state()["fold"], strict_map_key=False) | {"version": 99}
        made.checkpoint([("fold", msgpack.packb(values))])
        made.close()
    else:
        path = place.database if name == "footfall.db" else place.folder / "state" / name
        db = sqlite3.connect(path)
        db.execute("PRAGMA user_version = 99")
        db.close()
    before = path.read_bytes()
    said = started(place)
    assert path.name in said
    assert "newer" in said
    assert "99" in said
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", [*KINDS, "footfall.db"])
def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path, embedded_broker: EmbeddedBroker, name: str) -> None:
    """But for the ledger, which the journal has all of."""
    place = Place(tmp_path / "gateway", embedded_broker)
    put(place)
    path = place.database if name == "footfall.db" else place.folder / "state" / name
    path.write_bytes(b"no database" * 1000)
    if name == "ledger.db":
        with place:
            place.until(place.gateway.is_settled, "the journal to be folded")
            assert place.gateway.status()["balance"]["in_total"] == ROWS
        return
    assert path.name in started(place)


def test_every_file_is_taken_over_by_itself(tmp_path: Path) -> None:
    for name in STATE:
        shutil.copy(FILES / f"{Path(name).stem}-{RELEASE}{Path(name).suffix}", tmp_path / name)
    shutil.copy(FILES / f"footfall-{RELEASE}.db", tmp_path / "footfall.db")
    (tmp_path / "site.toml").write_text(SITE)
    opened = Journal(tmp_path / "journal.db")
    assert len(opened.read(0, 1000)) == opened.last_pos == 14
    assert (opened.mark("y", "ep0ch").seq, opened.bounds("x", "64911e22-c373-4307-9d67-18b0112de17f").is_measured) == (3, True)
    assert opened.pruned_to() == 0
    assert "fold" in Ledger(tmp_path / "ledger.db").state()
    kept = Quarantine(tmp_path / "quarantine.db")
    assert {kept.show(entry.id)[1][:8] for entry in kept.entries()} >= {b"no frame"}  # type: ignore[index] # they are there
    keys = DayKeys(tmp_path / "keys.db", load_site(tmp_path / "site.toml"))
    assert keys.current("s2", 1_795_915_020_000_000_000) is not None
    SQLite(tmp_path / "footfall.db").close()
    db = sqlite3.connect(tmp_path / "footfall.db")
    assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert set(db.execute("SELECT time_width_ms FROM presence")) == {(-1,)}


def test_commands_beside_a_gateway_leave_files_of_an_earlier_release_alone(tmp_path: Path) -> None:
    path = Path(shutil.copy(FILES / f"journal-{RELEASE}.db", tmp_path / "journal.db"))
    with pytest.raises(ConfigError, match="start the gateway of this release first"):
        Journal(path, take_over=False)
