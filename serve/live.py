"""The live streams: what comes by MQTT as it is, or what a page shows of it. A page that reads too slowly is disconnected."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple

from starlette.responses import StreamingResponse

from serve.board import MAX_STORES, Board
from serve.guard import IS_HEAD, STILL
from serve.http_limits import ABORT
from serve.latest_arrivals import LatestArrivals
from serve.opening import Opening
from serve.problems import HEADERS, problem
from serve.views import View, Views

QUEUED: Final = MAX_STORES
"""Messages that may wait for one reader: each minute the counters of every store come at once."""
BOARDS_QUEUED: Final = 2
"""A page for which so much waits is sent no board until it has taken that."""
MAX_BYTES: Final = 1 << 16
ARRIVALS_FIRST: Final = 50
"""Arrivals of the last hour with which a stream begins, at most."""
SENT_AT_ONCE: Final = 500
"""Messages in one piece of the answer."""
HEARTBEAT_S: Final = 15.0
SEND_S: Final = 10.0
"""A page that takes nothing for so long is disconnected."""
ABORT_S: Final = 1.0
"""How long an aborted connection may take to be reported as gone."""
KINDS: Final = frozenset({"counters", "arrival"})
MEDIA_TYPE: Final = "text/event-stream"
FAN: Final = "fan"
"""The kind of what became of a fan's id, on a topic of its own."""

Spell = Callable[[str], Awaitable[str]]
Still = Callable[[], bool]
AsgiScope = Any
Receive = Any
Send = Any


def _for_ever() -> bool:
    return True


class Arrivals(NamedTuple):
    """The arrivals in some stores, by their present names; None: in all."""

    stores: frozenset[str] | None

    def has(self, arrival: Mapping[str, Any]) -> bool:
        """Return whether an arrival is one of them."""
        return self.stores is None or arrival["store"] in self.stores


@dataclass(eq=False, slots=True)
class LiveReader:
    """One open stream."""

    view: View | Arrivals | None
    """What its page shows, or which arrivals it has; None for every message as it came."""
    first: list[str]
    """What it begins with: the latest counters of each store, or the view with the latest arrivals."""
    queue: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    """What follows; None is its end."""
    is_slow: bool = False
    """It took too little: its connection is aborted."""
    shown: str = ""
    """The view that it was sent last."""
    still: Still = _for_ever
    """Whether who opened it may still read it."""


class LiveReaders:
    """The open streams, and the board. Belongs to the event loop; keeps the latest counters of each store for readers that come."""

    def __init__(self, max_readers: int, now_ns: Callable[[], int] = time.time_ns) -> None:
        self.board: Final = Board()
        self._max_readers: Final = max_readers
        self._now_ns: Final = now_ns
        self.opening: Final = Opening()
        self._views: Final = Views(self.board, self.opening)
        self._readers: Final[set[LiveReader]] = set()
        self._counters: Final[dict[str, str]] = {}
        self._arrivals: Final = LatestArrivals()
        self._closed = False
        self.slow_readers_total = 0
        self.refused_total = 0
        """Messages that were no live message."""

    @property
    def readers(self) -> int:
        return len(self._readers)

    def publish(self, payload: bytes) -> None:
        """Take one message (`docs/wire.md`, live messages), and queue it for the readers of every message.

        One of the change feed of fans changes the arrivals that are kept, and goes to nobody. Never blocks; a reader whose queue is full
        is dropped.
        """
        message = _message(payload)
        if message is None:
            self.refused_total += 1
            return
        if message["kind"] == FAN:
            self._arrivals.change(message)
            return
        if message["kind"] == "arrival" and not self._arrivals.take(message, self._now_ns()):
            return
        text, store = json.dumps(message, separators=(",", ":")), message["store"]
        if message["kind"] == "counters":
            if store in self._counters or len(self._counters) < MAX_STORES:
                self._counters[store] = text
            self.board.take(message, self._now_ns())
        for reader in list(self._readers):
            if reader.view is None:
                self._put(reader, text)
        if message["kind"] == "arrival":
            self._arrive(message)

    def _arrive(self, arrival: Mapping[str, Any]) -> None:
        for reader in list(self._readers):
            if reader.view is not None and (text := self._arrival(reader.view, arrival)) is not None:
                self._put(reader, text)

    def _arrival(self, view: View | Arrivals, arrival: Mapping[str, Any]) -> str | None:
        """Return an arrival as a reader has it; None if it is none of its stores'."""
        if isinstance(view, Arrivals):
            return json.dumps(arrival, separators=(",", ":")) if view.has(arrival) else None
        return self._views.arrival(view, arrival)

    def refresh(self) -> None:
        """Send each page its view, if that changed, and end the streams that nobody may read any more. To be called every second."""
        now_ns, texts = self._now_ns(), dict[View, str]()
        self.board.sweep(now_ns)
        for reader in list(self._readers):
            if not reader.still():
                self._end(reader)
                continue
            if not isinstance(reader.view, View) or reader.queue.qsize() >= BOARDS_QUEUED:
                continue
            text = texts.get(reader.view) or texts.setdefault(reader.view, self._views.message(reader.view, now_ns))
            if text != reader.shown:
                reader.shown = text
                self._put(reader, _dated(text, now_ns))

    @contextmanager
    def listen(self, view: View | Arrivals | None = None, still: Still = _for_ever) -> Iterator[LiveReader | None]:
        """Yield a reader, until `still` returns False; None if there are too many or the feed is closed.

        Afterwards one that was too slow is counted.
        """
        if self._closed or len(self._readers) >= self._max_readers:
            yield None
            return
        reader = LiveReader(view, list(self._counters.values()) if view is None else self._first(view), still=still)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)
            self.slow_readers_total += reader.is_slow

    def _first(self, view: View | Arrivals) -> list[str]:
        now_ns = self._now_ns()
        self.board.sweep(now_ns)
        board = [_dated(self._views.message(view, now_ns), now_ns)] if isinstance(view, View) else []
        arrivals = (self._arrival(view, each) for each in self._arrivals.latest(now_ns))
        latest = list(islice((text for text in arrivals if text is not None), ARRIVALS_FIRST))
        return [*board, *reversed(latest)]

    def close(self) -> None:
        """End every stream; nobody can listen any more."""
        self._closed = True
        for reader in list(self._readers):
            self._end(reader)

    def _put(self, reader: LiveReader, text: str) -> None:
        if not reader.still():
            self._end(reader)
        elif reader.queue.qsize() < QUEUED:
            reader.queue.put_nowait(text)
        else:
            reader.is_slow = True
            self._end(reader)

    def _end(self, reader: LiveReader) -> None:
        self._readers.discard(reader)
        while not reader.queue.empty():
            reader.queue.get_nowait()
        reader.queue.put_nowait(None)


def _dated(text: str, now_ns: int) -> str:
    """Return a view with the server's time in front, by which a page counts how old its numbers are."""
    return f'{{"now_ns":{now_ns},{text[1:]}'


def _message(payload: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(payload) if len(payload) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(kind := message.get("kind"), str):
        return None
    is_live = kind == FAN or (kind in KINDS and isinstance(message.get("store"), str))
    return message if is_live else None


class EventStream(StreamingResponse):
    """Server-sent events of a feed until the client or the feed ends it, or the client's token: every message, or what a page shows."""

    def __init__(self, feed: LiveReaders, view: View | Arrivals | None = None, spell: Spell | None = None) -> None:
        """`spell` returns the text of an event for that of a message."""
        super().__init__((), headers={**HEADERS, "Content-Type": MEDIA_TYPE})
        self._feed: Final = feed
        self._view: Final = view
        self._spell: Final = spell

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        with self._feed.listen(self._view, scope.get("state", {}).get(STILL, _for_ever)) as reader:
            if reader is None:
                await problem(503, "streams", "too many read the live stream already")(scope, receive, send)
                return
            if scope.get("state", {}).get(IS_HEAD):
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                await _body(send, b"", more=False)
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
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await _body(send, _events(["retry: 2000", *await self._spelled(reader.first)]), more=True)
            await self._send_queued(reader, gone, send)
        except TimeoutError:
            reader.is_slow = True

    async def _spelled(self, texts: list[str]) -> list[str]:
        return [f"data: {text if self._spell is None else await self._spell(text)}" for text in texts]

    async def _send_queued(self, reader: LiveReader, gone: asyncio.Future[None], send: Send) -> None:
        while not gone.done():
            waiting = asyncio.ensure_future(reader.queue.get())
            both: set[asyncio.Future[Any]] = {waiting, gone}
            await asyncio.wait(both, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                await _body(send, _events([": still here"]), more=True)
            elif (text := waiting.result()) is not None:
                await _body(send, _events(await self._spelled([text, *_waiting(reader.queue)])), more=True)
            else:
                if not reader.is_slow:
                    await _body(send, b"", more=False)
                return


def _waiting(queue: asyncio.Queue[str | None]) -> Iterator[str]:
    """Yield what waits, but for the end, which stays."""
    for _ in range(min(queue.qsize(), SENT_AT_ONCE)):
        if (text := queue.get_nowait()) is None:
            queue.put_nowait(None)
            return
        yield text


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(send: Send, body: bytes, more: bool) -> None:
    async with asyncio.timeout(SEND_S):
        await send({"type": "http.response.body", "body": body, "more_body": more})


def _events(lines: list[str]) -> bytes:
    return "".join(f"{line}\n\n" for line in lines).encode()
