"""The estate: `site` is what `site.toml` may hold, `names` what things were called when, `recorded` what the journal keeps of it.

What checks `site.toml` is imported when a name of it is: a question to a database starts without.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.site.site import Agent, Alias, DoorAlias, Site, Staff, Store, Zone, ZoneType, local_day, shard_of

__all__ = ["Agent", "Alias", "DoorAlias", "Site", "Staff", "Store", "Zone", "ZoneType", "local_day", "shard_of"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("gateway.site.site"), name)
