"""The fold's thread: records from the journal to points in the outbox, with a checkpoint every few seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgpack

from footfall.errors import ConfigError
from footfall.frames import Body, decode_body
from gateway.accept.accept import count_rows
from gateway.allocator import give_back
from gateway.fold.fold import Arrival, Fold
from gateway.journal import Journal
from gateway.ledger import Ledger
from gateway.outbox import Outbox, Sent
from gateway.points import Points, pack, unpack
from gateway.records import Record, RecordKind

log = logging.getLogger("footfall.gateway.fold")

READ_AT_ONCE: Final = 500
TAKE_AT_ONCE: Final = 2000
TAKE_BYTES: Final = 4 << 20
HANDED_OVER_BYTES: Final = 16 << 20
"""Of bodies; decoded they take twice as much again."""
CHECKPOINT_EVERY_S: Final = 10.0
CHECKPOINT_SHARE: Final = 0.02
"""Checkpoints take at most this share of the time: with a large state they come less often …"""
CHECKPOINT_AT_LEAST_EVERY_S: Final = 120.0
"""… but the ledger is never older than this, and no start has to fold more."""
GIVE_BACK_EVERY_S: Final = 10.0
WAIT_S: Final = 0.2
GATHER_S: Final = 0.05
"""Between turns of few records, so that the next has many: the cost of a turn hardly depends on how many frames are in it."""
FEW_RECORDS: Final = 300
FINISH_S: Final = 10.0
"""So long it goes on folding after it was asked to end: the journal may hold hours."""

Pair = tuple[Record, Body | None]
News = Callable[[Sequence[Points], Sequence[Arrival]], None]


class HandOver:
    """Records on their way from intake to fold, decoded already. What does not fit is read from the journal later."""

    def __init__(self) -> None:
        self._pairs: deque[Pair] = deque()
        self._bytes = 0
        self._changed: Final = threading.Condition()
        self.head = 0
        """The journal's last position."""

    def put(self, pairs: Sequence[Pair]) -> None:
        with self._changed:
            self.head = pairs[-1][0].pos
            if self._bytes < HANDED_OVER_BYTES:
                self._pairs.extend(pairs)
                self._bytes += sum(len(record.body) for record, _ in pairs)
            self._changed.notify_all()

    def take(self, after_pos: int, timeout_s: float) -> tuple[list[Pair], bool]:
        """Records from `after_pos` + 1 on without a hole; and whether there are more, which are only in the journal."""
        with self._changed:
            while self._pairs and self._pairs[0][0].pos <= after_pos:
                self._pop()
            if not self._pairs and self.head <= after_pos:
                self._changed.wait(timeout_s)
            taken: list[Pair] = []
            size = 0
            while self._pairs and self._pairs[0][0].pos == after_pos + 1 and len(taken) < TAKE_AT_ONCE and size < TAKE_BYTES:
                taken.append(self._pop())
                size += len(taken[-1][0].body)
                after_pos += 1
            return taken, not taken and self.head > after_pos

    def _pop(self) -> Pair:
        pair = self._pairs.popleft()
        self._bytes -= len(pair[0].body)
        return pair


class Folding:
    """`run` until `stop`, and what is here by then, as far as there is time and room; a checkpoint at the end."""

    def __init__(self, fold: Fold, ledger: Ledger, journal: Journal, outbox: Outbox, hand_over: HandOver, news: News,
                 beat: Callable[[], None] = lambda: None) -> None:  # fmt: skip
        """`journal` is this thread's own connection. `news(points, arrivals)` is told what came, `beat` that this thread goes on."""
        self._beat: Final = beat
        self._fold: Final = fold
        self._ledger: Final = ledger
        self._journal: Final = journal
        self._outbox: Final = outbox
        self._hand_over: Final = hand_over
        self._news: Final = news
        state = ledger.state()
        self._check_same_journal(state.get("journal", b"").decode())
        self._restore_outbox(state.get("sent"))
        del state
        self.pos = fold.pos
        self._only_sites = fold.pos == 0
        """Whether nothing else was folded yet."""
        self.behind_since_ns = 0
        """The received time of the oldest record not folded yet, 0 if there is none."""
        self._checkpoint_due_s = time.monotonic() + CHECKPOINT_EVERY_S
        self._give_back_due_s = time.monotonic() + GIVE_BACK_EVERY_S
        self._stored = (fold.pos, outbox.sent)

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._beat()
            began_s, before = time.monotonic(), self.pos
            if self._outbox.wait_for_room(WAIT_S):
                self.turn(WAIT_S)
            if 0 < self.pos - before < FEW_RECORDS:
                stop.wait(max(0.0, GATHER_S - (time.monotonic() - began_s)))
            if time.monotonic() >= self._checkpoint_due_s:
                self.checkpoint()
            if time.monotonic() >= self._give_back_due_s:
                self._give_back_due_s = time.monotonic() + GIVE_BACK_EVERY_S
                give_back()
        ends_s = time.monotonic() + FINISH_S
        while time.monotonic() < ends_s and self._outbox.wait_for_room(0.0) and self.turn(0.0):
            pass
        self.checkpoint()

    def turn(self, timeout_s: float) -> bool:
        """Fold what is there; whether there was anything."""
        pairs, only_in_journal = self._hand_over.take(self._fold.pos, timeout_s)
        if only_in_journal:
            pairs = [(record, _body(record)) for record in self._journal.read(self._fold.pos, READ_AT_ONCE, TAKE_BYTES)]
            self._check_no_hole(pairs)
        if not pairs:
            self.behind_since_ns = 0
            return False
        self.behind_since_ns = pairs[0][0].received_ns
        points = self._fold.apply(pairs)
        rows = sum(_rows(record, body) for record, body in pairs)
        arrivals, self._fold.arrived = self._fold.arrived, []
        self._outbox.put(points, rows)
        self._news(points, arrivals)
        self.pos = self._fold.pos
        return True

    def _check_no_hole(self, pairs: Sequence[Pair]) -> None:
        """A ledger that is new may begin where the journal does; one that is older than the journal must not go on.

        The journal keeps every site, so its beginning has holes between them: nothing but sites lies before one.
        """
        before = self._fold.pos
        for record, _ in pairs:
            if record.pos != before + 1 and not self._only_sites:
                raise ConfigError(
                    f"the journal goes on at {record.pos}, but the ledger stands at {before}: it was put back from an older"
                    " backup. Put back journal.db and ledger.db of one moment, or remove ledger.db to fold what the journal still has"
                )
            before = record.pos
            self._only_sites &= record.kind == RecordKind.SITE

    def checkpoint(self) -> None:
        """State, ledger, outbox and counts at one position of the journal, in one transaction; nothing if nothing changed."""
        began_s = time.monotonic()
        sent, new = self._outbox.to_store()
        if not new and (self._fold.pos, sent) == self._stored:
            self._checkpoint_due_s = began_s + CHECKPOINT_EVERY_S
            return
        self._ledger.change_outbox(sent.up_to, [(batch.id, batch.rows, pack(batch.points)) for batch in new])
        packed: bytes = msgpack.packb([sent.up_to, sent.written_rows, sent.refused_rows])
        self._fold.checkpoint({"sent": packed, "journal": self._journal.journal_id.encode()})
        self._stored = (self._fold.pos, sent)
        took_s = time.monotonic() - began_s
        wait_s = min(max(CHECKPOINT_EVERY_S, took_s / CHECKPOINT_SHARE), CHECKPOINT_AT_LEAST_EVERY_S)
        self._checkpoint_due_s = time.monotonic() + wait_s

    def clock_width_ms(self, agent: str) -> float:
        """How well the agent's clock is known; inf if not at all."""
        return self._fold.clock_width_ms(agent)

    @property
    def stored_pos(self) -> int:
        """The journal is not needed up to here."""
        return self._stored[0]

    def _check_same_journal(self, journal_id: str) -> None:
        """What another journal has up to the ledger's position would be taken for folded, and lost; what comes again, counted twice."""
        if (journal_id or self._journal.journal_id) != self._journal.journal_id or self._fold.pos > self._journal.last_pos:
            raise ConfigError(
                f"ledger.db stands at record {self._fold.pos}, but journal.db ends at {self._journal.last_pos} or is another one: they are"
                " not of one moment. Put back both of one backup, or remove ledger.db to fold what the journal has (and import links again)"
            )

    def _restore_outbox(self, state: bytes | None) -> None:
        self._outbox.start_from(Sent(*msgpack.unpackb(state)) if state else Sent())
        for batch_id, rows, data in self._ledger.outbox():
            self._outbox.restore(batch_id, rows, unpack(data))


def _body(record: Record) -> Body | None:
    return decode_body(record.body) if record.kind == RecordKind.FRAME else None


def _rows(record: Record, body: Body | None) -> int:
    """How many rows of the balance a record stands for."""
    return count_rows(body) if body is not None else int(record.kind == RecordKind.EVENT)
