"""The state of epochs in memory, and the frames that a spool returns; no file here."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Final

from edge_agent.epoch import Epoch
from edge_agent.spool.twins import EpochRow
from footfall.frames import DecidedTime
from footfall.units import NS_PER_MINUTE

MARK_STEP_NS: Final = NS_PER_MINUTE


@dataclass(frozen=True, slots=True)
class SpooledFrame:
    """A spooled body; `crc32` is of the bytes as they were when spooled, the other numbers are in its body.

    `decided`: how a gateway dated it, where it reported that. `store`: where its run of the agent was; "": not known.
    """

    seq: int
    boot: str
    made_boot_ns: int
    first_row: int
    rows: int
    crc32: int
    body: bytes
    decided: DecidedTime | None = None
    store: str = ""

    def is_whole(self) -> bool:
        return zlib.crc32(self.body) == self.crc32


@dataclass(frozen=True, slots=True)
class Fill:
    """How full the spool is: bytes of all frames, the number of unreceipted ones, and the least age of the oldest of these."""

    unsent_frames: int
    bytes: int
    oldest_unsent_s: float


@dataclass(slots=True)
class MarkStep:
    """Frames up to `upto` were receipted at `gateway_ns` or up to a minute later."""

    upto: int
    gateway_ns: int


@dataclass(slots=True)
class EpochState:
    """An epoch's numbers. The frame `seq` has the id `base + seq` in the file.

    `holes`: seqs, first and last, of receipted frames that never came to the disk or cannot be read any more.
    """

    n: int
    name: str
    boot: str
    last: int = 0
    mark: int = 0
    base: int = 0
    receipted: int = 0
    receipted_ns: int = 0
    oldest: int = 1
    holes: list[tuple[int, int]] = field(default_factory=list)
    steps: dict[int, MarkStep] = field(default_factory=dict)
    """When the marks were set, by row; at most one a minute."""
    store: str = ""

    @classmethod
    def of(cls, n: int, row: EpochRow) -> EpochState:
        return cls(n, row.epoch, row.boot, row.last, row.mark, row.base, row.receipted, row.receipted_ns)

    def row(self, more: int = 0) -> EpochRow:
        """Return the row as stored, with `more` further numbers given out."""
        return EpochRow(self.name, self.boot, self.last + more, self.mark, self.base, self.receipted, self.receipted_ns)

    @property
    def owes(self) -> bool:
        return self.last > self.mark

    @property
    def has_frames(self) -> bool:
        return self.oldest <= self.last

    @property
    def next_owed(self) -> int:
        """Return the lowest seq above the mark whose frame is there."""
        seq = max(self.mark + 1, self.oldest)
        for first, last in self.holes:
            if first <= seq <= last:
                seq = last + 1
        return seq

    def is_hole(self, seq: int) -> bool:
        return any(first <= seq <= last for first, last in self.holes)

    def epoch(self, boots_apart_ns: int) -> Epoch:
        """Return the epoch as headers have it. If the frame after the mark is a hole, `oldest` makes the gateway skip to the next."""
        oldest = self.oldest if self.next_owed == self.mark + 1 else self.next_owed
        return Epoch(self.name, self.last, self.mark, oldest, self.receipted, boots_apart_ns)

    def take_over(self, other: EpochState) -> None:
        """Take the state that the same epoch reached while the file could not be written."""
        self.last, self.mark, self.receipted = other.last, other.mark, other.receipted
        self.receipted_ns, self.oldest, self.holes = other.receipted_ns, other.oldest, other.holes

    def marked(self, upto: int, gateway_ns: int, free: int) -> set[int]:
        """Set the mark. Return the numbers of `steps` that changed. `free`: the number for a new one.

        If the gateway's clock was ahead and went back, the step is dated by the clock as it is now.
        """
        self.mark = upto
        changed = {number for number, step in self.steps.items() if step.upto > upto}
        for number in changed:
            del self.steps[number]
        newest = max(self.steps, default=None)
        if newest is not None and self.steps[newest].gateway_ns > gateway_ns - MARK_STEP_NS:
            step = self.steps[newest]
            self.steps[newest] = MarkStep(upto, min(step.gateway_ns, gateway_ns))
            return changed | {newest}
        self.steps[free] = MarkStep(upto, gateway_ns)
        return changed | {free}
