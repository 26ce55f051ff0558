"""What a calibration found of a store: levels are set off zone by zone, for one class of carriers. Checked with the store's zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from footfall.config import Section
from footfall.events import Name, Text
from footfall.mistakes import did_you_mean

MOST_DB: Final = 60
OffsetDb = Annotated[int, Field(ge=-MOST_DB, le=MOST_DB)]


class Calibration(Section):
    """Of one profile: what holds for cars does not for people. Zones that `offset_db` leaves out have 0."""

    profile: Text
    offset_db: Mapping[Name, OffsetDb] = Field(default_factory=dict)
    """By zone, added to the level that its receivers report before zones are compared, dB."""
    margin_db: Annotated[float, Field(ge=0, le=30)] | None = None
    """Instead of the profile's."""
    confirm_s: Annotated[float, Field(ge=0, le=120)] | None = None
    """Shortest time that another zone must lead, instead of the profile's; longer ones, which follow intervals, change in proportion."""
    back_s: Annotated[float, Field(ge=0, le=30)] = 0.0
    """A change is stamped so long before another zone went ahead: levels follow the person so late."""
    receivers: Mapping[Text, Name] = Field(default_factory=dict)
    """The zone of each receiver (`agent/receiver`) that site.toml listed when it was made: another mounting is not calibrated."""
    made: datetime | None = None
    score_before: Annotated[float, Field(ge=0, le=1)] | None = None
    """The share of time with the right zone without the calibration, each walk scored alone."""
    score: Annotated[float, Field(ge=0, le=1)] | None = None
    """The same with it, each walk scored by a calibration of the others."""


def check_calibrations(store: str, calibrations: Iterable[Calibration], zones: Sequence[str]) -> None:
    """Raise ValueError for two calibrations of one profile, and for one that names a zone which the store lacks."""
    known: dict[str, Calibration] = {}
    for each in calibrations:
        if each.profile in known:
            raise ValueError(_twice(store, known[each.profile], each, zones))
        known[each.profile] = each
        if unknown := sorted(set(each.offset_db) - set(zones)):
            meant = did_you_mean(unknown[0], zones)
            raise ValueError(
                f"the calibration of store {store!r} for {each.profile!r} names zone {unknown[0]!r}{meant}; there are {', '.join(zones)}"
            )


def _twice(store: str, one: Calibration, other: Calibration, zones: Sequence[str]) -> str:
    change = [other.offset_db.get(zone, 0) - one.offset_db.get(zone, 0) for zone in zones] or [0]
    both = " and ".join(f"{'made ' + str(each.made) if each.made else 'of no date'}, score {each.score}" for each in (one, other))
    return (
        f"store {store!r} has two calibrations for profile {one.profile!r} ({both}), which differ by up to {max(change) - min(change)} dB:"
        " keep the one that is valid"
    )
