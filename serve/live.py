"""The live stream: what comes by MQTT goes to every open page. A page that reads too slowly is disconnected."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

QUEUED: Final = 1000
"""Messages that may wait for one page."""
MAX_STORES: Final = 20_000
MAX_BYTES: Final = 1 << 16
HEARTBEAT_S: Final = 15.0
SEND_S: Final = 10.0
"""A page that takes nothing for so long is disconnected."""
KINDS: Final = frozenset({"counters", "arrival"})

AsgiScope = Any
Receive = Any
Send = Any


class LiveReaders:
    """The open pages. Belongs to the event loop; keeps the latest counters of each store, for a page that is opened now."""

    def __init__(self, max_readers: int) -> None:
        self._max_readers: Final = max_readers
        self._readers: Final[set[asyncio.Queue[str | None]]] = set()
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
            if reader.qsize() < QUEUED:
                reader.put_nowait(text)
            else:
                self.slow_readers_total += 1
                self._drop(reader)

    @contextmanager
    def listen(self) -> Iterator[tuple[list[str], asyncio.Queue[str | None]] | None]:
        """Yield the latest counters and a queue of what follows, None its end; None if there are too many readers or it is closed."""
        if self._closed or len(self._readers) >= self._max_readers:
            yield None
            return
        reader: asyncio.Queue[str | None] = asyncio.Queue()
        self._readers.add(reader)
        try:
            yield list(self._counters.values()), reader
        finally:
            self._readers.discard(reader)

    def close(self) -> None:
        """End every stream; nobody can listen any more."""
        self._closed = True
        for reader in list(self._readers):
            self._drop(reader)

    def _drop(self, reader: asyncio.Queue[str | None]) -> None:
        self._readers.discard(reader)
        while not reader.empty():
            reader.get_nowait()
        reader.put_nowait(None)


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
        with self._feed.listen() as found:
            if found is None:
                await _send(send, 503, b"text/plain; charset=utf-8", b"too many read the live stream already\n")
                return
            first, queue = found
            gone = asyncio.ensure_future(_disconnected(receive))
            try:
                await _send(send, 200, b"text/event-stream", _events(["retry: 2000", *(f"data: {text}" for text in first)]), more=True)
                await self._follow(queue, gone, send)
            except TimeoutError:  # it takes nothing: the server closes the connection of a response without an end
                self._feed.slow_readers_total += 1
            finally:
                gone.cancel()

    @staticmethod
    async def _follow(queue: asyncio.Queue[str | None], gone: asyncio.Future[None], send: Send) -> None:
        while not gone.done():
            waiting = asyncio.ensure_future(queue.get())
            both: set[asyncio.Future[Any]] = {waiting, gone}
            await asyncio.wait(both, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                await _body(send, _events([": still here"]), more=True)
            elif (text := waiting.result()) is not None:
                await _body(send, _events([f"data: {text}"]), more=True)
            else:
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
