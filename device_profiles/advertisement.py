"""A BLE advertisement as values, however it came: from BlueZ field by field, or as bytes of advertising data or of an HCI event.

    Advertisement(address, rssi_dbm, address_type, name, manufacturer, service_data, services, tx_power_dbm, appearance, repeated)
    random_type(address) -> AddressType                                      # of an address that is known to be random
    short_uuid(uuid) -> str                                                  # as `services` and `service_data` have it
    parse_advertising_data(data, address, rssi_dbm, address_type) -> Advertisement
    parse_hci_event(event) -> list[Advertisement]                            # LE advertising reports, also extended ones

Sources: Bluetooth Core Specification Vol 3 Part C 11 and Vol 4 Part E 7.7.65; Core Specification Supplement Part A.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

from footfall.errors import ProfileError

_Key = TypeVar("_Key", int, str)
AddressType = Literal["public", "static", "resolvable", "non-resolvable", "unknown"]
RESOLVABLE: Final = frozenset("4567")
"""How an address that a key can resolve begins, in hex: its two highest bits are 01 (Core Vol 6 Part B 1.3.2.2)."""
_NONE: Final[Mapping[Any, bytes]] = MappingProxyType({})
_NO_MORE: Final[Mapping[int | str, Sequence[bytes]]] = MappingProxyType({})


@dataclass(slots=True)  # a frozen one takes four times as long to make, and thousands are made a second
class Advertisement:
    """Not changed once made. `address` is lower-case hex with colons, UUIDs are lower-case; short ones have 4 or 8 digits."""

    address: str
    rssi_dbm: int | None = None
    address_type: AddressType = "unknown"
    name: str = ""
    manufacturer: Mapping[int, bytes] = field(default_factory=lambda: _NONE)
    """Company identifier -> what follows it."""
    service_data: Mapping[str, bytes] = field(default_factory=lambda: _NONE)
    services: tuple[str, ...] = ()
    tx_power_dbm: int | None = None
    appearance: int | None = None
    repeated: Mapping[int | str, Sequence[bytes]] = field(default_factory=lambda: _NO_MORE)
    """Further payloads of a company or a UUID that has one already, such as TLM in a scan response after UID."""


def random_type(address: str) -> AddressType:
    """Return the type of a random address, which its two highest bits state (Core Vol 6 Part B 1.3)."""
    return _RANDOM_TYPES.get(address[:1], "unknown")


def short_uuid(uuid: str) -> str:
    """Return a UUID's shortest form, lower-case: 4 or 8 digits for 16- and 32-bit ones, even if written out in full."""
    uuid = uuid.lower()
    if len(uuid) == 36 and uuid.endswith(_BASE_UUID):
        uuid = uuid[:8]
    return uuid[4:] if len(uuid) == 8 and uuid.startswith("0000") else uuid


def parse_advertising_data(data: bytes, address: str, rssi_dbm: int | None = None, address_type: AddressType = "unknown") -> Advertisement:
    """Return the AD structures as values. What is incomplete, unknown or of a wrong length is left out, never an error.

    A length of zero ends the data. Further payloads of one company or UUID are in `repeated`. Of other duplicates the first counts; a
    complete name counts before a shortened one.
    """
    manufacturer: dict[int, bytes] = {}
    service_data: dict[str, bytes] = {}
    repeated: dict[int | str, list[bytes]] = {}
    rest: list[tuple[int, bytes]] = []
    at, end = 0, len(data)
    while at < end:
        after = at + 1 + data[at]
        if after == at + 1 or after > end:
            break
        kind = data[at + 1]
        if kind == _MANUFACTURER and after > at + 3:
            _add(manufacturer, repeated, data[at + 2] | data[at + 3] << 8, data[at + 4 : after])
        elif kind == _SERVICE_DATA_16 and after > at + 3:
            _add(service_data, repeated, f"{data[at + 2] | data[at + 3] << 8:04x}", data[at + 4 : after])
        elif kind in _READERS:
            rest.append((kind, data[at + 2 : after]))
        at = after
    found = _read_rarer(rest, service_data, repeated) if rest else None
    plain = Advertisement(address, rssi_dbm, address_type, "", manufacturer or _NONE, service_data or _NONE)
    if repeated:
        plain.repeated = repeated
    return found.complete(plain) if found else plain


def _add(payloads: dict[_Key, bytes], repeated: dict[int | str, list[bytes]], key: _Key, payload: bytes) -> None:
    if payloads.setdefault(key, payload) != payload:
        repeated.setdefault(key, []).append(payload)


def parse_hci_event(event: bytes) -> list[Advertisement]:
    """Return the advertisements that an HCI LE Meta event reports, with or without its packet indicator 0x04.

    Raise ProfileError `hci.event` for any other event, `hci.short` for one that ends too early.
    """
    start = 1 if event[:1] == b"\x04" else 0
    reader = _REPORTS.get(event[start + 2]) if len(event) > start + 3 and event[start] == _LE_META else None
    if reader is None:
        raise ProfileError("hci.event", "not an LE advertising report")
    reports: list[Advertisement] = []
    at = start + 4
    try:
        for _ in range(event[start + 3]):
            report, at = reader(event, at)
            reports.append(report)
    except IndexError:
        raise ProfileError("hci.short", f"the event ends inside report {len(reports) + 1} of {event[start + 3]}") from None
    return reports


class _Found:
    """The rarer AD structures found so far."""

    __slots__ = ("appearance", "name", "named", "repeated", "service_data", "services", "tx_power_dbm")

    def __init__(self, service_data: dict[str, bytes], repeated: dict[int | str, list[bytes]]) -> None:
        self.name = ""
        self.named = False
        self.service_data: Final = service_data
        self.repeated: Final = repeated
        self.services: list[str] = []
        self.tx_power_dbm: int | None = None
        self.appearance: int | None = None

    def complete(self, plain: Advertisement) -> Advertisement:
        """Write to `plain` what was found, and return it."""
        plain.name, plain.services = self.name, tuple(self.services)
        plain.tx_power_dbm, plain.appearance = self.tx_power_dbm, self.appearance
        return plain


def _read_rarer(structures: list[tuple[int, bytes]], service_data: dict[str, bytes], repeated: dict[int | str, list[bytes]]) -> _Found:
    found = _Found(service_data, repeated)
    for kind, value in structures:
        _READERS[kind](found, value)
    return found


def _service_data(size: int) -> Callable[[_Found, bytes], None]:
    def read(found: _Found, data: bytes) -> None:
        if len(data) >= size:
            _add(found.service_data, found.repeated, _uuid(data[:size]), data[size:])

    return read


def _services(size: int) -> Callable[[_Found, bytes], None]:
    def read(found: _Found, data: bytes) -> None:
        for at in range(0, len(data) - size + 1, size):
            uuid = _uuid(data[at : at + size])
            if uuid not in found.services:
                found.services.append(uuid)

    return read


def _uuid(data: bytes) -> str:
    """Return the UUID in 2, 4 or 16 bytes, least significant first."""
    digits = data[::-1].hex()
    if len(digits) < 32:
        return digits
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _complete_name(found: _Found, data: bytes) -> None:
    if not found.named:
        found.name, found.named = data.decode("utf-8", "replace"), True


def _shortened_name(found: _Found, data: bytes) -> None:
    found.name = found.name or data.decode("utf-8", "replace")


def _tx_power(found: _Found, data: bytes) -> None:
    if len(data) == 1 and found.tx_power_dbm is None:
        found.tx_power_dbm = _signed(data[0])


def _appearance(found: _Found, data: bytes) -> None:
    if len(data) == 2 and found.appearance is None:
        found.appearance = data[0] | data[1] << 8


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def _report(event: bytes, at: int) -> tuple[Advertisement, int]:
    """Event type, address type, address, length, data, RSSI (7.7.65.2)."""
    data_at = at + 9
    end = data_at + event[at + 8]
    return _advertisement(event, at + 1, data_at, end, event[end]), end + 1


def _extended_report(event: bytes, at: int) -> tuple[Advertisement, int]:
    """Event type (2), address type, address, two PHYs, set, TX power, RSSI, interval (2), direct address (7), length, data (7.7.65.13)."""
    data_at = at + 24
    end = data_at + event[at + 23]
    if end > len(event):
        raise IndexError
    return _advertisement(event, at + 2, data_at, end, event[at + 13]), end


def _advertisement(event: bytes, at: int, data_at: int, end: int, rssi: int) -> Advertisement:
    address = event[at + 6 : at : -1].hex(":")
    kind = event[at]
    address_type = random_type(address) if kind == 1 else _ADDRESS_TYPES.get(kind, "unknown")
    return parse_advertising_data(event[data_at:end], address, None if rssi == _RSSI_UNKNOWN else _signed(rssi), address_type)


_BASE_UUID: Final = "-0000-1000-8000-00805f9b34fb"
_LE_META: Final = 0x3E
_MANUFACTURER: Final = 0xFF
_SERVICE_DATA_16: Final = 0x16
_RSSI_UNKNOWN: Final = 0x7F
_ADDRESS_TYPES: Final[Mapping[int, AddressType]] = {0: "public", 2: "public", 3: "static"}
_RANDOM_TYPES: Final[Mapping[str, AddressType]] = {
    **dict.fromkeys("0123", "non-resolvable"), **dict.fromkeys("4567", "resolvable"), **dict.fromkeys("cdef", "static"),
}  # fmt: skip
_REPORTS: Final[Mapping[int, Callable[[bytes, int], tuple[Advertisement, int]]]] = {0x02: _report, 0x0D: _extended_report}
_READERS: Final[Mapping[int, Callable[[_Found, bytes], None]]] = {
    0x02: _services(2), 0x03: _services(2), 0x04: _services(4), 0x05: _services(4), 0x06: _services(16), 0x07: _services(16),
    0x08: _shortened_name, 0x09: _complete_name, 0x0A: _tx_power,
    0x20: _service_data(4), 0x21: _service_data(16), 0x19: _appearance,
}  # fmt: skip
"""AD type (Assigned Numbers 2.3) -> its reader. The two types of beacons are read inline."""
