"""`[[beacons]]` of `site.toml`: the UUIDs of the brand's own iBeacons and AltBeacons."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Literal, Protocol
from uuid import UUID

from pydantic import AfterValidator

from footfall.beacons import TYPES, OwnBeacon
from footfall.config import Section

BeaconPart = Literal["uuid", "major", "minor"]


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError(f"{text!r} is no UUID: 32 hex digits, such as f7826da6-4fa2-4e98-8024-bc5b71e0893e") from None


class Beacons(Section):
    """All beacons with one UUID."""

    uuid: Annotated[str, AfterValidator(_uuid)]
    identified_by: tuple[BeaconPart, ...] = ()
    """What names one of them, the UUID in any case: a part left out is a measurement, or the same for many. Empty: all three."""

    def as_own(self) -> OwnBeacon:
        parts = self.identified_by or ("uuid", "major", "minor")
        return OwnBeacon(self.uuid, "major" in parts, "minor" in parts)


class _Person(Protocol):
    @property
    def identifiers(self) -> Sequence[str]: ...


class _Estate(Protocol):
    @property
    def beacons(self) -> Sequence[Beacons]: ...

    @property
    def staff(self) -> Sequence[_Person]: ...

    @property
    def assets(self) -> Sequence[str]: ...


def own_beacons(site: _Estate) -> tuple[OwnBeacon, ...]:
    """Return the brand's own beacons, with those of its staff and assets; none: the estate states none, and every beacon is a fan's."""
    own = {each.uuid: each.as_own() for each in site.beacons}
    listed = [identifier for person in site.staff for identifier in person.identifiers] + list(site.assets)
    for identifier in listed if own else ():
        id_type, _, value = identifier.partition(":")
        uuid = value.partition(":")[0]
        if id_type in TYPES and uuid not in own:
            own[uuid] = OwnBeacon(uuid)
    return tuple(beacon for beacon in own.values() if _is_uuid(beacon.uuid))


def _is_uuid(text: str) -> bool:
    """Return whether it is a UUID as beacons' identifiers have it; any other text in a list is no beacon's."""
    with suppress(ValueError):
        return str(UUID(text)) == text
    return False
