"""From the journal to the outbox: what was handed over and what was not, as far as there is time; never over a hole."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from footfall.errors import ConfigError
from footfall.frames import Kind, encode_body
from gateway.accept.outcome import Entry
from gateway.fold.arrivals import Arrival
from gateway.fold.awaited import Prompt
from gateway.fold.store_counters import LatestCounters, StoreCounters
from gateway.pipeline import fold_worker, journal_source
from gateway.pipeline.fold_worker import FoldWorker
from gateway.pipeline.outbox import Outbox
from gateway.pipeline.record_queue import RecordQueue
from gateway.records import RecordKind
from gateway.state.journal import Journal
from gateway.state.ledger import Ledger
from tests.support.accept_inputs import NOW, SITE, S, body
from tests.support.journal_stories import Rows, new_fold, store
from tests.support.shards import shard_of

FRAMES = 1200
"""More than are read at once."""


class Gate:
    """A fold's side of a gateway, on real files."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder / "journal.db")
        self.ledger = Ledger(folder / "ledger.db")
        self.outbox = Outbox(64 << 20)
        self.record_queue = RecordQueue()
        self.record_queue.head = self.journal.last_pos
        self.counters: list[LatestCounters] = []
        fold = new_fold(self.ledger)
        if "fold" in self.ledger.state():
            fold.load(self.ledger.state())
        self.fold_worker = FoldWorker(shard_of(fold), self.ledger, self.journal, self.outbox, self.publish)

    def publish(self, arrivals: Sequence[Arrival], prompts: Sequence[Prompt], counters: StoreCounters) -> None:
        self.counters += counters.take()

    def run(self) -> None:
        """As a gateway that is asked to end at once."""
        stop = threading.Event()
        stop.set()
        self.fold_worker.run(self.record_queue, stop)

    def stored(self) -> Rows:
        return store([each for batch in self.outbox.peek(0.0) for each in batch.points], {})

    def close(self) -> None:
        self.ledger.close()
        self.journal.close()


def fill(folder: Path, frames: int = FRAMES) -> None:
    journal = Journal(folder / "journal.db")
    entries = [(NOW, Entry(RecordKind.SITE, "", "", 0, SITE.model_dump_json().encode()))]
    for n in range(frames):
        data = encode_body(body(Kind.IN, first_row=n))
        entries.append((NOW + n * S // 10, Entry(RecordKind.FRAME, "s1", "x", n + 1, data, NOW - 100 * S)))
    journal.commit(entries, {})
    journal.close()


@pytest.fixture
def gates(tmp_path: Path) -> Iterator[list[Gate]]:
    made: list[Gate] = []
    yield made
    for each in made:
        each.close()


def opened(gates: list[Gate], folder: Path) -> Gate:
    """Another start on the same files."""
    while gates:
        gates.pop().close()
    gates.append(Gate(folder))
    return gates[0]


def test_asked_to_end_it_folds_what_is_here(gates: list[Gate], tmp_path: Path) -> None:
    fill(tmp_path)
    gate = opened(gates, tmp_path)
    gate.run()
    assert (gate.fold_worker.pos, gate.fold_worker.stored_pos) == (FRAMES + 1, FRAMES + 1)
    assert sum(key[0] == "door" for key in gate.stored()) == FRAMES


def test_a_backlog_that_takes_too_long_is_gone_on_with_at_the_next_start(
    gates: list[Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path)
    monkeypatch.setattr(fold_worker, "FINISH_S", 0.0)
    gate = opened(gates, tmp_path)
    gate.fold_worker.turn(gate.record_queue, 0.0)
    half = gate.fold_worker.pos
    assert 0 < half < FRAMES
    gate.run()
    assert gate.fold_worker.pos == gate.fold_worker.stored_pos == half, "no time was left"
    monkeypatch.undo()
    gate = opened(gates, tmp_path)
    assert gate.fold_worker.pos == half
    gate.run()
    assert sum(key[0] == "door" for key in gate.stored()) == FRAMES, "what waits for the database was kept as well"


def test_a_copy_of_a_gateway_that_ended_well_lowers_no_minute_either(gates: list[Gate], tmp_path: Path) -> None:
    """The turn of its last rows ends with the first tick after it was put back; only the agents know that it is not the latest."""
    fill(tmp_path, 1)
    before = opened(gates, tmp_path)
    before.run()
    before.outbox.done(len(before.outbox.peek(0.0)), 0)
    before.fold_worker.checkpoint()
    gate = opened(gates, tmp_path)
    tick = Entry(RecordKind.TICK, "", "", 0, b"")
    said = Entry(RecordKind.HISTORY, "s1", "x", 0, json.dumps({"until_ns": NOW + 50 * S}).encode())
    frame = Entry(RecordKind.FRAME, "s1", "x", 2, encode_body(body(Kind.STAY, first_row=1)), NOW - 100 * S)
    for at_s, entry in ((60, tick), (62, said), (62, frame), (64, tick)):
        gate.journal.commit([(NOW + at_s * S, entry)], {})
        gate.record_queue.head = gate.journal.last_pos
        gate.fold_worker.turn(gate.record_queue, 0.0)
        assert "traffic" not in {key[0] for key in gate.stored()}


def test_a_start_publishes_the_day_so_far_of_every_store_before_anything_comes(gates: list[Gate], tmp_path: Path) -> None:
    fill(tmp_path, 40)
    before = opened(gates, tmp_path)
    before.run()
    latest = before.counters[-1]
    assert (latest.store, latest.time_ns > 0) == ("s1", True)
    assert opened(gates, tmp_path).counters == [latest]


def test_a_full_outbox_ends_it_at_once(gates: list[Gate], tmp_path: Path) -> None:
    fill(tmp_path)
    gate = opened(gates, tmp_path)
    gate.outbox = Outbox(1)
    gate.fold_worker = FoldWorker(
        shard_of(new_fold(gate.ledger)), gate.ledger, gate.journal, gate.outbox, lambda arrivals, prompts, counters: None
    )
    gate.run()
    assert 0 < gate.fold_worker.pos < FRAMES


@pytest.mark.parametrize("with_site", [False, True], ids=["", "whose next record is a site, which is never forgotten"])
def test_a_ledger_of_an_older_backup_is_refused(gates: list[Gate], tmp_path: Path, with_site: bool) -> None:
    """The journal has forgotten what lies between: folding on would lose it without a word."""
    fill(tmp_path, 10)
    opened(gates, tmp_path).run()
    gates.pop().close()
    journal = Journal(tmp_path / "journal.db")
    data = encode_body(body(Kind.IN, first_row=10))
    if with_site:
        journal.commit([(NOW + 10 * S, Entry(RecordKind.SITE, "", "", 0, SITE.model_dump_json().encode()))], {})
    journal.commit([(NOW + n * S, Entry(RecordKind.FRAME, "s1", "x", n, data, NOW - 100 * S)) for n in range(11, 30)], {})
    assert journal.prune(20, NOW + 3600 * S) > 0
    journal.close()
    gate = opened(gates, tmp_path)
    with pytest.raises(ConfigError, match=r"older backup.*remove ledger\.db"):
        gate.run()


@pytest.mark.parametrize("take_bytes", [4 << 20, 1], ids=["all at once", "one by one, as a chain's large site is"])
def test_a_new_ledger_begins_where_the_journal_does(
    gates: list[Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, take_bytes: int
) -> None:
    fill(tmp_path, 10)
    journal = Journal(tmp_path / "journal.db")
    journal.prune(6, NOW + 3600 * S)
    journal.close()
    monkeypatch.setattr(journal_source, "TAKE_BYTES", take_bytes)
    gate = opened(gates, tmp_path)
    gate.run()
    assert gate.fold_worker.pos == 11
    assert sum(key[0] == "door" for key in gate.stored()) == 5


@pytest.mark.parametrize("frames", [5, 30], ids=["shorter", "longer"])
def test_a_ledger_of_another_journal_is_refused(gates: list[Gate], tmp_path: Path, frames: int) -> None:
    """As after a lost disk, with the ledger put back: the new journal's first records would be taken for folded."""
    fill(tmp_path, 10)
    opened(gates, tmp_path).run()
    gates.pop().close()
    for path in tmp_path.glob("journal.db*"):
        path.unlink()
    fill(tmp_path, frames)
    with pytest.raises(ConfigError, match="not of one moment"):
        opened(gates, tmp_path)


def test_a_ledger_ahead_of_its_journal_is_refused_and_one_behind_goes_on(gates: list[Gate], tmp_path: Path) -> None:
    """The journal is an older copy: frames that agents send again would be counted twice."""
    fill(tmp_path, 10)
    copy = (tmp_path / "journal.db").read_bytes()
    journal = Journal(tmp_path / "journal.db")
    journal.commit([(NOW + 60 * S, Entry(RecordKind.TICK, "", "", 0, b""))], {})
    journal.close()
    opened(gates, tmp_path).run()
    assert opened(gates, tmp_path).fold_worker.pos == 12
    gates.pop().close()
    (tmp_path / "journal.db").write_bytes(copy)
    with pytest.raises(ConfigError, match="not of one moment"):
        opened(gates, tmp_path)


def test_frames_that_were_folded_are_heard_once_each(tmp_path: Path) -> None:
    fill(tmp_path, frames=30)
    journal, ledger, heard = Journal(tmp_path / "journal.db"), Ledger(tmp_path / "ledger.db"), []
    worker = FoldWorker(
        shard_of(new_fold(ledger)), ledger, journal, Outbox(64 << 20), lambda arrivals, prompts, counters: None,
        hear=lambda frames: heard.extend((record.kind, record.pos, len(body)) for record, body in frames),
    )  # fmt: skip
    queue = RecordQueue()
    queue.head = journal.last_pos
    while worker.turn(queue, 0.0):
        pass
    ledger.close()
    journal.close()
    assert heard == [(RecordKind.FRAME, pos, 1) for pos in range(2, 32)]
