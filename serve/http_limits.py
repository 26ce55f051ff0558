"""uvicorn's HTTP/1.1 with what uvicorn does not have: a deadline and a bound for a request's head, an abort, and places for those who ask.

uvicorn closes a connection only after it has sent what waits. A client that reads nothing would keep its connection for ever.
uvicorn also counts connections, not requests: silent ones would keep everybody out. It goes on to receive, without end, the body of a
request that it has answered, and heads of any length. And it is deaf to a connection after a request that offers another protocol.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from typing import Any, Final

import httptools
from starlette.requests import ClientDisconnect
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from footfall.http_framing import MAX_HEAD_BYTES
from footfall.http_places import counted_as, first_to_go
from serve.problems import MEDIA_TYPE, details

DRAIN_S: Final = 2.0
"""How long a body is received, and dropped, whose request is answered already: a client that still sends then reads the answer."""
Asgi = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""
ABORT: Final = "abort"
"""In a request's `state`: a call that ends its TCP connection at once, and drops what is not sent."""
_WRONG: Final = details(400, "http.request", f"this is no request of HTTP/1.1 with one Host and at most {MAX_HEAD_BYTES} bytes of headers")
_REFUSAL: Final = (
    f"HTTP/1.1 400 Bad Request\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {len(_WRONG)}\r\nConnection: close\r\n\r\n".encode()
    + _WRONG
)


class _Part(Enum):
    """What of a message comes next."""

    BEGIN = auto()
    HEAD = auto()
    BODY = auto()


def limited_protocol(request_s: float, max_connections: int, busy: Asgi) -> type[HttpToolsProtocol]:
    """Return a protocol that aborts a connection whose request head is not complete `request_s` after its first byte, or whose body is not
    complete DRAIN_S after the answer.

    A connection beyond `max_connections` replaces one that has sent no whole request: of the address with most of them the one that has
    waited longest. Where all have a request, the application `busy` answers in place of the one of the server.
    """
    waiting: dict[HttpToolsProtocol, str] = {}

    class LimitedProtocol(_BoundedHeads):
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
            if len(self.connections) >= max_connections and (victim := first_to_go(waiting)) is not None:
                del waiting[victim]
                victim.transport.abort()
            super().connection_made(transport)
            self.app = _with_abort(_with_places(self.app, self._has_place, busy), transport)
            self._wait()
            self._arm(request_s)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.is_between_requests:
                self._arm(request_s)
            elif not self.is_answered_early:
                self._disarm()
                if self.answers_whole_request:
                    waiting.pop(self, None)

        def on_response_complete(self) -> None:
            is_early = self.is_answered_early
            super().on_response_complete()
            if self.transport.is_closing():
                return
            if is_early:
                self._arm(min(DRAIN_S, request_s))
            if not self.answers_whole_request:
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            waiting.pop(self, None)
            super().connection_lost(exc)

        def _has_place(self) -> bool:
            return len(self.connections) - len(waiting) <= max_connections

        def _wait(self) -> None:
            waiting.pop(self, None)
            waiting[self] = counted_as(self.client[0]) if self.client else ""

        def _arm(self, seconds: float) -> None:
            if self._deadline is None:
                self._deadline = self.loop.call_later(seconds, self._expire)

        def _disarm(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _expire(self) -> None:
            self._deadline = None
            if self.is_between_requests or self.is_answered_early:
                self.transport.abort()

    return LimitedProtocol


class _BoundedHeads(HttpToolsProtocol):
    """Refuses heads that are too long or have not one Host, answers those who offer another protocol by this one, and knows what comes."""

    _part = _Part.BEGIN
    _head_bytes = 0
    _answered: RequestResponseCycle | None = None
    """The request that is answered, or was last; `cycle` is the one that was received last, which may wait for it."""

    @property
    def is_between_requests(self) -> bool:
        """Whether everything is answered, and no whole head has come since."""
        return self._part is not _Part.BODY and (self.cycle is None or self.cycle.response_complete)

    @property
    def is_answered_early(self) -> bool:
        """Whether the response is complete and the body of its request is not."""
        return self._part is _Part.BODY and self.cycle.response_complete

    @property
    def answers_whole_request(self) -> bool:
        """Whether a request that has come with all of its body is answered now."""
        return self._answered is not None and not (self._answered.response_complete or self._answered.more_body)

    def data_received(self, data: bytes) -> None:
        was_in_head = self._part is _Part.HEAD
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self.send_400_response("")
            return
        if was_in_head and self._part is _Part.HEAD:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response("")

    def _feed(self, data: bytes) -> None:
        """Parse data. A request that offers another protocol is parsed again without the offer (RFC 9110 section 7.8)."""
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = self._head_without_offer() + data[offer.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
            else:
                return

    def _head_without_offer(self) -> bytes:
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._part, self._head_bytes = _Part.HEAD, 0

    def on_headers_complete(self) -> None:
        """Raise ValueError, by which the request is refused."""
        hosts, size = 0, len(self.url)
        for name, value in self.headers:
            hosts += name == b"host"
            size += len(name) + len(value)
        is_tunnel, is_old = self.parser.get_method() == b"CONNECT", self.parser.get_http_version() == "1.0"
        if is_tunnel or size > MAX_HEAD_BYTES or hosts > 1 or not (hosts or is_old):
            raise ValueError("head")
        if not self.parser.should_upgrade():
            super().on_headers_complete()
            self._part = _Part.BODY

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            self._part = _Part.BEGIN
            super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, and end the connection: without a word in the middle of another answer."""
        if self._answered is None or self._answered.response_complete:
            self.transport.write(_REFUSAL)
        self.transport.close()


def _with_places(app: Asgi, has_place: Callable[[], bool], busy: Asgi) -> Asgi:
    async def with_places(scope: Any, receive: Any, send: Any) -> None:
        await (app if has_place() else busy)(scope, receive, send)

    return with_places


def _with_abort(app: Any, transport: asyncio.Transport) -> Any:
    async def with_abort(scope: Any, receive: Any, send: Any) -> None:
        scope["state"][ABORT] = partial(_reset, transport)
        with suppress(ClientDisconnect):  # in the middle of its body, or it gave way: nobody waits for an answer
            await app(scope, receive, send)

    return with_abort


def _reset(transport: asyncio.Transport) -> None:
    """End a connection by a reset: the system, too, drops what it has for the client."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
