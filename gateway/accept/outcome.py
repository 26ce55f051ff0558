"""What one message results in: records for the journal, a receipt, refused bytes, counted drops."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from footfall.frames import Body
from gateway.records import OLD_KEYS, RECEIVED, Record, RecordKind

BUG: Final = "accept.bug"
"""The reason of a message that this release failed to handle."""
UNREAD: Final = "source.unread"
"""The reason of input that a source could not read: nobody else can, and its sender knows."""


class Entry(NamedTuple):
    """One record to be journaled, without a position yet. `frame` is `body` decoded, so that the fold need not decode it again."""

    kind: RecordKind
    store: str
    agent: str
    seq: int
    body: bytes
    offset_ns: int = 0
    time_quality: int = RECEIVED
    clock_width_ns: int = 0
    frame: Body | None = None
    rows: int = 0
    key_base: int = OLD_KEYS
    """See `gateway.records.Record`."""

    def record(self, pos: int, received_ns: int) -> Record:
        """Return the record of it at a position."""
        return Record(pos, received_ns, self.kind, self.store, self.agent, self.seq, self.offset_ns, self.time_quality,
                      self.clock_width_ns, self.body, self.key_base)  # fmt: skip


TIME_PASSED: Final = Entry(RecordKind.TICK, "", "", 0, b"")


@dataclass(frozen=True, slots=True)
class RefusedPart:
    """Bytes for the quarantine, and how many rows they stand for. `key` identifies them, so that repeats are stored once."""

    reason: str
    message: str
    payload: bytes
    rows: int = 1
    key: str | None = None
    leaf: str = ""
    """Of the topic that such bytes come on alone, where they came inside another message."""


class Echo(NamedTuple):
    """Which message a receipt answers: the sender's boot, and when it was sent on its clock."""

    boot: str
    sent_boot_ns: int


@dataclass(slots=True)
class Outcome:
    """The result of one message. `units_in` = rows of entries + quarantined + dropped: nothing vanishes."""

    entries: list[Entry] = field(default_factory=list)
    receipt: tuple[str, int] | None = None
    """(epoch, upto) for the agent's receipt, once the entries are durable."""
    refused: list[RefusedPart] = field(default_factory=list)
    dropped: tuple[str, int] | None = None
    units_in: int = 0
    echo: Echo | None = None
    pause_s: int = 0
    """The agent is asked to send nothing for so long."""
    counted: dict[str, int] = field(default_factory=dict)
    """What else of the balance grows, such as identifiers that are none."""
    noticed: dict[str, str] = field(default_factory=dict)
    """What is wrong at the sender: a code of `footfall status`, and its text."""

    def refuse(self, refused: RefusedPart) -> None:
        """Add bytes for the quarantine, and count their rows as received."""
        self.refused.append(refused)
        self.units_in += refused.rows


def explain_bug(error: Exception) -> str:
    """Return where the error was raised. Its own text is left out, since it may quote the message."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f"{Path(at.tb_frame.f_code.co_filename).name}, line {at.tb_lineno}" if at else "?"
    return f"{type(error).__name__} in {place}: a bug, please report it"
