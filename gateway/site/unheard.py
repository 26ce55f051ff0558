"""What `site.toml` lacks for zones to be told apart: receivers that hear them, and calibrations."""

from __future__ import annotations

from gateway.site.site import Site, Store


def unheard_zones(store: Store) -> list[str]:
    """Return the zones that no receiver hears, and that are no area. Empty for a store that lists no receivers."""
    heard = {zone for agent in store.agents for zone in agent.receivers.values()}
    areas = {area.zone for area in store.areas}
    return [zone.name for zone in store.zones if heard and not {zone.name, *(alias.name for alias in zone.aliases)} & (heard | areas)]


def uncalibrated_stores(site: Site) -> list[str]:
    """Return the stores that tell zones apart by levels alone: neither a calibration nor areas, and two zones or more."""
    return [store.name for store in site.stores if len(store.zones) > 1 and not (store.calibrations or store.areas)]
