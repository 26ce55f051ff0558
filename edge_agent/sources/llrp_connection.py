"""One TCP connection to an LLRP reader: requests with their answers, and everything else as it comes. It never waits for ever.

The reader may send other messages before an answer: reports, events and keepalives go to `hear` whenever they arrive.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
from collections.abc import Callable
from typing import Final

from edge_agent.clock import Clock
from edge_agent.llrp.codec import HEADER, Codec, LlrpMessage
from edge_agent.llrp.stream import Splitter
from edge_agent.llrp.tables import IMPINJ
from footfall.errors import ProfileError
from footfall.units import NS_PER_S

POLL_S: Final = 0.2
"""How late `stop` may be noticed."""
RECEIVE_BYTES: Final = 1 << 16
CODEC: Final = Codec(IMPINJ)
UNANSWERED: Final = frozenset({61, 62, 63})
"""RO_ACCESS_REPORT, KEEPALIVE, READER_EVENT_NOTIFICATION: never answers, whatever their message id."""


class ReaderBusy(OSError):
    """Another client holds the reader; it takes one at a time."""


class ReaderRefused(OSError):
    """The reader answered a request with an error."""


class ReaderSilent(TimeoutError):
    """An answer or the keepalives are missing."""


class ReaderGarbled(OSError):
    """The bytes are no LLRP, or end inside a message: nothing after them can be read."""


class Stopped(Exception):  # no error: it unwinds the requests of a source that is to end
    """`stop` was set while an answer was awaited."""


class ReaderConnection:
    """`hear(message, t_boot_ns)` is called for each message that is no answer. `waited_s`: total time without any bytes."""

    def __init__(self, host: str, port: int, answer_s: float, clock: Clock, stop: threading.Event) -> None:
        self.waited_s = 0.0
        self.hear: Callable[[bytes, int], None] = lambda message, t_boot_ns: None
        self._answer_s: Final = answer_s
        self._clock: Final = clock
        self._stop: Final = stop
        self._splitter: Final = Splitter()
        self._numbers = 0
        self._awaited = 0
        self._answer: bytes | None = None
        self._socket: Final = _connect(host, port, answer_s, clock, stop)

    def close(self) -> None:
        self._socket.close()

    def request(self, message: LlrpMessage) -> LlrpMessage:
        """Return the reader's answer. Raise ReaderRefused if it refuses or answers otherwise, ReaderSilent if no answer comes."""
        self._awaited, self._answer = self.send(message), None
        deadline_ns = self._clock.boot_ns() + round(self._answer_s * NS_PER_S)
        while self._answer is None:
            if self._stop.is_set():
                raise Stopped
            if self._clock.boot_ns() > deadline_ns:
                raise ReaderSilent(errno.ETIMEDOUT, f"no answer to {message.name} for {self._answer_s:g} s")
            self.receive(POLL_S)
        try:
            answer = CODEC.decode(self._answer)
        except ProfileError as error:
            raise ReaderRefused(errno.EBADMSG, f"its answer to {message.name} cannot be read ({error.reason})") from None
        _check(message, answer)
        return answer

    def send(self, message: LlrpMessage) -> int:
        """Send a request. Return its message id, which the answer repeats."""
        self._numbers += 1
        self._socket.sendall(CODEC.encode(LlrpMessage(message.name, message.fields, message.parameters, self._numbers)))
        return self._numbers

    def receive(self, seconds: float) -> None:
        """Read whatever arrives within `seconds`. Raise ConnectionError or ReaderGarbled if the connection is over."""
        self._socket.settimeout(seconds)
        before_ns = self._clock.boot_ns()
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except TimeoutError:
            self.waited_s += (self._clock.boot_ns() - before_ns) / NS_PER_S
            return
        now_ns = self._clock.boot_ns()
        self.waited_s += (now_ns - before_ns) / NS_PER_S
        if not data:
            self._ended()
        try:
            for message in self._splitter.feed(data):
                self._dispatch(message, now_ns)
        except ProfileError as error:
            raise ReaderGarbled(errno.EBADMSG, f"what it sends is no LLRP ({error.reason})") from None

    def _dispatch(self, message: bytes, now_ns: int) -> None:
        word, _, number = HEADER.unpack_from(message)
        if number == self._awaited > 0 and word & 0x3FF not in UNANSWERED:
            self._awaited, self._answer = 0, message
        else:
            self.hear(message, now_ns)

    def _ended(self) -> None:
        if self._splitter.waiting:
            raise ReaderGarbled(errno.ECONNRESET, f"the connection ended after {self._splitter.waiting} bytes of a message")
        raise ConnectionResetError(errno.ECONNRESET, "the reader closed the connection")


def _check(request: LlrpMessage, answer: LlrpMessage) -> None:
    status = answer.first("LLRPStatus")
    if status is None or status.number("StatusCode") or answer.name == "ERROR_MESSAGE":
        reason = f"{status.number('StatusCode')} {status.fields['ErrorDescription']!s}" if status else answer.name
        raise ReaderRefused(errno.EPROTO, f"{request.name} refused: {reason}"[:200])


def _connect(host: str, port: int, seconds: float, clock: Clock, stop: threading.Event) -> socket.socket:
    """Connect as `socket.create_connection` does, but give up when `stop` is set."""
    failed: OSError = OSError(errno.EADDRNOTAVAIL, "the reader's name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        made = socket.socket(family, kind, protocol)
        try:
            _await_connect(made, address, clock.boot_ns() + round(seconds * NS_PER_S), clock, stop)
        except OSError as error:
            made.close()
            failed = error
        except Stopped:
            made.close()
            raise
        else:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made
    raise failed


def _await_connect(made: socket.socket, address: object, deadline_ns: int, clock: Clock, stop: threading.Event) -> None:
    made.setblocking(False)
    code = made.connect_ex(address)  # type: ignore[arg-type]  # an address as getaddrinfo gave it
    while code in (errno.EINPROGRESS, errno.EALREADY):
        if stop.is_set():
            raise Stopped
        if clock.boot_ns() > deadline_ns:
            raise ReaderSilent(errno.ETIMEDOUT, "the reader does not answer the connection")
        _, writable, _ = select.select([], [made], [], POLL_S)
        code = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if writable else errno.EINPROGRESS
    if code:
        raise OSError(code, os.strerror(code))
