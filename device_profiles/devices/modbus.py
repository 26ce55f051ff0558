"""Registers of a door counter, as data: where its totals are, their format, and which values are invalid.

    [device]
    transport = "modbus"
    unit = 1                          # the unit id it has when it comes
    table = "holding"                 # or "input": function 3 or 4
    words = "high-first"              # of numbers of more than one register; or "low-first"

    [device.registers]
    entered = { address = 0, type = "u32" }
    left = { address = 2, type = "u32" }
    status = { address = 4, bad_bits = 0x0003 }
    uptime_s = { address = 5, type = "u32" }

`entered` and `left` are totals since the device's counter began. `serial`, `status` and `uptime_s` are as named; any other name is a
value, times `scale`. A message is the words of each table by address, counted from 0 as on the wire: 40001 of a manual is 0 of the
holding registers. A vector's `input` has blocks: `holding = { 0 = [1, 4464, 0, 3] }`.

Types are those of the MODBUS Application Protocol 1.1b3 (big-endian registers of 16 bits, 4.2), and what its devices make of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from device_profiles.device import Device
from device_profiles.reading import Counted, Reading, Value
from footfall.config import Section
from footfall.errors import ProfileError

RegisterTable = Literal["holding", "input"]
Words = Mapping[RegisterTable, Mapping[int, int]]
WORDS: Final[Mapping[str, int]] = {"u16": 1, "u32": 2, "u64": 4, "bcd16": 1, "bcd32": 2}
MOST_WORDS: Final = 125
"""Most words of one request: 6.3 and 6.4 of the specification."""
_TOTALS: Final = frozenset({"entered", "left"})


class Register(Section):
    """One number. `bad_bits`: if any is set, the counter is invalid. `equals`: the value that distinguishes this model from others."""

    address: Annotated[int, Field(ge=0, le=65_535)]
    type: Literal["u16", "u32", "u64", "bcd16", "bcd32"] = "u16"
    table: RegisterTable | None = None
    words: Literal["high-first", "low-first"] | None = None
    scale: Annotated[float, Field(gt=0)] = 1.0
    most: Annotated[int, Field(ge=0)] | None = None
    """A larger value is invalid."""
    absent: tuple[int, ...] = ()
    """The raw value for none."""
    bad_bits: Annotated[int, Field(ge=0)] = 0
    equals: int | None = None

    @property
    def addresses(self) -> range:
        return range(self.address, self.address + WORDS[self.type])


@dataclass(frozen=True, slots=True)
class Block:
    """Registers that one request reads."""

    table: RegisterTable
    address: int
    count: int


class Modbus(Device):
    """One model of counter."""

    transport: Literal["modbus"]
    is_assigned: ClassVar[bool] = True
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    table: RegisterTable = "holding"
    words: Literal["high-first", "low-first"] = "high-first"
    registers: Annotated[dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\z")], Register], Field(min_length=1)]

    @model_validator(mode="after")
    def _totals(self) -> Modbus:
        if not _TOTALS & self.registers.keys():
            raise ValueError("registers must have entered, left or both")
        for name, register in self.registers.items():
            if register.addresses[-1] > 65_535:
                raise ValueError(f"registers.{name}: its last word lies behind address 65535")
            if name in _TOTALS and register.scale != 1.0:
                raise ValueError(f"registers.{name}: people have no scale")
        return self

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Return what to read. Adjacent registers are one request, so that their numbers are of one moment; no request spans a hole."""
        wanted = sorted({(self.table_of(register), address) for register in self.registers.values() for address in register.addresses})
        blocks: list[Block] = []
        for table, address in wanted:
            last = blocks[-1] if blocks else None
            if last and last.table == table and last.address + last.count == address and last.count < MOST_WORDS:
                blocks[-1] = Block(table, last.address, last.count + 1)
            else:
                blocks.append(Block(table, address, 1))
        return tuple(blocks)

    def table_of(self, register: Register) -> RegisterTable:
        return register.table or self.table

    def specificity(self, message: Words) -> int:
        """Return the number of words decoded, plus ten for each with a required value."""
        try:
            numbers = {name: self._number(name, register, message) for name, register in self.registers.items()}
        except ProfileError:
            return 0
        known = [(numbers[name], register.equals) for name, register in self.registers.items() if register.equals is not None]
        if any(number != equals for number, equals in known):
            return 0
        return sum(len(register.addresses) for register in self.registers.values()) + 10 * len(known)

    def decode(self, message: Words) -> Sequence[Reading]:
        """Return one reading of totals. Raise ProfileError `modbus.missing`, `.bcd`, `.absent`, `.range`, `.status`, `.model`."""
        numbers = {name: self._checked(name, register, message) for name, register in self.registers.items()}
        values: dict[str, Value] = {
            name: numbers[name] * register.scale if register.scale != 1.0 else numbers[name]
            for name, register in self.registers.items()
            if name not in _TOTALS and name != "serial"
        }
        serial = str(numbers["serial"]) if "serial" in numbers else ""
        return [Counted(numbers.get("entered", 0), numbers.get("left", 0), True, serial=serial, values=values)]

    def message(self, values: Mapping[str, Any]) -> Words:
        """Return the message in blocks by table and address."""
        words: dict[RegisterTable, dict[int, int]] = {"holding": {}, "input": {}}
        for table, blocks in values.items():
            if table not in words or not isinstance(blocks, Mapping):
                raise ValueError(f"{table!r} must be holding or input, with blocks of words by address")
            for address, block in blocks.items():
                if not isinstance(block, list) or not all(type(word) is int and 0 <= word <= 0xFFFF for word in block):
                    raise ValueError(f"{table} {address!r}: must be words from 0 to 65535")
                words["holding" if table == "holding" else "input"] |= dict(enumerate(block, int(address)))
        return words

    def encode(self, numbers: Mapping[str, int]) -> Words:
        """Return the words that `decode` reads as these numbers, for emulators. Others are 0, or the value that the profile requires."""
        words: dict[RegisterTable, dict[int, int]] = {"holding": {}, "input": {}}
        for name, register in self.registers.items():
            number = numbers.get(name, register.equals or 0)
            size = len(register.addresses)
            if register.type.startswith("bcd"):
                number = int(str(number % 10 ** (4 * size)), 16)
            parts = [number >> 16 * (size - 1 - i) & 0xFFFF for i in range(size)]
            words[self.table_of(register)] |= dict(zip(register.addresses, self._ordered(register, parts), strict=True))
        return words

    def _checked(self, name: str, register: Register, message: Words) -> int:
        number = self._number(name, register, message)
        if number in register.absent:
            raise ProfileError("modbus.absent", f"{name} shows {number}: it has no value")
        if register.most is not None and number > register.most:
            raise ProfileError("modbus.range", f"{name} shows {number}, more than {register.most}")
        if number & register.bad_bits:
            raise ProfileError("modbus.status", f"{name} shows {number:#06x}: the counter reports a fault")
        if register.equals is not None and number != register.equals:
            raise ProfileError("modbus.model", f"{name} shows {number}, not {register.equals}: this is another device")
        return number

    def _number(self, name: str, register: Register, message: Words) -> int:
        table: Any = message.get(self.table_of(register)) if isinstance(message, Mapping) else None
        words: list[Any] = [table.get(address) for address in register.addresses] if isinstance(table, Mapping) else []
        if not words or not all(type(word) is int and 0 <= word <= 0xFFFF for word in words):
            raise ProfileError("modbus.missing", f"{name}: words {register.addresses[0]} to {register.addresses[-1]} were not read")
        number = 0
        for word in self._ordered(register, words):
            number = number << 16 | word
        if register.type.startswith("bcd"):
            digits = f"{number:x}"
            if not digits.isdecimal():
                raise ProfileError("modbus.bcd", f"{name} shows {digits}, which are not decimal digits")
            number = int(digits)
        return number

    def _ordered(self, register: Register, words: Sequence[int]) -> Sequence[int]:
        """Return the words reordered between the wire and high word first."""
        return words if (register.words or self.words) == "high-first" else words[::-1]
