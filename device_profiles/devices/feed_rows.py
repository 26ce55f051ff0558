"""The tables `[[device.readings]]` of a feed's profile: where its items lie, and which of their values are what.

    kind = "seen"          identifier, rssi_dbm, receiver, time, values
    kind = "relayed_tag"   epc, rssi_dbm, receiver, time
    kind = "relayed"       address, data (advertising data as hex), name, rssi_dbm, receiver, time
    kind = "counted"       entered, left, cumulative, door, time, start, serial, values
    kind = "occupied"      people, or occupied (true, false, or a word such as ON), place, time: who is there, without names
    kind = "decoded"       by: a named decoder, for what no table expresses well
    kind = "unread"        reason, fault, shows: an item that has counts in a form that no other table reads

A value is a path (device_profiles/decoders/paths.py), or a table with `path` and its format; an `epc` may be a list of them, of which
the first that is there counts. A missing value leaves the reading's default; one in another format makes the item unread.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from device_profiles.advertisement import parse_advertising_data
from device_profiles.decoders import feeds, paths, scalars
from device_profiles.decoders.paths import PathScope
from device_profiles.devices.feed_values import (
    AnyMeasured,
    AnyNumber,
    AnyTime,
    EpcField,
    IdentifierField,
    Measured,
    Number,
    PathNames,
    PathText,
    as_table,
    as_tables,
    found_at,
    read_at,
)
from device_profiles.reading import NOTHING, Counted, Occupied, Reading, Relayed, RelayedTag, Seen, Unread, Value, is_canonical
from footfall.config import Section
from footfall.errors import ProfileError


class _ItemRows(Section):
    """`each`: where the items are; without it the message is the item. `needs`, `where`: keys and values that an item must have.

    `unless`: values of which an item must have none. `lacks`: keys of which at least one is not there.
    """

    each: PathText = ""
    needs: PathNames = ()
    lacks: PathNames = ()
    where: dict[PathText, str | int | bool] = Field(default_factory=dict)
    unless: dict[PathText, str | int | bool] = Field(default_factory=dict)
    receiver: PathNames = ()
    time: AnyTime = None

    def read(self, scope: PathScope) -> Iterator[Reading]:
        """Yield one reading per item; Unread for an item with a value in another format."""
        for item in paths.each(paths.parse(self.each), scope):
            if self._is_one(item):
                try:
                    yield _nameable(self._reading(item))
                except ProfileError as error:
                    yield Unread(error.reason, str(error))

    def _is_one(self, item: PathScope) -> bool:
        return (
            all(paths.leads_somewhere(paths.parse(path), item) for path in self.needs)
            and not (self.lacks and all(paths.leads_somewhere(paths.parse(path), item) for path in self.lacks))
            and all(says(item, path, wanted) for path, wanted in self.where.items())
            and not any(says(item, path, wanted) for path, wanted in self.unless.items())
        )

    @abstractmethod
    def _reading(self, scope: PathScope) -> Reading: ...

    def _t_wall_ns(self, scope: PathScope) -> int:
        return 0 if self.time is None else self.time.read(scope)


def _nameable(reading: Reading) -> Reading:
    if isinstance(reading, Seen) and not is_canonical(reading.identifier):
        raise ProfileError("feed.identifier", "what names it is empty, too long, or has characters that cannot be printed")
    return reading


def says(scope: PathScope, path: str, wanted: str | int | bool) -> bool:
    """Return whether the value is the wanted one; of a text `a|b`, one of its words, in capitals or not."""
    value = paths.find(paths.parse(path), scope)
    if isinstance(value, str) and isinstance(wanted, str):
        return paths.is_word(value, wanted)
    return type(value) is type(wanted) and bool(value == wanted)


def joined(scope: PathScope, names: PathNames) -> str:
    """Return the present names as one name of ours, several at one path with dashes; "" without any."""
    found = [paths.find(paths.parse(path), scope) for path in names]
    several = [value if isinstance(value, list) else [value] for value in found if value not in (None, "", [])]
    return ".".join("-".join(map(scalars.name, values)) for values in several)[:64]


def _rssi_dbm(scope: PathScope, level: Number | None) -> int | None:
    value = None if level is None else level.find(scope)
    return None if level is None or value is None else read_at(level.path, value, scalars.rssi_dbm, level.scale)


def _values(scope: PathScope, measured: dict[str, Measured]) -> dict[str, Value]:
    found = {name: value.read(scope) for name, value in measured.items()}
    return {name: value for name, value in found.items() if value is not None}


class SeenRows(_ItemRows):
    kind: Literal["seen"]
    identifier: Annotated[IdentifierField, BeforeValidator(as_table)]
    rssi_dbm: AnyNumber | None = None
    values: dict[str, AnyMeasured] = Field(default_factory=dict)

    def _reading(self, scope: PathScope) -> Seen:
        return Seen(
            self.identifier.read(scope),
            rssi_dbm=_rssi_dbm(scope, self.rssi_dbm),
            receiver=joined(scope, self.receiver),
            t_wall_ns=self._t_wall_ns(scope),
            values=_values(scope, self.values) or NOTHING,
        )


class TagRows(_ItemRows):
    kind: Literal["relayed_tag"]
    epc: Annotated[tuple[EpcField, ...], BeforeValidator(as_tables), Field(min_length=1)]
    rssi_dbm: AnyNumber | None = None

    def _reading(self, scope: PathScope) -> RelayedTag:
        epc = next((field for field in self.epc if field.find(scope) is not None), self.epc[0])
        return RelayedTag(
            epc.read(scope),
            joined(scope, self.receiver),
            _rssi_dbm(scope, self.rssi_dbm),
            self._t_wall_ns(scope),
        )


class AdvertisementRows(_ItemRows):
    kind: Literal["relayed"]
    address: PathText
    data: PathText | None = None
    rssi_dbm: AnyNumber | None = None

    def _reading(self, scope: PathScope) -> Relayed:
        address = found_at(self.address, scope, scalars.mac)
        data = None if self.data is None else paths.find(paths.parse(self.data), scope)
        content = b"" if data is None else read_at(self.data or "", data, scalars.hex_bytes)
        heard = parse_advertising_data(content, address, _rssi_dbm(scope, self.rssi_dbm))
        return Relayed(heard, joined(scope, self.receiver), self._t_wall_ns(scope))


class CountedRows(_ItemRows):
    """Without `left` or `entered` the counter has one direction. `start`: the beginning of the period that `time` ends.

    `trigger`: people who a later report of the same device counts again.
    """

    kind: Literal["counted"]
    cumulative: bool
    trigger: bool = False
    entered: PathText | None = None
    left: PathText | None = None
    door: PathNames = ()
    start: AnyTime = None
    serial: PathNames = ()
    values: dict[str, AnyMeasured] = Field(default_factory=dict)

    def _reading(self, scope: PathScope) -> Counted:
        t_wall_ns = self._t_wall_ns(scope)
        start_ns = 0 if self.start is None else self.start.read(scope)
        return Counted(
            self._people(scope, self.entered),
            self._people(scope, self.left),
            self.cumulative,
            door=joined(scope, self.door),
            t_wall_ns=t_wall_ns,
            period_s=max(0.0, (t_wall_ns - start_ns) / 1e9) if start_ns and t_wall_ns else 0.0,
            serial=joined(scope, self.serial),
            values=_values(scope, self.values) or NOTHING,
            trigger=self.trigger,
        )

    def _people(self, scope: PathScope, path: str | None) -> int:
        return 0 if path is None else found_at(path, scope, scalars.count)


class OccupiedRows(_ItemRows):
    """`people` now, or of a sensor that does not count whether it is `occupied`. A balance of people in and out below 0 is nobody."""

    kind: Literal["occupied"]
    people: PathText | None = None
    occupied: PathText | None = None
    place: PathNames = ()

    @model_validator(mode="after")
    def _has_one(self) -> OccupiedRows:
        if (self.people is None) == (self.occupied is None):
            raise ValueError("people: one of `people` and `occupied` is needed")
        return self

    def _reading(self, scope: PathScope) -> Occupied:
        if self.people:
            people = max(0, found_at(self.people, scope, scalars.whole))
        else:
            people = int(found_at(self.occupied or "", scope, scalars.truth))
        return Occupied(people, self.people is not None, joined(scope, self.place), self._t_wall_ns(scope))


class DecodedRows(_ItemRows):
    kind: Literal["decoded"]
    by: feeds.DecoderName

    def _reading(self, scope: PathScope) -> Reading:
        return feeds.DECODERS[self.by](scope, joined(scope, self.receiver))


class UnreadRows(_ItemRows):
    """Items with counts that no other table reads: counted under `reason` instead of taken for a heartbeat. `shows`: what they have."""

    kind: Literal["unread"]
    reason: Annotated[str, Field(pattern=r"^feed\.[a-z]+\z")]
    fault: Annotated[str, Field(min_length=1)]
    shows: PathText | None = None

    def _reading(self, scope: PathScope) -> Reading:
        found = [] if self.shows is None else [each.item for each in paths.each(paths.parse(self.shows), scope)]
        texts = [str(value) for value in found if isinstance(value, str | int) and str(value).isprintable()]
        return Unread(self.reason, ": ".join(filter(None, (self.fault, ", ".join(texts)[:100]))))


AnyRows = Annotated[
    SeenRows | TagRows | AdvertisementRows | CountedRows | OccupiedRows | DecodedRows | UnreadRows, Field(discriminator="kind")
]
