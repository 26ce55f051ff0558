"""Where a recording is played: a store of a site.toml, with its calibrations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from footfall.errors import ConfigError
from footfall.mistakes import did_you_mean, unknown
from gateway.config import load_site
from gateway.site import Site, Store


class Place(NamedTuple):
    site: Site
    store: Store
    path: Path

    @staticmethod
    def read(path: Path, asked: str | None) -> Place:
        """Return the store that is asked for, or the only one. Raise ConfigError for a file that is wrong or has no such store."""
        site = load_site(path, {})
        return Place(site, site.by_name[only_store(asked, [each.name for each in site.stores], str(path))], path)

    def check_zones(self, zones: Collection[str]) -> None:
        """Raise ConfigError if the store lacks a zone in which a recording is heard: it would refuse those rows."""
        known = [zone.name for zone in self.store.zones]
        for zone in sorted({*zones} - {*known})[:1]:
            problem = f"{self.path}: store {self.store.name!r} has no zone {zone!r}, which receivers of the recording hear"
            advice = f"it has {', '.join(known) or 'none'}: add the zone, or give those receivers one of these in the mapping"
            raise ConfigError(unknown(problem, zone, known, advice))

    def agent_of(self, receivers: Collection[str]) -> str:
        """Return the agent that has most of a recording's receivers. Raise ConfigError if there is none."""
        heard, agents = set(receivers), self.store.agents
        if not agents:
            raise ConfigError(f"{self.path}: store {self.store.name!r} has no agent that could have heard {', '.join(sorted(heard))}")
        return max(agents, key=lambda agent: len(heard & set(agent.receivers))).name


def only_store(asked: str | None, stores: Sequence[str], where: str) -> str:
    """Return the store that is asked for, or the only one. Raise ConfigError if there is no such store, or no only one."""
    if asked is not None:
        if asked not in stores:
            raise ConfigError(f"{where} has no store {asked[:80]!r}{did_you_mean(asked, stores)}; it has {', '.join(stores) or 'none'}")
        return asked
    if len(stores) != 1:
        raise ConfigError(f"{where} has {len(stores)} stores: say which one with --store")
    return stores[0]
