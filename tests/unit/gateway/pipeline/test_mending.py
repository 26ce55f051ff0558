"""One record that cannot be read or folded is set aside, kept, counted and named; all others are folded as if it had never been."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

import pytest

from footfall.frames import Body, Kind, decode_body, decode_frame, encode_body
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Messages
from gateway.accept.outcome import Entry
from gateway.fold.fold import Fold
from gateway.identity.links import Link, encode_links
from gateway.pipeline import checkpoints, fold_worker
from gateway.pipeline.fold_worker import FoldWorker
from gateway.pipeline.identity_stage import identity_on
from gateway.pipeline.ingest import Ingest
from gateway.pipeline.mending import FoldStuck, culprit
from gateway.pipeline.notices import Notices
from gateway.points import Points
from gateway.records import Record, RecordKind
from gateway.site.index import Places
from gateway.state.day_keys import DayKeys
from gateway.state.ledger import Ledger
from gateway.state.quarantine.store import Quarantine
from tests.support.accept_inputs import NOW, SECRET, SITE, S, body, plain_of
from tests.support.journal_stories import Rows, store
from tests.support.shards import shard_of
from tests.unit.gateway.pipeline.test_fold_worker import Gate, opened

FRAMES = 40
POISON = 13
"""The position of the record that the tests do something to; its frame has three rows."""


class Full(Gate):
    """With quarantine and notices, as the service has them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.quarantine, self.notices = Quarantine(folder / "quarantine.db"), Notices()
        fold = self.fold_worker.fold.fresh(self.ledger)
        if "fold" in self.ledger.state():
            fold.load(self.ledger.state())
        self.fold_worker = FoldWorker(
            shard_of(fold, identity=identity_on(self.ledger, None)), self.ledger, self.journal, self.outbox,
            lambda arrivals, prompts, counters: None,
            keep=self.quarantine.add, notices=self.notices,
        )  # fmt: skip

    def close(self) -> None:
        super().close()
        self.quarantine.close()


@pytest.fixture
def gates(tmp_path: Path) -> Iterator[list[Gate]]:
    made: list[Gate] = []
    yield made
    for each in made:
        each.close()


def fill(gate: Gate, frames: int = FRAMES, start: int = 0) -> None:
    """A site, then a frame a second, of three rows each; people come and go."""
    entries = [(NOW, Entry(RecordKind.SITE, "", "", 0, SITE.model_dump_json().encode()))] if not start else []
    for n in range(start, start + frames):
        made = body(Kind.IN, Kind.ENTER, Kind.EXIT, first_row=3 * n, made_boot_ns=(100 + n) * S)
        entries.append((NOW + n * S, Entry(RecordKind.FRAME, "s1", "x", n + 1, encode_body(made), NOW - 100 * S, rows=3)))
    gate.journal.commit(entries, {"in": 3 * frames})
    gate.record_queue.head = gate.journal.last_pos


def taken(gate: Gate) -> Rows:
    """What the database has, once all was sent and stored."""
    rows: Rows = {}
    while gate.fold_worker.turn(gate.record_queue, 0.0):
        batches = gate.outbox.peek(0.0)
        store([each for batch in batches for each in batch.points], rows)
        gate.outbox.done(len(batches), 0)
    gate.fold_worker.checkpoint()
    return rows


def raw(rows: Rows) -> set[Any]:
    return {key for key in rows if key[0] in ("presence", "door")}


def fails_at(monkeypatch: pytest.MonkeyPatch, does: Callable[[Fold, Record], bool]) -> None:
    """The fold has a bug that `does` triggers, in the middle of its work."""
    apply = Fold.apply

    def buggy(self: Fold, records: Sequence[tuple[Record, Body | None]]) -> list[Points]:
        points: list[Points] = []
        for pair in records:
            points += apply(self, [pair])
            if does(self, pair[0]):
                raise KeyError("a bug")
        return points

    monkeypatch.setattr(Fold, "apply", buggy)


@pytest.mark.parametrize("checkpoint_at", [0, POISON - 3, POISON - 1])
def test_a_record_that_the_fold_fails_at_is_set_aside_and_all_others_are_folded(
    gates: list[Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint_at: int
) -> None:
    gates.append(Full(tmp_path))
    gate = gates[0]
    assert isinstance(gate, Full)
    fails_at(monkeypatch, lambda fold, record: record.pos == POISON and record.kind == RecordKind.FRAME)
    rows: Rows = {}
    if checkpoint_at:
        fill(gate, checkpoint_at - 1)
        rows |= taken(gate)
        fill(gate, FRAMES - checkpoint_at + 1, checkpoint_at - 1)
    else:
        fill(gate)
    rows |= taken(gate)
    assert gate.fold_worker.pos == FRAMES + 1
    assert len(raw(rows)) == 3 * (FRAMES - 1)
    (gap,) = [dict(fields) for key, fields in rows.items() if key[0] == "gap"]
    assert (gap["rows"], gap["reason"]) == (3, "fold_failed")
    (kept,) = gate.quarantine.entries()
    assert (kept.reason, kept.rows, kept.topic) == ("journal.unfoldable", 3, "footfall/1/s1/x/frames")
    header, data = decode_frame(gate.quarantine.show(kept.id)[1])  # type: ignore[index] # it is there
    assert (len(decode_body(data)), header.decided.offset_ns if header.decided else 0) == (3, NOW - 100 * S)
    assert (gate.outbox.sent.written_rows, gate.outbox.sent.refused_rows) == (3 * (FRAMES - 1), 3)
    assert "1 place" in gate.notices.shown()["records_set_aside"]


def test_a_record_that_does_harm_only_when_its_turn_ends_is_found(
    gates: list[Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record that fails is an innocent one, and would be followed by others."""
    gates.append(Full(tmp_path))
    gate = gates[0]
    assert isinstance(gate, Full)
    poisoned: WeakSet[Fold] = WeakSet()

    def does(fold: Fold, record: Record) -> bool:
        if record.pos == POISON and record.kind == RecordKind.FRAME:
            poisoned.add(fold)
        return fold in poisoned and record.pos > POISON + 5

    fails_at(monkeypatch, does)
    fill(gate)
    assert len(raw(taken(gate))) == 3 * (FRAMES - 1)
    assert [aside.pos for aside in gate.journal.asides()] == [POISON]


def test_a_body_that_cannot_be_decoded_is_set_aside(gates: list[Gate], tmp_path: Path) -> None:
    """As of an earlier release, whose records have no checksum."""
    gates.append(Full(tmp_path))
    fill(gates[0])
    gates[0].journal._db.execute("UPDATE records SET body = x'00ff', crc = NULL, rows = NULL, rows_total = NULL WHERE pos = ?", (POISON,))
    assert len(raw(taken(gates[0]))) == 3 * (FRAMES - 1)
    assert [aside.reason for aside in gates[0].journal.asides()] == ["fold_failed"]


def test_a_damaged_record_is_set_aside_and_counted(gates: list[Gate], tmp_path: Path) -> None:
    gates.append(Full(tmp_path))
    gate = gates[0]
    assert isinstance(gate, Full)
    fill(gate)
    gate.journal._db.execute("UPDATE records SET offset_ns = offset_ns + 4096 WHERE pos = ?", (POISON,))
    rows = taken(gate)
    assert len(raw(rows)) == 3 * (FRAMES - 1)
    (gap,) = [
        dict(zip(("time", "agent", "store"), key[1:], strict=False)) | dict(fields) for key, fields in rows.items() if key[0] == "gap"
    ]
    assert (gap["rows"], gap["reason"]) == (3, "journal_damaged")
    assert [(kept.reason, kept.rows) for kept in gate.quarantine.entries()] == [("journal.damaged", 3)]
    assert gate.outbox.sent.refused_rows == 3
    gates.pop().close()
    again = Full(tmp_path)
    gates.append(again)
    assert "records_set_aside" in again.notices.shown(), "also after a restart"


def test_a_start_over_gives_the_same_rows(gates: list[Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gates.append(Full(tmp_path))
    fails_at(monkeypatch, lambda fold, record: record.pos == POISON and record.kind == RecordKind.FRAME)
    fill(gates[0])
    rows = taken(gates[0])
    monkeypatch.undo()
    gates.pop().close()
    for path in tmp_path.glob("ledger.db*"):
        path.unlink()
    assert taken(opened(gates, tmp_path)) == rows


def test_where_every_record_fails_the_gateway_ends_and_reports_why(
    gates: list[Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates.append(Full(tmp_path))
    fill(gates[0])
    monkeypatch.setattr(fold_worker, "MOST_ASIDE", 4)
    fails_at(monkeypatch, lambda fold, record: record.kind == RecordKind.FRAME)
    with pytest.raises(FoldStuck, match="KeyError"):
        taken(gates[0])
    assert len(gates[0].journal.asides()) == 4


LONG_AFTER = 300
"""Frames of so many seconds later: all dwells before them are over, and go to the ledger."""


class _Full(Ledger):
    """Its disk is full for a while, and takes the transaction with it."""

    fails = 0

    def save_dwells(self, rows: Any) -> None:
        if self.fails:
            self.fails -= 1
            self._db.execute("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")
        super().save_dwells(rows)

    def checkpoint(self, state: Any) -> None:
        if self.fails:
            self.fails -= 1
            raise sqlite3.OperationalError("database or disk is full")
        super().checkpoint(state)


def test_a_full_disk_is_waited_for_and_nothing_is_set_aside(gates: list[Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.gateway.pipeline.test_fold_worker.Ledger", _Full)
    monkeypatch.setattr(fold_worker, "RETRY_S", 0.01)
    monkeypatch.setattr(checkpoints, "CHECKPOINT_EVERY_S", 0.0)
    gates.append(Full(tmp_path))
    gate = gates[0]
    assert isinstance(gate, Full)
    assert isinstance(gate.ledger, _Full)
    fill(gate)
    fill(gate, start=LONG_AFTER)

    class Stop:
        waits = 0

        def is_set(self) -> bool:
            return gate.fold_worker.pos == 2 * FRAMES + 1 and not gate.fold_worker._is_ahead and not gate.ledger.fails

        def wait(self, _: float) -> bool:
            self.waits += 1
            return False

    gate.ledger.fails = 3
    stop = Stop()
    gate.fold_worker.run(gate.record_queue, stop)  # type: ignore[arg-type] # all of an Event that is asked for
    assert stop.waits >= 3
    assert gate.fold_worker.stored_pos == 2 * FRAMES + 1
    assert len(raw(gate.stored())) == 3 * 2 * FRAMES
    assert gate.journal.asides() == []


def test_what_a_full_disk_undid_is_no_checkpoint(gates: list[Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked to end in the middle of it: the fold's state must not be stored without the ledger's rows."""
    monkeypatch.setattr("tests.unit.gateway.pipeline.test_fold_worker.Ledger", _Full)
    gates.append(Full(tmp_path))
    assert isinstance(gates[0].ledger, _Full)
    fill(gates[0])
    fill(gates[0], start=LONG_AFTER)
    gates[0].ledger.fails = 1
    gates[0].run()
    gates[0].fold_worker.checkpoint()
    assert gates[0].fold_worker.stored_pos == 0
    again = opened(gates, tmp_path)
    again.run()
    assert again.fold_worker.stored_pos == 2 * FRAMES + 1


@pytest.mark.parametrize(("bad", "failing"), [(5, 5), (5, 9), (1, 9), (8, 9), (99, 9)])
def test_the_culprit_is_found_in_few_trials(bad: int, failing: int) -> None:
    trials: list[int] = []

    def fails_after(pos: int) -> bool:
        trials.append(pos)
        return pos >= bad or bad == failing

    assert culprit(0, failing, fails_after) == min(bad, failing - (bad == 99))
    assert len(trials) <= 5


def replayed(gate: Full, reason: str, folder: Path) -> int:
    """As `footfall quarantine replay --reason` does, and the gateway a moment later."""
    gate.quarantine.ask_replay([entry.id for entry in gate.quarantine.entries(reason)], "somebody")
    keys = DayKeys(folder / "keys.db", SITE)
    ingest = Ingest(Messages(Acceptor(Places(SITE), gate.journal, Pseudonymiser(SECRET))), gate.journal, gate.quarantine, keys,
                    lambda topic, payload: None, gate.record_queue.put)  # fmt: skip
    taken = ingest.replay(NOW + 1000 * S)
    keys.close()
    return taken


SCAN: Final = json.dumps(plain_of(
    {"kind": "touch", "what": "scan", "zone": "a", "id": "e1"}, Places(SITE), "s1", "till", NOW, NOW, Pseudonymiser(SECRET)
).values)  # fmt: skip
EVENT: Final = Entry(RecordKind.EVENT, "s1", "till", 4711, SCAN.encode(), rows=1)
LINKS: Final = Entry(RecordKind.LINKS, "", "", 0, encode_links([Link("01" * 8, "fan", 0, NOW, "crm", 1.0)]))


def test_what_a_bug_kept_from_the_fold_is_taken_once_that_is_mended(
    gates: list[Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames, events and links, with the points that they would have had, while the gateway runs."""
    gates.append(Full(tmp_path))
    gate = gates[0]
    assert isinstance(gate, Full)
    fill(gate, 5)
    gate.journal.commit([(NOW + 10 * S, EVENT), (NOW + 10 * S, LINKS)], {"in": 1})
    gate.record_queue.head = gate.journal.last_pos
    with monkeypatch.context() as bug:
        fails_at(bug, lambda fold, record: record.pos in (4, 7, 8) and record.kind != RecordKind.ASIDE)
        rows = taken(gate)
    assert [(kept.reason, kept.rows) for kept in gate.quarantine.entries()] == [("journal.unfoldable", n) for n in (3, 1, 0)]
    assert replayed(gate, "journal.unfoldable", tmp_path) == 3
    rows |= taken(gate)
    assert len(raw(rows)) == 3 * 5
    ((_, time_ns, *_),) = [key for key in rows if key[0] == "touch"]
    assert time_ns % 1_000_000 == 500_000 + 4711
    assert gate.ledger.subjects_of("fan") == ["01" * 8]
    assert gate.quarantine.entries() == []
    assert gate.outbox.sent.written_rows == 3 * 5 + 1


def test_what_cannot_be_taken_again_is_reported_and_stays_what_it_is(
    gates: list[Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates.append(Full(tmp_path))
    gate = gates[0]
    assert isinstance(gate, Full)
    fill(gate)
    gate.journal.commit([(NOW + 50 * S, Entry(RecordKind.SITE, "", "", 0, SITE.model_dump_json().encode()))], {})
    gate.record_queue.head = gate.journal.last_pos
    gate.journal._db.execute("UPDATE records SET offset_ns = offset_ns + 4096 WHERE pos = ?", (POISON,))
    with monkeypatch.context() as bug:
        fails_at(bug, lambda fold, record: record.pos == FRAMES + 2 and record.kind == RecordKind.SITE)
        taken(gate)
    before = {entry.reason: entry.rows for entry in gate.quarantine.entries()}
    assert before == {"journal.damaged": 3, "journal.unfoldable": 0}
    for reason, words in (("journal.damaged", "a backup may have them"), ("journal.unfoldable", "makes its own at the next start")):
        assert replayed(gate, reason, tmp_path) == 0
        (entry,) = gate.quarantine.entries(reason)
        assert words in entry.message
        assert entry.state == "held"
