"""A profile made of one message and a few answers, as the values of its file and as TOML. Everything here is pure.

values = ble(address, data, by, prefix_bytes, identifier, fields)   -> ([device] values, vector input)
complete(head, device, input, origin) -> Profile values with the vector's readings      ConfigError: what is wrong
to_toml(values) -> str
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from device_profiles.advertisement import AddressType, Advertisement, parse_advertising_data
from device_profiles.decoders.epc import explain
from device_profiles.device import Device
from device_profiles.profile import Profile
from device_profiles.vectors import to_values
from footfall.config import check
from footfall.errors import ConfigError, ProfileError

DraftValues = dict[str, Any]
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_INLINE_DEPTH: Final = 2


class _Hex(int):
    """A number that TOML writes in hex."""

    def __repr__(self) -> str:
        return f"0x{self:04x}"


def hex_bytes(text: str) -> bytes:
    """Return the bytes of hex as people paste it: blanks, colons and 0x are ignored. Raise ValueError for anything else."""
    digits = re.sub(r"0x|[\s:,-]", "", text.strip().lower())
    if not digits or len(digits) % 2 or re.search(r"[^0-9a-f]", digits):
        raise ValueError("must be an even number of hex digits, such as 02011a1aff4c000215…")
    return bytes.fromhex(digits)


def marks(message: Advertisement) -> dict[str, tuple[DraftValues, bytes]]:
    """Return what can identify a BLE device, best first: a word -> the keys of its frame, and the payload that they select."""
    found: dict[str, tuple[DraftValues, bytes]] = {}
    for company, data in message.manufacturer.items():
        found[f"manufacturer {company:04x}"] = {"manufacturer_id": _Hex(company)}, data
    for uuid, data in message.service_data.items():
        found[f"service-data {uuid}"] = {"service_data_uuid": uuid}, data
    if message.name:
        found["name"] = {"name_pattern": message.name}, b""
    for uuid in message.services:
        found[f"service {uuid}"] = {"service_uuid": uuid}, b""
    return found | {"address": ({"address_prefix": message.address}, b"")}


def ble_frame(mark: DraftValues, payload: bytes, prefix_bytes: int, identifier: str, fields: Sequence[str]) -> DraftValues:
    """Return a frame. `identifier`: address, name, or bytes of the payload, FIRST-LAST. Raise ValueError if it does not match."""
    if prefix_bytes > len(payload):
        raise ValueError(f"the payload has {len(payload)} bytes")
    tables = [_field(text) for text in fields]
    if identifier not in ("address", "name") and (first := _span(identifier, payload)["offset"]) < prefix_bytes:
        raise ValueError(
            f"bytes {first} to {prefix_bytes - 1} cannot name the one device and be the same in all: --prefix-bytes may be {first} at most"
        )
    if identifier in ("address", "name"):
        named = f"{{{identifier}}}"
    else:
        tables.insert(0, {"name": "id", **_span(identifier, payload)})
        named = "{id}"
    return mark | ({"prefix": payload[:prefix_bytes].hex()} if prefix_bytes else {}) | {"identifier": named, "fields": tables}


def names_by_address(device: DraftValues) -> bool:
    """Return whether a BLE device's payload is recognised, but its address names it: then it may be telemetry of some identity."""
    frames = device.get("frames", ())
    return any(
        frame.get("identifier") == "{address}" and not {"manufacturer_id", "service_data_uuid"}.isdisjoint(frame) for frame in frames
    )


def same_bytes(identifier: str, payload: bytes, other: bytes) -> bool:
    """Return whether bytes FIRST-LAST, which name the one device, are the same in a second one's payload."""
    if identifier in ("address", "name"):
        return False
    span = _span(identifier, payload)
    first, end = span["offset"], span["offset"] + span["size"]
    return payload[first:end] == other[first:end]


def shared_bytes(one: bytes, other: bytes) -> int:
    """Return how many first bytes of two payloads are equal."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def epc_device(epc: bytes, by: str) -> DraftValues:
    """Return the device. `by`: company, scheme, any, or the first hex digits. Raise ValueError."""
    meaning = explain(epc)
    if by == "company" and not meaning.company_prefix:
        raise ValueError(f"this EPC has no company prefix: it is {meaning.scheme}")
    known: Mapping[str, DraftValues] = {
        "company": {"company_prefixes": [meaning.company_prefix]}, "scheme": {"schemes": [meaning.family]}, "any": {},
    }  # fmt: skip
    if by in known:
        return {"transport": "epc", **known[by]}
    if not epc.hex().startswith(by):
        raise ValueError(f"must be company, scheme, any, or the first hex digits of {epc.hex()}")
    return {"transport": "epc", "epc_prefixes": [by]}


def feed_device(topic: str, each: str, kind: str, paths: Mapping[str, str], cumulative: bool) -> DraftValues:
    """Return the device. `paths`: field of the reading -> path in an item; empty paths are left out."""
    given = {name: path for name, path in paths.items() if path}
    row: DraftValues = {"kind": kind, **({"each": each} if each else {}), **({"cumulative": cumulative} if kind == "counted" else {})}
    for name, path in given.items():
        row[name] = [path] if name in ("door", "receiver") else path
    within = [
        f"{each}.{path}" if each else path for name, path in given.items() if name != "receiver" and not path.startswith(("@", "$", "^"))
    ]
    return {"transport": "feed", "format": "json", **({"topic": topic} if topic else {}), "needs": within, "readings": [row]}


def json_paths(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield the path and value of every scalar in a JSON document; of a list those of its first element."""
    match value:
        case dict():
            for key, item in value.items():
                yield from json_paths(item, f"{path}.{key}" if path else str(key))
        case list():
            for item in value[:1]:
                yield from json_paths(item, f"{path}[]")
        case _:
            yield path, value


def modbus_device(registers: Sequence[str]) -> DraftValues:
    """Return the device with registers given as `NAME ADDRESS [TYPE [SCALE]]`. Raise ValueError."""
    tables = {}
    for text in registers:
        name, address, *more = text.split()
        tables[name] = {
            "address": _number(address),
            **({"type": more[0]} if more else {}),
            **({"scale": float(more[1])} if more[1:] else {}),
        }
    return {"transport": "modbus", "registers": tables}


def words(text: str) -> DraftValues:
    """Return a vector's input from `holding 0 1 4464 0 3`: the table, the first address, the words."""
    table, address, *numbers = text.split() or [""]
    if table not in ("holding", "input") or not numbers:
        raise ValueError("must be holding or input, the first address and the words there, such as: holding 0 1 4464 0 3")
    return {table: {str(_number(address)): [_number(number) for number in numbers]}}


def complete(head: DraftValues, device: DraftValues, message: DraftValues, origin: str, where: str) -> DraftValues:
    """Return the whole profile, with a vector of what it decodes from the message. Raise ConfigError."""
    profile = check({**head, "device": device, "vectors": [{"origin": origin, "input": message}]}, Profile, where)
    decoder: Device = profile.device  # type: ignore[assignment] # it was given
    try:
        readings = decoder.decode(decoder.message(message))
    except ProfileError as error:
        raise ConfigError(f"{where}: the message cannot be read so: {error.reason}: {error}") from None
    except ValueError as error:
        raise ConfigError(f"{where}: vectors.0.input: {error}") from None
    vector = {"origin": origin, "input": message, "readings": [to_values(reading) for reading in readings]}
    return {**head, "device": device, "vectors": [vector]}


def to_toml(values: Mapping[str, Any]) -> str:
    """Return a file that `tomllib` reads back as `values`."""
    return "\n".join(_lines((), values)) + "\n"


def _lines(path: tuple[str, ...], values: Mapping[str, Any]) -> Iterator[str]:
    """Yield plain keys first, then tables below their headers; from the third level on, inline tables."""
    below = {key: value for key, value in values.items() if _is_table(value) and len(path) < _INLINE_DEPTH and (not path or key != "input")}
    below = {key: value for key, value in below.items() if path != ("vectors",)}
    yield from (f"{_key(key)} = {_value(value)}" for key, value in values.items() if key not in below)
    for key, value in below.items():
        here = (*path, key)
        dotted = ".".join(map(_key, here))
        for table in value if isinstance(value, list) else [value]:
            yield ""
            yield f"[[{dotted}]]" if isinstance(value, list) else f"[{dotted}]"
            yield from _lines(here, table)


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: object) -> str:
    match value:
        case str():
            return _text(value)
        case bool():
            return "true" if value else "false"
        case Mapping():
            return f"{{ {', '.join(f'{_key(key)} = {_value(item)}' for key, item in value.items())} }}" if value else "{}"
        case list():
            return f"[{', '.join(map(_value, value))}]"
    return repr(value)


def _text(text: str) -> str:
    """Return the TOML string of a text: literal, in apostrophes, where that is possible."""
    if '"' in text and text.isprintable() and "'" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _field(text: str) -> DraftValues:
    """Return the field given as `NAME OFFSET TYPE [SCALE]`. Raise ValueError."""
    try:
        name, offset, kind, *scale = text.split()
        return {"name": name, "offset": int(offset), "type": kind, **({"scale": float(scale[0])} if scale else {})}
    except ValueError:
        raise ValueError(f"{text!r}: must be NAME OFFSET TYPE and perhaps SCALE, such as battery_mv 4 u16be") from None


def _span(text: str, payload: bytes) -> DraftValues:
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not first <= last < len(payload):
        raise ValueError(f"must be address, name, or bytes of the payload as FIRST-LAST, at most {len(payload) - 1}; is {text!r}")
    return {"offset": first, "type": "hex", "size": last - first + 1}


def _number(text: str) -> int:
    return int(text, 0)


def parsed(data: bytes, address: str, address_type: AddressType = "unknown") -> Advertisement:
    """Return the advertisement in the bytes. Raise ValueError if nothing in it could identify a device."""
    message = parse_advertising_data(data, address, None, address_type)
    if message == Advertisement(address, None, address_type):
        raise ValueError("no manufacturer data, service data, services or name in it: paste the advertising data of one message")
    return message
