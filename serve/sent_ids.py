"""Ids of events that this server has published, so that one that comes again with other content is known for it.

async with ids.alone(("s1", "till-1"), events):    # requests that bear one of these ids at once go on one after the other
    ids.contradicted(("s1", "till-1"), events)     # the first event whose id was published with other content; None
    ids.keep(("s1", "till-1"), events)
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from footfall.events import AnyEvent
from footfall.moments import to_ns

REMEMBERED: Final = 100_000
Sender = tuple[str, str]
"""A store and a publisher in it."""
_BRAND: Final = ("", "")
"""In the place of the sender of a fact, whose id is its own throughout the brand."""


class SentIds:
    """The last REMEMBERED of them. Belongs to one event loop."""

    def __init__(self) -> None:
        self._digests: Final[dict[tuple[Sender, str], bytes]] = {}
        self._on_their_way: Final[dict[tuple[Sender, str], asyncio.Future[None]]] = {}
        """Ids of a request that goes on, and its end."""

    @asynccontextmanager
    async def alone(self, sender: Sender, events: Iterable[AnyEvent]) -> AsyncIterator[None]:
        """Wait until no other request is on its way with the id of one of these events, and keep others waiting meanwhile."""
        keys = [_key(sender, event) for event in events]
        while (other := next((end for key in keys if (end := self._on_their_way.get(key))), None)) is not None:
            await asyncio.shield(other)
        mine = asyncio.get_running_loop().create_future()
        self._on_their_way.update(dict.fromkeys(keys, mine))
        try:
            yield
        finally:
            for key in keys:
                self._on_their_way.pop(key, None)
            mine.set_result(None)

    def contradicted(self, sender: Sender, events: Iterable[AnyEvent]) -> AnyEvent | None:
        """Return the first event whose id was published with other content."""
        return next((event for event in events if self._digests.get(_key(sender, event), digest(event)) != digest(event)), None)

    def has(self, sender: Sender, event_id: str) -> bool:
        """Return whether an event of a sender, which is no fact, was published under an id."""
        return (sender, event_id) in self._digests

    def keep(self, sender: Sender, events: Iterable[AnyEvent]) -> None:
        """Remember events that were published."""
        for event in events:
            key = _key(sender, event)
            self._digests.pop(key, None)
            self._digests[key] = digest(event)
        while len(self._digests) > REMEMBERED:
            del self._digests[next(iter(self._digests))]


def _key(sender: Sender, event: AnyEvent) -> tuple[Sender, str]:
    return (_BRAND if event.kind == "fact" else sender, event.id or "")


def digest(event: AnyEvent) -> bytes:
    """Return 128 bits that stand for what an event holds, however it is written."""
    return hashlib.blake2b(json.dumps(event.model_dump(), default=_plain).encode(), digest_size=16).digest()


def _plain(value: object) -> int | str:
    return to_ns(value) if isinstance(value, datetime) else str(value)
