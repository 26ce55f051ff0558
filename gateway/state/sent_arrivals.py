"""Up to which arrival the live feed was sent: a crash folds records again, and nobody is to hear of an arrival twice.

One line in a file of `state_dir`, written before what it names is sent. It outlives the process, at any moment; where the machine loses
power it may lack the last seconds, and their arrivals are sent once more, with the same ids.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from footfall.private_files import create_private
from gateway.fold.arrivals import Place

log = logging.getLogger("footfall.gateway")

NAME: Final = "sent-arrivals"
_NONE: Final = Place(0, -1)
_LINE_BYTES: Final = 128


class SentArrivals:
    """Places of a journal grow: what is not behind the last one that was sent was sent, too."""

    def __init__(self, path: Path, journal_id: str, last_pos: int) -> None:
        """A file of another journal, or of one that was longer than this, such as before a copy was put back, is of no use."""
        self._path: Final = path
        self._journal_id: Final = journal_id
        self._last = self._read()
        if self._last.pos > last_pos:
            self._last = _NONE

    def take(self, place: Place) -> bool:
        """Return whether an arrival is yet to be sent; it counts as sent from then on."""
        if place <= self._last:
            return False
        self._last = place
        self._write()
        return True

    def _read(self) -> Place:
        with suppress(OSError, ValueError):
            journal_id, pos, number = self._path.read_text(encoding="ascii").split()
            if journal_id == self._journal_id:
                return Place(int(pos), int(number))
        return _NONE

    def _write(self) -> None:
        """On a disk that takes nothing the arrival is sent all the same: it may come once more after a crash."""
        try:
            create_private(self._path)
            line = f"{self._journal_id} {self._last.pos} {self._last.number}".ljust(_LINE_BYTES - 1) + "\n"
            file = os.open(self._path, os.O_WRONLY)
            try:
                os.pwrite(file, line.encode("ascii"), 0)
            finally:
                os.close(file)
        except OSError as error:
            log.warning("%s: which arrivals were sent cannot be noted: %s", self._path, error.strerror)
