"""One connection to an LLRP reader: handshake, set-up, tag reports and events as things heard, and the orderly end.

reader = Reader(task, clock, connection, emit)
reader.begin(stop); reader.listen(stop); reader.end(in_order)
"""

from __future__ import annotations

import errno
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from edge_agent.clock import Clock
from edge_agent.llrp.codec import HEADER, LlrpMessage, Parameter
from edge_agent.llrp.reports import RO_ACCESS_REPORT, TagReport, tag_reports
from edge_agent.llrp.setup import ROSPEC_ID, Capabilities, Inventory, add_rospec, read_capabilities, reader_config, uses_impinj
from edge_agent.sources.border import refusal
from edge_agent.sources.llrp_connection import CODEC, POLL_S, ReaderBusy, ReaderConnection, ReaderRefused, ReaderSilent, Stopped
from edge_agent.sources.llrp_gpi import Gpi
from edge_agent.sources.source import AliveUntil, Crossing, Gap, Heard, RefusedReading, Sighting, Unexplained
from footfall.errors import ProfileError
from footfall.units import NS_PER_S

Reports = TypeVar("Reports")

log = logging.getLogger("footfall.agent.sources")

KEEPALIVES_MISSED: Final = 3
CLOSE_S: Final = 0.5
RSSI_MISSING_DBM: Final = -60
"""RSSI where the reader reports none: that of a tag in the middle of the field."""
HOLE_NS: Final = 60 * NS_PER_S
"""How often a gap is reported while an antenna is lost."""
BUSY: Final = frozenset({1, 2})
ANOTHER_TRIED: Final = 4
ROSPEC_STARTED: Final = 0
ACTIVE: Final = 2


@dataclass(frozen=True, slots=True)
class Task:
    """The task of a connection. `whose`: (profile, identifier) for an EPC and its PC word; ("", reason) if no profile matches."""

    name: str
    receivers: Mapping[int, str]
    """The receiver of each antenna."""
    inventory: Inventory
    keepalive_s: float
    answer_s: float
    gpi: tuple[Gpi, ...]
    whose: Callable[[bytes, int | None], tuple[str, str]]


class LlrpSession:
    def __init__(self, task: Task, clock: Clock, connection: ReaderConnection, emit: Callable[[Heard], None]) -> None:
        self._task: Final = task
        self._clock: Final = clock
        self._connection: Final = connection
        self._emit: Final = emit
        self._capabilities = Capabilities()
        self._attempt: int | None = None
        self._is_reading = False
        self._has_ended = False
        self._heard_ns = clock.boot_ns()
        self._lost: Final[dict[int, int]] = {}
        """Lost antennas, and the time up to which their gap is reported."""
        self._unexplained: Final[Counter[str]] = Counter()
        self._events: Final[Mapping[str, Callable[[Parameter, int], None]]] = {
            "ConnectionAttemptEvent": self._attempted,
            "ConnectionCloseEvent": self._closed,
            "GPIEvent": self._gpi,
            "ROSpecEvent": self._rospec,
            "ReportBufferLevelWarningEvent": lambda event, now_ns: self._unexplained.update(["llrp.buffer-filling"]),
            "ReportBufferOverflowErrorEvent": lambda event, now_ns: emit(Gap(self._heard_ns, now_ns, "llrp.buffer-overflow")),
            "ReaderExceptionEvent": self._exception,
            "AntennaEvent": self._antenna,
        }
        connection.hear = self._hear

    def begin(self, stop: threading.Event) -> None:
        """Wait for the reader's first event, set it up and start its inventory (LLRP 1.0.1, section 5.2 and 10)."""
        self._await_attempt_event(stop)
        request, inventory = self._connection.request, self._task.inventory
        self._connection.send(LlrpMessage("ENABLE_EVENTS_AND_REPORTS"))  # now it sends what it held for the client before
        request(LlrpMessage("DELETE_ROSPEC", {"ROSpecID": 0}))
        self._capabilities = read_capabilities(request(LlrpMessage("GET_READER_CAPABILITIES", {"RequestedData": 0})))
        if uses_impinj(inventory, self._capabilities):
            request(LlrpMessage("IMPINJ_ENABLE_EXTENSIONS"))
        request(reader_config(inventory))
        self._find_antennas(request(LlrpMessage("GET_READER_CONFIG", {"RequestedData": 2})))
        request(add_rospec(inventory, self._capabilities))
        request(LlrpMessage("ENABLE_ROSPEC", {"ROSpecID": ROSPEC_ID}))
        self._is_reading = True
        request(LlrpMessage("START_ROSPEC", {"ROSpecID": ROSPEC_ID}))
        self._connection.waited_s = 0.0
        self._emit(AliveUntil(self._clock.boot_ns()))

    def listen(self, stop: threading.Event) -> None:
        limit_s = KEEPALIVES_MISSED * self._task.keepalive_s
        while not stop.is_set():
            self._connection.receive(POLL_S)
            self._emit_unexplained()
            if self._has_ended:
                self._start_again()
            if self._connection.waited_s > limit_s:
                raise ReaderSilent(errno.ETIMEDOUT, f"no keepalive for {limit_s:g} s")

    def end(self, in_order: bool) -> None:
        """Report lost antennas. With `in_order`, also switch the reader's radio off and close the connection."""
        self._report_lost(self._clock.boot_ns())
        self._emit_unexplained()
        if in_order:
            with suppress(OSError):
                self._connection.send(LlrpMessage("DELETE_ROSPEC", {"ROSpecID": 0}))
                self._connection.send(LlrpMessage("CLOSE_CONNECTION"))
                self._connection.receive(CLOSE_S)

    def _await_attempt_event(self, stop: threading.Event) -> None:
        deadline_ns = self._clock.boot_ns() + round(self._task.answer_s * NS_PER_S)
        while self._attempt is None:
            if stop.is_set():
                raise Stopped
            if self._clock.boot_ns() > deadline_ns:
                raise ReaderSilent(errno.ETIMEDOUT, f"connected, but no reader greets for {self._task.answer_s:g} s")
            self._connection.receive(POLL_S)
        if self._attempt in BUSY:
            raise ReaderBusy(errno.EBUSY, "another client holds the reader")
        if self._attempt:
            raise ReaderRefused(errno.EPROTO, f"the reader refuses the connection with status {self._attempt}")

    def _start_again(self) -> None:
        """Restart the ROSpec, whose time is over or which another preempted. Some readers restart it by themselves."""
        self._has_ended = False
        try:
            self._connection.request(LlrpMessage("START_ROSPEC", {"ROSpecID": ROSPEC_ID}))
        except ReaderRefused:
            specs = self._connection.request(LlrpMessage("GET_ROSPECS")).all("ROSpec")
            if not any(spec.number("ROSpecID") == ROSPEC_ID and spec.number("CurrentState") == ACTIVE for spec in specs):
                raise

    def _hear(self, message: bytes, now_ns: int) -> None:
        try:
            if HEADER.unpack_from(message)[0] & 0x3FF == RO_ACCESS_REPORT:
                self._reports(_decoded(tag_reports, message), now_ns)
            else:
                self._word(_decoded(CODEC.decode, message), now_ns)
        except ProfileError as error:
            self._unexplained[error.reason] += 1
        self._heard_ns = now_ns

    def _reports(self, reports: list[TagReport], now_ns: int) -> None:
        if not self._is_reading:
            self._unexplained["llrp.stale"] += len(reports)
            return
        receivers, whose, emit, has_utc = self._task.receivers, self._task.whose, self._emit, self._capabilities.has_utc
        for report in reports:
            receiver = receivers.get(report.antenna or 0)
            profile, identifier = whose(report.epc, report.pc)
            if receiver is None or not profile:
                self._unexplained["llrp.antenna" if receiver is None else identifier] += 1
                continue
            emit(sighting(report, now_ns, receiver, profile, identifier, has_utc))
        if self._lost:
            for report in reports:
                self._found(report.antenna or 0, now_ns)

    def _word(self, message: LlrpMessage, now_ns: int) -> None:
        if message.name == "KEEPALIVE":
            self._connection.waited_s = 0.0
            self._connection.send(LlrpMessage("KEEPALIVE_ACK"))
            self._report_lost(now_ns, HOLE_NS)
            if self._is_reading:
                self._emit(AliveUntil(now_ns))
        elif message.name == "READER_EVENT_NOTIFICATION":
            for data in message.all("ReaderEventNotificationData"):
                for event in data.parameters:
                    if handle := self._events.get(event.name):
                        handle(event, now_ns)
        else:
            self._unexplained["llrp.unasked"] += 1

    def _attempted(self, event: Parameter, now_ns: int) -> None:
        status = event.number("Status")
        if status == ANOTHER_TRIED:
            log.warning("source %s: another client tried to take the reader", self._task.name)
        else:
            self._attempt = status

    def _closed(self, event: Parameter, now_ns: int) -> None:
        raise ConnectionResetError(errno.ECONNRESET, "the reader ends the connection")

    def _gpi(self, event: Parameter, now_ns: int) -> None:
        for gpi in self._task.gpi:
            if gpi.port == event.number("GPIPortNumber") and event.number("GPIEvent") == (gpi.level == "high"):
                entered = int(gpi.direction == "in")
                self._emit(Crossing(now_ns, gpi.door, entered, 1 - entered))

    def _rospec(self, event: Parameter, now_ns: int) -> None:
        if event.number("ROSpecID") == ROSPEC_ID and event.number("EventType") != ROSPEC_STARTED:
            self._has_ended = True

    def _exception(self, event: Parameter, now_ns: int) -> None:
        text = str(event.fields.get("Message", "")).encode()[:200]
        self._emit(RefusedReading(now_ns, "llrp.reader-exception", self._task.name, text))

    def _antenna(self, event: Parameter, now_ns: int) -> None:
        antenna = event.number("AntennaID")
        if event.number("EventType"):
            self._found(antenna, now_ns)
        elif antenna in self._task.receivers and antenna not in self._lost:
            log.warning("source %s: antenna %d is disconnected", self._task.name, antenna)
            self._lost[antenna] = now_ns

    def _find_antennas(self, config: LlrpMessage) -> None:
        """Find the antennas that are not connected from the start."""
        for antenna in config.all("AntennaProperties"):
            if not antenna.number("AntennaConnected"):
                lost = Parameter("AntennaEvent", {"EventType": 0, "AntennaID": antenna.number("AntennaID")})
                self._antenna(lost, self._clock.boot_ns())

    def _found(self, antenna: int, now_ns: int) -> None:
        if (from_ns := self._lost.pop(antenna, None)) is not None:
            self._emit(Gap(from_ns, now_ns, "llrp.antenna-lost"))
            log.warning("source %s: antenna %d is back", self._task.name, antenna)

    def _report_lost(self, now_ns: int, least_ns: int = 0) -> None:
        """Emit the gaps of lost antennas up to now."""
        for antenna, from_ns in self._lost.items():
            if now_ns - from_ns >= least_ns:
                self._emit(Gap(from_ns, now_ns, "llrp.antenna-lost"))
                self._lost[antenna] = now_ns

    def _emit_unexplained(self) -> None:
        for reason, total in self._unexplained.items():
            self._emit(Unexplained(self._clock.boot_ns(), reason, total))
        self._unexplained.clear()


def _decoded(decode: Callable[[bytes], Reports], message: bytes) -> Reports:
    try:
        return decode(message)
    except Exception as error:  # whatever one message does, the next is read
        raise refusal(error) from error


def sighting(report: TagReport, now_ns: int, receiver: str, profile: str, identifier: str, has_utc: bool) -> Sighting:
    utc_us = report.last_utc_us or report.first_utc_us or 0
    return Sighting(now_ns, receiver, profile, identifier, _rssi_dbm(report), utc_us * 1000 if has_utc else 0)


def _rssi_dbm(report: TagReport) -> int:
    """Return the RSSI in dBm, from Impinj's hundredths where there are any."""
    if report.rssi_cdbm is not None:
        return max(-128, min(127, round(report.rssi_cdbm / 100)))
    return RSSI_MISSING_DBM if report.rssi_dbm is None else report.rssi_dbm
