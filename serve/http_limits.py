"""uvicorn's HTTP/1.1 with what uvicorn does not have: a deadline for a request's head, an abort, and places for those who ask.

uvicorn closes a connection only after it has sent what waits. A client that reads nothing would keep its connection for ever.
uvicorn also counts connections, not requests: silent ones would keep everybody out. And it goes on to receive, without end, the body
of a request that it has answered.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

import h11
from starlette.requests import ClientDisconnect
from uvicorn.protocols.http.h11_impl import H11Protocol

from footfall.http_places import counted_as, first_to_go

MAX_HEAD_BYTES: Final = 16 << 10
DRAIN_S: Final = 2.0
"""How long a body is received, and dropped, whose request is answered already: a client that still sends then reads the answer."""
Asgi = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""
ABORT: Final = "abort"
"""In a request's `state`: a call that ends its TCP connection at once, and drops what is not sent."""


def limited_protocol(request_s: float, max_connections: int, busy: Asgi) -> type[H11Protocol]:
    """Return a protocol that aborts a connection whose request head is not complete `request_s` after its first byte, or whose body is not
    complete DRAIN_S after the answer.

    A connection beyond `max_connections` replaces one that has sent no whole request: of the address with most of them the one that has
    waited longest. Where all have a request, the application `busy` answers in place of the one of the server.
    """
    waiting: dict[H11Protocol, str] = {}

    class LimitedProtocol(H11Protocol):
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
            if self.conn.their_state is h11.IDLE:
                self._arm(request_s)
            elif not self._is_answered_early():
                self._disarm()
                if self.conn.their_state is not h11.SEND_BODY:
                    waiting.pop(self, None)

        def on_response_complete(self) -> None:
            is_early = self._is_answered_early()
            super().on_response_complete()
            if self.transport.is_closing():
                return
            if is_early:
                self._arm(min(DRAIN_S, request_s))
            if is_early or self.conn.their_state is h11.IDLE:
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            waiting.pop(self, None)
            super().connection_lost(exc)

        def _has_place(self) -> bool:
            return len(self.connections) - len(waiting) <= max_connections

        def _is_answered_early(self) -> bool:
            """Whether the response is complete and the body of its request is not."""
            return self.conn.their_state is h11.SEND_BODY and self.cycle.response_complete

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
            if self.conn.their_state is h11.IDLE or self._is_answered_early():
                self.transport.abort()

    return LimitedProtocol


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
