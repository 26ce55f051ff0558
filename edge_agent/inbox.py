"""What comes into an agent's inbox beside what its sources hear."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from edge_agent.reload import Asked
from edge_agent.sources.source import Source
from footfall.receipts import DayKey


@dataclass(frozen=True, slots=True)
class Events:
    """Plain events of one request; `kept` is done when they are durable."""

    texts: Sequence[str]
    kept: Future[None]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What is in use from now on; the sources that it ends have ended."""

    asked: Asked
    sources: Sequence[Source]
    """Those that it begins."""
    is_used: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Key:
    """The key of the day, from a receipt of `gateway_ns`."""

    key: DayKey
    gateway_ns: int
