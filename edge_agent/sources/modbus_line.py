"""Connections to Modbus devices, through pymodbus.

tcp(host, port, timeout_s) -> Line
serial(path, baud, parity, stop_bits, timeout_s) -> Line     # one for all counters on it
line.read(block, unit) -> words
"""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal
from weakref import WeakValueDictionary

from pymodbus import ModbusException
from pymodbus.client import ModbusSerialClient, ModbusTcpClient

from device_profiles.devices.modbus import Block

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # we log its errors ourselves, once

Parity = Literal["none", "even", "odd"]
PARITIES: Final[dict[Parity, str]] = {"none": "N", "even": "E", "odd": "O"}
EXCEPTIONS: Final = {
    1: "does not know the function",
    2: "has no register there",
    3: "does not take the request",
    4: "has failed",
    6: "is busy",
    10: "is behind a gateway that has no path to it",
    11: "is behind a gateway that it does not answer",
}
"""7 of the MODBUS Application Protocol 1.1b3."""


class ModbusLine:
    """A connection, opened on first use. Counters on one serial line share it, one at a time."""

    def __init__(self, client: Callable[[], ModbusTcpClient | ModbusSerialClient]) -> None:
        self._client: Final = client
        self._open: ModbusTcpClient | ModbusSerialClient | None = None
        self._lock: Final = threading.Lock()

    def read(self, block: Block, unit: int) -> Sequence[int]:
        """Return the block's words. Raise OSError, after closing the line: a late answer must not be taken for the next."""
        with self._lock:
            try:
                return self._read(block, unit)
            except BaseException:
                self._close()
                raise

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()  # type: ignore[no-untyped-call] # pymodbus ships types, but not for this
            self._open = None

    def _read(self, block: Block, unit: int) -> Sequence[int]:
        if self._open is None:
            self._open = self._client()
        client = self._open
        if not client.connect():
            raise ConnectionRefusedError(errno.ECONNREFUSED, "cannot be reached")
        ask = client.read_holding_registers if block.table == "holding" else client.read_input_registers
        try:
            answer = ask(block.address, count=block.count, device_id=unit)
        except ModbusException:
            raise TimeoutError(errno.ETIMEDOUT, f"unit {unit} gives no answer, or none that fits") from None
        if answer.isError():
            code = getattr(answer, "exception_code", 0)
            raise OSError(errno.EREMOTEIO, f"unit {unit} {EXCEPTIONS.get(code, f'answers with exception {code}')}")
        if len(answer.registers) != block.count:
            raise OSError(errno.EBADMSG, f"unit {unit} answers with {len(answer.registers)} words instead of {block.count}")
        return answer.registers


_serial_lines: Final[WeakValueDictionary[Path, ModbusLine]] = WeakValueDictionary()
"""Serial lines in use: a port can be opened only once."""


def tcp(host: str, port: int, timeout_s: float) -> ModbusLine:
    return ModbusLine(lambda: ModbusTcpClient(host, port=port, timeout=timeout_s, retries=0))


def serial(path: Path, baud: int, parity: Parity, stop_bits: int, timeout_s: float) -> ModbusLine:
    """Return the line, shared if the port is in use already; the settings of the first user then hold."""
    line = _serial_lines.get(path)
    if line is None:
        line = _serial_lines[path] = ModbusLine(
            lambda: ModbusSerialClient(str(path), baudrate=baud, parity=PARITIES[parity], stopbits=stop_bits, timeout=timeout_s, retries=0)
        )
    return line
