"""The estate: `site` is what `site.toml` may hold, `names` what things were called when, `recorded` what the journal keeps of it."""

from gateway.site.site import Agent, Alias, DoorAlias, Site, Staff, Store, Zone, ZoneType, local_day, shard_of

__all__ = ["Agent", "Alias", "DoorAlias", "Site", "Staff", "Store", "Zone", "ZoneType", "local_day", "shard_of"]
