"""The whole way of a message, from the broker to the database.

    mqtt/inlet -> ingest (accept/, state/journal) -> record queue -> fold (fold/) -> outbox -> sink (sinks/)

Each stage is a thread that reads what the stage before it gives. The queues between them are bounded: a stage whose queue is full
waits, and whatever has not come further is kept by the journal, or by the broker and the agents.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from gateway.mqtt.inlet import Inlet
from gateway.pipeline.beats import Beats
from gateway.pipeline.fold_worker import FoldWorker
from gateway.pipeline.ingest_worker import IngestWorker
from gateway.pipeline.outbox import Outbox
from gateway.pipeline.record_queue import RecordQueue
from gateway.pipeline.sink_worker import SinkWorker

SHUTDOWN_TIMEOUT_S: Final = 30.0
"""After `stop`, how long the database may take for what is folded. The next start goes on with the rest."""


class Pipeline:
    """Three stages, called `ingest`, `fold` and `sink` in logs and in status."""

    def __init__(self, ingest: IngestWorker, fold: FoldWorker, sink: SinkWorker, beats: Beats) -> None:
        self._ingest_worker: Final = ingest
        self._fold_worker: Final = fold
        self._sink_worker: Final = sink
        self._beats: Final = beats
        self._stop: Final = threading.Event()
        self._stop_sink: Final = threading.Event()
        self._threads: Final[dict[str, threading.Thread]] = {}
        self._failures: Final[list[BaseException]] = []

    def run(self, messages: Inlet) -> None:
        """Take messages to the database until `stop`. Raise the error that ended a stage, if one did."""
        records = self._ingest(messages)
        points = self._fold(records)
        self._sink(points)
        self._wait(points)

    def stop(self) -> None:
        """Take in no more messages; what is taken in still goes to the database, if that is there."""
        self._stop.set()

    def fail(self, error: BaseException) -> None:
        """End all stages; `run` raises `error`."""
        self._failures.append(error)
        self._stop.set()

    def _ingest(self, messages: Inlet) -> RecordQueue:
        """Start the stage that makes messages durable records, then acknowledges and receipts them."""
        self._start("ingest", lambda: self._ingest_worker.run(messages, self._stop))
        return self._ingest_worker.records

    def _fold(self, records: RecordQueue) -> Outbox:
        """Start the stage that makes points of records."""
        self._start("fold", lambda: self._fold_worker.run(records, self._stop))
        return self._fold_worker.points

    def _sink(self, points: Outbox) -> None:
        """Start the stage that writes points to the database."""
        self._start("sink", lambda: self._sink_worker.run(points, self._stop_sink))

    def _start(self, name: str, run: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                run()
                self._beats.leave(name)
            except BaseException as error:  # whatever it is, it ends the process with its message
                self.fail(error)

        self._threads[name] = threading.Thread(target=guarded, name=name, daemon=True)
        self._threads[name].start()

    def _wait(self, points: Outbox) -> None:
        """Graceful shutdown, stage by stage: what is taken in is folded, and what is folded is written."""
        self._threads["ingest"].join()
        self._stop.set()
        ends_s = time.monotonic() + SHUTDOWN_TIMEOUT_S
        self._threads["fold"].join()
        if not self._failures and not self._sink_worker.outage.since_ns:
            points.wait_empty(max(0.0, ends_s - time.monotonic()))
        self._stop_sink.set()
        self._threads["sink"].join()
        if self._failures:
            raise self._failures[0]
        self._fold_worker.checkpoint()
