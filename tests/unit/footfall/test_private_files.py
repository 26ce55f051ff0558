"""Only their owner reads the files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.spool import Spool
from footfall.private_files import create_private, make_private, private_folder
from footfall.sqlite import open_file
from gateway.sinks.sqlite.sink import SQLite
from gateway.state.journal import Journal
from gateway.state.ledger import Ledger
from gateway.state.quarantine.store import Quarantine


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


MAKERS = {
    "spool": lambda path: Spool(path, "e1", "b1"),
    "journal": Journal,
    "ledger": Ledger,
    "quarantine": Quarantine,
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_file_and_its_log_are_their_owners_only(tmp_path: Path, make: type) -> None:
    path = tmp_path / "state" / "file.db"
    private_folder(path.parent)
    make(path)
    assert mode(path.parent) == 0o700
    files = [file for file in path.parent.iterdir() if file.suffix != ".key"]
    assert {file.name for file in files} >= {"file.db", "file.db-wal", "file.db-shm"}
    assert {mode(file) for file in path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_file_of_an_earlier_release_loses_the_rights_of_others(tmp_path: Path, make: type) -> None:
    path = tmp_path / "file.db"
    make(path).close()
    path.chmod(0o644)
    made = make(path)
    assert mode(path) == 0o600
    made.close()


def test_the_database_of_analysts_is_made_private_and_stays_as_its_owner_sets_it(tmp_path: Path) -> None:
    path = tmp_path / "footfall.db"
    SQLite(path).close()
    assert mode(path) == 0o600
    path.chmod(0o640)
    SQLite(path).close()
    assert mode(path) == 0o640


def test_folders_above_are_made_private_and_existing_ones_stay(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o755)
    private_folder(tmp_path / "there" / "a" / "b")
    assert [mode(tmp_path / "there" / name) for name in ("", "a", "a/b")] == [0o755, 0o700, 0o700]


def test_what_cannot_be_made_is_left_to_who_opens_it(tmp_path: Path) -> None:
    create_private(tmp_path / "missing" / "file")
    make_private(tmp_path / "missing" / "file")
    create_private(tmp_path / "file")
    (tmp_path / "file").write_text("kept")
    create_private(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"
    open_file(tmp_path / "file.db").close()
    assert mode(tmp_path / "file.db") == 0o600
