"""The fold stage: records to points, with a checkpoint every few seconds. A record that cannot be folded is found and set aside."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from footfall.backoff import Backoff
from footfall.errors import ConfigError
from footfall.frames import Body, decode_body
from footfall.sqlite import DamagedFile, is_damage
from gateway.fold.arrivals import Arrival
from gateway.fold.awaited import Prompt
from gateway.fold.fold import Fold
from gateway.fold.store_counters import StoreCounters
from gateway.pipeline import mending
from gateway.pipeline.checkpoints import Checkpoints, check_same_journal
from gateway.pipeline.gate import Gate
from gateway.pipeline.identity_stage import learn_of_earlier_release
from gateway.pipeline.journal_source import JournalSource, KeepRefusals
from gateway.pipeline.mending import FoldStuck
from gateway.pipeline.notices import Notices
from gateway.pipeline.outbox import Outbox
from gateway.pipeline.process_memory import trim_malloc
from gateway.pipeline.record_queue import RecordQueue, aside_rows, rows_of
from gateway.points import Points
from gateway.records import Record, RecordKind
from gateway.shard import Shard
from gateway.state.journal import Journal
from gateway.state.ledger import Ledger

log = logging.getLogger("footfall.gateway.fold")

TRIM_EVERY_S: Final = 10.0
WAIT_S: Final = 0.2
GATHER_S: Final = 0.05
"""Pause after a turn of few records, so that the next has many: a turn costs nearly the same however many frames are in it."""
FEW_RECORDS: Final = 300
RETRY_S: Final = 1.0
MAX_RETRY_S: Final = 30.0
"""Between tries while the disk takes nothing: each folds again what came since the last checkpoint."""
MOST_ASIDE: Final = 20
"""Records that may be set aside between two checkpoints: where the fold fails at more, it is not a record's fault."""
FINISH_S: Final = 10.0
"""After `stop`, how long it goes on folding: the journal may hold hours."""

HearFrames = Callable[[Iterable[tuple[Record, Body]]], None]
OnFolded = Callable[[Sequence[Arrival], Sequence[Prompt], StoreCounters], None]


class FoldWorker:
    """`run` until `stop`, then fold what is here, as far as there is time and room, and end with a checkpoint."""

    def __init__(
        self, shard: Shard, ledger: Ledger, journal: Journal, points: Outbox, on_folded: OnFolded,
        beat: Callable[[], None] = lambda: None, keep: KeepRefusals = len, notices: Notices | None = None, wait_s: float = 0.0,
        hear: HearFrames = lambda frames: None,
    ) -> None:  # fmt: skip
        """`journal` is this thread's own connection; `points` gets what the fold makes.

        `on_folded(arrivals, prompts, counters)` is called at the start and after each turn, `beat` as a sign of life, `keep` with what is
        set aside. For `wait_s` derived points of before the start are held, so that agents have time to report whether this state is the
        latest. `hear` gets the frames that were folded.
        """
        self.points: Final = points
        self._beat: Final = beat
        self._shard: Final = shard
        self._ledger: Final = ledger
        self._on_folded: Final = on_folded
        self._notices: Final = notices or Notices()
        self._hear: Final = hear
        self._asides = 0
        """Records set aside since the last checkpoint."""
        state = ledger.state()
        check_same_journal(shard.core.pos, state.get("journal", b"").decode(), journal)
        learn_of_earlier_release(shard, ledger, beat)
        self._source: Final = JournalSource(journal, keep, self._notices)
        self._source.start_at(shard.core.pos)
        # Also after a clean end agents are to be heard: the first tick makes the minutes of the last batch.
        self._gate: Final = Gate(shard.core.known_agents(), journal.last_pos, time.monotonic(), wait_s)
        self._checkpoints: Final = Checkpoints(ledger, points, journal.journal_id)
        self._checkpoints.restore(state, shard.core.pos, self._pass_on)
        del state
        self._history_ns: Mapping[str, int] = {}
        self._report_history()
        self.pos = shard.core.pos
        self.behind_since_ns = 0
        """The received time of the oldest record not folded yet, 0 if there is none."""
        self._trim_due_s = time.monotonic() + TRIM_EVERY_S
        self._is_ahead = False
        """Whether the fold is ahead of a ledger that could not be written."""
        on_folded((), (), shard.core.counters)

    def run(self, records: RecordQueue, stop: threading.Event) -> None:
        """Fold `records` until `stop`. Raise what is no full disk."""
        backoff = Backoff(RETRY_S, MAX_RETRY_S)
        while not stop.is_set():
            self._beat()
            try:
                self._round(records, stop)
                self._has_recovered(backoff)
            except sqlite3.OperationalError as error:
                self._report_unwritable(error)
                self._wait(stop, backoff.next_s())
        ends_s = time.monotonic() + FINISH_S
        try:
            while time.monotonic() < ends_s and self.points.wait_for_room(0.0) and self.turn(records, 0.0):
                pass
            self.checkpoint()
        except sqlite3.OperationalError as error:
            self._report_unwritable(error)

    @property
    def fold(self) -> Fold:
        """Return the fold of the gateway's one shard, as it is now."""
        return self._shard.core

    def _round(self, records: RecordQueue, stop: threading.Event) -> None:
        if self._is_ahead:
            self._go_back()
        began_s, before = time.monotonic(), self.pos
        if self.points.wait_for_room(WAIT_S):
            self.turn(records, WAIT_S)
        self._pass_on_held()
        if 0 < self.pos - before < FEW_RECORDS:
            stop.wait(max(0.0, GATHER_S - (time.monotonic() - began_s)))
        if self._checkpoints.is_due():
            self.checkpoint()
        if time.monotonic() >= self._trim_due_s:
            self._trim_due_s = time.monotonic() + TRIM_EVERY_S
            trim_malloc()

    def turn(self, records: RecordQueue, timeout_s: float) -> bool:
        """Fold the records that are here; return whether there were any. A record at which the fold fails is set aside."""
        pairs, only_in_journal = records.take(self.fold.pos, timeout_s)
        if only_in_journal:
            pairs = [(record, None) for record in self._source.read(self.fold.pos)]
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
        rows, rows_aside = sum(map(rows_of, pairs)), sum(map(aside_rows, pairs))
        self.points.put(self._pass_on(folded.points), rows, rows_aside)
        self._on_folded(folded.arrivals, folded.prompts, self.fold.counters)
        self._hear((record, body) for record, body in pairs if body is not None)
        self._report_history()
        self.pos = self.fold.pos
        return True

    def _pass_on(self, points: Sequence[Points]) -> list[Points]:
        """Return the points that may be written now, among them what was held before."""
        return self._gate.pass_on(points, self.fold.state.history)

    def _pass_on_held(self) -> None:
        """Pass on what was held until now, though no record came."""
        if not self._gate.is_open:
            self._gate.hear((), time.monotonic())
            if points := self._pass_on(()):
                self.points.put(points, 0)

    def checkpoint(self) -> None:
        """Write one, unless nothing changed; see `Checkpoints`.

        Also not while derived points are held, nor while the fold is ahead of what a full disk left of the ledger.
        """
        if not self._is_ahead and self._gate.is_open and self._checkpoints.write(self._shard):
            self._asides = 0

    def clock_width_ms(self, agent: str) -> float:
        """Return the width of the bounds of the agent's clock; inf if it has none."""
        return self.fold.clock_width_ms(agent)

    @property
    def is_holding(self) -> bool:
        """Return whether derived points of before the start are held until agents were heard."""
        return not self._gate.is_open

    @property
    def stored_pos(self) -> int:
        """Return the position up to which the journal is not needed any more."""
        return self._checkpoints.pos

    # What goes wrong

    def _has_recovered(self, backoff: Backoff) -> None:
        if backoff.has_failed:
            backoff.reset()
            self._notices.withdraw("card_full", "fold")
            log.warning("the ledger can be written again")

    def _report_unwritable(self, error: sqlite3.OperationalError) -> None:
        """A full disk may end the ledger's transaction at any moment: the fold is ahead of it then, and has to go back."""
        if is_damage(error):
            raise error
        self._is_ahead = True
        self._notices.post(
            "card_full", f"the gateway's ledger cannot be written: {error}; nothing is lost, and it goes on by itself", about="fold"
        )
        log.error("the ledger cannot be written: %s. Is the disk full? Nothing is lost, and it goes on by itself", error)

    def _wait(self, stop: threading.Event, for_s: float) -> None:
        ends_s = time.monotonic() + for_s
        while time.monotonic() < ends_s and not stop.wait(min(for_s, WAIT_S)):
            self._beat()

    def _go_back(self) -> None:
        """Go back to the last checkpoint, as a new start would; what was made since then is made again."""
        self._gate.forget()
        state = self._restart_fold()
        self._checkpoints.restore(state, self.fold.pos, self._pass_on)
        self.pos = self.fold.pos
        self._is_ahead = False

    def _restart_fold(self) -> Mapping[str, bytes]:
        """Put ledger and fold back to the last checkpoint; return its parts."""
        self._is_ahead = True
        self._ledger.roll_back()
        state = self._ledger.state()
        self._shard.restart(self._ledger, state)
        learn_of_earlier_release(self._shard, self._ledger, self._beat)
        self._source.start_at(self.fold.pos)
        return state

    def _set_aside_culprit(self, until_pos: int, error: Exception) -> None:
        """Find the record that makes the fold fail, put an aside in its place, and begin again at the last checkpoint."""
        log.exception("a record cannot be folded; it will be set aside, and all others go on", exc_info=error)
        self._asides += 1
        if self._asides > MOST_ASIDE:
            raise FoldStuck(f"the fold fails at one record after another, now with {type(error).__name__}: {error}") from error
        failing = self._trial(until_pos)
        if failing is not None:
            pos = mending.culprit(self._checkpoints.pos, failing, lambda pos: self._trial(pos, failing) is not None)
            self._source.set_aside_unfoldable(pos, error)
        self._go_back()

    def _trial(self, until_pos: int, then_pos: int = 0) -> int | None:
        """Fold from the last checkpoint, record by record, up to a position, and then one more; return the position at which it fails.

        Sites in between are folded, too: without its estate no record can be.
        """
        self._restart_fold()
        for record in self._up_to(max(until_pos, then_pos)):
            if (record.pos <= until_pos or record.pos == then_pos or record.kind == RecordKind.SITE) and self._fails(record):
                return record.pos
        return None

    def _up_to(self, pos: int) -> Iterator[Record]:
        """Yield the journal's records from where the fold stands."""
        at = self.fold.pos
        while at < pos:
            for record in self._source.read(at):
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
        """Return an error that a record is to blame for; raise what is the disk's, the memory's or the ledger's own."""
        if isinstance(error, sqlite3.Error) and is_damage(error):
            raise DamagedFile(self._ledger.path, f"it is damaged: {error}") from error
        if isinstance(error, (sqlite3.OperationalError, MemoryError, ConfigError, FoldStuck)):
            raise error
        return error

    def _report_history(self) -> None:
        if (history_ns := self.fold.history_ns()) == self._history_ns:
            return
        for store in self._history_ns.keys() - history_ns.keys():
            self._notices.withdraw("history_not_ours", store)
        for store, until_ns in history_ns.items():
            until = f"{datetime.fromtimestamp(until_ns / 1e9, UTC):%Y-%m-%d %H:%M:%S}"
            what = (
                f"{store}: not all that was sent up to {until} UTC is in this state: minutes, visits and dwells of before stay as they are"
            )
            self._notices.post("history_not_ours", what, about=store)
        self._history_ns = history_ns


def _body(record: Record) -> Body | None:
    return decode_body(record.body) if record.kind == RecordKind.FRAME else None
