"""A serial line between two programs of one machine: two pseudo-terminals, and a thread that carries bytes from one to the other.

with SerialLine() as line:
    serve(line.device_end); connect(line.host_end)        # paths of ttys
    line.cut(2.0); line.noise(b"…")
"""

from __future__ import annotations

import os
import pty
import select
import threading
import time
import tty
from types import TracebackType
from typing import Final, Self

_POLL_S: Final = 0.05


class SerialLine:
    """Both ends can be opened, closed and opened again. It knows no baud rate."""

    def __init__(self) -> None:
        self._masters: Final[list[int]] = []
        self._slaves: Final[list[int]] = []
        self._stop: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._carry, name="serial-line", daemon=True)
        self._cut_until_s = 0.0

    def __enter__(self) -> Self:
        for _ in range(2):
            master, slave = pty.openpty()
            tty.setraw(slave)
            os.set_blocking(master, False)
            self._masters.append(master)
            self._slaves.append(slave)  # held open: else the master hangs up with its last reader
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        self._stop.set()
        self._thread.join()
        for end in self._masters + self._slaves:
            os.close(end)

    @property
    def device_end(self) -> str:
        return os.ttyname(self._slaves[0])

    @property
    def host_end(self) -> str:
        return os.ttyname(self._slaves[1])

    def cut(self, seconds: float) -> None:
        """What is sent meanwhile is lost."""
        self._cut_until_s = time.monotonic() + seconds

    def noise(self, data: bytes) -> None:
        """The host's end receives it."""
        os.write(self._masters[1], data)

    def _carry(self) -> None:
        to = dict(zip(self._masters, reversed(self._masters), strict=True))
        while not self._stop.is_set():
            for end in select.select(self._masters, [], [], _POLL_S)[0]:
                data = os.read(end, 4096)
                if time.monotonic() >= self._cut_until_s:
                    os.write(to[end], data)
