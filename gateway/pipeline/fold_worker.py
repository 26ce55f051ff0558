"""The fold's thread: records from the journal to points in the outbox, with a checkpoint every few seconds."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Final

import msgpack

from footfall.backoff import Backoff
from footfall.errors import ConfigError
from footfall.frames import Body, decode_body
from footfall.sqlite import DamagedFile, is_damage
from gateway.accept.accept import count_rows
from gateway.fold.fold import Arrival, Fold
from gateway.http.notices import Notices
from gateway.pipeline import mending
from gateway.pipeline.gate import Gate
from gateway.pipeline.mending import FoldStuck
from gateway.pipeline.outbox import Outbox, SentCounts
from gateway.pipeline.process_memory import trim_malloc
from gateway.pipeline.record_queue import TAKE_BYTES, RecordQueue
from gateway.points import Points, pack, unpack
from gateway.quarantine.store import Refusal
from gateway.records import Record, RecordKind
from gateway.shard import Shard
from gateway.sinks.influxdb.line_reader import count_raw
from gateway.state.journal import Journal
from gateway.state.journal_reader import Aside, DamagedRecords
from gateway.state.ledger import BatchRow, Ledger

log = logging.getLogger("footfall.gateway.fold")

READ_AT_ONCE: Final = 500
CHECKPOINT_EVERY_S: Final = 10.0
CHECKPOINT_SHARE: Final = 0.02
"""Checkpoints take at most this share of the time: with a large state they come less often …"""
CHECKPOINT_AT_LEAST_EVERY_S: Final = 120.0
"""… but the ledger is never older than this, and no start has to fold more."""
TRIM_EVERY_S: Final = 10.0
WAIT_S: Final = 0.2
GATHER_S: Final = 0.05
"""Between turns of few records, so that the next has many: the cost of a turn hardly depends on how many frames are in it."""
FEW_RECORDS: Final = 300
RETRY_S: Final = 1.0
MAX_RETRY_S: Final = 30.0
"""Between tries while the disk takes nothing: each folds again what came since the last checkpoint."""
MOST_ASIDE: Final = 20
"""Records that may be set aside between two checkpoints: where the fold fails at more, it is not a record's fault."""
FINISH_S: Final = 10.0
"""So long it goes on folding after it was asked to end: the journal may hold hours."""

OnFolded = Callable[[Sequence[Points], Sequence[Arrival]], None]
KeepRefusals = Callable[[Sequence[Refusal]], object]
"""Puts into quarantine; sqlite3.OperationalError while its disk is full."""


class FoldWorker:
    """`run` until `stop`, and what is here by then, as far as there is time and room; a checkpoint at the end."""

    def __init__(
        self, shard: Shard, ledger: Ledger, journal: Journal, outbox: Outbox, record_queue: RecordQueue, news: OnFolded,
        beat: Callable[[], None] = lambda: None, keep: KeepRefusals = len, notices: Notices | None = None, wait_s: float = 0.0,
    ) -> None:  # fmt: skip
        """`journal` is this thread's own connection. `news(points, arrivals)` is told what came, `beat` that this thread goes on.

        `keep` gets what is set aside. `wait_s`: so long agents have time to say whether this state is the latest.
        """
        self._beat: Final = beat
        self._shard: Final = shard
        self._ledger: Final = ledger
        self._journal: Final = journal
        self._outbox: Final = outbox
        self._record_queue: Final = record_queue
        self._news: Final = news
        self._keep: Final = keep
        self._notices: Final = notices or Notices()
        self._aside = 0
        """Records set aside since the last checkpoint."""
        self._refused: dict[int, int] = {}
        """By batch: its rows that are in quarantine, not in its points."""
        state = ledger.state()
        self._check_same_journal(state.get("journal", b"").decode())
        self._gate: Final = Gate(self._agents_to_hear(), journal.last_pos, time.monotonic(), wait_s)
        self._restore_outbox(state)
        del state
        self._say_aside()
        self._history_ns: Mapping[str, int] = {}
        self._say_history()
        self.pos = self.fold.pos
        self._only_sites = self.fold.pos == 0
        """Whether nothing else was folded yet."""
        self.behind_since_ns = 0
        """The received time of the oldest record not folded yet, 0 if there is none."""
        self._checkpoint_due_s = time.monotonic() + CHECKPOINT_EVERY_S
        self._trim_due_s = time.monotonic() + TRIM_EVERY_S
        self._stored = (self.fold.pos, outbox.sent)
        self._behind = False
        """Whether the fold is ahead of a ledger that could not be written."""

    def run(self, stop: threading.Event) -> None:
        backoff = Backoff(RETRY_S, MAX_RETRY_S)
        while not stop.is_set():
            self._beat()
            try:
                self._round(stop)
                self._has_recovered(backoff)
            except sqlite3.OperationalError as error:
                self._is_unwritable(error)
                self._wait(stop, backoff.next_s())
        ends_s = time.monotonic() + FINISH_S
        try:
            while time.monotonic() < ends_s and self._outbox.wait_for_room(0.0) and self.turn(0.0):
                pass
            self.checkpoint()
        except sqlite3.OperationalError as error:
            self._is_unwritable(error)

    @property
    def fold(self) -> Fold:
        """Return the fold of the gateway's one shard, as it is now."""
        return self._shard.core

    def _round(self, stop: threading.Event) -> None:
        if self._behind:
            self._go_back()
        began_s, before = time.monotonic(), self.pos
        if self._outbox.wait_for_room(WAIT_S):
            self.turn(WAIT_S)
        self._open_gate()
        if 0 < self.pos - before < FEW_RECORDS:
            stop.wait(max(0.0, GATHER_S - (time.monotonic() - began_s)))
        if time.monotonic() >= self._checkpoint_due_s:
            self.checkpoint()
        if time.monotonic() >= self._trim_due_s:
            self._trim_due_s = time.monotonic() + TRIM_EVERY_S
            trim_malloc()

    def _agents_to_hear(self) -> Mapping[str, Set[str]]:
        """By store, before its derived points are written. Also after a clean end: the first tick makes the minutes of the last turn."""
        return self.fold.known_agents()

    def _open_gate(self) -> None:
        """What was held for as long as it is, though nothing came."""
        if not self._gate.is_open:
            self._gate.hear((), time.monotonic())
            if points := self._gate.pass_on((), self.fold.state.history):
                self._outbox.put(points, 0)

    def turn(self, timeout_s: float) -> bool:
        """Fold what is there; whether there was anything. What one record does to the fold never ends it: the record is set aside."""
        pairs, only_in_journal = self._record_queue.take(self.fold.pos, timeout_s)
        if only_in_journal:
            pairs = [(record, None) for record in self._read(self.fold.pos, READ_AT_ONCE)]
        if not pairs:
            self.behind_since_ns = 0
            return False
        self.behind_since_ns = pairs[0][0].received_ns
        try:
            pairs = [(record, body or _body(record)) for record, body in pairs]
            folded = self._shard.fold_alone(pairs)
        except Exception as error:  # whatever it is, it is this batch's: its record is found, kept and named, and all others go on
            self._set_aside_culprit(pairs[-1][0].pos, self._not_the_disk_s(error))
            return True
        self._gate.hear((record for record, _ in pairs), time.monotonic())
        passed = self._gate.pass_on(folded.points, self.fold.state.history)
        self._outbox.put(passed, sum(_rows(record, body) for record, body in pairs), sum(_aside_rows(record) for record, _ in pairs))
        self._news(folded.points, folded.arrivals)
        self._say_history()
        self.pos = self.fold.pos
        return True

    def _read(self, after_pos: int, limit: int) -> list[Record]:
        """From the journal; what is damaged there is set aside first."""
        while True:
            try:
                records = self._journal.read(after_pos, limit, TAKE_BYTES)
            except DamagedRecords as found:
                self._set_aside(found.aside, mending.damaged(found))
            else:
                self._check_no_hole(after_pos, records)
                return records

    def _check_no_hole(self, before: int, records: Sequence[Record]) -> None:
        """A ledger that is new may begin where the journal does; one that is older than the journal must not go on.

        The journal keeps every site, so its beginning has holes between them: nothing but sites lies before one.
        """
        for record in records:
            first = record.seq if record.kind == RecordKind.ASIDE else record.pos
            if first > before + 1 and not self._only_sites:
                raise ConfigError(
                    f"the journal goes on at {record.pos}, but the ledger stands at {before}: it was put back from an older"
                    " backup. Put back journal.db and ledger.db of one moment, or remove ledger.db to fold what the journal still has"
                )
            before = record.pos
            self._only_sites &= record.kind == RecordKind.SITE

    def checkpoint(self) -> None:
        """State, ledger, outbox and counts at one position of the journal, in one transaction; nothing if nothing changed.

        Nothing either while the fold is ahead of what a full disk left of the ledger: the next start goes on from the last checkpoint.
        """
        if self._behind or not self._gate.is_open:
            return
        began_s = time.monotonic()
        sent, new = self._outbox.to_store()
        if not new and (self.fold.pos, sent) == self._stored:
            self._checkpoint_due_s = began_s + CHECKPOINT_EVERY_S
            return
        self._ledger.change_outbox(sent.up_to, [BatchRow(batch.id, batch.rows, pack(batch.points)) for batch in new])
        packed: bytes = msgpack.packb([sent.up_to, sent.written_rows, sent.refused_rows])
        self._refused = {batch: n for batch, n in self._refused.items() if batch > sent.up_to}
        self._refused.update((batch.id, batch.refused_rows) for batch in new if batch.refused_rows)
        refused: bytes = msgpack.packb(self._refused)
        self._shard.checkpoint({"sent": packed, "journal": self._journal.journal_id.encode(), "refused": refused})
        self._stored, self._aside = (self.fold.pos, sent), 0
        took_s = time.monotonic() - began_s
        wait_s = min(max(CHECKPOINT_EVERY_S, took_s / CHECKPOINT_SHARE), CHECKPOINT_AT_LEAST_EVERY_S)
        self._checkpoint_due_s = time.monotonic() + wait_s

    def clock_width_ms(self, agent: str) -> float:
        """How well the agent's clock is known; inf if not at all."""
        return self.fold.clock_width_ms(agent)

    @property
    def is_holding(self) -> bool:
        """Whether derived points of before the start wait until agents were heard."""
        return not self._gate.is_open

    @property
    def stored_pos(self) -> int:
        """The journal is not needed up to here."""
        return self._stored[0]

    def _check_same_journal(self, journal_id: str) -> None:
        """What another journal has up to the ledger's position would be taken for folded, and lost; what comes again, counted twice."""
        if (journal_id or self._journal.journal_id) != self._journal.journal_id or self.fold.pos > self._journal.last_pos:
            raise ConfigError(
                f"ledger.db stands at record {self.fold.pos}, but journal.db ends at {self._journal.last_pos} or is another one: they are"
                " not of one moment. Put back both of one backup (footfall restore), or remove ledger.db to fold what the journal has"
                " (and import links again)"
            )

    def _restore_outbox(self, state: Mapping[str, bytes]) -> None:
        self._outbox.start_from(SentCounts(*msgpack.unpackb(state["sent"])) if "sent" in state else SentCounts())
        self._refused = msgpack.unpackb(state["refused"], strict_map_key=False) if "refused" in state else {}
        for batch_id, rows, data in self._ledger.outbox():
            points = self._gate.pass_on(unpack(data), self.fold.state.history)
            self._outbox.restore(batch_id, rows, points, self._refused.get(batch_id, 0))

    # What goes wrong

    def _has_recovered(self, backoff: Backoff) -> None:
        if backoff.has_failed:
            backoff.reset()
            self._notices.withdraw("card_full", "fold")
            log.warning("the ledger can be written again")

    def _is_unwritable(self, error: sqlite3.OperationalError) -> None:
        """A full disk may end the ledger's transaction at any moment: the fold is ahead of it then, and has to go back."""
        if is_damage(error):
            raise error
        self._behind = True
        self._notices.say(
            "card_full", f"the gateway's ledger cannot be written: {error}; nothing is lost, and it goes on by itself", about="fold"
        )
        log.error("the ledger cannot be written: %s. Is the disk full? Nothing is lost, and it goes on by itself", error)

    def _wait(self, stop: threading.Event, for_s: float) -> None:
        ends_s = time.monotonic() + for_s
        while time.monotonic() < ends_s and not stop.wait(min(for_s, WAIT_S)):
            self._beat()

    def _go_back(self) -> None:
        """To the last checkpoint, as a new start would; what was made since then is made again."""
        self._behind = True
        self._ledger.roll_back()
        self._gate.forget()
        state = self._ledger.state()
        self._restart_fold(state)
        self._restore_outbox(state)
        self.pos = self.fold.pos
        self._stored = (self.fold.pos, self._outbox.sent)
        self._behind = False

    def _restart_fold(self, state: Mapping[str, bytes]) -> None:
        self._shard.restart(self._ledger, state)
        self._only_sites = self.fold.pos == 0

    def _set_aside_culprit(self, until_pos: int, error: Exception) -> None:
        """Find the record that makes the fold fail, put another in its place, and begin again at the last checkpoint."""
        log.exception("a record cannot be folded; it will be set aside, and all others go on", exc_info=error)
        self._aside += 1
        if self._aside > MOST_ASIDE:
            raise FoldStuck(f"the fold fails at one record after another, now with {type(error).__name__}: {error}") from error
        failing = self._trial(until_pos)
        if failing is not None:
            start_pos = self._stored[0]
            pos = mending.culprit(start_pos, failing, lambda pos: self._trial(pos, failing) is not None)
            record = self._journal.read(pos - 1, 1)[0]
            self._set_aside(*mending.unfoldable(record, *self._journal.rows_of(pos), error))
        self._go_back()

    def _trial(self, until_pos: int, then_pos: int = 0) -> int | None:
        """Fold from the last checkpoint, record by record, up to a position, and then one more: the position at which it fails.

        Sites in between are folded, too: without its estate no record can be.
        """
        self._behind = True
        self._ledger.roll_back()
        self._restart_fold(self._ledger.state())
        for record in self._up_to(max(until_pos, then_pos)):
            if (record.pos <= until_pos or record.pos == then_pos or record.kind == RecordKind.SITE) and self._fails(record):
                return record.pos
        return None

    def _up_to(self, pos: int) -> Iterator[Record]:
        """The journal's records from where the fold stands."""
        at = self.fold.pos
        while at < pos:
            for record in self._read(at, READ_AT_ONCE):
                self._beat()
                at = record.pos
                if at <= pos:
                    yield record

    def _fails(self, record: Record) -> bool:
        try:
            self._shard.fold_alone([(record, None)])
        except Exception as error:  # as in `turn`
            self._not_the_disk_s(error)
            return True
        return False

    def _not_the_disk_s(self, error: Exception) -> Exception:
        """An error that a record is to blame for. What is the disk's, the memory's or the ledger's own is raised."""
        if isinstance(error, sqlite3.Error) and is_damage(error):
            raise DamagedFile(self._ledger.path, f"it is damaged: {error}") from error
        if isinstance(error, (sqlite3.OperationalError, MemoryError, ConfigError, FoldStuck)):
            raise error
        return error

    def _set_aside(self, aside: Aside, refusal: Refusal) -> None:
        """Kept in quarantine first, then marked in the journal: whatever comes in between, it happens again."""
        self._keep([refusal])
        self._journal.set_aside(aside)
        log.error("%s is set aside, with %d rows; its bytes are in quarantine under %s", refusal.message, aside.rows, refusal.reason)
        self._say_aside()

    def _say_aside(self) -> None:
        asides = self._journal.asides()
        if asides:
            rows, last = sum(aside.rows for aside in asides), asides[-1]
            self._notices.say(
                "records_set_aside",
                f"{len(asides)} places in {self._journal.path.name} with {rows} rows, the last up to record {last.pos}"
                f" ({last.reason}); footfall quarantine list shows what is left of them",
            )

    def _say_history(self) -> None:
        if (history_ns := self.fold.history_ns()) == self._history_ns:
            return
        for store, until_ns in history_ns.items():
            until = f"{datetime.fromtimestamp(until_ns / 1e9, UTC):%Y-%m-%d %H:%M:%S}"
            what = (
                f"{store}: not all that was sent up to {until} UTC is in this state: minutes, visits and dwells of before stay as they are"
            )
            self._notices.say("history_not_ours", what, about=store)
        self._history_ns = history_ns


def _body(record: Record) -> Body | None:
    return decode_body(record.body) if record.kind == RecordKind.FRAME else None


def _aside_rows(record: Record) -> int:
    return int(json.loads(record.body)["rows"]) if record.kind == RecordKind.ASIDE else 0


def _rows(record: Record, body: Body | None) -> int:
    """How many rows of the balance a record stands for."""
    if record.kind == RecordKind.ASIDE:
        return _aside_rows(record)
    if record.kind == RecordKind.POINTS:
        return count_raw(record.body)
    return count_rows(body) if body is not None else int(record.kind == RecordKind.EVENT)
