"""The sink stage: batches from the outbox into the database, each until the database has it."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from footfall.backoff import Backoff
from footfall.errors import PartialWrite, RejectedPoint, SinkUnavailable
from gateway.pipeline.outbox import Outbox, PointBatch
from gateway.pipeline.process_memory import collect_cycles
from gateway.points.line_reader import count_raw
from gateway.sinks.sink import Sink
from gateway.state.quarantine.entries import Refusal
from gateway.state.quarantine.store import Quarantine

log = logging.getLogger("footfall.gateway.sink")

FIRST_BACKOFF_S: Final = 0.1
LONGEST_BACKOFF_S: Final = 30.0
GATHER_S: Final = 0.05
"""Pause after a small write: with it, a chain's lines go in thousands, not in hundreds."""
FEW_POINTS: Final = 5000
REFUSED: Final = "sink.refused"


@dataclass(slots=True)
class SinkOutage:
    """Why the database takes nothing, and since when; 0: it takes."""

    since_ns: int = 0
    error: str = ""


class SinkWorker:
    """`run` until `stop`. What the outbox still holds then is in the ledger, too."""

    def __init__(self, sink: Sink, quarantine: Quarantine, beat: Callable[[], None] = lambda: None) -> None:
        """`beat` is called as a sign of life of this thread."""
        self._beat: Final = beat
        self._sink: Final = sink
        self._quarantine: Final = quarantine
        self.outage = SinkOutage()
        self.points_total = 0
        self.refused_total = 0
        self.refused_why: Final[dict[str, str]] = {}
        """By measurement, why the database refused the last point of it."""

    def run(self, points: Outbox, stop: threading.Event) -> None:
        """Write what `points` holds until `stop`. While the database is away, retry with back-off."""
        backoff = Backoff(FIRST_BACKOFF_S, LONGEST_BACKOFF_S)
        while not stop.is_set():
            self._beat()
            batches = points.peek(0.2)
            if not batches:
                continue
            began_s = time.monotonic()
            try:
                self._write(points, batches)
            except (SinkUnavailable, sqlite3.OperationalError) as error:
                self._fail(error)
                asked_s = error.retry_after_s if isinstance(error, SinkUnavailable) else 0.0
                collect_cycles()
                self._pause(stop, max(backoff.next_s(), min(asked_s, LONGEST_BACKOFF_S)))
            else:
                backoff.reset()
                if sum(len(each) for batch in batches for each in batch.points) < FEW_POINTS:
                    stop.wait(max(0.0, GATHER_S - (time.monotonic() - began_s)))
                if self.outage.since_ns:
                    log.warning("%s takes points again", self._sink.name)
                    self.outage = SinkOutage()

    def _pause(self, stop: threading.Event, seconds: float) -> None:
        ends_s = time.monotonic() + seconds
        while (left_s := ends_s - time.monotonic()) > 0 and not stop.wait(min(left_s, 1.0)):
            self._beat()

    def _write(self, outbox: Outbox, batches: list[PointBatch]) -> None:
        points = [each for batch in batches for each in batch.points]
        refused_rows = 0
        try:
            if points:
                self._sink.write(points)
        except PartialWrite as error:
            refused_rows = self._keep(error.rejected)
        outbox.done(len(batches), refused_rows)
        self.points_total += sum(map(len, points))

    def _keep(self, rejected: tuple[RejectedPoint, ...]) -> int:
        """Put refused points into quarantine, the same line only once; return how many rows of the journal they are."""
        log.error("%s refused %d points, now in quarantine; the first: %s", self._sink.name, len(rejected), rejected[0].reason)
        now_ns = time.time_ns()
        self._quarantine.add(
            [
                Refusal(REFUSED, each.reason, f"sink/{self._sink.name}", now_ns, each.line, "sink",
                        key=f"sink/{hashlib.blake2b(each.line, digest_size=16).hexdigest()}")
                for each in rejected
            ]
        )  # fmt: skip
        self.refused_total += len(rejected)
        self.refused_why.update((_measurement(each), each.reason) for each in rejected)
        return count_raw(b"\n".join(each.line for each in rejected))

    def _fail(self, error: Exception) -> None:
        if not self.outage.since_ns or self.outage.error != str(error):
            log.error("%s takes nothing, the points are kept and sent again: %s", self._sink.name, error)
        self.outage = SinkOutage(self.outage.since_ns or time.time_ns(), str(error))


def _measurement(rejected: RejectedPoint) -> str:
    return rejected.line.partition(b",")[0].decode(errors="replace")
