"""uvicorn's HTTP/1.1 with what uvicorn does not have: a deadline for a request's head, an abort, and places for those who ask.

uvicorn closes a connection only after it has sent what waits. A client that reads nothing would keep its connection for ever.
uvicorn also counts connections, not requests: silent ones would keep everybody out.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_HEAD_BYTES: Final = 16 << 10
Asgi = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""
ABORT: Final = "abort"
"""In a request's `state`: a call that ends its TCP connection at once, and drops what is not sent."""


def limited_protocol(request_s: float, max_connections: int, busy: Asgi) -> type[H11Protocol]:
    """Return a protocol that aborts a connection whose request head is not complete `request_s` after its first byte.

    A connection beyond `max_connections` replaces the one that has waited longest without a request. Where all have a request, the
    application `busy` answers in place of the one of the server.
    """
    waiting: dict[H11Protocol, None] = {}

    class LimitedProtocol(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
            if len(self.connections) >= max_connections and waiting:
                oldest = next(iter(waiting))
                del waiting[oldest]
                oldest.transport.abort()
            super().connection_made(transport)
            self.app = _with_abort(_with_places(self.app, self._has_place, busy), transport)
            waiting[self] = None
            self._arm()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is h11.IDLE:
                self._arm()
            else:
                self._disarm()
                waiting.pop(self, None)

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
                waiting[self] = None

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            waiting.pop(self, None)
            super().connection_lost(exc)

        def _has_place(self) -> bool:
            return len(self.connections) - len(waiting) <= max_connections

        def _arm(self) -> None:
            if self._deadline is None:
                self._deadline = self.loop.call_later(request_s, self._expire)

        def _disarm(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _expire(self) -> None:
            self._deadline = None
            if self.conn.their_state is h11.IDLE:
                self.transport.abort()

    return LimitedProtocol


def _with_places(app: Asgi, has_place: Callable[[], bool], busy: Asgi) -> Asgi:
    async def with_places(scope: Any, receive: Any, send: Any) -> None:
        await (app if has_place() else busy)(scope, receive, send)

    return with_places


def _with_abort(app: Any, transport: asyncio.Transport) -> Any:
    async def with_abort(scope: Any, receive: Any, send: Any) -> None:
        scope["state"][ABORT] = partial(_reset, transport)
        await app(scope, receive, send)

    return with_abort


def _reset(transport: asyncio.Transport) -> None:
    """End a connection by a reset: the system, too, drops what it has for the client."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
