"""Compiled frames: which advertisements match, what these contain, and which of many devices' frames matches best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

from device_profiles.advertisement import RESOLVABLE, Advertisement
from device_profiles.decoders import bthome
from device_profiles.devices.ble_frames import PRECEDENCE, BleFrame, Convert, Meaning
from device_profiles.devices.ble_layout import Layout
from device_profiles.reading import Seen, Value, is_canonical
from footfall.errors import ProfileError

K = TypeVar("K")
OwnerT = TypeVar("OwnerT")
_NOBODY: Final[list[Any]] = []
_OF_MESSAGE: Final = -1
"""The slot of names that the advertisement itself provides."""


class FrameReader:
    """A compiled frame: whether an advertisement matches, and its contents."""

    __slots__ = (
        "_address_prefix", "_address_types", "_bind_keys", "_company", "_fits", "_is_free", "_least", "_name", "_named", "_owner",
        "_resolved", "_service", "_service_data", "_size", "_template", "_unpack", "_values", "frame", "is_telemetry", "weight",
    )  # fmt: skip

    def __init__(
        self, frame: BleFrame, owner: Callable[[str], str] | None, bind_keys: Mapping[str, bytes], means: Meaning = "identity"
    ) -> None:
        self.frame: Final = frame
        self.weight: Final = frame.weight + PRECEDENCE[means]
        self.is_telemetry: Final = means in ("telemetry", "supplement")
        self._company: Final = frame.manufacturer_id
        self._service_data: Final = frame.service_data_uuid
        self._service: Final = frame.service_uuid
        self._fits: Final = frame.fits()
        self._name: Final = frame.name_matcher()
        self._address_prefix: Final = frame.address_prefix or ("",)
        self._address_types: Final = frozenset(frame.address_types)
        self._resolved: Final = frame.resolved
        self._owner: Final = owner
        self._bind_keys: Final = bind_keys
        layout = Layout(frame.fields)
        slots = {field.name: layout.slot(field) for field in frame.fields}
        self._unpack: Final = layout.unpack
        self._named: Final = tuple((name, *slots.get(name, (_OF_MESSAGE, None))) for name in frame.named)
        self._values: Final = tuple((name, *slot) for name, slot in slots.items() if name not in frame.named)
        self._template: Final = frame.template
        self._is_free: Final = frame.is_free
        self._size: Final = layout.size
        self._least: Final = max((field.end for field in frame.fields if not field.optional), default=0)

    def takes(self, message: Advertisement) -> bool:
        """Return whether every condition is met."""
        if self._company is not None:
            payload = message.manufacturer.get(self._company)
            if payload is None or not (self._fits(payload) or (message.repeated and self._repeated(message))):
                return False
        elif self._service_data is not None:
            payload = message.service_data.get(self._service_data)
            if payload is None or not (self._fits(payload) or (message.repeated and self._repeated(message))):
                return False
        if self._address_types and message.address_type not in self._address_types:
            return False
        if self._name is not None and not self._name(message.name):
            return False
        if self._service is not None and self._service not in message.services:
            return False
        if self._resolved and (self._owner is None or message.address[0] not in RESOLVABLE or not self._owner(message.address)):
            return False
        return message.address.startswith(self._address_prefix)

    def read(self, message: Advertisement) -> Seen:
        """Return the readings of a message that matches."""
        frame = self.frame
        if frame.ignored:
            raise ProfileError(frame.ignored, "such messages name nobody, or somebody who is counted elsewhere")
        payload = self._payload(message)
        fields = self._values
        if len(payload) < self._size:
            fields = self._present(len(payload))
            payload = payload.ljust(self._size, b"\0")
        raws = self._unpack(payload)
        values: dict[str, Value] = {}
        for name, slot, convert in fields:
            value = raws[slot] if convert is None else convert(raws[slot])
            if value is not None:
                values[name] = value
        address = message.address
        if frame.decoder == "bthome":
            address = bthome.sender(payload, address)
            values |= bthome.decode(payload, address, self._bind_keys.get(address))
        return Seen(self._identifier(raws, address, message), "", message.rssi_dbm, "", 0, values)

    def _present(self, size: int) -> tuple[tuple[str, int, Convert | None], ...]:
        """Return the values of a payload that ends before its last field. Raise ProfileError if one of them is not optional."""
        if size < self._least:
            raise ProfileError("ble.short", f"{size} bytes; the fields need {self._least}")
        there = {field.name for field in self.frame.fields if field.end <= size}
        return tuple(value for value in self._values if value[0] in there)

    def _payload(self, message: Advertisement) -> bytes:
        if self._company is not None:
            payload = message.manufacturer[self._company]
        elif self._service_data is not None:
            payload = message.service_data[self._service_data]
        else:
            return b""
        return payload if self._fits(payload) else self._repeated(message)

    def _repeated(self, message: Advertisement) -> bytes:
        """Return the further payload that this frame is for; b"" if there is none."""
        key = self._company if self._company is not None else self._service_data
        return next((payload for payload in message.repeated.get(key or 0, ()) if self._fits(payload)), b"")

    def _identifier(self, raws: tuple[Any, ...], address: str, message: Advertisement) -> str:
        parts: list[Value] = []
        for name, slot, convert in self._named:
            part = (
                self._of_message(name, address, message) if slot == _OF_MESSAGE else raws[slot] if convert is None else convert(raws[slot])
            )
            if part is None:
                raise ProfileError("ble.absent", f"{name} is in the identifier, but the message marks it as absent")
            parts.append(part)
        identifier = self._template % tuple(parts)
        if self._is_free and not is_canonical(identifier):
            raise ProfileError("ble.identifier", "what names it is empty, too long, or has characters that cannot be printed")
        return identifier

    def _of_message(self, name: str, address: str, message: Advertisement) -> str:
        if name == "owner":
            return self._owner(message.address) if self._owner else ""
        return address if name == "address" else message.name


_Buckets = dict[K, list[tuple[int, FrameReader, OwnerT]]]
"""Frames by what a message must have, the most specific first, each with its rank among all."""


class BleIndex(Generic[OwnerT]):
    """Finds which of many devices matches a message: company and UUID select the few candidates."""

    def __init__(self, devices: Sequence[tuple[Sequence[FrameReader], OwnerT]]) -> None:
        """`devices`: the readers of each device with its owner, in the order that decides between equally specific ones."""
        frames = [(reader, owner) for readers, owner in devices for reader in readers]
        frames.sort(key=lambda pair: pair[0].weight, reverse=True)
        self._last: Final = len(frames)
        self._by_company: Final[_Buckets[int, OwnerT]] = {}
        self._by_service_data: Final[_Buckets[str, OwnerT]] = {}
        self._by_service: Final[_Buckets[str, OwnerT]] = {}
        self._others: Final[list[tuple[int, FrameReader, OwnerT]]] = []
        for rank, (reader, owner) in enumerate(frames):
            self._bucket(reader.frame).append((rank, reader, owner))

    def __call__(self, message: Advertisement) -> OwnerT | None:
        """Return the owner of the most specific frame that matches `message`; None if none does."""
        buckets = [self._by_company.get(company, _NOBODY) for company in message.manufacturer]
        if message.service_data:
            buckets += [self._by_service_data.get(uuid, _NOBODY) for uuid in message.service_data]
        if message.services and self._by_service:
            buckets += [self._by_service.get(uuid, _NOBODY) for uuid in message.services]
        buckets.append(self._others)
        found, best = None, self._last
        for bucket in buckets:
            for rank, reader, owner in bucket:
                if rank >= best:
                    break
                if reader.takes(message):
                    found, best = owner, rank
                    break
        return found

    def beside(self, message: Advertisement) -> list[OwnerT]:
        """Return the owners whose telemetry is in `message`. Only a message with several payloads has telemetry beside an identity."""
        if len(message.manufacturer) + len(message.service_data) < 2 and not message.repeated:
            return []
        buckets = [self._by_company.get(company, _NOBODY) for company in message.manufacturer]
        buckets += [self._by_service_data.get(uuid, _NOBODY) for uuid in message.service_data]
        return [owner for bucket in buckets for _, reader, owner in bucket if reader.is_telemetry and reader.takes(message)]

    def _bucket(self, frame: BleFrame) -> list[tuple[int, FrameReader, OwnerT]]:
        if frame.manufacturer_id is not None:
            return self._by_company.setdefault(frame.manufacturer_id, [])
        if frame.service_data_uuid is not None:
            return self._by_service_data.setdefault(frame.service_data_uuid, [])
        if frame.service_uuid is not None:
            return self._by_service.setdefault(frame.service_uuid, [])
        return self._others
