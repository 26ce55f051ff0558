"""Door counters by Modbus TCP and RTU, polled. One source is one counter at one door; those on one serial line take turns.

    [[sources]]
    kind = "modbus"
    name = "counter-main"
    profile = "modbus-counter"       # what its registers mean
    door = "main"
    host = "192.0.2.7"               # or: line = "/dev/ttyUSB0", baud = 19200, parity = "even"
    unit = 1                         # if it is not the profile's

After `tries` failed polls in a row the source fails, and the supervisor restarts it. The device keeps counting meanwhile. People who passed
come with the next total, and a dated gap shows for which time there was no reading.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, model_validator

from device_profiles.devices.modbus import Block, Modbus, RegisterTable
from device_profiles.reading import Counted, Reading
from device_profiles.registry import Registry
from edge_agent.clock import Clock
from edge_agent.sources.border import refusal
from edge_agent.sources.settings import SourceSettings, require
from edge_agent.sources.source import Gap, Heard, ObservationTask, RefusedReading, Tally, Unexplained
from footfall.errors import ConfigError, ProfileError
from footfall.events import Name
from footfall.server_settings import Host
from footfall.units import NS_PER_S

if TYPE_CHECKING:  # an agent without Modbus does not hold pymodbus in memory
    from edge_agent.sources.modbus_line import ModbusLine


class ModbusSettings(SourceSettings):
    """`offset` is added to all addresses, for a second channel of a module or another node of a gateway."""

    kind: Literal["modbus"]
    profile: Name
    door: Name
    host: Host | None = None
    port: Annotated[int, Field(ge=1, le=65_535)] = 502
    line: Path | None = None
    baud: Annotated[int, Field(ge=300, le=1_000_000)] = 19_200
    parity: Literal["none", "even", "odd"] = "even"
    stop_bits: Literal[1, 2] = 1
    unit: Annotated[int, Field(ge=0, le=255)] | None = None
    offset: Annotated[int, Field(ge=0, le=65_535)] = 0
    mirrored: bool = False
    """The device is mounted the other way round: its entries are our exits."""
    poll_s: Annotated[float, Field(ge=0.05, le=3600)] = 1.0
    timeout_s: Annotated[float, Field(gt=0, le=5)] = 0.8
    tries: Annotated[int, Field(ge=1, le=100)] = 3

    @model_validator(mode="after")
    def _one_way(self) -> ModbusSettings:
        if (self.host is None) == (self.line is None):
            raise ValueError("must have host (Modbus TCP) or line (a serial line), and not both")
        return self

    @property
    def task(self) -> ObservationTask:
        return "doors"

    def source(self, clock: Clock, profiles: Registry) -> ModbusSource:
        profile = profiles.get(self.profile)
        if profile is None or not isinstance(profile.device, Modbus):
            known = sorted(name for name, known in profiles.items() if isinstance(known.device, Modbus))
            raise ConfigError(f"source {self.name!r}: profile {self.profile!r} is none of a Modbus counter: {', '.join(known)}")
        return ModbusSource(self, profile.device, clock, self._line())

    def _line(self) -> ModbusLine:
        require("pymodbus", "Modbus")
        from edge_agent.sources import modbus_line

        if self.line is None:
            return modbus_line.tcp(str(self.host), self.port, self.timeout_s)
        require("serial", "Modbus on a serial line")
        return modbus_line.serial(self.line, self.baud, self.parity, self.stop_bits, self.timeout_s)


class ModbusSource:
    """Polls one counter."""

    def __init__(self, settings: ModbusSettings, device: Modbus, clock: Clock, line: ModbusLine) -> None:
        self.name = settings.name
        self.silence_s = settings.silence_s
        self._settings: Final = settings
        self._device: Final = device
        self._clock: Final = clock
        self._line: Final = line
        self._unit: Final = device.unit if settings.unit is None else settings.unit
        self._refused = ""
        """The reason of the refusal that was reported and still lasts."""
        self._unexplained = 0

    def run(self, emit: Callable[[Heard], None], stop: threading.Event) -> None:
        """Raise OSError after `tries` failed polls in a row."""
        try:
            self._poll(emit, stop)
        finally:
            self._line.close()

    def _poll(self, emit: Callable[[Heard], None], stop: threading.Event) -> None:
        good_ns = due_ns = self._clock.boot_ns()
        failed = 0
        while not stop.is_set():
            fault = self._once(emit)
            now_ns = self._clock.boot_ns()
            if fault is None:
                if failed:
                    self._report_unread(emit, good_ns, now_ns)
                self._refused = ""
                good_ns, failed = now_ns, 0
            else:
                failed += 1
                if failed >= self._settings.tries:
                    if self._unexplained:
                        self._report_unread(emit, good_ns, now_ns)
                    raise fault
            due_ns = max(due_ns + round(self._settings.poll_s * NS_PER_S), now_ns)
            stop.wait((due_ns - now_ns) / NS_PER_S)

    def _once(self, emit: Callable[[Heard], None]) -> OSError | None:
        """Poll once and emit what was read. Return what went wrong, if anything."""
        try:
            readings = self._read()
        except OSError as error:
            return error
        except ProfileError as error:
            self._refuse(error, emit)
            return OSError(errno.EBADMSG, f"unit {self._unit} shows what its profile does not explain: {error.reason}")
        now_ns = self._clock.boot_ns()
        for reading in readings:
            if isinstance(reading, Counted):
                emit(Tally(now_ns, self.name, self._settings.door, self._turned(reading), self._settings.profile))
        return None

    def _read(self) -> Sequence[Reading]:
        words: dict[RegisterTable, dict[int, int]] = {"holding": {}, "input": {}}
        for block in self._device.blocks:
            moved = Block(block.table, block.address + self._settings.offset, block.count)
            words[block.table] |= dict(enumerate(self._line.read(moved, self._unit), block.address))
        try:
            return self._device.decode(words)
        except Exception as error:  # whatever one reading does, the next is taken
            raise refusal(error) from error

    def _refuse(self, error: ProfileError, emit: Callable[[Heard], None]) -> None:
        """Report an unreadable state when it begins; while it lasts, only count it."""
        self._unexplained += 1
        if self._refused != error.reason:
            self._refused = error.reason
            emit(RefusedReading(self._clock.boot_ns(), error.reason, f"{self.name} {self._settings.door}", str(error).encode()))

    def _report_unread(self, emit: Callable[[Heard], None], good_ns: int, now_ns: int) -> None:
        """Emit a gap since the last good reading: refused readings would make the supervisor's gap too short."""
        emit(Gap(good_ns, now_ns, "modbus.unread"))
        if self._unexplained:
            emit(Unexplained(now_ns, self._refused, self._unexplained))
            self._unexplained = 0

    def _turned(self, counted: Counted) -> Counted:
        if not self._settings.mirrored:
            return counted
        return Counted(counted.left, counted.entered, counted.cumulative, serial=counted.serial, values=counted.values)
