"""A server in a child process that can be stopped, killed and started again on the same folder and port."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from footfall.errors import ConfigError
from simulators.parts import guard

_STOP_S: Final = 90.0
"""A gateway is given half a minute to write what it has, and a busy machine is slow besides."""
_POLL_S: Final = 0.05
_PORTS: Final = (20_000, 32_000)


class Process:
    """Runs `command`; its output goes to `log`. It is ready when `ready` returns true. It does not outlive this process.

    `ends_with_us`: the command reads its standard input, and ends with it by itself.
    """

    def __init__(
        self, command: Sequence[str], log: Path, ready: Callable[[], bool], *, limit_s: float = 60.0, ends_with_us: bool = False
    ) -> None:
        self._command, self._log, self._ready, self._limit_s = list(command), log, ready, limit_s
        self._stdin = subprocess.PIPE if ends_with_us else subprocess.DEVNULL
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running server, for the measurement of its CPU and memory."""
        if self._child is None:
            raise RuntimeError(f"{self._command[0]} is not running")
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Ready on return. ConfigError with the last lines of its log if it does not come up."""
        if self.is_running:
            return
        with self._log.open("ab") as out:
            self._child = subprocess.Popen(self._command, stdin=self._stdin, stdout=out, stderr=subprocess.STDOUT, env=guard.environment())
        deadline = time.monotonic() + self._limit_s
        while not self._ready():
            if not self.is_running or time.monotonic() > deadline:
                self.kill()
                last = self._log.read_text(errors="replace")[-2000:]
                raise ConfigError(f"{Path(self._command[0]).name} did not start; the end of {self._log}:\n{last}")
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Asks it to end (SIGTERM) and waits."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it at once (SIGKILL)."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.send_signal(how)
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdin is not None:
            child.stdin.close()


def free_port() -> int:
    """A loopback port that nobody listens on now.

    It lies below the range from which the kernel takes ports for connections: no client, and no one that tries to reach it in vain,
    is given it while its server is down.
    """
    while True:
        port = random.SystemRandom().randrange(*_PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
        return True
    return False
