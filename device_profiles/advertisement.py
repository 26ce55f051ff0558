"""A BLE advertisement as values, however it came: from BlueZ field by field, or as bytes of advertising data in a vendor's message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

AddressType = Literal["public", "static", "resolvable", "non-resolvable", "unknown"]
_NONE: Final[Mapping[Any, bytes]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Advertisement:
    """`address` is lower-case hex with colons. UUIDs are lower-case; 16- and 32-bit ones in their short form of 4 or 8 digits."""

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
