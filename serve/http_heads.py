"""uvicorn's HTTP/1.1 with a bound for a request's head, which answers those who offer another protocol by this one, and knows what comes.

uvicorn goes on to receive heads of any length, and is deaf to a connection after a request that offers another protocol.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from footfall.http_framing import MAX_HEAD_BYTES
from serve.problems import MEDIA_TYPE, details

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


class BoundedHeads(HttpToolsProtocol):
    """Refuses heads that are too long or have not one Host."""

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
