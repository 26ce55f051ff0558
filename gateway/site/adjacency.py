"""Which zones of a store one can walk between: `next_to` of `[[stores.zones]]`. Nobody walks through a wall.

What one zone lists holds in both directions. A store whose zones list nothing has no walls that anybody knows of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from footfall.mistakes import unknown


class ZoneSides(NamedTuple):
    """A zone as far as it concerns ways: `names` are all it ever had, the present one first."""

    names: Sequence[str]
    type: str
    next_to: Sequence[str]

    @property
    def name(self) -> str:
        return self.names[0]


def neighbours(zones: Sequence[ZoneSides]) -> dict[str, set[str]]:
    """Return the zones next to each, by present name; empty if no zone lists any.

    A zone of type `outside` that nobody lists is next to every entrance, or to all zones if there is none.
    """
    if not any(zone.next_to for zone in zones):
        return {}
    present = _present(zones)
    found: dict[str, set[str]] = {zone.name: set() for zone in zones}
    for zone in zones:
        for other in zone.next_to:
            found[zone.name].add(present[other])
            found[present[other]].add(zone.name)
    entrances = [zone.name for zone in zones if zone.type == "entrance"]
    for zone in zones:
        if zone.type == "outside" and not found[zone.name]:
            for other in entrances or [each.name for each in zones if each.type != "outside"]:
                found[zone.name].add(other)
                found[other].add(zone.name)
    return found


def check_adjacency(store: str, zones: Sequence[ZoneSides]) -> None:
    """Raise ValueError for a neighbour that is no zone of the store, for two lists that disagree, and for a zone that nobody reaches."""
    present, listed = _present(zones), {zone.name: zone for zone in zones}
    for zone in zones:
        for other in zone.next_to:
            where = f"next_to of zone {zone.name!r} in store {store!r} names"
            if other not in present:
                raise ValueError(unknown(f"{where} {other!r}", other, list(present), f"its zones are {', '.join(listed)}"))
            there = listed[present[other]]
            if there.name == zone.name:
                raise ValueError(f"{where} the zone itself: leave it out")
            if there.next_to and zone.name not in {present.get(name) for name in there.next_to}:
                raise ValueError(
                    f"{where} {other!r}, but zone {there.name!r} has next_to = {_listed(there.next_to)}: add {zone.name!r} there, or"
                    f" take {other!r} out of next_to = {_listed(zone.next_to)} of {zone.name!r}"
                )
    _check_reached(store, zones)


def _check_reached(store: str, zones: Sequence[ZoneSides]) -> None:
    around = neighbours(zones)
    begins = [zone.name for zone in zones if zone.type == "entrance"] or list(around)[:1]
    reached, new = set(begins), begins if around else []
    while new:
        new = sorted({other for name in new for other in around[name]} - reached)
        reached |= set(new)
    missing = [zone.name for zone in zones if around and zone.name not in reached]
    if missing:
        raise ValueError(
            f"nobody reaches zone {missing[0]!r} of store {store!r} from {begins[0]!r}: name it in next_to of a zone that one comes from"
        )


def _present(zones: Sequence[ZoneSides]) -> Mapping[str, str]:
    return {name: zone.name for zone in zones for name in zone.names}


def _listed(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
