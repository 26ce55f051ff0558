"""What profiles mean for presence, by their names. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from device_profiles.profile import Profile
from edge_agent.presence_slots import PresenceLimits


def filler(zones: Mapping[str, str], profiles: Mapping[str, Profile]) -> tuple[str, str]:
    """Return the zone and the profile of rows that have none."""
    return min(zones.values(), default="-"), min(profiles, default="-")


def limits_of(profiles: Mapping[str, Profile]) -> dict[str, PresenceLimits]:
    """Return the limits of each profile's presence."""
    return {name: PresenceLimits.of(profile.presence) for name, profile in profiles.items()}


def sku_of(profiles: Mapping[str, Profile]) -> dict[str, Callable[[str], str]]:
    """Return, for each profile of goods, the function from identifier to SKU."""
    return {name: profile.sku for name, profile in profiles.items() if profile.identifier_class == "goods"}
