"""Frames made ready: which advertisements they are for, what these say, and which of many devices' frames takes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Generic, TypeVar

from device_profiles.advertisement import Advertisement
from device_profiles.decoders import bthome
from device_profiles.devices.ble_frames import LITERALS_OF_IDENTIFIER, Frame
from device_profiles.reading import Seen, Value
from footfall.errors import ProfileError

T = TypeVar("T")
LONGEST_IDENTIFIER: Final = 200


class FrameReader:
    """A frame made ready: whether an advertisement is meant, and what it says."""

    __slots__ = (
        "_address_prefix", "_address_types", "_bind_keys", "_company", "_fields", "_fits", "_frame", "_identifier", "_least", "_name",
        "_names", "_owner", "_resolved", "_service", "_service_data", "frame", "weight",
    )  # fmt: skip

    def __init__(self, frame: Frame, owner: Callable[[str], str] | None, bind_keys: Mapping[str, bytes]) -> None:
        self.frame: Final = frame
        self.weight: Final = frame.weight
        self._company: Final = frame.manufacturer_id
        self._service_data: Final = frame.service_data_uuid
        self._service: Final = frame.service_uuid
        self._fits: Final = frame.fits()
        self._name: Final = frame.name_matcher()
        self._address_prefix: Final = frame.address_prefix
        self._address_types: Final = frozenset(frame.address_types)
        self._resolved: Final = frame.resolved
        self._owner: Final = owner
        self._bind_keys: Final = bind_keys
        self._identifier: Final = frame.identifier.format_map
        self._names: Final = frozenset(frame.named)
        self._fields: Final = tuple((field.name, field.reader()) for field in frame.fields)
        self._least: Final = max((field.end for field in frame.fields), default=0)

    def takes(self, message: Advertisement) -> bool:
        """Whether every condition is met."""
        if self._company is not None:
            payload = message.manufacturer.get(self._company)
            if payload is None or not self._fits(payload):
                return False
        elif self._service_data is not None:
            payload = message.service_data.get(self._service_data)
            if payload is None or not self._fits(payload):
                return False
        if self._address_types and message.address_type not in self._address_types:
            return False
        if self._name is not None and not self._name(message.name):
            return False
        if self._service is not None and self._service not in message.services:
            return False
        if self._resolved and (self._owner is None or message.address_type != "resolvable" or not self._owner(message.address)):
            return False
        return message.address.startswith(self._address_prefix)

    def read(self, message: Advertisement) -> Seen:
        """What a message that it takes says."""
        frame = self.frame
        if frame.ignored:
            raise ProfileError(frame.ignored, "such messages name nobody, or somebody who is counted elsewhere")
        values = self._values(message)
        if frame.identifier == "{address}":
            return Seen(message.address, rssi_dbm=message.rssi_dbm, values=values)
        named: dict[str, Value] = values
        if not self._names.isdisjoint(LITERALS_OF_IDENTIFIER):
            owner = self._owner(message.address) if self._owner else ""
            named = {**values, "address": message.address, "name": message.name, "owner": owner}
        for name in self._names:
            if name not in named:
                raise ProfileError("ble.absent", f"{name} is in the identifier, but the message says that there is none")
        identifier = self._identifier(named)
        if not 0 < len(identifier) <= LONGEST_IDENTIFIER or not identifier.isprintable() or identifier != identifier.strip():
            raise ProfileError("ble.identifier", "what names it is empty, too long, or has characters that cannot be printed")
        left = {name: value for name, value in values.items() if name not in self._names}
        return Seen(identifier, rssi_dbm=message.rssi_dbm, values=left)

    def _values(self, message: Advertisement) -> dict[str, Value]:
        if self._company is not None:
            payload = message.manufacturer[self._company]
        elif self._service_data is not None:
            payload = message.service_data[self._service_data]
        else:
            return {}
        if self.frame.decoder == "bthome":
            return bthome.decode(payload, message.address, self._bind_keys.get(message.address))
        if len(payload) < self._least:
            raise ProfileError("ble.short", f"{len(payload)} bytes; the fields need {self._least}")
        values = {}
        for name, read in self._fields:
            value = read(payload)
            if value is not None:
                values[name] = value
        return values


class BleIndex(Generic[T]):
    """Which of many devices takes a message: the few that may are found by company and UUID, not by trying all."""

    def __init__(self, devices: Sequence[tuple[Sequence[FrameReader], T]]) -> None:
        """The readers of each device and whatever stands for it, in the order that decides between equally specific ones."""
        frames = [(reader, owner) for readers, owner in devices for reader in readers]
        frames.sort(key=lambda pair: pair[0].weight, reverse=True)
        self._companies: Final[dict[int, list[tuple[int, FrameReader, T]]]] = {}
        self._service_data: Final[dict[str, list[tuple[int, FrameReader, T]]]] = {}
        self._services: Final[dict[str, list[tuple[int, FrameReader, T]]]] = {}
        self._others: Final[list[tuple[int, FrameReader, T]]] = []
        for rank, (reader, owner) in enumerate(frames):
            self._bucket(reader.frame).append((rank, reader, owner))
        self._last: Final = len(frames)

    def best(self, message: Advertisement) -> T | None:
        """The owner of the most specific frame that takes `message`, None if none does."""
        found: T | None = None
        best = self._last
        buckets = [self._others]
        buckets += [self._companies[company] for company in message.manufacturer if company in self._companies]
        buckets += [self._service_data[uuid] for uuid in message.service_data if uuid in self._service_data]
        buckets += [self._services[uuid] for uuid in message.services if uuid in self._services]
        for bucket in buckets:
            for rank, reader, owner in bucket:
                if rank >= best:
                    break
                if reader.takes(message):
                    found, best = owner, rank
                    break
        return found

    def _bucket(self, frame: Frame) -> list[tuple[int, FrameReader, T]]:
        if frame.manufacturer_id is not None:
            return self._companies.setdefault(frame.manufacturer_id, [])
        if frame.service_data_uuid is not None:
            return self._service_data.setdefault(frame.service_data_uuid, [])
        if frame.service_uuid is not None:
            return self._services.setdefault(frame.service_uuid, [])
        return self._others
