"""What `site.toml` lacks for zones to be told apart: receivers that hear them, and calibrations."""

from __future__ import annotations

from gateway.site.site import Site, Store


def unheard_zones(store: Store) -> list[str]:
    """Return the zones that no receiver hears, and that are no area. Empty for a store that lists no receivers."""
    heard = {zone for agent in store.agents for zone in agent.receivers.values()}
    areas = {area.zone for area in store.areas}
    return [zone.name for zone in store.zones if heard and not {zone.name, *(alias.name for alias in zone.aliases)} & (heard | areas)]


def zones_without_level(site: Site) -> list[str]:
    """Return the zones, `store/zone`, that let in whoever they hear though another zone of the store has an `entrance_dbm`.

    Zones outside let nobody in. Of a store that lists receivers only zones with some are heard. A profile may state a level for them.
    """
    return [f"{store.name}/{name}" for store in site.stores for name in _without_level(store)]


def _without_level(store: Store) -> list[str]:
    if all(zone.entrance_dbm is None for zone in store.zones):
        return []
    heard = {zone for agent in store.agents for zone in agent.receivers.values()}
    inside = [zone for zone in store.zones if zone.type != "outside" and (not heard or zone.name in heard)]
    return [zone.name for zone in inside if zone.entrance_dbm is None]


def uncalibrated_stores(site: Site) -> list[str]:
    """Return the stores that tell zones apart by levels alone: neither a calibration nor areas, and two zones or more."""
    return [store.name for store in site.stores if len(store.zones) > 1 and not (store.calibrations or store.areas)]
