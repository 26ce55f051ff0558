"""uvicorn's HTTP/1.1 with what uvicorn does not have: a deadline for a request's head, an abort, and places for those who ask.

uvicorn closes a connection only after it has sent what waits. A client that reads nothing would keep its connection for ever.
uvicorn also counts connections, not requests: silent ones would keep everybody out. It goes on to receive, without end, the body of a
request that it has answered.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple

from starlette.requests import ClientDisconnect
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from footfall.http_places import counted_as, first_to_go
from serve.http_heads import BoundedHeads

DRAIN_S: Final = 2.0
"""How long a body is received, and dropped, whose request is answered already: a client that still sends then reads the answer."""
Asgi = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""
ABORT: Final = "abort"
"""In a request's `state`: a call that ends its TCP connection at once, and drops what is not sent."""


def limited_protocol(request_s: float, max_connections: int, busy: Asgi) -> type[HttpToolsProtocol]:
    """Return a protocol that aborts a connection whose request head is not complete `request_s` after its first byte, or whose body is not
    complete DRAIN_S after the answer.

    A connection beyond `max_connections` replaces one that has sent no whole request: of the address with most of them the one that has
    waited longest. Where all have a request, the application `busy` answers in place of the one of the server.
    """

    class LimitedProtocol(_LimitedProtocol):
        _limits = _Limits(request_s, _Places(max_connections), busy)

    return LimitedProtocol


class _Places:
    """Connections that wait for a request, by the address that each counts as: they give way first."""

    def __init__(self, max_connections: int) -> None:
        self._most: Final = max_connections
        self._waiting: Final[dict[HttpToolsProtocol, str]] = {}

    def make(self, connected: int) -> None:
        """Make a place for one more beside those that are connected, if somebody waits."""
        if connected >= self._most and (victim := first_to_go(self._waiting)) is not None:
            del self._waiting[victim]
            victim.transport.abort()

    def are_left(self, connected: int) -> bool:
        """Return whether no more are connected than may be, without those that wait."""
        return connected - len(self._waiting) <= self._most

    def wait(self, connection: HttpToolsProtocol) -> None:
        """Let a connection wait, after all others."""
        self.leave(connection)
        self._waiting[connection] = counted_as(connection.client[0]) if connection.client else ""

    def leave(self, connection: HttpToolsProtocol) -> None:
        """Let a connection wait no longer."""
        self._waiting.pop(connection, None)


class _Limits(NamedTuple):
    """What all connections of one server have."""

    request_s: float
    places: _Places
    busy: Asgi


class _LimitedProtocol(BoundedHeads):
    _limits: ClassVar[_Limits]
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        self._limits.places.make(len(self.connections))
        super().connection_made(transport)
        self.app = _with_abort(_with_places(self.app, self._has_place, self._limits.busy), transport)
        self._limits.places.wait(self)
        self._arm(self._limits.request_s)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.is_between_requests:
            self._arm(self._limits.request_s)
        elif not self.is_answered_early:
            self._disarm()
            if self.answers_whole_request:
                self._limits.places.leave(self)

    def on_response_complete(self) -> None:
        is_early = self.is_answered_early
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if is_early:
            self._arm(min(DRAIN_S, self._limits.request_s))
        if not self.answers_whole_request:
            self._limits.places.wait(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._limits.places.leave(self)
        super().connection_lost(exc)

    def _has_place(self) -> bool:
        return self._limits.places.are_left(len(self.connections))

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
