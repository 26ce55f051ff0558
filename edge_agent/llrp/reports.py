"""Tag reports, fast: each shape of a report is compiled once into one struct, and recognised by the bytes that never change.

    tag_reports(message: bytes) -> list[TagReport]      # of a whole RO_ACCESS_REPORT; ProfileError for any other bytes

A reader sends reports of one shape until it is set up otherwise. What no field of `TagReport` holds is stepped over.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, Final, NamedTuple

from edge_agent.llrp.codec import HEADER, tlv
from edge_agent.llrp.layout import LlrpLayout
from edge_agent.llrp.tables import CORE, CUSTOM, LAST_TV
from footfall.errors import ProfileError

RO_ACCESS_REPORT: Final = 61
TAG_REPORT: Final = 240
EPC_DATA: Final = 241
IMPINJ_VENDOR: Final = 25882
MOST_SHAPES: Final = 1024
MOST_PARAMETERS: Final = 64
"""Shapes kept at most: no reader has more, and hostile bytes would fill the memory."""
_HEAD: Final = struct.Struct("!HH")


class TagReport(NamedTuple):
    """One read of a tag by an antenna, or several together. None: the reader does not report this field."""

    epc: bytes
    antenna: int | None = None
    rssi_dbm: int | None = None
    first_utc_us: int | None = None
    last_utc_us: int | None = None
    seen: int | None = None
    channel: int | None = None
    pc: int | None = None
    rssi_cdbm: int | None = None
    """Impinj: in hundredths of a dBm."""
    phase: int | None = None
    """Impinj: 4096 is a full circle."""
    doppler: int | None = None
    """Impinj: in sixteenths of a hertz."""


_TV: Final[Mapping[int, tuple[str, str]]] = {
    13: ("12s", "epc"), 1: ("H", "antenna"), 6: ("b", "rssi_dbm"), 2: ("Q", "first_utc_us"), 4: ("Q", "last_utc_us"),
    8: ("H", "seen"), 7: ("H", "channel"), 12: ("H", "pc"),
}  # fmt: skip
_IMPINJ: Final[Mapping[int, tuple[str, str]]] = {56: ("H", "phase"), 57: ("h", "rssi_cdbm"), 68: ("h", "doppler")}
_TV_BYTES: Final = {kind.key[0]: LlrpLayout(kind.fields).size or 0 for kind in CORE.parameters if kind.key[0] <= LAST_TV}


class _Shape:
    """The layout of one report: its struct, its constants and their places, the places of the values."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self._format: list[str] = []
        self._constants: dict[int, int] = {}
        self._places: dict[str, int] = {}
        self.parameters = 0
        self._constant("HH", *_HEAD.unpack_from(data, at))
        at += _HEAD.size
        while at < end:
            self.parameters += 1
            at = self._tv(data, at, end) if data[at] & 0x80 else self._tlv(data, at, end)
        if "epc" not in self._places:
            raise ProfileError("llrp.report", "a tag report without an EPC")
        form = struct.Struct("!" + "".join(self._format))
        self.unpack: Final[Callable[..., tuple[Any, ...]]] = form.unpack_from
        self.fixed: Final[Callable[[tuple[Any, ...]], tuple[Any, ...]]] = itemgetter(*self._constants)
        self.constants: Final = tuple(self._constants.values())
        self.values: Final[Callable[[tuple[Any, ...]], tuple[Any, ...]]] = itemgetter(
            *(self._places.get(name, -1) for name in TagReport._fields)
        )

    def _constant(self, form: str, *values: int) -> None:
        for letter, value in zip(form, values, strict=True):
            self._constants[self._place(letter)] = value

    def _value(self, form: str, name: str) -> None:
        self._places[name] = self._place(form)

    def _place(self, form: str) -> int:
        self._format.append(form)
        return sum(not item.endswith("x") for item in self._format) - 1

    def _tv(self, data: bytes, at: int, end: int) -> int:
        type_ = data[at] & 0x7F
        if type_ not in _TV_BYTES or at + 1 + _TV_BYTES[type_] > end:
            raise ProfileError("llrp.parameter", f"TV parameter {type_} in a tag report is unknown or cut off")
        self._constant("B", data[at])
        if type_ in _TV:
            self._value(*_TV[type_])
        else:
            self._format.append(f"{_TV_BYTES[type_]}x")
        return at + 1 + _TV_BYTES[type_]

    def _tlv(self, data: bytes, at: int, end: int) -> int:
        type_, after = tlv(data, at, end)
        self._constant("HH", type_, after - at)
        inside = at + _HEAD.size
        if type_ == EPC_DATA:
            inside = self._epc(data, inside, after)
        elif type_ == CUSTOM and after - inside >= 8:
            inside = self._custom(data, inside, after)
        self._format.append(f"{after - inside}x")
        return after

    def _epc(self, data: bytes, at: int, end: int) -> int:
        bits = int.from_bytes(data[at : at + 2], "big")
        size = (bits + 7) // 8
        if at + 2 + size != end:
            raise ProfileError("llrp.report", f"an EPC of {bits} bits in {end - at - 2} bytes")
        self._constant("H", bits)
        self._value(f"{size}s", "epc")
        return end

    def _custom(self, data: bytes, at: int, end: int) -> int:
        vendor, subtype = struct.unpack_from("!II", data, at)
        self._constant("II", vendor, subtype)
        if vendor != IMPINJ_VENDOR or subtype not in _IMPINJ or end - at < 10:
            return at + 8
        self._value(*_IMPINJ[subtype])
        return at + 10


_shapes: Final[dict[int, list[_Shape]]] = {}
"""By the report's length."""


def tag_reports(message: bytes) -> list[TagReport]:
    """Return the reports in the order of the message. Raise ProfileError for the whole message if any byte is wrong."""
    end = len(message)
    if end < HEADER.size or message[1] != RO_ACCESS_REPORT or message[0] & 0xE3 or HEADER.unpack_from(message)[1] != end:
        raise ProfileError("llrp.report", "not a whole RO_ACCESS_REPORT")
    found: list[TagReport] = []
    make, at = TagReport._make, HEADER.size
    while at < end:
        type_, after = tlv(message, at, end)
        if type_ == TAG_REPORT:
            for shape in _shapes.get(after - at, ()):
                values = shape.unpack(message, at)
                if shape.fixed(values) == shape.constants:
                    break
            else:
                shape = _learn(message, at, after)
                values = shape.unpack(message, at)
            found.append(make(shape.values((*values, None))))
        at = after
    return found


def _learn(message: bytes, at: int, end: int) -> _Shape:
    shape = _Shape(message, at, end)
    if shape.parameters <= MOST_PARAMETERS:
        if sum(map(len, _shapes.values())) >= MOST_SHAPES:
            _shapes.clear()
        _shapes.setdefault(end - at, []).append(shape)
    return shape
