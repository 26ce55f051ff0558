"""Zones that nothing hears, as far as `site.toml` knows."""

from __future__ import annotations

from gateway.site.site import Store


def unheard_zones(store: Store) -> list[str]:
    """Return the zones that no receiver hears, and that are no area. Empty for a store that lists no receivers."""
    heard = {zone for agent in store.agents for zone in agent.receivers.values()}
    areas = {area.zone for area in store.areas}
    return [zone.name for zone in store.zones if heard and not {zone.name, *(alias.name for alias in zone.aliases)} & (heard | areas)]
