"""What is received, device by device, and which profile takes it. Pure: what was heard goes in, rows come out.

Addresses are raw here: they go to the screen of the installer beside the device, never to a log.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from device_profiles.advertisement import Advertisement
from device_profiles.reading import Seen
from device_profiles.registry import Registry
from edge_agent.sources.ble import UNKNOWN, Decoded, decode
from edge_agent.sources.ble_advertisement import advertising_data, from_bleak, key_of

if TYPE_CHECKING:  # for its types alone
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData

FOLDER: Final = "my-profiles"
MOST_FRAMES: Final = 6
"""Kinds of messages that are kept of one device."""
MOST: Final = 5_000
"""Devices remembered; those silent for longest are forgotten first."""


@dataclass(slots=True)
class ScannedDevice:
    """One device that is received."""

    advertisement: Advertisement
    key: object = None
    profile: str = ""
    seen: Seen | None = None
    reason: str = UNKNOWN
    values: dict[str, Any] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    """Profiles that match it too, less specifically."""
    frames: dict[FrameKind, bytes] = field(default_factory=dict)
    """The last advertising data of each kind of message: many beacons alternate."""
    heard_total: int = 0
    rssi_dbm: int = 0
    sum_dbm: int = 0

    @property
    def mean_dbm(self) -> float:
        return self.sum_dbm / self.heard_total

    @property
    def identifier(self) -> str:
        return self.seen.identifier if self.seen else ""

    @property
    def is_unknown(self) -> bool:
        """Whether no profile identifies it by more than its address."""
        return self.seen is None or self.identifier.lower() == self.advertisement.address

    @property
    def data(self) -> bytes:
        return advertising_data(self.advertisement)

    def command(self, second: ScannedDevice | None = None) -> str:
        """Return the command that makes a profile of it; `second`: another one of its model."""
        kind = self.shared_kind(second) if second else None
        first = self.data if kind is None else self.frames[kind]
        asked = [("transport", "ble"), ("advertisement", first.hex()), ("address", self.advertisement.address)]
        if self.advertisement.address_type != "unknown":
            asked.append(("address-type", self.advertisement.address_type))
        asked += [("also", data.hex()) for data in self.frames.values() if data != first]
        if second is not None and kind is not None:
            asked.append(("second", second.frames[kind].hex()))
        asked += [("name", "our-beacon"), ("into", FOLDER)]
        return shlex.join(["footfall", "profile", "new", *(part for key, value in asked for part in (f"--{key}", value))])

    def shared_kind(self, other: ScannedDevice) -> FrameKind | None:
        """Return the first kind of message that both send, each with other bytes; None if there is none."""
        return next((kind for kind, data in self.frames.items() if other.frames.get(kind, data) != data), None)

    def as_json(self) -> dict[str, Any]:
        heard = self.advertisement
        return {
            "address": heard.address, "address_type": heard.address_type, "name": heard.name, "heard_total": self.heard_total,
            "rssi_dbm": self.rssi_dbm, "rssi_mean_dbm": round(self.mean_dbm, 1), "profile": self.profile, "identifier": self.identifier,
            "values": self.values, "reason": self.reason, "other_profiles": list(self.others), "is_unknown": self.is_unknown,
            "advertisement": self.data.hex(), "frames": [data.hex() for data in self.frames.values()],
        }  # fmt: skip


FrameKind = tuple[tuple[object, int, bytes], ...]
"""Of each payload whose it is, its length and its first two bytes: what tells messages of one device apart, though values change."""


def _frame_kind(advertisement: Advertisement) -> FrameKind:
    payloads = (*advertisement.manufacturer.items(), *advertisement.service_data.items())
    return tuple((whose, len(data), data[:2]) for whose, data in payloads)


class ScanResult:
    """Everything heard since it began."""

    def __init__(self, profiles: Registry, most: int = MOST) -> None:
        self.heard_total = 0
        self._profiles: Final = profiles
        self._most: Final = most
        self._neighbours: Final[dict[str, ScannedDevice]] = {}

    def hear(self, device: BLEDevice, data: AdvertisementData) -> None:
        self.heard_total += 1
        key = key_of(device, data)
        found = self._neighbours.pop(device.address, None)  # and in again: the dict is in the order of the last hearing
        if found is None or found.key != key:
            found = self._explain(found or ScannedDevice(from_bleak(device, data)), from_bleak(device, data))
            found.key = key
        self._neighbours[device.address] = found
        found.heard_total += 1
        found.rssi_dbm = data.rssi
        found.sum_dbm += data.rssi
        if len(self._neighbours) > self._most:
            del self._neighbours[next(iter(self._neighbours))]

    def neighbours(self) -> list[ScannedDevice]:
        """Return the devices, the nearest first: the one in the installer's hand is on top."""
        return sorted(self._neighbours.values(), key=lambda found: -found.mean_dbm)

    def unknown(self) -> ScannedDevice | None:
        """Return the nearest that sends data and that no profile explains."""
        return next((found for found in self.neighbours() if found.is_unknown and found.data), None)

    def second(self, first: ScannedDevice) -> ScannedDevice | None:
        """Return the nearest unknown one that sends such messages too: a second of the same model."""
        return next((found for found in self.neighbours() if found.is_unknown and first.shared_kind(found)), None)

    def _explain(self, found: ScannedDevice, advertisement: Advertisement) -> ScannedDevice:
        meaning = decode(advertisement, self._profiles)
        if not found.is_unknown and (meaning.seen is None or meaning.seen.identifier.lower() == advertisement.address):
            meaning = Decoded(found.seen, found.profile)  # another kind of message of a beacon that is known by one of its kinds
        found.advertisement, found.reason, found.profile = advertisement, meaning.reason, meaning.profile
        if (kind := _frame_kind(advertisement)) and (kind in found.frames or len(found.frames) < MOST_FRAMES):
            found.frames[kind] = advertising_data(advertisement)
        found.seen = meaning.seen
        if found.seen is not None:  # a beacon sends its battery in one advertisement and its temperature in the next
            found.profile = found.seen.profile or meaning.profile
            found.values.update(found.seen.values)
        found.others = tuple(p.name for _, p in self._profiles.takers("ble", advertisement) if p.name != found.profile)
        return found


def values_text(values: Mapping[str, Any]) -> str:
    """`battery_mv 3010, temperature_c 21.5`."""
    return ", ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items())
