"""The embedded broker of a gateway: started again, with back-off, whenever it ends before its gateway does.

A thread waits for it. Its sessions are gone then: clients connect anew, and send again what has no receipt.
"""

from __future__ import annotations

import logging
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from footfall.backoff import Backoff
from footfall.errors import ConfigError
from gateway.mqtt import embedded_broker

log = logging.getLogger("footfall.gateway.broker")

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
STEADY_S: Final = 10.0
"""After a run that lasts so long the pauses are short again."""


class KeptBroker:
    """Listens once it is made; ConfigError if it cannot. `close` ends it. `said` as `embedded_broker.start` has it."""

    def __init__(self, port: int, folder: Path, said: Callable[[str], None]) -> None:
        self._start: Final[Callable[[], subprocess.Popen[bytes]]] = lambda: embedded_broker.start(port, folder, said)
        self._stop: Final = threading.Event()
        self._lock: Final = threading.Lock()
        self._backoff: Final = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        self._process: subprocess.Popen[bytes] = self._start()
        self._thread: Final = threading.Thread(target=self._keep, name="broker-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it, with whatever start of it goes on."""
        self._stop.set()
        with self._lock:
            self._process.terminate()
        self._thread.join()
        self._process.wait()

    def _keep(self) -> None:
        ended = self._run_out()
        while not self._stop.is_set():
            pause_s = self._backoff.next_s()
            log.error("the embedded broker ended: %s; it is started again in %.0f s", ended, pause_s)
            if not self._stop.wait(pause_s):
                ended = self._again()

    def _again(self) -> str:
        """Return how a further run ended, or why there is none."""
        with self._lock:
            if self._stop.is_set():
                return ""
            try:
                self._process = self._start()
            except (ConfigError, OSError) as error:
                return str(error)
        log.info("the embedded broker runs again")
        return self._run_out()

    def _run_out(self) -> str:
        try:
            return f"exit code {self._process.wait(STEADY_S)}"
        except subprocess.TimeoutExpired:
            self._backoff.reset()
            return f"exit code {self._process.wait()}"
