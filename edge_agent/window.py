"""Which frames of the sending epoch go out now. Pure: epochs' numbers and times in, seqs out.

Frames go out in order, at most `size` past the mark. The gateway accepts only `mark + 1`, so after a loss everything behind it is
sent again: at once when a receipt repeats the mark, else when no receipt came for `patience_s`, doubled each time.
"""

from __future__ import annotations

from typing import Final

from edge_agent.spool import Epoch, S

LONGEST_PATIENCE_S: Final = 60.0
REWIND_GUARD_NS: Final = S // 2
"""Each frame behind a lost one makes the gateway repeat its mark; one rewind answers them all."""


class Window:
    """What is outstanding, and how long it has been."""

    def __init__(self, size: int = 64, patience_s: float = 5.0) -> None:
        self._size: Final = size
        self._patience_ns: Final = round(patience_s * S)
        self._waits_ns = self._patience_ns
        self._epoch = ""
        self._mark = -1
        self._next = 1
        self._progress_ns = 0
        self._rewound_ns = -REWIND_GUARD_NS

    def due(self, epoch: Epoch, now_ns: int) -> range:
        """The seqs to send now; say `sent` for each that went out."""
        first = self._first(epoch)
        if (epoch.name, epoch.mark) != (self._epoch, self._mark):
            if epoch.name != self._epoch or epoch.mark < self._mark:
                self._next = first
            self._epoch, self._mark = epoch.name, epoch.mark
            self._next = max(self._next, first)
            self._answered(now_ns)
        elif self._next > first and now_ns - self._progress_ns > self._waits_ns:
            self._next = first
            self._progress_ns = now_ns
            self._waits_ns = min(2 * self._waits_ns, round(LONGEST_PATIENCE_S * S))
        if self._next == first:
            self._progress_ns = now_ns
        return range(self._next, min(epoch.last, first - 1 + self._size) + 1)

    def sent(self, seq: int) -> None:
        self._next = seq + 1

    def restart(self) -> None:
        """A new connection: what was sent on the old one may be lost."""
        self._epoch = ""

    def repeated(self, now_ns: int) -> None:
        """A receipt repeated the mark: the frame after it did not arrive, though later ones did."""
        if now_ns - self._rewound_ns >= REWIND_GUARD_NS:
            self._rewound_ns = now_ns
            self._epoch = ""

    def _answered(self, now_ns: int) -> None:
        self._progress_ns = now_ns
        self._waits_ns = self._patience_ns

    @staticmethod
    def _first(epoch: Epoch) -> int:
        return max(epoch.mark + 1, epoch.oldest)
