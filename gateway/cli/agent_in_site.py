"""What an agent.toml names and site.toml lacks: the gateway would refuse each row that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from footfall.mistakes import unknown
from gateway.site import Site
from gateway.site.site import Agent, Store


class AgentFile(Protocol):
    """As `footfall config check` has read it; agents are no package of the gateway's."""

    store: str
    agent: str
    sources: Sequence[Any]

    @property
    def zones(self) -> Mapping[str, str]:
        """The zone of each receiver."""
        ...


def agent_in_site(agent: AgentFile, site: Site) -> Iterator[str]:
    """Yield the keys of an agent.toml whose names the estate does not have; names that something had before count too."""
    stores = {name: store for store in site.stores for name in _names(store)}
    store = stores.get(agent.store)
    if store is None:
        yield unknown(f"store: site.toml has no store {agent.store!r}", agent.store, stores, f"it has {_listed(stores)}")
        return
    agents = {name: each for each in store.agents for name in _names(each)}
    if agent.agent not in agents:
        names = _listed(agents)
        yield unknown(f"agent: site.toml has no agent {agent.agent!r} in store {store.name!r}", agent.agent, agents, f"it has {names}")
    yield from _receivers(agent, store, agents.get(agent.agent))
    yield from _doors(agent, store)
    yield from _watched(agent, store)


def _receivers(agent: AgentFile, store: Store, listed: Agent | None) -> Iterator[str]:
    zones = {name for zone in store.zones for name in _names(zone)}
    for receiver, zone in agent.zones.items():
        if zone not in zones:
            what = f"receivers.{receiver}: store {store.name!r} of site.toml has no zone {zone!r}"
            yield unknown(what, zone, sorted(zones), f"it has {_listed(zones)}")
        elif listed is not None and listed.receivers.get(receiver, zone) != zone:
            yield f"receivers.{receiver}: hears {zone!r} here, and {listed.receivers[receiver]!r} in site.toml"


def _doors(agent: AgentFile, store: Store) -> Iterator[str]:
    doors = {*store.doors, *(alias.name for alias in store.door_aliases)}
    for source in agent.sources:
        named = [getattr(source, "door", None), *getattr(source, "doors", {}).values(), *(gpi.door for gpi in getattr(source, "gpi", ()))]
        for door in dict.fromkeys(named):
            if door is not None and door not in doors:
                what = f"sources ({source.name}): store {store.name!r} of site.toml has no door {door!r}"
                yield unknown(what, door, sorted(doors), f"it has {_listed(doors)}")


def _watched(agent: AgentFile, store: Store) -> Iterator[str]:
    """The zones that sensors of people without names watch."""
    zones = {name for zone in store.zones for name in _names(zone)}
    for source in agent.sources:
        for zone in dict.fromkeys([getattr(source, "zone", None), *getattr(source, "zones", {}).values()]):
            if zone is not None and zone not in zones:
                what = f"sources ({source.name}): store {store.name!r} of site.toml has no zone {zone!r}"
                yield unknown(what, zone, sorted(zones), f"it has {_listed(zones)}")


def _names(thing: Any) -> list[str]:
    return [thing.name, *(alias.name for alias in thing.aliases)]


def _listed(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"
