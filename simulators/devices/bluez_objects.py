"""How BlueZ shows adapters and advertisements on D-Bus: properties of its objects, and what a filter or pattern takes. Pure.

After BlueZ's own documents doc/org.bluez.Adapter.rst, org.bluez.Device.rst, org.bluez.AdvertisementMonitor.rst, and what its
src/adapter.c and src/device.c do: no document states which property is signalled again, and when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dbus_fast import Variant

from device_profiles.advertisement import Advertisement
from edge_agent.sources.ble_advertisement import AD_FLAGS, long_uuid, structures

ROOT: Final = "/org/bluez"
ADAPTER: Final = "org.bluez.Adapter1"
DEVICE: Final = "org.bluez.Device1"
MONITORS: Final = "org.bluez.AdvertisementMonitorManager1"
FLAGS: Final = b"\x06"
"""General discoverable, no BR/EDR: what nearly every beacon says."""
RSSI_STEP_DB: Final = 8
"""Without a discovery filter a smaller change of RSSI is kept quiet (src/device.c, RSSI_THRESHOLD)."""

Properties = dict[str, Variant]
Pattern = tuple[int, int, bytes]
"""Start position, AD type, content."""


@dataclass(slots=True, eq=False)
class Device:
    """What the daemon remembers of one address at one adapter."""

    path: str
    properties: Properties
    last_s: float
    rssi_dbm: int | None


@dataclass(slots=True, eq=False)
class Adapter:
    """One radio, and who listens by it: `sessions` discover, `monitors` scan passively. `deaf` of either hear no more."""

    path: str
    address: str
    powered: bool = True
    filters: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    sessions: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    monitors: dict[tuple[str, str], Sequence[Pattern]] = field(default_factory=dict)
    deaf: set[object] = field(default_factory=set)
    devices: dict[str, Device] = field(default_factory=dict)

    def is_listening(self) -> bool:
        return self.powered and any(listener not in self.deaf for listener in (*self.sessions, *self.monitors))

    def filter(self) -> Mapping[str, Any] | None:
        """What the sessions together asked for; None if nobody discovers."""
        heard = [asked for client, asked in self.sessions.items() if client not in self.deaf]
        if not heard:
            return None
        return {
            "DuplicateData": any(asked.get("DuplicateData", True) for asked in heard),
            "RSSI": min((asked.get("RSSI", -127) for asked in heard), default=-127),
            "every_rssi": any("RSSI" in asked or "UUIDs" in asked for asked in heard),
        }

    def takes(self, advertisement: Advertisement) -> list[tuple[str, str]]:
        """The monitors of which a pattern fits."""
        found = [(AD_FLAGS, FLAGS), *structures(advertisement)]
        return [
            listener
            for listener, patterns in self.monitors.items()
            if listener not in self.deaf and any(fits(pattern, found) for pattern in patterns)
        ]

    def properties(self) -> dict[str, Properties]:
        return {
            ADAPTER: {
                "Address": Variant("s", self.address),
                "AddressType": Variant("s", "public"),
                "Name": Variant("s", "footfall"),
                "Alias": Variant("s", "footfall"),
                "Class": Variant("u", 0),
                "Powered": Variant("b", self.powered),
                "Discoverable": Variant("b", False),
                "Pairable": Variant("b", False),
                "Discovering": Variant("b", bool(self.sessions)),
                "Roles": Variant("as", ["central", "peripheral"]),
                "UUIDs": Variant("as", []),
            },
            MONITORS: {
                "SupportedMonitorTypes": Variant("as", ["or_patterns"]),
                "SupportedFeatures": Variant("as", []),
            },
        }


def tree(adapters: Iterable[Adapter]) -> dict[str, dict[str, Properties]]:
    """Return the properties of every object by its path and interface, as GetManagedObjects answers them."""
    found: dict[str, dict[str, Properties]] = {ROOT: {}}
    for adapter in adapters:
        found[adapter.path] = adapter.properties()
        found |= {device.path: {DEVICE: device.properties} for device in adapter.devices.values()}
    return found


def fits(pattern: Pattern, found: Sequence[tuple[int, bytes]]) -> bool:
    start, ad_type, content = pattern
    return any(ad_type == kind and data[start : start + len(content)] == content for kind, data in found)


def device_properties(adapter: str, advertisement: Advertisement, rssi_dbm: int) -> Properties:
    """All of a device that was not known before."""
    address = advertisement.address.upper()
    properties = {
        "Address": Variant("s", address),
        "AddressType": Variant("s", "public" if advertisement.address_type == "public" else "random"),
        "Alias": Variant("s", advertisement.name or address.replace(":", "-")),
        "Adapter": Variant("o", adapter),
        **{
            name: Variant("b", False)
            for name in ("Paired", "Bonded", "Trusted", "Blocked", "LegacyPairing", "Connected", "ServicesResolved")
        },
        "UUIDs": Variant("as", []),
        "RSSI": Variant("n", rssi_dbm),
    }
    return properties | advertised(advertisement)


def advertised(advertisement: Advertisement) -> Properties:
    """Those that come from the advertising data itself."""
    properties: Properties = {"AdvertisingFlags": Variant("ay", FLAGS)}
    if advertisement.name:
        properties |= {"Name": Variant("s", advertisement.name), "Alias": Variant("s", advertisement.name)}
    if advertisement.services:
        properties["UUIDs"] = Variant("as", [long_uuid(uuid) for uuid in advertisement.services])
    if advertisement.manufacturer:
        data = {company: Variant("ay", data) for company, data in advertisement.manufacturer.items()}
        properties["ManufacturerData"] = Variant("a{qv}", data)
    if advertisement.service_data:
        properties["ServiceData"] = Variant(
            "a{sv}", {long_uuid(uuid): Variant("ay", data) for uuid, data in advertisement.service_data.items()}
        )
    if advertisement.tx_power_dbm is not None:
        properties["TxPower"] = Variant("n", advertisement.tx_power_dbm)
    if advertisement.appearance is not None:
        properties["Appearance"] = Variant("q", advertisement.appearance)
    return properties


def changed(device: Device, advertisement: Advertisement, rssi_dbm: int, asked: Mapping[str, Any] | None) -> Properties:
    """Return the properties that BlueZ signals when it hears a known device again; empty if it sends no signal.

    `asked`: the discovery filter. An unchanged payload is signalled again if the filter wants duplicates, RSSI that changed by less than
    8 dB only if it names an RSSI: so does every BlueZ since 5.87, and earlier ones do with any filter.
    """
    step_db = 0 if asked is not None and asked["every_rssi"] else RSSI_STEP_DB
    again = ("ManufacturerData", "ServiceData") if asked is not None and asked["DuplicateData"] else ()
    properties = {name: value for name, value in advertised(advertisement).items() if name in again or device.properties.get(name) != value}
    if device.rssi_dbm is None or abs(device.rssi_dbm - rssi_dbm) >= step_db:
        properties["RSSI"] = Variant("n", rssi_dbm)
    return properties
