"""Fields of a message or parameter between bytes and values, compiled once from their layouts (core.toml defines them).

Layout(fields: Sequence[(name, layout)])
    .decode(data, at, end) -> (values, where they end)    # ProfileError: `data` ends first
    .encode(values) -> bytes                              # ValueError: a name or value does not fit; what is missing is 0 or empty
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple, Protocol

from footfall.errors import ProfileError

_NUMBERS: Final = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i8": "b", "i16": "h", "i32": "i", "x12": "12s"}
_WORDS: Final = {8: "B", 16: "H", 32: "I"}
_ARRAYS: Final = {"u8s": "B", "u16s": "H", "u32s": "I"}
_COUNT: Final = struct.Struct("!H")


class Bits(NamedTuple):
    """`length` bits, the first one the highest of the first byte; the last byte is padded."""

    length: int
    data: bytes


LlrpValue = int | str | bytes | Bits | tuple[int, ...]


class _Step(Protocol):
    names: tuple[str, ...]

    def decode(self, data: bytes, at: int, end: int, into: dict[str, LlrpValue]) -> int: ...

    def encode(self, values: Mapping[str, LlrpValue]) -> bytes: ...


class LlrpLayout:
    """`size`: bytes of all fields, None if that depends on their values."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self._steps: Final = _compile(fields)
        self.names: Final = frozenset(name for step in self._steps for name in step.names)
        sizes = [step.size for step in self._steps if isinstance(step, _Run)]
        self.size: Final = sum(sizes) if len(sizes) == len(self._steps) else None

    def decode(self, data: bytes, at: int, end: int) -> tuple[dict[str, LlrpValue], int]:
        values: dict[str, LlrpValue] = {}
        for step in self._steps:
            at = step.decode(data, at, end, values)
        return values, at

    def encode(self, values: Mapping[str, LlrpValue]) -> bytes:
        if unknown := values.keys() - self.names:
            raise ValueError(f"there is no field {', '.join(sorted(unknown))}; there are {', '.join(sorted(self.names))}")
        try:
            return b"".join(step.encode(values) for step in self._steps)
        except (struct.error, TypeError, AttributeError) as error:
            raise ValueError(f"a value does not fit its field: {error}") from None


def _compile(fields: Sequence[tuple[str, str]]) -> list[_Step]:
    steps: list[_Step] = []
    for variable, group in groupby(fields, lambda field: field[1] in _VARIABLE):
        run = list(group)
        if variable:
            steps.extend(_VARIABLE[layout](name, layout) for name, layout in run)
        else:
            steps.append(_Run(run))
    return steps


class _Run:
    """Numbers and bits whose place is known. Each item of the struct is one number, or a word of (name, shift, mask)."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        formats: list[str] = []
        items: list[str | list[tuple[str, int, int]]] = []
        waiting: list[tuple[str, int]] = []
        for name, layout in fields:
            if layout in _NUMBERS:
                formats.append(_NUMBERS[layout])
                items.append(name)
                continue
            waiting.append((name, int(layout[1:])))
            if (width := sum(bits for _, bits in waiting)) % 8 == 0 and width in _WORDS:
                formats.append(_WORDS[width])
                items.append(_masks(waiting, width))
                waiting = []
        if waiting:
            raise ValueError(f"{waiting} do not fill a word")
        self._struct: Final = struct.Struct("!" + "".join(formats))
        self._items: Final = items
        self._empty: Final = [b"" if form == "12s" else 0 for form in formats]
        self.size: Final = self._struct.size
        self.names: tuple[str, ...] = tuple(name for item in items for name in ([item] if isinstance(item, str) else [m[0] for m in item]))

    def decode(self, data: bytes, at: int, end: int, into: dict[str, LlrpValue]) -> int:
        if at + self.size > end:
            raise _short()
        for item, value in zip(self._items, self._struct.unpack_from(data, at), strict=True):
            if isinstance(item, str):
                into[item] = value
            else:
                into.update((name, value >> shift & mask) for name, shift, mask in item)
        return at + self.size

    def encode(self, values: Mapping[str, LlrpValue]) -> bytes:
        packed = [
            values.get(item, empty) if isinstance(item, str) else sum(_bits(values, name, mask) << shift for name, shift, mask in item)
            for item, empty in zip(self._items, self._empty, strict=True)
        ]
        return self._struct.pack(*packed)


class _Array:
    def __init__(self, name: str, layout: str) -> None:
        self.names: tuple[str, ...] = (name,)
        self._name: Final = name
        self._format: Final = _ARRAYS[layout]

    def decode(self, data: bytes, at: int, end: int, into: dict[str, LlrpValue]) -> int:
        count, at = _counted(data, at, end)
        form = f"!{count}{self._format}"
        after = at + struct.calcsize(form)
        if after > end:
            raise _short()
        into[self._name] = struct.unpack_from(form, data, at)
        return after

    def encode(self, values: Mapping[str, LlrpValue]) -> bytes:
        numbers = values.get(self._name, ())
        if not isinstance(numbers, tuple) or isinstance(numbers, Bits):
            raise ValueError(f"{self._name} must be a tuple of numbers")
        return _COUNT.pack(len(numbers)) + struct.pack(f"!{len(numbers)}{self._format}", *numbers)


class _BitArray:
    def __init__(self, name: str, layout: str) -> None:
        self.names: tuple[str, ...] = (name,)
        self._name: Final = name

    def decode(self, data: bytes, at: int, end: int, into: dict[str, LlrpValue]) -> int:
        length, at = _counted(data, at, end)
        after = at + (length + 7) // 8
        if after > end:
            raise _short()
        into[self._name] = Bits(length, bytes(data[at:after]))
        return after

    def encode(self, values: Mapping[str, LlrpValue]) -> bytes:
        bits = values.get(self._name, Bits(0, b""))
        if not isinstance(bits, Bits) or len(bits.data) != (bits.length + 7) // 8:
            raise ValueError(f"{self._name} must be Bits whose bytes fit their length")
        return _COUNT.pack(bits.length) + bits.data


class _Text:
    def __init__(self, name: str, layout: str) -> None:
        self.names: tuple[str, ...] = (name,)
        self._name: Final = name

    def decode(self, data: bytes, at: int, end: int, into: dict[str, LlrpValue]) -> int:
        length, at = _counted(data, at, end)
        if at + length > end:
            raise _short()
        into[self._name] = bytes(data[at : at + length]).decode("utf-8", "backslashreplace")
        return at + length

    def encode(self, values: Mapping[str, LlrpValue]) -> bytes:
        text = str(values.get(self._name, "")).encode()
        return _COUNT.pack(len(text)) + text


class _Rest:
    def __init__(self, name: str, layout: str) -> None:
        self.names: tuple[str, ...] = (name,)
        self._name: Final = name

    def decode(self, data: bytes, at: int, end: int, into: dict[str, LlrpValue]) -> int:
        into[self._name] = bytes(data[at:end])
        return end

    def encode(self, values: Mapping[str, LlrpValue]) -> bytes:
        data = values.get(self._name, b"")
        if not isinstance(data, bytes):
            raise ValueError(f"{self._name} must be bytes")
        return data


_VARIABLE: Final[Mapping[str, Callable[[str, str], _Step]]] = {
    "u8s": _Array,
    "u16s": _Array,
    "u32s": _Array,
    "bits": _BitArray,
    "text": _Text,
    "rest": _Rest,
}


def _masks(fields: Sequence[tuple[str, int]], width: int) -> list[tuple[str, int, int]]:
    """(name, shift, mask) of each field of a word; the reserved ones have none."""
    found = []
    for name, bits in fields:
        width -= bits
        if name != "-":
            found.append((name, width, (1 << bits) - 1))
    return found


def _bits(values: Mapping[str, LlrpValue], name: str, mask: int) -> int:
    value = values.get(name, 0)
    if not isinstance(value, int) or not 0 <= value <= mask:
        raise ValueError(f"{name} must be a number of 0 to {mask}")
    return value


def _counted(data: bytes, at: int, end: int) -> tuple[int, int]:
    if at + 2 > end:
        raise _short()
    return _COUNT.unpack_from(data, at)[0], at + 2


def _short() -> ProfileError:
    return ProfileError("llrp.length", "its fields end past its length")
