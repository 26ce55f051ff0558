"""Areas of a store that its receivers tell apart only together: what each zone with receivers hears of a carrier in the area.

Three areas between two receivers have no receiver each; but the two levels differ from area to area. A store's areas for one profile are
weighed against each other by all levels at once (`gateway.fold.zone_areas`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

from pydantic import Field

from footfall.config import Section
from footfall.events import Name, Text
from footfall.mistakes import unknown

MOST_AREAS: Final = 6
"""Of one profile in a store."""
LevelDbm = Annotated[float, Field(ge=-127, le=20)]
SdDb = Annotated[float, Field(ge=0.5, le=30)]


class Area(Section):
    """A zone as one profile's carriers are heard in it."""

    zone: Name
    profile: Text
    level_dbm: Mapping[Name, LevelDbm]
    """By zone that has receivers: the mean level that it reports."""
    mean_sd_db: SdDb = 5.0
    """How far the mean over these zones strays, dB: transmit power and bodies."""
    shape_sd_db: SdDb = 5.0
    """How far each zone's difference from that mean strays, dB: the place within the area."""
    memory_s: Annotated[float, Field(gt=0, le=3600)] = 300.0
    """How long a carrier usually stays."""


def check_areas(store: str, areas: Sequence[Area], present: Mapping[str, str]) -> None:
    """Raise ValueError unless every profile's areas are two to MOST_AREAS zones of the store, by the levels of the same zones.

    `present` has the present name of each zone by each of its names.
    """
    zones = list(dict.fromkeys(present.values()))
    for profile, its in _by_profile(areas).items():
        called = f"areas of store {store!r} for {profile!r}"
        names = [area.zone for area in its]
        if not 2 <= len(its) <= MOST_AREAS or len({present.get(name, name) for name in names}) < len(names):
            raise ValueError(f"{called}: name two to {MOST_AREAS} zones, each once; there are {', '.join(names)}")
        for name in (*names, *(zone for area in its for zone in area.level_dbm)):
            if name not in present:
                raise ValueError(unknown(f"{called} name zone {name!r}", name, list(present), f"its zones are {', '.join(zones)}"))
        heard = {present[name] for name in its[0].level_dbm}
        for area in its:
            if len({present[name] for name in area.level_dbm}) < len(area.level_dbm):
                raise ValueError(f"{called}: level_dbm of {area.zone!r} names one zone by two names: keep its present one")
            if {present[name] for name in area.level_dbm} != heard or not heard:
                raise ValueError(f"{called}: level_dbm of {area.zone!r} must name the zones that {its[0].zone!r} names: {sorted(heard)}")


def _by_profile(areas: Iterable[Area]) -> dict[str, list[Area]]:
    found: dict[str, list[Area]] = {}
    for area in areas:
        found.setdefault(area.profile, []).append(area)
    return found
