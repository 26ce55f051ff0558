"""What accept remembers between messages: marks of frames, clocks, dates, histories and ids of events."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from gateway.accept.dating import Clocks
from gateway.accept.decisions import Decisions
from gateway.accept.history import Histories
from gateway.records import OLD_KEYS

EVENTS_EPOCH: Final = "-"
"""Plain events of a publisher are numbered under this epoch."""


class Mark(NamedTuple):
    """How far one epoch of an agent is durable: all frames up to `seq`, the last of them made at `made_ns`."""

    seq: int = 0
    next_row: int = 0
    """The running number of the row after the last one; -1: not known."""
    made_ns: int = 0
    key_base: int = OLD_KEYS
    """Of the epoch's records; `OLD_KEYS` if an earlier release accepted its first frame."""
    sure_ns: int = 0
    """The last frame was certainly not made before this time."""


class EventContents(Protocol):
    """What is remembered of events by their ids."""

    def event_content(self, id_hash: bytes) -> bytes:
        """Return the digest that is remembered of the event with this id; empty if none is."""
        ...


class Memory(Clocks, Decisions, Histories, EventContents, Protocol):
    """What accept remembers. The journal stores it in the same transaction as the records."""

    @property
    def journal_id(self) -> str:
        """The journal's name, as receipts bear it."""
        ...

    def mark(self, agent: str, epoch: str) -> Mark: ...
    def set_mark(self, agent: str, epoch: str, mark: Mark) -> None: ...
    def is_new_event(self, id_hash: bytes, earlier: bytes | None = None, content: bytes = b"") -> bool:
        """Return whether neither the id nor the hash of an earlier release was seen. From this call on the id counts as seen.

        `content` is a digest of what the event holds, which is remembered with a new id.
        """
        ...
