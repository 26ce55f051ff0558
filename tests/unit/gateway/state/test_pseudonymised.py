"""Identifiers leave the files of earlier releases, and nothing else in them changes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import msgpack
import pytest

from gateway.accept.events import Pseudonymiser
from gateway.accept.outcome import Entry
from gateway.records import Record, RecordKind
from gateway.state.checksums import record_checksum
from gateway.state.journal import Journal
from gateway.state.journal_schema import MAY_HOLD_IDENTIFIERS
from gateway.state.ledger import Ledger
from gateway.state.pseudonymised import STATE, hide_identifiers

NUMBERS = [f"138{n:08d}" for n in range(200)]
subject_of = Pseudonymiser(b"secret").hex_subject
STORES = [{"name": "s1", "zones": [{"name": "door"}], "doors": [], "agents": [{"name": "a1"}]}]


def old_site(numbers: list[str]) -> bytes:
    """As a release before this one recorded it."""
    staff = [{"staff_id": f"s{i}", "identifiers": [f"member:{number}"]} for i, number in enumerate(numbers)]
    return json.dumps({"brand": "acme", "stores": STORES, "staff": staff, "assets": ["mac:a1b2c3d4e5f6"], "form": 4}).encode()


def make(folder: Path, mark: bool = True) -> list[Record]:
    """A journal and a ledger as an earlier release left them. Sites were written again and again, and free pages hold what was there."""
    folder.mkdir(exist_ok=True)
    journal, ledger = Journal(folder / "journal.db"), Ledger(folder / "ledger.db")
    for first in range(0, 200, 20):
        site = old_site(NUMBERS[first : first + 20])
        journal.commit([(first + 1, Entry(RecordKind.SITE, "", "", 0, site)), (first + 2, Entry(RecordKind.TICK, "", "", 0, b""))], {})
        ledger.checkpoint([(STATE, msgpack.packb({"version": 5, "site": site, "pos": first})), ("other", b"\x00\x01")])
    records = journal.read(0, 1000)
    journal.close()
    ledger.close()
    with closing(sqlite3.connect(folder / "journal.db")) as db:
        db.execute("INSERT OR IGNORE INTO meta VALUES (?, 1)", (MAY_HOLD_IDENTIFIERS,))
        db.commit()
    return records


def leaks(folder: Path) -> list[str]:
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return [f"{path.name}: {number}" for path, data in files.items() for number in (*NUMBERS, "a1b2c3d4e5f6") if number.encode() in data]


def test_no_identifier_is_left_in_any_page_or_log(tmp_path: Path) -> None:
    make(tmp_path)
    assert len(leaks(tmp_path)) > 200
    assert hide_identifiers(tmp_path, subject_of)
    assert leaks(tmp_path) == []


def test_records_stay_what_they_are_but_for_identifiers(tmp_path: Path) -> None:
    before = make(tmp_path)
    hide_identifiers(tmp_path, subject_of)
    with closing(Journal(tmp_path / "journal.db")) as journal:
        after = journal.read(0, 1000)
        rows = [journal.rows_of(record.pos) for record in after]
    assert [record._replace(body=b"") for record in after] == [record._replace(body=b"") for record in before]
    first = json.loads(after[0].body)
    assert first["staff"][3] == {"staff_id": "s3", "subjects": [subject_of(f"member:{NUMBERS[3]}")]}
    assert first["asset_subjects"] == [subject_of("mac:a1b2c3d4e5f6")]
    assert (first["brand"], first["stores"]) == ("acme", STORES)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as db:
        for record, (n, total) in zip(after, rows, strict=True):
            assert db.execute("SELECT crc FROM records WHERE pos = ?", (record.pos,)).fetchone()[0] == record_checksum(record, n, total)


def test_the_ledger_s_state_stays_what_it_is_but_for_identifiers(tmp_path: Path) -> None:
    make(tmp_path)
    hide_identifiers(tmp_path, subject_of)
    with closing(Ledger(tmp_path / "ledger.db")) as ledger:
        state = ledger.state()
    values = msgpack.unpackb(state[STATE])
    assert (values["version"], values["pos"], state["other"]) == (5, 180, b"\x00\x01")
    assert json.loads(values["site"])["staff"][0]["subjects"] == [subject_of(f"member:{NUMBERS[180]}")]


def test_without_the_brand_s_secret_nothing_stands_in_their_place(tmp_path: Path) -> None:
    make(tmp_path)
    assert hide_identifiers(tmp_path, None)
    assert leaks(tmp_path) == []
    with closing(Journal(tmp_path / "journal.db")) as journal:
        assert json.loads(journal.read(0, 1)[0].body)["staff"][0] == {"staff_id": "s0", "subjects": []}


def test_it_is_done_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    make(tmp_path)
    hide_identifiers(tmp_path, subject_of)
    assert "replaced by subjects" in caplog.text
    caplog.clear()
    hide_identifiers(tmp_path, subject_of)
    assert caplog.text == ""


def test_a_new_journal_has_nothing_to_hide(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    Journal(tmp_path / "journal.db").close()
    assert hide_identifiers(tmp_path, subject_of)
    assert caplog.text == ""


def test_what_a_restore_moved_beside_is_treated_alike_and_damaged_files_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make(tmp_path)
    make(tmp_path / "replaced-1")
    assert hide_identifiers(tmp_path, subject_of)
    assert leaks(tmp_path) == []
    (tmp_path / "journal.db.unusable-1").write_bytes(b"13800000000")
    hide_identifiers(tmp_path, subject_of)
    assert "journal.db.unusable-1 was set aside as damaged and may hold identifiers of staff in clear" in caplog.text


def test_a_crash_in_between_leaves_it_to_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("gateway.state.pseudonymised._rewrite_journal", lambda db, subject_of: (_ for _ in ()).throw(OSError("full")))
        assert not hide_identifiers(tmp_path, subject_of)
    assert leaks(tmp_path)
    assert hide_identifiers(tmp_path, subject_of)
    assert leaks(tmp_path) == []


def test_a_damaged_record_is_left_to_whoever_reads_it(tmp_path: Path) -> None:
    make(tmp_path)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as db:
        db.execute("UPDATE records SET crc = crc + 1 WHERE pos = 1")
        db.execute("UPDATE records SET body = ? WHERE pos = 1", (b"{",))
        db.commit()
    assert hide_identifiers(tmp_path, subject_of)
    assert leaks(tmp_path) == []
