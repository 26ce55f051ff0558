"""`footfall serve` as a child of a gateway with an embedded broker: started, restarted with back-off, ended with the gateway.

A thread of its own waits for it, so that nothing that happens to it touches what is taken in.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from footfall.backoff import Backoff
from footfall.errors import AddressTaken
from gateway.config import GatewayConfig
from gateway.pipeline.notices import Notices

log = logging.getLogger("footfall.gateway.serve")

CODE: Final = "serve_down"
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
STEADY_S: Final = 10.0
"""A run that lasts so long counts as up."""
SHUTDOWN_TIMEOUT_S: Final = 5.0


class ServeProcess:
    """Runs `command` again and again from `start` to `stop`."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], notices: Notices, notice_s: float, address: str = ""
    ) -> None:
        """`notice_s`: after so long without a steady run, status has `serve_down`. `address`: where it listens, for that message."""
        self._address: Final = address
        self._why = ""
        """How the last run ended, and what to do about it where that is known."""
        self._command: Final = command
        self._environment: Final = environment
        self._notices: Final = notices
        self._notice_s: Final = notice_s
        self._stop: Final = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: Final = threading.Thread(target=self._run, name="serve", daemon=True)
        self._backoff: Final = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        self._down_since_s = 0.0
        """On time.monotonic; 0 while it is up."""

    @property
    def pid(self) -> int | None:
        """Of the present run."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the process, by force after SHUTDOWN_TIMEOUT_S."""
        self._stop.set()
        self._end(self._process)
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._why = self._run_once()
            if self._stop.is_set():
                return
            self._down_since_s = self._down_since_s or time.monotonic()
            pause_s = self._backoff.next_s()
            log.warning("footfall serve ended: %s; it is started again in %.0f s", self._why, pause_s)
            self._pause(pause_s)

    def _pause(self, pause_s: float) -> None:
        """Wait, and look meanwhile whether it has been down for too long."""
        ends_s = time.monotonic() + pause_s
        while (left_s := ends_s - time.monotonic()) > 0 and not self._stop.wait(min(left_s, 1.0)):
            self._judge()

    def _run_once(self) -> str:
        """Return how the run ended."""
        try:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, env=self._environment)
        except OSError as error:
            return str(error)
        if self._stop.is_set():
            self._end(self._process)
        began_s = time.monotonic()
        while True:
            try:
                return self._reason(self._process.wait(1.0))
            except subprocess.TimeoutExpired:
                if time.monotonic() - began_s >= STEADY_S:
                    self._down_since_s = 0.0
                    self._backoff.reset()
                self._judge()

    def _reason(self, exit_code: int) -> str:
        if exit_code == AddressTaken.exit_code:
            return f"another process listens on {self._address}: stop it, or choose another serve.port in gateway.toml"
        return f"exit code {exit_code}; its own lines in the log have the reason"

    def _judge(self) -> None:
        if not self._down_since_s:
            self._notices.withdraw(CODE)
        elif (down_s := time.monotonic() - self._down_since_s) >= self._notice_s:
            self._notices.post(CODE, f"footfall serve has not run for {down_s:.0f} s: {self._why}")

    @staticmethod
    def _end(process: subprocess.Popen[bytes] | None) -> None:
        if process is None:
            return
        process.terminate()
        try:
            process.wait(SHUTDOWN_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()


def serve_process(config: GatewayConfig, config_file: Path, http_port: int, notices: Notices) -> ServeProcess | None:
    """Return the child of this configuration, not yet started; None where it is not wanted."""
    if not (config.broker.embedded and config.serve.enabled):
        return None
    command = [sys.executable, "-m", "footfall", "serve", "--ends-with-input"]
    address = f"{config.serve.host}:{config.serve.port}"
    return ServeProcess(command, _environment(config, config_file, http_port), notices, config.status.notice_s, address)


def _environment(config: GatewayConfig, config_file: Path, http_port: int) -> dict[str, str]:
    """Return this process's variables, with the settings of the child."""
    settings = {
        "GATEWAY": str(config_file.absolute()),
        "STATUS_URL": f"http://{config.http.host}:{http_port}",
        "LISTEN__HOST": config.serve.host,
        "LISTEN__PORT": str(config.serve.port),
        **({"LISTEN__HOSTS": " ".join(config.serve.hosts)} if config.serve.hosts else {}),
        **({"LISTEN__TOKEN_FILE": str(config.serve.token_file)} if config.serve.token_file else {}),
    }
    return {**os.environ, **{f"FOOTFALL_SERVE__{key}": value for key, value in settings.items()}}
