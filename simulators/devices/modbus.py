"""A door counter that speaks Modbus, TCP or RTU: its registers are those of a profile, and count the crossings given to it.

    with ModbusCounter("modbus-counter") as counter:        # serial=True: RTU, on a line of two pseudo-terminals
        counter.say(Crossing(0, "main", 3, 1))
        counter.faults["stall"]()

Faults, each for `mend_s`: `stall` (no answers), `wrong-unit` (answers as another unit), `exception` (answers that it has failed),
`garbage` (registers full of random words), `zeros` (what a device shows that still starts), `noise` (answers that are no Modbus),
`drop` (the connection is closed), `reboot` (away, then back with its totals), `reset` (its totals begin at zero, at once and for good).
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

from pymodbus import FramerType
from pymodbus.constants import ExcCodes
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from device_profiles.devices.modbus import Modbus, RegisterTable
from device_profiles.registry import Registry, shipped
from edge_agent.sources.source import Crossing, Sighting
from footfall.errors import ConfigError
from simulators.devices.emulator import SAID_S
from simulators.devices.modbus_line import SerialLine
from simulators.parts.process import free_port

HOLDING: Final = 3
ANY_UNIT: Final = 0
WIDTHS: Final = {"u16": 1 << 16, "u32": 1 << 32, "u64": 1 << 64, "bcd16": 10_000, "bcd32": 100_000_000}
LIMIT_S: Final = 10.0


class ModbusCounter:
    """`totals` are what its counter shows when it begins: near the end of its register's width, people make it roll over."""

    def __init__(
        self,
        profile: str = "modbus-counter",
        *,
        serial: bool = False,
        totals: tuple[int, int] = (70_000, 65_000),
        unit: int | None = None,
        mend_s: float = 3.0,
        seed: int = 1,
        profiles: Registry | None = None,
    ) -> None:
        device = (profiles or shipped())[profile].device
        if not isinstance(device, Modbus):
            raise ConfigError(f"{profile!r} is no profile of a Modbus counter")
        self.said_total = 0
        self.asked_total = 0
        """Requests for registers."""
        self._profile: Final = profile
        self._device: Final = device
        self._unit: Final = device.unit if unit is None else unit
        self._mend_s: Final = mend_s
        self._rng: Final = random.Random(seed)
        self._lock: Final = threading.Lock()
        self._totals: Final = dict(zip(("entered", "left"), totals, strict=True))
        self._wrong: tuple[str, float] = ("", 0.0)
        self._started_s = time.monotonic()
        self._line: Final = SerialLine() if serial else None
        self._port: Final = 0 if serial else free_port()
        self._loop: Final = asyncio.new_event_loop()
        self._thread: Final = threading.Thread(target=self._loop.run_forever, name="modbus-counter", daemon=True)
        self._server: ModbusTcpServer | ModbusSerialServer | None = None

    def __enter__(self) -> Self:
        if self._line:
            self._line.__enter__()
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if self._line:
            self._line.__exit__(None, None, None)

    def say(self, heard: Sighting | Crossing) -> None:
        """Counts who passed; a sighting is a ValueError."""
        if not isinstance(heard, Crossing):
            raise ValueError("a door counter hears no identifiers")
        with self._lock:
            self._totals["entered"] += heard.entered
            self._totals["left"] += heard.left
            self.said_total += heard.entered + heard.left

    def wait_said(self, timeout_s: float = SAID_S) -> None:
        """Return at once: registers have it."""

    def settings(self) -> Mapping[str, Any]:
        where = {"line": self._line.host_end, "parity": "none"} if self._line else {"host": "127.0.0.1", "port": self._port}
        return {"kind": "modbus", "profile": self._profile, "unit": self._unit, "door": "main", "poll_s": 0.2, "timeout_s": 0.5, **where}

    @property
    def faults(self) -> Mapping[str, Callable[[], None]]:
        lasting = ("stall", "wrong-unit", "exception", "garbage", "zeros", "noise")
        return {
            **{name: partial(self._go_wrong, name) for name in lasting},
            "drop": lambda: self._do(self._drop()),
            "reboot": lambda: self._do(self._reboot()),
            "reset": self._reset,
        }

    def _go_wrong(self, name: str) -> None:
        with self._lock:
            self._wrong = (name, time.monotonic() + self._mend_s)

    def _is(self, name: str) -> bool:
        wrong, until_s = self._wrong
        return wrong == name and time.monotonic() < until_s

    def _reset(self) -> None:
        with self._lock:
            self._totals.update(entered=0, left=0)

    def _do(self, task: Any) -> None:
        asyncio.run_coroutine_threadsafe(task, self._loop).result(LIMIT_S)

    async def _listen(self) -> None:
        if self._server is not None:
            return
        data = [SimData(0, count=65_536, values=0, datatype=DataType.REGISTERS)]
        device = SimDevice(id=ANY_UNIT, simdata=data, action=self._answer)
        hooks: dict[str, Any] = {"trace_packet": self._packet, "trace_pdu": self._pdu}
        if self._line:
            self._server = ModbusSerialServer(device, framer=FramerType.RTU, port=self._line.device_end, baudrate=19_200, **hooks)
        else:
            self._server = ModbusTcpServer(device, address=("127.0.0.1", self._port), **hooks)
        await self._server.serve_forever(background=True)

    async def _close(self) -> None:
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call] # pymodbus ships types, but not for this
            self._server = None
            await asyncio.sleep(0)

    async def _drop(self) -> None:
        await self._close()
        await self._listen()

    async def _reboot(self) -> None:
        await self._close()
        self._started_s = time.monotonic() + self._mend_s
        self._loop.call_later(self._mend_s, lambda: self._loop.create_task(self._listen()))

    async def _answer(
        self, function: int, start: int, address: int, count: int, registers: list[int], written: list[int] | list[bool] | None
    ) -> ExcCodes | None:
        """The words of the profile's map, as they are now."""
        self.asked_total += 1
        if self._is("exception"):
            return ExcCodes.DEVICE_FAILURE
        with self._lock:
            numbers = {
                name: total % WIDTHS[self._device.registers[name].type]
                for name, total in self._totals.items()
                if name in self._device.registers
            }
        numbers["uptime_s"] = int(max(0.0, time.monotonic() - self._started_s))
        table: RegisterTable = "holding" if function == HOLDING else "input"
        for at, word in self._device.encode(numbers)[table].items():
            if address <= at < address + count:
                registers[at - start] = self._rng.randrange(1 << 16) if self._is("garbage") else 0 if self._is("zeros") else word
        return None

    def _packet(self, sending: bool, data: bytes) -> bytes:
        """On a serial line nobody answers for another unit; a gateway by TCP answers that it does not."""
        if not sending:
            return data
        if self._is("noise"):
            return self._rng.randbytes(len(data))
        silent = self._is("stall") or (self._line is not None and data[:1] != bytes([self._unit]) and not self._is("wrong-unit"))
        return b"" if silent else data

    def _pdu(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU:
        if sending and pdu.dev_id != self._unit:
            return ExceptionResponse(pdu.function_code & 0x7F, ExcCodes.GATEWAY_NO_RESPONSE, pdu.dev_id, pdu.transaction_id)
        if sending and self._is("wrong-unit"):
            pdu.dev_id = self._unit % 247 + 1
        return pdu
