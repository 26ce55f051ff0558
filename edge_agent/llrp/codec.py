"""Messages between bytes and values, driven by the tables.

    codec = Codec(IMPINJ)
    codec.decode(data: bytes) -> Message      # any bytes: a message or a ProfileError, never another exception
    codec.encode(message: Message) -> bytes   # ValueError: a name or a value that the tables do not have
    codec.check(item) -> None                 # ProfileError: a parameter is missing, too many, or not to be there

`decode` accepts parameters in any order. It keeps those it does not know as `Unknown` or `Custom` with their bytes, because readers of
later versions send them. A server of requests calls `check` too. LLRP 1.0.1, sections 9 and 16.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge_agent.llrp.layout import LlrpLayout, LlrpValue
from edge_agent.llrp.tables import CUSTOM, LAST_TV, Definition, Held, ParameterKey, Tables
from footfall.errors import ProfileError

HEADER: Final = struct.Struct("!HII")
_TLV: Final = struct.Struct("!HH")
_VENDOR: Final = {False: struct.Struct("!II"), True: struct.Struct("!IB")}
DEEPEST: Final = 12
"""Parameters inside parameters: the standard needs seven; hostile bytes could ask for thousands."""
UNKNOWN: Final = "Unknown"


@dataclass(frozen=True, slots=True)
class Parameter:
    """Values by field name, and the nested parameters in their order."""

    name: str
    fields: Mapping[str, LlrpValue] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()

    def all(self, name: str) -> Iterator[Parameter]:
        return (parameter for parameter in self.parameters if parameter.name == name)

    def first(self, name: str) -> Parameter | None:
        return next(self.all(name), None)

    def number(self, name: str) -> int:
        """Return the field's value; 0 if it is absent or no number."""
        value = self.fields.get(name, 0)
        return value if isinstance(value, int) else 0


@dataclass(frozen=True, slots=True)
class LlrpMessage(Parameter):
    message_id: int = 0
    version: int = 1


class _Compiled:
    """A compiled definition."""

    def __init__(self, definition: Definition) -> None:
        self.name: Final = definition.name
        self.key: Final = definition.key
        self.holds: Final = definition.holds
        self.layout: Final = LlrpLayout(definition.fields)


class Codec:
    """Stateless; one serves every connection."""

    def __init__(self, tables: Tables) -> None:
        messages, parameters = map(_Compiled, tables.messages), [_Compiled(definition) for definition in tables.parameters]
        self._messages: Final[Mapping[ParameterKey, _Compiled]] = {kind.key: kind for kind in messages}
        self._parameters: Final[Mapping[ParameterKey, _Compiled]] = {kind.key: kind for kind in parameters}
        self._message_names: Final = {kind.name: kind for kind in self._messages.values()}
        self._parameter_names: Final = {kind.name: kind for kind in parameters}

    def decode(self, data: bytes) -> LlrpMessage:
        """Return the message in `data`, one whole message with its header. Raise ProfileError for any other bytes."""
        if len(data) < HEADER.size:
            raise ProfileError("llrp.length", f"{len(data)} bytes are no message")
        word, length, message_id = HEADER.unpack_from(data)
        if length != len(data):
            raise ProfileError("llrp.length", f"it claims {length} bytes and has {len(data)}")
        if word >> 13:
            raise ProfileError("llrp.header", "reserved bits are set")
        kind, at = _find(self._messages, word & 0x3FF, data, HEADER.size, len(data), True)
        if kind is None:
            raise ProfileError("llrp.message", f"there is no message of type {word & 0x3FF}")
        fields, parameters = self._body(kind, data, at, len(data), 0)
        return LlrpMessage(kind.name, fields, parameters, message_id, word >> 10 & 7)

    def encode(self, message: LlrpMessage) -> bytes:
        kind = _named(self._message_names, message.name)
        body = _vendor_bytes(kind, True) + kind.layout.encode(message.fields) + self._inside(message.parameters)
        return HEADER.pack(message.version << 10 | kind.key[0], HEADER.size + len(body), message.message_id) + body

    def check(self, item: Parameter) -> None:
        """Raise ProfileError unless each parameter, at every level, is where the standard has it and as often as it allows."""
        names = self._message_names if isinstance(item, LlrpMessage) else self._parameter_names
        kind = names.get(item.name)
        counts = [0] * len(kind.holds) if kind else []
        for parameter in item.parameters if kind else ():
            counts[self._place(kind.holds, item, parameter) if kind else 0] += 1
            self.check(parameter)
        for held, count in zip(kind.holds if kind else (), counts, strict=True):
            if count < held.least:
                raise ProfileError("llrp.missing", f"{item.name} has no {' or '.join(sorted(held.names))}")
            if held.most is not None and count > held.most:
                raise ProfileError("llrp.repeated", f"{item.name} has {count} of {' or '.join(sorted(held.names))}")

    def _place(self, holds: Sequence[Held], item: Parameter, parameter: Parameter) -> int:
        kind = self._parameter_names.get(parameter.name)
        names = {parameter.name} | ({"Custom"} if kind and kind.key[0] == CUSTOM else set())
        for place, held in enumerate(holds):
            if names & held.names:
                return place
        raise ProfileError("llrp.unexpected", f"{item.name} holds no {parameter.name}")

    def _body(self, kind: _Compiled, data: bytes, at: int, end: int, depth: int) -> tuple[dict[str, LlrpValue], tuple[Parameter, ...]]:
        fields, at = kind.layout.decode(data, at, end)
        if kind.holds:
            return fields, tuple(self._parse(data, at, end, depth + 1))
        if at != end:
            raise ProfileError("llrp.trailing", f"{kind.name}: {end - at} bytes after its fields")
        return fields, ()

    def _parse(self, data: bytes, at: int, end: int, depth: int) -> list[Parameter]:
        """Return the parameters that fill `data` from `at` to `end`."""
        if depth > DEEPEST:
            raise ProfileError("llrp.depth", f"parameters lie more than {DEEPEST} deep")
        found = []
        while at < end:
            if data[at] & 0x80:
                kind = self._parameters.get((data[at] & 0x7F, 0, 0))
                if kind is None:
                    raise ProfileError(
                        "llrp.parameter", f"there is no TV parameter of type {data[at] & 0x7F}, so nobody knows where it ends"
                    )
                fields, at = kind.layout.decode(data, at + 1, end)
                found.append(Parameter(kind.name, fields))
            else:
                type_, after = tlv(data, at, end)
                found.append(self._tlv(type_, data, at + _TLV.size, after, depth))
                at = after
        return found

    def _tlv(self, type_: int, data: bytes, at: int, end: int, depth: int) -> Parameter:
        kind, at = _find(self._parameters, type_, data, at, end, False)
        if kind is None:
            return Parameter(UNKNOWN, {"Type": type_, "Data": bytes(data[at:end])})
        fields, parameters = self._body(kind, data, at, end, depth)
        return Parameter(kind.name, fields, parameters)

    def _inside(self, parameters: Sequence[Parameter]) -> bytes:
        return b"".join(map(self._encoded, parameters))

    def _encoded(self, parameter: Parameter) -> bytes:
        if parameter.name == UNKNOWN:
            data = parameter.fields["Data"]
            return _tlv_bytes(parameter.number("Type"), data if isinstance(data, bytes) else b"")
        kind = _named(self._parameter_names, parameter.name)
        fields = kind.layout.encode(parameter.fields)
        if kind.key[0] <= LAST_TV:
            return bytes([0x80 | kind.key[0]]) + fields
        return _tlv_bytes(kind.key[0], _vendor_bytes(kind, False) + fields + self._inside(parameter.parameters))


def tlv(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the type of the TLV parameter at `at`, and where it ends. Raise ProfileError if it does not fit before `end`."""
    if end - at < _TLV.size:
        raise ProfileError("llrp.length", "a parameter's header is cut off")
    type_, length = _TLV.unpack_from(data, at)
    if not LAST_TV < type_ <= CUSTOM:
        raise ProfileError("llrp.header", f"no TLV parameter begins with {type_:#06x}")
    if not _TLV.size <= length <= end - at:
        raise ProfileError("llrp.length", f"a parameter of type {type_} claims {length} bytes where {end - at} are left")
    return type_, at + length


def _find(
    kinds: Mapping[ParameterKey, _Compiled], type_: int, data: bytes, at: int, end: int, message: bool
) -> tuple[_Compiled | None, int]:
    """Return the kind, and where its fields begin: a vendor's after vendor and subtype, if its tables are known."""
    vendor = _VENDOR[message]
    if type_ == CUSTOM and end - at >= vendor.size:
        kind = kinds.get((type_, *vendor.unpack_from(data, at)))
        if kind is not None and kind.key[1]:
            return kind, at + vendor.size
    return kinds.get((type_, 0, 0)), at


def _named(kinds: Mapping[str, _Compiled], name: str) -> _Compiled:
    if name not in kinds:
        raise ValueError(f"there is no {name}")
    return kinds[name]


def _vendor_bytes(kind: _Compiled, message: bool) -> bytes:
    _, vendor, subtype = kind.key
    return _VENDOR[message].pack(vendor, subtype) if vendor else b""


def _tlv_bytes(type_: int, body: bytes) -> bytes:
    if _TLV.size + len(body) > 0xFFFF:
        raise ValueError(f"a parameter of type {type_} would have {_TLV.size + len(body)} bytes, and 65,535 is the most")
    return _TLV.pack(type_, _TLV.size + len(body)) + body
