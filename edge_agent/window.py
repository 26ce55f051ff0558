"""Which frames of the sending epoch to send now. Pure: epochs' numbers and times in, seqs out.

Frames are sent in order, at most `size` past the mark. The gateway accepts only `mark + 1`, so after a loss everything behind it is
resent. That is soon after a receipt repeated the mark, else when no receipt came for `patience_s`, doubled each time.
"""

from __future__ import annotations

from typing import Final

from edge_agent.epoch import Epoch
from footfall.backoff import Backoff
from footfall.units import NS_PER_S

LONGEST_PATIENCE_S: Final = 60.0
REWIND_NS: Final = NS_PER_S // 2
"""Shortest time between rewinds: each frame behind a lost one makes the gateway repeat its mark, and one rewind is enough."""


class Window:
    """What is outstanding, and for how long. `tries`: how often the frame behind the mark was resent since the mark last moved;
    `answered`: whether the gateway repeated the mark meanwhile, so that it is known to receive."""

    def __init__(self, size: int = 64, patience_s: float = 5.0) -> None:
        self._size: Final = size
        self._patience: Final = Backoff(patience_s, LONGEST_PATIENCE_S)
        self._at: tuple[str, int] = ("", -1)
        self._repeated: tuple[str, int] = ("", -1)
        self.tries = 0
        self.answered = False
        self._next = 1
        self._progress_ns = 0
        self._rewound_ns = -REWIND_NS

    def due(self, epoch: Epoch, now_ns: int) -> range:
        """Return the seqs to send now; call `sent` for each that went out."""
        at = (epoch.name, epoch.mark)
        first = max(epoch.mark + 1, epoch.oldest)
        if at != self._at:
            if epoch.name != self._at[0] or epoch.mark < self._at[1]:
                self._next = first
            self._at = at
            self._next = max(self._next, first)
            self._progress_ns = now_ns
            self._patience.reset()
            self.tries, self.answered = 0, False
        if self._next == first:
            self._progress_ns = now_ns
        elif self._repeated == at and now_ns - self._rewound_ns >= REWIND_NS:
            self._rewind(first, now_ns)
        elif now_ns - self._progress_ns > self._patience.coming_s * NS_PER_S:
            self._rewind(first, now_ns)
            self._patience.next_s()
        return range(self._next, min(epoch.last, first - 1 + self._size) + 1)

    def sent(self, seq: int) -> None:
        self._next = seq + 1

    def wait(self, now_ns: int) -> None:
        """Restart the timeout: what was sent is still on its way to the broker."""
        self._progress_ns = now_ns

    def restart(self) -> None:
        """Begin on a new connection: what was sent on the old one may be lost."""
        self._at = self._repeated = ("", -1)

    def repeated(self, epoch: Epoch) -> None:
        """Take a receipt that repeated the mark of `epoch`: the frame after it did not arrive, though later ones did.

        Where nothing is outstanding it only answers a hello, and nothing is resent.
        """
        self.answered = True
        if self._at[0] == epoch.name and self._next > max(epoch.mark + 1, epoch.oldest):
            self._repeated = (epoch.name, epoch.mark)

    def _rewind(self, first: int, now_ns: int) -> None:
        self._next = first
        self._rewound_ns = self._progress_ns = now_ns
        self._repeated = ("", -1)
        self.tries += 1
