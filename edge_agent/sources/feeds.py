"""What a message of a device that publishes by itself means to this agent, over any transport.

    FeedReader(settings, profiles).read(message: FeedMessage, t_boot_ns) -> list[Heard]

The profile decodes it. Here its names become receivers and doors of the store, and tags and relayed advertisements go to the profiles of
their own transports. A message that is repeated counts once.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from math import ceil
from typing import Annotated, Final

from pydantic import Field, model_validator

from device_profiles.advertisement import Advertisement
from device_profiles.decoders import scalars
from device_profiles.devices.feed import FeedMessage
from device_profiles.profile import Profile
from device_profiles.reading import Counted, Numbered, Occupied, Reading, Relayed, RelayedTag, Seen, Unread
from device_profiles.registry import Registry
from edge_agent.sources.beacon_slots import ALONE, UNDECIDED, BeaconSlots, SlotMeaning, rank_of
from edge_agent.sources.border import refusal
from edge_agent.sources.feed_profiles import UNKNOWN, readings_of
from edge_agent.sources.settings import SourceSettings
from edge_agent.sources.source import AliveUntil, Heard, ObservationTask, Observed, Sighting, Tally, Unexplained
from footfall.errors import ProfileError
from footfall.events import Name

NO_ITEMS: Final = b"[]"
"""What a device sends that had nothing to report: a sign of life."""
FINE: Final = frozenset({"feed.again"})
"""Reasons that are no mistake of the device."""
NOBODY: Final = frozenset({"ble.nobody", "epc.nobody"})
"""Reasons of messages that are read and identify nobody, such as telemetry alone: sent again they would identify nobody either."""
REMEMBERED: Final = 10_000
"""Messages remembered, of those with a time or number. A redelivery comes within seconds; later ones count as new."""


class FeedSettings(SourceSettings):
    """`receivers`, `doors`, `zones` … have names as in messages, or as they become names here: `Living Room` or `living-room`."""

    receiver: Name | None = None
    """The receiver of messages that name none, or only the number of an antenna that is not in `receivers`."""
    prefix: Annotated[str, Field(pattern=r"^[a-z0-9._-]{0,32}\z")] = ""
    """Prefix of the names in messages: for devices that do not name themselves, each with a source of its own."""
    doors: dict[Name, Name] = Field(default_factory=dict)
    """The door at which each line or channel counts. Several may count at one door; a region of a channel counts at its channel's."""
    door: Name | None = None
    """The door of lines that are not in `doors`; without it they are not counted."""
    mirrored: tuple[Name, ...] = ()
    """Lines mounted the other way round: the device's entries are our exits."""

    changes: tuple[Name, ...] = ()
    """Lines whose bare numbers are people since the last message; of others they are totals."""
    zones: dict[Name, Name] = Field(default_factory=dict)
    """The zone that each sensor of people without names watches."""
    zone: Name | None = None
    """The zone of such sensors that are not in `zones`; without it they are not reported."""

    @model_validator(mode="before")
    @classmethod
    def _as_names(cls, values: object) -> object:
        """Return the settings with names of messages as `scalars.name` makes them, lower-case, with dashes for other characters."""
        if not isinstance(values, Mapping):
            return values
        changed: dict[str, object] = {}
        for key in ("receivers", "doors", "zones"):
            if isinstance(table := values.get(key), Mapping):
                changed[key] = _renamed(key, table)
        for key in ("mirrored", "changes"):
            if isinstance(lines := values.get(key), list | tuple):
                changed[key] = [_name(line) for line in lines]
        return {**values, **changed}

    @property
    def task(self) -> ObservationTask:
        counts, hears = bool(self.doors or self.door), bool(self.receivers)
        return "doors" if counts and not hears else "presence" if hears and not counts else ""


def _renamed(key: str, table: Mapping[object, object]) -> dict[object, object]:
    """Return the table with our names. Raise ValueError for two that become one."""
    found: dict[object, object] = {}
    for given, value in table.items():
        name = _name(given)
        if name in found:
            raise ValueError(f"{key}: {given!r} and another name both become {name!r}: such devices need sources with a `prefix` each")
        found[name] = value
    return found


def _name(given: object) -> object:
    """Return a name with blanks, capitals or other scripts as ours, and a topic with dots; any other is checked as it is."""
    if not isinstance(given, str):
        return given
    text = given.replace("/", ".")
    is_ours = text == text.lower() and " " not in text and text.isascii()
    return scalars.name(text) if text.strip() and not is_ours else text


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where one message is from, and when it arrived."""

    profile: Profile
    t_boot_ns: int


class FeedReader:
    """Decodes the messages of one source. `unexplained_total`, by reason, only grows."""

    def __init__(self, settings: FeedSettings, profiles: Registry, slots: BeaconSlots | None = None) -> None:
        self.slots: Final = BeaconSlots(profiles) if slots is None else slots
        self.unexplained_total: Final[Counter[str]] = Counter()
        self._settings: Final = settings
        self._profiles: Final = profiles
        self._known: Final[OrderedDict[bytes, None]] = OrderedDict()
        self._watches_no_zone: Final = not (settings.zones or settings.zone) and bool(settings.doors or settings.door or settings.receivers)
        """Cameras that count at doors report the people of their zones beside: who wants none has no zones in the settings."""

    def read(self, message: FeedMessage, t_boot_ns: int) -> list[Heard]:
        """Yield what the message reports, then what no profile explains, by reason; if it reports nobody, a sign of life."""
        refused: list[ProfileError] = []
        heard = [*self.slots.due(t_boot_ns), *self._read(message, t_boot_ns, refused)]
        totals = Counter(error.reason for error in refused)
        self.unexplained_total.update(totals)
        first = {error.reason: str(error) for error in reversed(refused)}
        heard += [Unexplained(t_boot_ns, reason, total, fault=first[reason]) for reason, total in totals.items()]
        return heard or [AliveUntil(t_boot_ns)]

    def _read(self, message: FeedMessage, t_boot_ns: int, refused: list[ProfileError]) -> Iterator[Heard]:
        try:
            profile, readings = readings_of(self._profiles, "feed", message)
        except ProfileError as error:
            if b"".join(message.payload.split()) != NO_ITEMS:
                refused.append(message.fault() or error if error.reason == UNKNOWN else error)
            return
        if any(map(_is_dated, readings)) and self._is_again(message):
            refused.append(ProfileError("feed.again", "the same message came before"))
            return
        for reading in readings:
            if isinstance(reading, Occupied) and self._watches_no_zone:
                continue
            try:
                if heard := self._heard(_Origin(profile, t_boot_ns), reading):
                    yield heard
            except Exception as error:  # whatever one item does, the others are heard
                refused.append(refusal(error))

    def _is_again(self, message: FeedMessage) -> bool:
        digest = blake2b(message.payload, digest_size=16, key=blake2b(message.topic.encode(), digest_size=16).digest()).digest()
        if digest in self._known:
            self._known.move_to_end(digest)
            return True
        self._known[digest] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return False

    def _heard(self, origin: _Origin, reading: Reading) -> Sighting | Tally | Observed | None:
        match reading:
            case Seen():
                return self._sighting(origin, reading, reading.profile or origin.profile.name)
            case Relayed():
                return self._relayed(origin, reading)
            case RelayedTag(_, receiver, rssi_dbm, t_wall_ns):
                profile, seen = self._explained("epc", reading)
                seen = replace(seen, receiver=receiver, rssi_dbm=rssi_dbm, t_wall_ns=t_wall_ns)
                return self._sighting(origin, seen, seen.profile or profile.name)
            case Counted():
                return self._tally(origin, reading)
            case Occupied():
                return self._observed(origin, reading)
            case Numbered(number, place):
                return self._numbered(origin, number, place)
            case Unread(reason, fault):
                raise ProfileError(reason, fault)

    def _relayed(self, origin: _Origin, relayed: Relayed) -> Sighting | None:
        """Return who sent an advertisement; None while its beacon's other messages may name somebody else."""
        advertisement = relayed.advertisement
        profile, seen = self._explained("ble", advertisement)
        reason = "ble.nobody" if profile.identifies_nobody else ""
        who = SlotMeaning(seen.profile or profile.name, seen.identifier, reason, rank_of(profile, advertisement))
        if who.rank != ALONE:
            who = self.slots.whose(advertisement.address, who, origin.t_boot_ns)
        if who.reason and who is not UNDECIDED:
            raise ProfileError(who.reason, "it names nobody")
        rssi_dbm = seen.rssi_dbm if seen.rssi_dbm is not None else advertisement.rssi_dbm
        seen = Seen(who.identifier, "", rssi_dbm, relayed.receiver, relayed.t_wall_ns)
        if who is not UNDECIDED:
            return self._sighting(origin, seen, who.profile)
        self.slots.hold(advertisement.address, self._sighting(origin, seen, profile.name))
        return None

    def _explained(self, transport: str, message: Advertisement | RelayedTag) -> tuple[Profile, Seen]:
        """Return the profile and its reading of who was seen. Raise ProfileError if the message has none."""
        profile, readings = readings_of(self._profiles, transport, message)
        for seen in readings:
            if isinstance(seen, Seen):
                return profile, seen
        raise ProfileError(f"{transport}.nobody", "it names nobody")

    def _sighting(self, origin: _Origin, seen: Seen, profile: str) -> Sighting:
        receiver = self._receiver(seen.receiver)
        if receiver is None or receiver not in self._settings.receivers:
            raise ProfileError("feed.receiver", "no zone is known for its receiver")
        if profile not in self._profiles:
            raise ProfileError("feed.profile", "its profile is not known")
        rssi_dbm = seen.rssi_dbm
        if rssi_dbm is None:  # its level is unknown: it counts as just near enough to enter
            rssi_dbm = ceil(self._profiles[profile].presence.enter_dbm)
        return Sighting(origin.t_boot_ns, receiver, profile, seen.identifier, rssi_dbm, seen.t_wall_ns)

    def _receiver(self, named: str) -> Name | None:
        """Return the receiver that a message names. A number alone is an antenna of a reader without a name: `receiver` may take it."""
        receiver = self._settings.prefix + named
        is_reader = bool(named) and not named.isdecimal()
        return receiver if named and (is_reader or receiver in self._settings.receivers) else self._settings.receiver

    def _tally(self, origin: _Origin, counted: Counted) -> Tally:
        line = self._settings.prefix + counted.door if counted.door else ""
        door = self._door(line, counted.trigger)
        if any(name in self._settings.mirrored for name in _line_and_its_devices(line)):
            counted = replace(counted, entered=counted.left, left=counted.entered)
        return Tally(origin.t_boot_ns, f"{self._settings.name} {line}".strip(), door, counted, origin.profile.name)

    def _door(self, line: str, is_trigger: bool) -> Name:
        """Return the door of a line. What a later report repeats counts at a door of its own line alone, or people would count twice."""
        if is_trigger:
            door = next(
                (self._settings.doors[name] for name in islice(_line_and_its_devices(line), 2) if name in self._settings.doors), None
            )
            fault = ProfileError("feed.trigger", "the device's next report has these people too; `doors` has no door for this line alone")
        else:
            door = _named(self._settings.doors, line) or self._settings.door
            fault = ProfileError("feed.door", "no door is known for its line")
        if door is None:
            raise fault
        return door

    def _observed(self, origin: _Origin, seen: Occupied) -> Observed:
        sensor = self._settings.prefix + seen.place if seen.place else ""
        zone = _named(self._settings.zones, sensor) or self._settings.zone
        if zone is None:
            raise ProfileError("feed.zone", "no zone is known for its sensor")
        return Observed(origin.t_boot_ns, zone, sensor or self._settings.name, seen.people, seen.counted, seen.t_wall_ns)

    def _numbered(self, origin: _Origin, number: int, place: str) -> Tally | Observed:
        """Return what the settings of this source state that a number is."""
        line = self._settings.prefix + place
        if _named(self._settings.doors, line) or (self._settings.door and not _named(self._settings.zones, line)):
            is_total = line not in self._settings.changes
            return self._tally(origin, Counted(number, 0, is_total, door=place))
        return self._observed(origin, Occupied(number, place=place))


def _named(names: Mapping[str, Name], line: str) -> str | None:
    """Return what a line, or else what it is part of, stands for."""
    return next((names[name] for name in _line_and_its_devices(line) if name in names), None)


def _line_and_its_devices(line: str) -> Iterator[str]:
    """Yield a line's name, then those of what it is part of: `849a40ecf16d.1.2`, `849a40ecf16d.1`, `849a40ecf16d`."""
    while line:
        yield line
        line = line.rpartition(".")[0]


def _is_dated(reading: Reading) -> bool:
    """Return whether the message has a time or number: only then is an equal one a repetition."""
    return not isinstance(reading, Unread | Numbered) and bool(reading.t_wall_ns or (isinstance(reading, Counted) and reading.serial))
