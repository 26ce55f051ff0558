"""What goes into quarantine, what it keeps, and what it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

EntryState = Literal["held", "replay"]
"""`replay`: to be taken in again by the gateway."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that was refused. `origin` is the stage: accept, fold, sink; `rows` how many rows of the balance it stands for.

    The same `key` again is ignored, so that a stage that repeats itself after a crash does not refuse a thing twice.
    """

    reason: str
    message: str
    topic: str
    received_ns: int
    payload: bytes
    origin: str
    rows: int = 1
    key: str | None = None
    shown: str = ""
    """The topic as it may stand in clear, where that is another: the topic itself is sealed with the payload then."""


@dataclass(frozen=True, slots=True)
class QuarantineEntry:
    """A refusal as it is kept, without its payload; `private` if that may hold raw identifiers."""

    id: int
    received_ns: int
    origin: str
    topic: str
    reason: str
    message: str
    rows: int
    private: bool
    state: EntryState
    actor: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Rows: kept_total = held + replayed_total + sum of dropped_total, at every moment."""

    kept_total: int
    held: int
    replayed_total: int
    dropped_total: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReplayOrDrop:
    """Somebody had entries replayed or dropped. `what` is `replayed` or a reason of `dropped_total`."""

    at_ns: int
    actor: str
    what: str
    reason: str
    entries: int
