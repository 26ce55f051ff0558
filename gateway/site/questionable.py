"""What `site.toml` states in vain: areas that nothing tells apart, entries that never come. It is allowed, and noted."""

from __future__ import annotations

from itertools import combinations

from gateway.site.site import Site


def alike_areas(site: Site) -> list[str]:
    """Return each two areas of a profile that have the same levels."""
    return [
        f"{store.name}: {one.zone} and {other.zone} for {one.profile}"
        for store in site.stores
        for one, other in combinations(store.areas, 2)
        if one.profile == other.profile and dict(one.level_dbm) == dict(other.level_dbm)
    ]


def reentries_too_late(site: Site) -> list[str]:
    """Return the stores whose stated `reentry_s` is above their `idle_timeout_s`."""
    return [store.name for store in site.stores if "reentry_s" in store.model_fields_set and store.reentry_s > store.idle_timeout_s]
