"""Each transport's messages as bytes, so that bytes at random are messages: what the source makes of what it reads, or nearly so.

A new transport is one line in `WIRES`: `read` takes any bytes, and `read(write(message)) == message` for what it writes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from device_profiles.advertisement import AddressType, Advertisement, parse_advertising_data
from device_profiles.decoders.beam_pair import BEAMS, Edge
from device_profiles.devices.beams import MS
from device_profiles.devices.epc import TagRead
from device_profiles.devices.feed import FeedMessage
from device_profiles.devices.modbus import RegisterTable, Words

_ADDRESS_TYPES: Final[tuple[AddressType, ...]] = ("public", "static", "resolvable", "non-resolvable", "unknown")
_LONGEST_STRUCTURE: Final = 254


@dataclass(frozen=True)
class Wire:
    """`read` may raise ProfileError; whatever else it raises is a mistake of the parser it calls."""

    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]


def read_advertisement(data: bytes) -> Advertisement:
    """Address, kind of address, RSSI, then AD structures; the last is as long as its bytes are."""
    kind = _ADDRESS_TYPES[(data[6:7] or b"\0")[0] % len(_ADDRESS_TYPES)]
    rssi = int.from_bytes(data[7:8], "big", signed=True)
    mended = b"".join(bytes([len(structure)]) + structure for structure in _structures(data[8:]))
    return parse_advertising_data(mended, data[:6].ljust(6, b"\0").hex(":"), None if rssi > 20 else rssi, kind)


def write_advertisement(message: Advertisement) -> bytes:
    structures = [(b"\x09", message.name.encode())] if message.name else []
    structures += [(b"\xff", company.to_bytes(2, "little") + data) for company, data in message.manufacturer.items()]
    structures += [(bytes([_SERVICE_DATA[len(uuid)]]), _uuid(uuid) + data) for uuid, data in message.service_data.items()]
    structures += [(bytes([_SERVICES[len(uuid)]]), _uuid(uuid)) for uuid in message.services]
    if message.tx_power_dbm is not None:
        structures.append((b"\x0a", message.tx_power_dbm.to_bytes(1, "big", signed=True)))
    if message.appearance is not None:
        structures.append((b"\x19", message.appearance.to_bytes(2, "little")))
    rssi = 127 if message.rssi_dbm is None else message.rssi_dbm
    head = bytes.fromhex(message.address.replace(":", "")) + bytes([_ADDRESS_TYPES.index(message.address_type), rssi & 0xFF])
    return head + b"".join(bytes([1 + len(data)]) + kind + data for kind, data in structures)


def read_feed(data: bytes) -> FeedMessage:
    """The topic, a line end, the payload."""
    topic, _, payload = data.partition(b"\n")
    return FeedMessage(topic.decode("utf-8", "replace"), payload)


def write_feed(message: FeedMessage) -> bytes:
    return message.topic.encode() + b"\n" + message.payload


def read_tag(data: bytes) -> TagRead:
    """The PC word, 0 for none, then the EPC."""
    return TagRead(data[2:], int.from_bytes(data[:2], "big") or None)


def write_tag(message: TagRead) -> bytes:
    return (message.pc or 0).to_bytes(2, "big") + message.epc


def read_edges(data: bytes) -> tuple[Edge, ...]:
    """Five bytes each: which beam and whether it is broken, then ms since the edge before, signed."""
    edges, t_ns = [], 0
    for at in range(0, len(data) - _EDGE.size + 1, _EDGE.size):
        flags, after_ms = _EDGE.unpack_from(data, at)
        t_ns += after_ms * MS
        edges.append(Edge(t_ns, BEAMS[flags & 1], flags & 2 != 0))
    return tuple(edges)


def write_edges(message: tuple[Edge, ...]) -> bytes:
    times = [0, *(edge.t_ns for edge in message)]
    waits = [(after - before) // MS for before, after in pairwise(times)]
    return b"".join(_EDGE.pack(BEAMS.index(edge.beam) | 2 * edge.broken, wait) for edge, wait in zip(message, waits, strict=True))


def read_registers(data: bytes) -> Words:
    """Blocks: the table, the first address (2), how many words, the words."""
    words: dict[RegisterTable, dict[int, int]] = {"holding": {}, "input": {}}
    at = 0
    while at + _BLOCK.size <= len(data):
        table, address, count = _BLOCK.unpack_from(data, at)
        at += _BLOCK.size
        block = data[at : at + 2 * count]
        words[_TABLES[table % 2]] |= {address + i: int.from_bytes(block[2 * i : 2 * i + 2], "big") for i in range(len(block) // 2)}
        at += 2 * count
    return words


def write_registers(message: Words) -> bytes:
    """Each word is a block: what is lost of the bytes is then lost of the words, no more."""
    return b"".join(
        _BLOCK.pack(_TABLES.index(table), address, 1) + word.to_bytes(2, "big")
        for table, words in message.items()
        for address, word in words.items()
    )


def _structures(data: bytes) -> Iterator[bytes]:
    """Type and value of each; one that would end behind the data ends with it."""
    at = 0
    while at < len(data):
        size = min(data[at], _LONGEST_STRUCTURE)
        if structure := data[at + 1 : at + 1 + size]:
            yield structure
        at += 1 + size


def _uuid(uuid: str) -> bytes:
    return bytes.fromhex(uuid.replace("-", ""))[::-1]


_EDGE: Final = struct.Struct("!Bi")
_BLOCK: Final = struct.Struct("!BHB")
_TABLES: Final[tuple[RegisterTable, ...]] = ("holding", "input")
_SERVICE_DATA: Final[Mapping[int, int]] = {4: 0x16, 8: 0x20, 36: 0x21}
_SERVICES: Final[Mapping[int, int]] = {4: 0x03, 8: 0x05, 36: 0x07}

WIRES: Final[Mapping[str, Wire]] = {
    "ble": Wire(read_advertisement, write_advertisement),
    "beams": Wire(read_edges, write_edges),
    "epc": Wire(read_tag, write_tag),
    "feed": Wire(read_feed, write_feed),
    "modbus": Wire(read_registers, write_registers),
}
