"""Messages: device_profiles.advertisement.Advertisement.

    [device]
    transport = "ble"
    [[device.frames]]       # one or more, device_profiles/devices/ble_frames.py; the most specific one that a message meets explains it

Errors: `ble.other` for a message that no frame matches, `ble.short` for a payload that ends before its fields. Named decoders and
`ignored` frames add their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from device_profiles.advertisement import AddressType, Advertisement, parse_advertising_data, parse_hci_event, short_uuid
from device_profiles.decoders.private_address import KEY_BYTES, Resolver
from device_profiles.device import Chooser, ChosenT, Device
from device_profiles.devices.ble_frames import BleFrame, HexBytes, Meaning
from device_profiles.devices.ble_readers import BleIndex, FrameReader
from device_profiles.reading import Seen
from footfall.config import Section
from footfall.errors import ProfileError

Address = Annotated[str, Field(pattern=r"^([0-9a-f]{2}:){5}[0-9a-f]{2}\z")]


def _keys(value: object) -> dict[str, bytes]:
    """Return keys by name. Errors never contain a key."""
    if not isinstance(value, Mapping):
        raise ValueError("must be a table of 32 hex digits each")
    keys = {}
    for name, key in value.items():
        try:
            keys[str(name)] = key if isinstance(key, bytes) else bytes.fromhex(key)
        except (TypeError, ValueError):
            raise ValueError(f"{name}: must be hex digits") from None
        if len(keys[str(name)]) != KEY_BYTES:
            raise ValueError(f"{name}: must be 32 hex digits")
    return keys


KeyTable = Annotated[dict[str, bytes], BeforeValidator(_keys), Field(default_factory=dict, repr=False, exclude=True)]


class Ble(Device):
    """Devices that advertise."""

    transport: Literal["ble"]
    means: Meaning = "identity"
    """`pseudonym`: an identifier that changes. `telemetry`: how a device is. `supplement`: how one is that another message names.
    `address`: nothing but that something is there."""
    frames: Annotated[tuple[BleFrame, ...], Field(min_length=1)]
    irks: KeyTable
    """Identity resolving keys: the name of the owner, or of the owner's device -> 32 hex digits, most significant byte first."""
    bind_keys: KeyTable
    """Keys of encrypted beacons: address -> 32 hex digits."""

    @property
    def identifies_nobody(self) -> bool:
        return self.means == "supplement"

    def keyed(self, irks: Mapping[str, bytes], bind_keys: Mapping[str, bytes]) -> Ble:
        """Return the same with these keys instead of its own; device_profiles/ble_keys.py reads them from files."""
        return Ble(transport="ble", means=self.means, frames=self.frames, irks=dict(irks), bind_keys=dict(bind_keys))

    @cached_property
    def readers(self) -> tuple[FrameReader, ...]:
        """Return the readers of all frames, the most specific first."""
        owner = Resolver(self.irks).owner if self.irks else None
        bind_keys = {address.lower(): key for address, key in self.bind_keys.items()}
        readers = (FrameReader(frame, owner, bind_keys, self.means) for frame in self.frames)
        return tuple(sorted(readers, key=attrgetter("weight"), reverse=True))

    def specificity(self, message: Advertisement) -> int:
        return next((reader.weight for reader in self.readers if reader.takes(message)), 0)

    def decode(self, message: Advertisement) -> Sequence[Seen]:
        for reader in self.readers:
            if reader.takes(message):
                return (reader.read(message),)
        raise ProfileError("ble.other", "no frame of this profile is for such an advertisement")

    def message(self, values: Mapping[str, Any]) -> Advertisement:
        return described(values)

    @classmethod
    def chooser(cls, devices: Sequence[tuple[Device, ChosenT]]) -> Chooser[ChosenT]:
        return BleIndex([(device.readers, owner) for device, owner in devices if isinstance(device, Ble)])


class _Described(Section):
    """An advertisement as written in a vector."""

    address: Address
    rssi_dbm: Annotated[int, Field(ge=-127, le=20)] | None = None
    address_type: AddressType = "unknown"
    advertising_data: HexBytes | None = None
    name: str = ""
    manufacturer: dict[Annotated[str, Field(pattern=r"^[0-9a-f]{4}\z")], HexBytes] = Field(default_factory=dict)
    service_data: dict[str, HexBytes] = Field(default_factory=dict)
    services: tuple[str, ...] = ()
    tx_power_dbm: int | None = None
    appearance: int | None = None


def described(values: Mapping[str, Any]) -> Advertisement:
    """Return what is in `{hci_event = "043e…"}`, or in `{address, rssi_dbm, address_type}` with `advertising_data` or other fields.

    Bytes are hex, company identifiers 4 hex digits. Raise ValueError.
    """
    if "hci_event" in values:
        try:
            reports = parse_hci_event(bytes.fromhex(values["hci_event"]))
        except (TypeError, ProfileError) as error:
            raise ValueError(f"hci_event: {error}") from None
        if not reports or len(values) > 1:
            raise ValueError("hci_event: must have a report, and stand alone")
        return reports[0]
    given = _Described.model_validate(dict(values))
    if given.advertising_data is not None:
        return parse_advertising_data(given.advertising_data, given.address, given.rssi_dbm, given.address_type)
    return Advertisement(
        given.address, given.rssi_dbm, given.address_type, given.name,
        {int(company, 16): data for company, data in given.manufacturer.items()},
        {short_uuid(uuid): data for uuid, data in given.service_data.items()},
        tuple(short_uuid(uuid) for uuid in given.services), given.tx_power_dbm, given.appearance,
    )  # fmt: skip
