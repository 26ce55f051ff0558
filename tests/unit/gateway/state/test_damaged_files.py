"""Bits flip in the files of a gateway: no row is wrong without a word, and no start fails without the file's name and the way out."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any, Final

import pytest

from footfall.errors import ConfigError
from footfall.frames import Kind, Offset
from footfall.receipts import decode_receipt
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Message, Messages
from gateway.accept.outcome import Entry
from gateway.config import GatewayConfig
from gateway.pipeline.fold_worker import FoldWorker
from gateway.pipeline.ingest import Ingest
from gateway.pipeline.notices import Notices
from gateway.pipeline.outbox import Outbox
from gateway.pipeline.record_queue import RecordQueue
from gateway.pipeline.restart import open_fold
from gateway.records import RecordKind
from gateway.site.index import Places
from gateway.state import files
from gateway.state.salvage import MOST_TIMES
from tests.support.accept_inputs import NOW, SECRET, SITE, S, body, frame
from tests.support.journal_stories import Rows, new_fold, store
from tests.support.shards import shard_of

FRAMES, EVENTS = "footfall/1/s1/x/frames", "footfall/1/s1/till/events"
RAW: Final = ("presence", "door", "touch", "item")
FILES: Final = (files.JOURNAL, files.LEDGER, files.KEYS, "quarantine.db")
SEEDS: Final = int(os.environ.get("FOOTFALL_DAMAGE_SEEDS", "12"))
"""A file. 1,000 take about ten minutes."""
BEFORE, ALL = 40, 60
"""Frames of the agent before the damage, and in the end; it never has less in its spool."""


def sent(seq: int, receipted: int) -> bytes:
    """People come and go, with their own time each; a row a second. `receipted`: what the agent knows of any receipt."""
    made = body(Kind.IN, Kind.ENTER, Kind.EXIT, first_row=3 * seq, made_boot_ns=(100 + seq) * S, offset=Offset(NOW - 100 * S, 10**6))
    heard_ns = NOW + receipted * S if receipted else 0
    return frame(seq, made, sent_boot_ns=(100 + seq) * S, receipted=receipted, receipted_ns=heard_ns)


def event(number: int) -> bytes:
    return json.dumps({"kind": "touch", "what": "scan", "zone": "a", "id": f"e{number}"}).encode()


class Whole:
    """All of a gateway but its network: what `Gateway` does with its files, one turn after the other."""

    def __init__(self, folder: Path, rows: Rows, receipted: int) -> None:
        self.said: list[str] = []
        self.rows = rows
        self.notices, self.receipted, self.upto = Notices(), receipted, 0
        self._open: list[Any] = []
        try:
            self._start(folder, GatewayConfig(state_dir=folder))
        except BaseException:
            self.close()
            raise

    def _start(self, folder: Path, config: GatewayConfig) -> None:
        self.journal = self._keep(files.open_journal(folder, self.said.append))
        self.quarantine = self._keep(files.open_quarantine(config, self.said.append))
        keys = self._keep(files.open_keys(folder, SITE, self.said.append))
        ledger, fold = open_fold(folder / files.LEDGER, self.journal, new_fold, self.said.append)
        self._keep(ledger)
        self.outbox, self.record_queue = Outbox(64 << 20), RecordQueue()
        self.record_queue.head = self.journal.last_pos
        self.fold_worker = FoldWorker(shard_of(fold), ledger, self.journal, self.outbox, lambda arrivals, prompts, counters: None,
                               keep=self.quarantine.add, notices=self.notices)  # fmt: skip
        self.ingest = Ingest(Messages(Acceptor(Places(SITE), self.journal, Pseudonymiser(SECRET))), self.journal, self.quarantine, keys,
                             self._hear, self.record_queue.put)  # fmt: skip

    def _keep(self, opened: Any) -> Any:
        self._open.append(opened)
        return opened

    def _hear(self, topic: str, payload: bytes) -> None:
        self.upto = decode_receipt(payload).upto
        self.receipted = max(self.receipted, self.upto)

    def take(self, topic: str, payload: bytes, at_s: float) -> None:
        self.ingest.take([Message(topic, payload)], NOW + round(at_s * S))

    def run(self, last: int, until_stored: bool = True) -> None:
        """The agent sends what has no receipt, up to `last`; a till its events meanwhile."""
        if self.fold_worker.fold.site_json() != SITE.model_dump_json().encode():
            self.journal.commit([(NOW, Entry(RecordKind.SITE, "", "", 0, SITE.model_dump_json().encode()))], {})
        first_s = self.receipted + 0.5
        self.take(FRAMES, frame(0, b"", sent_boot_ns=round((100 + first_s) * S), receipted=self.receipted), first_s)
        for seq in range(self.upto + 1, last + 1):
            self.take(FRAMES, sent(seq, self.receipted), max(seq, first_s))
            if seq > self.receipted - 1:
                self.take(EVENTS, event(seq), seq + 0.1)
            if seq % 10 == 0:
                self.take(FRAMES, b"no frame", seq + 0.2)
        self.ingest.replay(NOW + (last + 1) * S)
        for entry in self.quarantine.entries():
            self.quarantine.show(entry.id)
        self.quarantine.totals()
        if until_stored:
            self.store()

    def store(self) -> None:
        while self.fold_worker.turn(self.record_queue, 0.0):
            pass
        batches = self.outbox.peek(0.0)
        store([each for batch in batches for each in batch.points], self.rows)
        self.outbox.done(len(batches), 0)
        self.fold_worker.checkpoint()

    def close(self) -> None:
        for each in reversed(self._open):
            each.close()

    @property
    def words(self) -> str:
        return " ".join([*self.said, *self.notices.shown().values()])


def begin(folder: Path) -> Rows:
    """A gateway that was killed: some records are not folded, some points wait for the database."""
    rows: Rows = {}
    gate = Whole(folder, rows, 0)
    gate.run(BEFORE // 2)
    gate.run(BEFORE - 10, until_stored=False)
    while gate.fold_worker.turn(gate.record_queue, 0.0):
        pass
    gate.fold_worker.checkpoint()
    gate.run(BEFORE, until_stored=False)
    gate.close()
    return rows


def finish(folder: Path, rows: Rows) -> str:
    """Starts until one goes through; all that was reported meanwhile. ConfigError is that of the last start."""
    words: list[str] = []
    for attempt in itertools.count():
        gate = None
        try:
            with files.naming_damage(GatewayConfig(state_dir=folder)):
                gate = Whole(folder, rows, BEFORE)
                gate.run(ALL)
                words.append(gate.words)
                return " ".join(words)
        except ConfigError as error:
            words.append(str(error))
            if "The next start" not in str(error) or attempt > MOST_TIMES:
                raise
        finally:
            if gate is not None:
                words.append(gate.words)
                gate.close()
    raise AssertionError


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rows, Rows]:
    """The files of a gateway that was killed, what its database had, and what it has in the end where no bit flips."""
    folder = tmp_path_factory.mktemp("state")
    rows = begin(folder)
    twin = tmp_path_factory.mktemp("twin") / "state"
    shutil.copytree(folder, twin)
    wanted: Rows = dict(rows)
    assert not finish(twin, wanted).strip()
    assert sum(key[0] == "presence" for key in wanted) == 2 * ALL
    return folder, rows, wanted


def plain(rows: Rows, *measurements: str) -> Rows:
    return {key: {**fields, "lag_ms": 0} for key, fields in rows.items() if key[0] in measurements}


def check(rows: Rows, wanted: Rows, words: str) -> None:
    """No raw row is another than it must be; what is missing, or different in what is derived, was reported."""
    found, right = plain(rows, *RAW), plain(wanted, *RAW)
    wrong = [key for key in found if found[key] != right.get(key)]
    assert not wrong, f"{wrong}\n{[found[key] for key in wrong]}\n{[right.get(key) for key in wrong]}\n{words}"
    derived = ("visit", "dwell", "traffic", "zone_traffic")
    if found.keys() != right.keys() or plain(rows, *derived) != plain(wanted, *derived):
        assert words.strip(), (right.keys() - found.keys(), set())


def flip(path: Path, seed: int) -> None:
    content = bytearray(path.read_bytes())
    at = random.Random(seed).randrange(len(content))
    content[at] ^= 1 << seed % 8
    path.write_bytes(content)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_anywhere_makes_no_row_wrong_and_stops_nothing_silently(
    tmp_path: Path, before: tuple[Path, Rows, Rows], name: str, seed: int
) -> None:
    folder, stored, wanted = before
    rows = dict(stored)
    shutil.copytree(folder, tmp_path / "state")
    flip(tmp_path / "state" / name, seed)
    try:
        words = finish(tmp_path / "state", rows)
    except ConfigError as error:
        assert name in str(error) or (name == files.JOURNAL and files.LEDGER in str(error))  # noqa: PT017 # that depends on the bit
        assert "restore" in str(error) or "release" in str(error), error  # noqa: PT017 # as above
        words = str(error)
    check(rows, wanted, words)


def overwrite_page_of(path: Path, table: str) -> None:
    """As a sector that went bad."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page, page_bytes = (
        db.execute(sql).fetchone()[0] for sql in (f"SELECT rootpage FROM sqlite_schema WHERE name = '{table}'", "PRAGMA page_size")
    )
    db.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * page_bytes)
        file.write(b"\xff" * page_bytes)


TABLES: Final = [
    *((files.JOURNAL, table) for table in ("records", "marks", "clocks", "event_ids", "balance", "decisions")),
    *((files.LEDGER, table) for table in ("visits", "cells", "outbox", "state")),
    ("quarantine.db", "entry"),
    ("quarantine.db", "total"),
    (files.KEYS, "keys"),
]


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_a_page_that_cannot_be_read_is_named_and_the_file_made_anew(
    tmp_path: Path, before: tuple[Path, Rows, Rows], name: str, table: str
) -> None:
    folder, stored, wanted = before
    rows = dict(stored)
    shutil.copytree(folder, tmp_path / "state")
    overwrite_page_of(tmp_path / "state" / name, table)
    words = finish(tmp_path / "state", rows)
    check(rows, wanted, words)
    assert name in words
    if (name, table) != (files.JOURNAL, "records"):
        assert (tmp_path / "state" / f"{name}.unusable-1").exists()
    assert finish(tmp_path / "state", dict(rows)).count("It was made anew") == 0, "it is mended for good"


def test_a_file_that_is_damaged_again_and_again_is_refused_by_name(tmp_path: Path, before: tuple[Path, Rows, Rows]) -> None:
    """Each time takes its size on a disk that is about to fail."""
    shutil.copytree(before[0], tmp_path / "state")
    for _ in range(MOST_TIMES):
        overwrite_page_of(tmp_path / "state" / files.KEYS, "keys")
        finish(tmp_path / "state", {})
    overwrite_page_of(tmp_path / "state" / files.KEYS, "keys")
    with pytest.raises(ConfigError, match=r"keys\.db: damaged, as it was 5 times before: change the disk"):
        finish(tmp_path / "state", {})


def test_a_kill_while_a_file_is_made_anew_loses_nothing(tmp_path: Path, before: tuple[Path, Rows, Rows]) -> None:
    folder, stored, wanted = before
    state = tmp_path / "state"
    shutil.copytree(folder, state)
    (state / f"{files.JOURNAL}.mending").write_bytes(b"half of it")
    shutil.copy(state / files.JOURNAL, state / f"{files.JOURNAL}.mended")
    (state / files.JOURNAL).unlink()
    rows = dict(stored)
    finish(state, rows)
    assert plain(rows, *RAW) == plain(wanted, *RAW)


def test_rows_of_the_ledger_that_cannot_be_made_again_are_forgotten_and_reported(tmp_path: Path, before: tuple[Path, Rows, Rows]) -> None:
    """Its journal was pruned meanwhile."""
    state = tmp_path / "state"
    shutil.copytree(before[0], state)
    finish(state, {})
    opened = files.open_journal(state)
    assert opened.prune(opened.last_pos, NOW + 10_000 * S)
    opened.close()
    db = sqlite3.connect(state / files.LEDGER)
    db.execute("UPDATE touches SET time_ns = time_ns + 1 WHERE id LIKE '%1'")
    touches = db.execute("SELECT count(*) FROM touches WHERE id NOT LIKE '%1'").fetchone()
    db.commit()
    words = finish(state, {})
    assert "Rows that were damaged are forgotten" in words
    assert "of touches" in words
    assert db.execute("SELECT count(*) FROM touches").fetchone() == touches
    db.execute("UPDATE outbox SET points = zeroblob(9)")
    db.execute("INSERT INTO outbox VALUES (9999, 1, x'00', 7)")
    db.commit()
    with pytest.raises(ConfigError, match=r"ledger\.db: .*footfall restore"):
        finish(state, {})


def test_a_quarantine_counts_what_is_there_when_its_sums_are_damaged(tmp_path: Path, before: tuple[Path, Rows, Rows]) -> None:
    """By a sum of bytes that is too large everything would give way."""
    state = tmp_path / "state"
    shutil.copytree(before[0], state)
    kept = files.open_quarantine(GatewayConfig(state_dir=state))
    held = kept.totals().held
    kept.close()
    db = sqlite3.connect(state / "quarantine.db")
    db.execute("UPDATE total SET n = n + (1 << 40)")
    db.execute("UPDATE share SET bytes = bytes + (1 << 40)")
    db.commit()
    kept = files.open_quarantine(GatewayConfig(state_dir=state))
    kept.add([])
    assert (len(kept.entries()), kept.totals().held, kept.crowded_out.total()) == (held, held, 0)
    kept.close()
