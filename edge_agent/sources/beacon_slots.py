"""Which messages are of one beacon: one that alternates iBeacon and Eddystone, or telemetry, is one person and no thing beside it.

    slots = BeaconSlots(profiles)
    slots.whose(address, found, now_ns) -> SlotMeaning       # for whom a message counts; UNDECIDED while a stronger one may come
    slots.hold(address, sighting)                            # what is not decided yet
    slots.due(now_ns) -> list[Sighting]                      # what was held, and is decided now

An address that no phone uses, public or static, belongs to one device for long. All its messages count for the one of the highest rank:
the order of device_profiles/devices/ble_frames.py that also decides within one message, then the profile's name. So agents that hear the
same slots agree, whichever came first. A message that identifies as much as an iBeacon counts at once; a weaker one once its address has
been heard for SETTLE_NS, since a stronger one may be about to come. An identity that was not heard for FORGET_NS counts no more, as of a
beacon that was set anew. An address with two identities of one profile is that of a sender for several, and pairs nothing. Addresses that
change, and those that may be a phone's, pair nothing either. Pure.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from device_profiles.advertisement import Advertisement
from device_profiles.devices.ble import Ble
from device_profiles.devices.ble_frames import PRECEDENCE
from device_profiles.profile import Profile
from device_profiles.registry import Registry
from edge_agent.sources.source import Sighting
from footfall.units import NS_PER_S

SETTLE_NS: Final = 3 * NS_PER_S
"""Slots of a beacon take turns within a second or so."""
FORGET_NS: Final = 3600 * NS_PER_S
REMEMBERED: Final = 20_000
"""Addresses; the one that was silent for longest is forgotten first."""
SUPPLEMENT: Final = -1
"""The rank of a message that identifies nobody."""
ALONE: Final = 0
_NO_PHONE: Final = frozenset("89abcdef")
"""How an address of unknown type begins that is public or static (device_profiles/profiles/ble-thing.toml)."""
_IDENTITY: Final = PRECEDENCE["identity"]


class SlotMeaning(NamedTuple):
    """What one message means alone: whom it names, or the reason why it names nobody."""

    profile: str
    identifier: str
    reason: str = ""
    rank: int = ALONE
    """How specific its profile is for it; SUPPLEMENT, or ALONE for one that belongs to no other message."""


UNDECIDED: Final = SlotMeaning("", "", "ble.undecided")


@dataclass(slots=True)
class _Beacon:
    """One address. `slots`: by profile, what it means and when it was heard. `best`: the one that counts."""

    since_ns: int
    heard_ns: int
    best: SlotMeaning | None = None
    several_until_ns: int = 0
    slots: dict[str, tuple[SlotMeaning, int]] = field(default_factory=dict)


def rank_of(profile: Profile, advertisement: Advertisement) -> int:
    """Return the rank of a message that `profile` explains."""
    if not isinstance(profile.device, Ble) or not is_lasting(advertisement):
        return ALONE
    return SUPPLEMENT if profile.identifies_nobody else profile.device.specificity(advertisement)


def is_lasting(advertisement: Advertisement) -> bool:
    """Return whether the address stays its device's: public or static, or of unknown type and no phone's."""
    kind = advertisement.address_type
    return kind in ("public", "static") or (kind == "unknown" and advertisement.address[:1] in _NO_PHONE)


class BeaconSlots:
    """`paired_total` counts messages that counted for another identity than their own."""

    def __init__(self, profiles: Registry, settle_ns: int = SETTLE_NS) -> None:
        self.paired_total = 0
        self._settle_ns: Final = settle_ns
        self._at_once: Final = _least_at_once(profiles.get("ibeacon"))
        self._beacons: Final[OrderedDict[str, _Beacon]] = OrderedDict()
        self._held: Final[dict[str, Sighting]] = {}

    def __len__(self) -> int:
        return len(self._beacons)

    def whose(self, address: str, found: SlotMeaning, now_ns: int) -> SlotMeaning:
        """Return the meaning that a message counts for: its own, a stronger one of its address, or UNDECIDED."""
        beacon = self._beacon(address, now_ns)
        if found.rank != SUPPLEMENT:
            _note(beacon, found, now_ns)
        best = beacon.best
        if best is None or now_ns < beacon.several_until_ns:
            return found
        if best.rank < self._at_once and now_ns - beacon.since_ns < self._settle_ns:
            return UNDECIDED
        self._held.pop(address, None)
        self.paired_total += best is not found and best[:2] != found[:2]
        return best

    def hold(self, address: str, sighting: Sighting) -> None:
        """Keep the last sighting of an address that is undecided, at its receiver and level, whomever it names."""
        self._held[address] = sighting

    def due(self, now_ns: int) -> list[Sighting]:
        """Return what is decided now without a stronger message, heard now: in all this time its agent knew nobody there."""
        found = []
        for address in [one for one in self._held if self._is_due(one, now_ns)]:
            sighting, beacon = self._held.pop(address), self._beacons.get(address)
            if beacon is not None and beacon.best is not None:
                found.append(replace(sighting, t_boot_ns=now_ns, profile=beacon.best.profile, identifier=beacon.best.identifier))
        return found

    def _is_due(self, address: str, now_ns: int) -> bool:
        beacon = self._beacons.get(address)
        return beacon is None or now_ns - beacon.since_ns >= self._settle_ns

    def _beacon(self, address: str, now_ns: int) -> _Beacon:
        beacon = self._beacons.get(address)
        if beacon is None or now_ns - beacon.heard_ns >= FORGET_NS:
            self._beacons[address] = beacon = _Beacon(now_ns, now_ns)
            if len(self._beacons) > REMEMBERED:
                self._held.pop(self._beacons.popitem(last=False)[0], None)
        self._beacons.move_to_end(address)
        beacon.heard_ns = now_ns
        return beacon


def _note(beacon: _Beacon, found: SlotMeaning, now_ns: int) -> None:
    known, heard_ns = beacon.slots.get(found.profile, (found, now_ns))
    if known.identifier != found.identifier and found.rank >= _IDENTITY and now_ns - heard_ns < FORGET_NS:
        beacon.several_until_ns = now_ns + FORGET_NS
    beacon.slots[found.profile] = found, now_ns
    lasting = [meaning for meaning, heard_ns in beacon.slots.values() if now_ns - heard_ns < FORGET_NS]
    beacon.best = min(lasting, key=lambda meaning: (-meaning.rank, meaning.profile))


def _least_at_once(ibeacon: Profile | None) -> int:
    """Return the rank of an iBeacon, the commonest of all identities, and the most specific of those that are a standard."""
    frames = ibeacon.device.frames if ibeacon is not None and isinstance(ibeacon.device, Ble) else ()
    return _IDENTITY + max((frame.weight for frame in frames), default=0)
