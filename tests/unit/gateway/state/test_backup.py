"""A copy is whole, of one moment and its owner's only; the one before stays until it is; what is put back is what was copied."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from footfall.cli import build
from footfall.errors import ConfigError
from gateway.accept.outcome import Entry
from gateway.records import RecordKind
from gateway.state import backup
from gateway.state.backup import back_up, check, restore
from gateway.state.day_keys import DayKeys
from gateway.state.journal import Journal
from gateway.state.ledger import Ledger
from gateway.state.quarantine.entries import Refusal
from gateway.state.quarantine.store import Quarantine
from tests.support.accept_inputs import NOW, SITE, S
from tests.unit.gateway.pipeline.test_fold_worker import Gate, fill


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Of a gateway that folded half of what it has."""
    folder = tmp_path / "state"
    folder.mkdir()
    fill(folder, 20)
    gate = Gate(folder)
    gate.run()
    gate.journal.is_new_event(b"e" * 16)
    gate.journal.commit([(NOW + 60 * S, Entry(RecordKind.TICK, "", "", 0, b""))], {})
    gate.close()
    kept = Quarantine(folder / "quarantine.db")
    kept.add([Refusal("site.zone", "which?", "footfall/1/s1/x/events", NOW, b"sealed", "accept")])
    kept.close()
    keys = DayKeys(folder / "keys.db", SITE)
    keys.current("s1", NOW)
    keys.close()
    return folder


def test_all_of_it_comes_back(state: Path, tmp_path: Path) -> None:
    kept = DayKeys(state / "keys.db", SITE)
    secret = kept.current("s1", NOW)
    kept.close()
    made = back_up(state, tmp_path / "backup")
    copied, replaced = restore(tmp_path / "backup", tmp_path / "other")
    assert (copied, replaced) == (made, None)
    journal = Journal(tmp_path / "other" / "journal.db")
    assert (journal.last_pos, journal.journal_id) == (22, made.journal_id)
    assert not journal.is_new_event(b"e" * 16)
    assert Ledger(tmp_path / "other" / "ledger.db").stands_at() == (21, made.journal_id)
    quarantine = Quarantine(tmp_path / "other" / "quarantine.db")
    assert [quarantine.show(entry.id)[1] for entry in quarantine.entries()] == [b"sealed"]  # type: ignore[index] # it is there
    assert DayKeys(tmp_path / "other" / "keys.db", SITE).current("s1", NOW) == secret


def test_nobody_else_may_read_it(state: Path, tmp_path: Path) -> None:
    os.umask(0o022)
    back_up(state, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "other")
    for folder in (tmp_path / "backup" / "last", tmp_path / "other"):
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
        assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "backup").iterdir() if path.is_file()} == {0o600}


def test_the_commands_do_it_with_nothing_given_but_the_folder(state: Path, tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text('state_dir = "state"\n', encoding="utf-8")
    for command in ("backup", "restore"):
        done = CliRunner().invoke(build(), [command, str(tmp_path / "backup"), "--config", str(config)])
        assert done.exit_code == 0, done.output
    assert check(tmp_path / "backup").last_pos == 22
    assert (state / "replaced-1").is_dir()


def test_it_is_of_one_moment_while_the_gateway_goes_on(state: Path, tmp_path: Path) -> None:
    """Records, folding and pruning go on all the time: each copy's ledger ends within its journal, which has all after it."""
    ended = threading.Event()

    def go_on() -> None:
        gate = Gate(state)
        n = 0
        while not ended.is_set():
            n += 1
            gate.journal.commit([(NOW + (100 + n) * S, Entry(RecordKind.TICK, "", "", 0, b"t" * 2000))], {})
            gate.record_queue.head = gate.journal.last_pos
            gate.fold_worker.turn(gate.record_queue, 0.0)
            gate.fold_worker.checkpoint()
            gate.journal.prune(gate.fold_worker.stored_pos, NOW + 10_000 * S)
        gate.close()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        for _ in range(10):
            copied = back_up(state, tmp_path / "backup")
            journal, ledger = Journal(copied.folder / "journal.db"), Ledger(copied.folder / "ledger.db")
            pos, _ = ledger.stands_at()
            assert journal.pruned_to() <= pos <= journal.last_pos
            ledger.close()
            journal.close()
    finally:
        ended.set()
        thread.join()


def test_one_that_fails_leaves_the_one_before(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = back_up(state, tmp_path / "backup")

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(backup, "_copy_database", full)
    with pytest.raises(ConfigError, match=r"no backup was made.*full"):
        back_up(state, tmp_path / "backup")
    assert check(tmp_path / "backup") == first
    monkeypatch.undo()
    (tmp_path / "backup" / "last").rename(tmp_path / "backup" / "before")  # killed in the middle
    assert check(tmp_path / "backup").made_ns == first.made_ns
    assert back_up(state, tmp_path / "backup").made_ns > first.made_ns


@pytest.mark.parametrize("name", ["journal.db", "ledger.db", "keys.db", "quarantine.db", "quarantine.key"])
def test_a_copy_with_a_flipped_bit_is_not_put_back(state: Path, tmp_path: Path, name: str) -> None:
    path = back_up(state, tmp_path / "backup").folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    before = sorted(state.iterdir())
    with pytest.raises(ConfigError, match=f"{name}: not what the backup wrote"):
        restore(tmp_path / "backup", state)
    assert sorted(state.iterdir()) == before


def test_what_was_there_is_moved_beside(state: Path, tmp_path: Path) -> None:
    back_up(state, tmp_path / "backup")
    journal = Journal(state / "journal.db")
    journal.commit([(NOW + 99 * S, Entry(RecordKind.TICK, "", "", 0, b""))], {})
    journal.close()
    for number in (1, 2):
        _, replaced = restore(tmp_path / "backup", state)
        assert replaced == state / f"replaced-{number}"
    assert Journal(state / "replaced-1" / "journal.db").last_pos == 23
    assert Journal(state / "journal.db").last_pos == 22


def test_while_a_gateway_runs_nothing_is_put_back(state: Path, tmp_path: Path) -> None:
    back_up(state, tmp_path / "backup")
    with (state / "lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="a gateway runs"):
            restore(tmp_path / "backup", state)


def test_what_is_no_backup_is_named(state: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no backup in it"):
        restore(state, tmp_path / "other")
    with pytest.raises(ConfigError, match="has the gateway run here"):
        back_up(tmp_path / "nowhere", tmp_path / "backup")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("inside", [".", "backup"])
def test_a_copy_is_not_kept_in_what_it_is_a_copy_of(state: Path, inside: str) -> None:
    with pytest.raises(ConfigError, match="lost with it"):
        back_up(state, state / inside)


def test_what_root_puts_back_belongs_to_whom_the_state_belongs(state: Path, tmp_path: Path) -> None:
    back_up(state, tmp_path / "backup")
    (state / "lock").unlink(missing_ok=True)
    os.chown(state, 4321, 4322)
    _, replaced = restore(tmp_path / "backup", state)
    assert replaced is not None
    made = [replaced, *(path for path in state.iterdir() if path.is_file())]
    assert {"journal.db", "ledger.db", "lock"} <= {path.name for path in made}
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(4321, 4322)}
