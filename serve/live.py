"""The live stream: what comes by MQTT goes to every open page. A page that reads too slowly is disconnected."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from footfall.http_server import explained
from serve.http_limits import ABORT

QUEUED: Final = 1000
"""Messages that may wait for one page."""
MAX_STORES: Final = 20_000
MAX_BYTES: Final = 1 << 16
HEARTBEAT_S: Final = 15.0
SEND_S: Final = 10.0
"""A page that takes nothing for so long is disconnected."""
ABORT_S: Final = 1.0
"""How long an aborted connection may take to be reported as gone."""
KINDS: Final = frozenset({"counters", "arrival"})

AsgiScope = Any
Receive = Any
Send = Any


@dataclass(eq=False, slots=True)
class LiveReader:
    """One open page."""

    first: list[str]
    """The latest counters of each store."""
    queue: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    """What follows; None is its end."""
    is_slow: bool = False
    """It took too little: its connection is aborted."""


class LiveReaders:
    """The open pages. Belongs to the event loop; keeps the latest counters of each store, for a page that is opened now."""

    def __init__(self, max_readers: int) -> None:
        self._max_readers: Final = max_readers
        self._readers: Final[set[LiveReader]] = set()
        self._counters: Final[dict[str, str]] = {}
        self._closed = False
        self.slow_readers_total = 0
        self.refused_total = 0
        """Messages that were no live message."""

    @property
    def readers(self) -> int:
        return len(self._readers)

    def publish(self, payload: bytes) -> None:
        """Queue one message (`docs/wire.md`, live) for every reader. Never blocks; a reader whose queue is full is dropped."""
        message = _message(payload)
        if message is None:
            self.refused_total += 1
            return
        text = json.dumps(message, separators=(",", ":"))
        store = message["store"]
        if message["kind"] == "counters" and (store in self._counters or len(self._counters) < MAX_STORES):
            self._counters[store] = text
        for reader in list(self._readers):
            if reader.queue.qsize() < QUEUED:
                reader.queue.put_nowait(text)
            else:
                reader.is_slow = True
                self._end(reader)

    @contextmanager
    def listen(self) -> Iterator[LiveReader | None]:
        """Yield a reader; None if there are too many or the feed is closed. Afterwards one that was too slow is counted."""
        if self._closed or len(self._readers) >= self._max_readers:
            yield None
            return
        reader = LiveReader(list(self._counters.values()))
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)
            self.slow_readers_total += reader.is_slow

    def close(self) -> None:
        """End every stream; nobody can listen any more."""
        self._closed = True
        for reader in list(self._readers):
            self._end(reader)

    def _end(self, reader: LiveReader) -> None:
        self._readers.discard(reader)
        while not reader.queue.empty():
            reader.queue.get_nowait()
        reader.queue.put_nowait(None)


def _message(payload: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(payload) if len(payload) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        return None
    is_live = isinstance(message, dict) and message.get("kind") in KINDS and isinstance(message.get("store"), str)
    return message if is_live else None


class EventStream:
    """ASGI response: server-sent events of a feed until the client or the feed ends it."""

    def __init__(self, feed: LiveReaders) -> None:
        self._feed: Final = feed

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        with self._feed.listen() as reader:
            if reader is None:
                await _send(send, 503, b"application/json", explained("streams", "too many read the live stream already"))
                return
            gone = asyncio.ensure_future(_disconnected(receive))
            try:
                await self._follow(reader, gone, send)
                if reader.is_slow:
                    scope["state"][ABORT]()
                    await asyncio.wait({gone}, timeout=ABORT_S)
            finally:
                gone.cancel()

    async def _follow(self, reader: LiveReader, gone: asyncio.Future[None], send: Send) -> None:
        """Send until one side ends it, or the client takes nothing, which makes the reader slow."""
        try:
            first = [f"data: {text}" for text in reader.first]
            await _send(send, 200, b"text/event-stream", _events(["retry: 2000", *first]), more=True)
            await self._send_queued(reader, gone, send)
        except TimeoutError:
            reader.is_slow = True

    @staticmethod
    async def _send_queued(reader: LiveReader, gone: asyncio.Future[None], send: Send) -> None:
        while not gone.done():
            waiting = asyncio.ensure_future(reader.queue.get())
            both: set[asyncio.Future[Any]] = {waiting, gone}
            await asyncio.wait(both, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                await _body(send, _events([": still here"]), more=True)
            elif (text := waiting.result()) is not None:
                await _body(send, _events([f"data: {text}"]), more=True)
            else:
                if not reader.is_slow:
                    await _body(send, b"", more=False)
                return


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, status: int, content_type: bytes, body: bytes, more: bool = False) -> None:
    headers = [(b"content-type", content_type), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await _body(send, body, more)


async def _body(send: Send, body: bytes, more: bool) -> None:
    async with asyncio.timeout(SEND_S):
        await send({"type": "http.response.body", "body": body, "more_body": more})


def _events(lines: list[str]) -> bytes:
    return "".join(f"{line}\n\n" for line in lines).encode()
