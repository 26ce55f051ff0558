"""uvicorn's HTTP/1.1 with two things that uvicorn does not have: a read deadline for the head of a request, and an abort.

uvicorn closes a connection only after it has sent what waits. A client that reads nothing would keep its connection for ever.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from functools import partial
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_HEAD_BYTES: Final = 16 << 10
ABORT: Final = "abort"
"""In a request's `state`: a call that ends its TCP connection at once, and drops what is not sent."""


def limited_protocol(request_s: float) -> type[H11Protocol]:
    """Return a protocol that aborts a connection whose request head is not complete `request_s` after its first byte."""

    class LimitedProtocol(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
            super().connection_made(transport)
            self.app = _with_abort(self.app, transport)
            self._arm()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is h11.IDLE:
                self._arm()
            else:
                self._disarm()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            super().connection_lost(exc)

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


def _with_abort(app: Any, transport: asyncio.Transport) -> Any:
    async def with_abort(scope: Any, receive: Any, send: Any) -> None:
        scope["state"][ABORT] = partial(_reset, transport)
        await app(scope, receive, send)

    return with_abort


def _reset(transport: asyncio.Transport) -> None:
    """End a connection by a reset: the system, too, drops what it has for the client."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
