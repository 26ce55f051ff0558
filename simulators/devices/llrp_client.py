"""One client's connection to the emulated LLRP reader, and what is sent to it."""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol

from edge_agent.llrp.codec import LlrpMessage, Parameter
from edge_agent.llrp.stream import Splitter
from footfall.errors import ProfileError
from simulators.devices.llrp_answers import CODEC


class Served(Protocol):
    """The reader, as its clients see it."""

    def admitted(self, client: Client) -> None: ...

    def gone(self, client: Client) -> None: ...

    def asked(self, client: Client, message: bytes) -> None: ...


class Client(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport

    def __init__(self, reader: Served) -> None:
        self.mute_until_s = 0.0
        self.lacks_keepalives = False
        self.is_full = False
        self.kept_alive_s = self.began_s = time.monotonic()
        self._reader: Final = reader
        self._splitter: Final = Splitter()
        self._numbers = 0

    @property
    def is_mute(self) -> bool:
        return time.monotonic() < self.mute_until_s

    def send(self, message: LlrpMessage) -> bool:
        """Whether it is on its way."""
        if self.is_mute or self.transport.is_closing():
            return False
        self._numbers += 1
        number = message.message_id or self._numbers
        self.transport.write(CODEC.encode(LlrpMessage(message.name, message.fields, message.parameters, number)))
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  as create_server makes them
        self.transport = transport
        self._reader.admitted(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._reader.gone(self)

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._splitter.feed(data):
                if not self.is_mute:
                    self._reader.asked(self, message)
        except ProfileError:
            self.transport.close()

    def pause_writing(self) -> None:
        self.is_full = True

    def resume_writing(self) -> None:
        self.is_full = False


def event(what: Parameter) -> LlrpMessage:
    """With the time, which is UTC."""
    now = Parameter("UTCTimestamp", {"Microseconds": time.time_ns() // 1000})
    return LlrpMessage("READER_EVENT_NOTIFICATION", {}, (Parameter("ReaderEventNotificationData", {}, (now, what)),))


def attempt(status: int) -> Parameter:
    return Parameter("ConnectionAttemptEvent", {"Status": status})
