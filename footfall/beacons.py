"""Whose beacons are whose: the brand's own UUIDs, and which parts of `uuid:major:minor` identify one of them. Pure.

    rule = BeaconRule((OwnBeacon("f7826da6-4fa2-4e98-8024-bc5b71e0893e", major=True, minor=False),))
    rule.identifier("f7826da6-4fa2-4e98-8024-bc5b71e0893e:7:21")     # "f7826da6-4fa2-4e98-8024-bc5b71e0893e:7:*"
    rule.identifier("e2c56db5-dffb-48d2-b060-d0f5a71096e0:1:1")      # "": somebody else's

`site.toml` has it, receipts bring it to agents: a gateway has pseudonyms alone, and cannot tell a UUID from one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

TYPES: Final = frozenset({"ibeacon", "altbeacon"})
"""Identifier types of such beacons."""
UUID_BYTES: Final = 16
MOST: Final = 64
"""So many UUIDs have room in a receipt."""
ANY: Final = "*"
"""In an identifier for a part that is a measurement."""
_MAJOR: Final = 1
_MINOR: Final = 2


class OwnBeacon(NamedTuple):
    """A UUID of the brand, lower-case with hyphens, and what else names a beacon with it."""

    uuid: str
    major: bool = True
    minor: bool = True


class BeaconRule:
    """Without UUIDs every beacon is the brand's. `own` is what it was made of."""

    def __init__(self, own: Iterable[OwnBeacon] = ()) -> None:
        self.own: Final = tuple(own)
        self._by_uuid: Final = {beacon.uuid: beacon for beacon in self.own}

    def identifier(self, heard: str) -> str:
        """Return the identifier of a beacon that was heard as `uuid:major:minor`; "" if its UUID is not the brand's."""
        if not self.own:
            return heard
        uuid, _, numbers = heard.partition(":")
        own = self._by_uuid.get(uuid)
        if own is None:
            return ""
        if (own.major and own.minor) or not numbers:
            return heard
        major, _, minor = numbers.partition(":")
        return f"{uuid}:{major if own.major else ANY}:{minor if own.minor else ANY}"


def packed(own: Sequence[OwnBeacon]) -> list[tuple[bytes, int]]:
    """Return what a receipt has of them: the UUID's bytes, and 1 where major, 2 where minor identifies, added up."""
    return [(UUID(beacon.uuid).bytes, _MAJOR * beacon.major + _MINOR * beacon.minor) for beacon in own]


def unpacked(values: object) -> tuple[OwnBeacon, ...]:
    """Return the beacons of `packed`. Raise ValueError for anything else."""
    if not isinstance(values, list | tuple) or len(values) > MOST:
        raise ValueError(f"must be a list of at most {MOST} beacons")
    return tuple(map(_unpacked, values))


def _unpacked(value: object) -> OwnBeacon:
    match value:
        case [bytes() as uuid, int() as parts] if len(uuid) == UUID_BYTES and parts in range(_MAJOR + _MINOR + 1):
            return OwnBeacon(str(UUID(bytes=uuid)), bool(parts & _MAJOR), bool(parts & _MINOR))
    raise ValueError("a beacon is the 16 bytes of its UUID and a number of 0 to 3")
