"""The estate of `site.toml`, with earlier names and stores, as fast look-ups. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from footfall.errors import ContractError
from footfall.frames import Body, Kind
from footfall.mistakes import did_you_mean
from footfall.shown_topics import shown
from gateway.site import Agent, Site, Store
from gateway.site.corrections import CorrectionRules
from gateway.site.names import ALWAYS, Names, Span
from gateway.site.staff import Roster

_NEEDS_ZONE: Final = (Kind.ENTER, Kind.STAY, Kind.EXIT)
_NEEDS_DOOR: Final = (Kind.IN, Kind.OUT)


class HeardAt(NamedTuple):
    """The store and agent of rows, by the names of their time."""

    store: str
    agent: str


@dataclass(frozen=True, slots=True, eq=False)
class AgentHere:
    """An agent in one store; `spans` are empty if it was always there."""

    names: Names
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, eq=False)
class StorePlaces:
    """One store; compared by identity. Its maps and sets have every name that a thing ever had."""

    names: Names
    zones: frozenset[str]
    doors: frozenset[str]
    agents: Mapping[str, AgentHere]
    settled: Mapping[str, HeardAt]
    """Agents that were always here, where neither store nor agent was ever renamed: nothing about them depends on the time."""
    renamed_zones: Mapping[str, Names]
    renamed_doors: Mapping[str, Names]
    roster: Roster
    """The staff of the whole estate."""
    campaigns: frozenset[str]
    """Those of the whole estate; none: touches may name any."""

    @property
    def name(self) -> str:
        return self.names.now

    def heard(self, agent: str, time_ns: int, earliest_ns: int, latest_ns: int) -> HeardAt:
        """Return store and agent by the names of that time. Raise ContractError `site.agent` if it was elsewhere all that time."""
        here = self.agents[agent]
        if here.spans and not any(span.meets(earliest_ns, latest_ns) for span in here.spans):
            raise ContractError("site.agent", f"agent {agent!r} was not in store {self.name!r} when this was heard, by site.toml")
        return self.called(agent, time_ns)

    def called(self, agent: str, time_ns: int) -> HeardAt:
        """Return the names of the store and one of its agents at that time."""
        return HeardAt(self.names.at(time_ns), self.agents[agent].names.at(time_ns))

    def no_zone(self, name: str) -> ContractError:
        """Return the refusal of an event in a zone that the store does not have."""
        return ContractError("site.zone", f"zone {name!r} is not in store {self.name!r}")

    def no_door(self, name: str) -> ContractError:
        """Return the refusal of an event at a door that the store does not have."""
        return ContractError("site.door", f"door {name!r} is not in store {self.name!r}")

    def check_campaigns(self, names: Iterable[str]) -> None:
        """Raise ContractError `site.campaign` for one that site.toml does not have, where it has any."""
        for name in names if self.campaigns else ():
            if name not in self.campaigns:
                raise ContractError("site.campaign", f"campaign {shown(name)} is not in site.toml{did_you_mean(name, self.campaigns)}")

    def zone_at(self, name: str, time_ns: int) -> str:
        """Return a zone's name at that time."""
        return self.renamed_zones[name].at(time_ns) if name in self.renamed_zones else name

    def door_at(self, name: str, time_ns: int) -> str:
        """Return a door's name at that time."""
        return self.renamed_doors[name].at(time_ns) if name in self.renamed_doors else name


class Places:
    """The estate by name."""

    def __init__(self, site: Site) -> None:
        agents, campaigns = _agents(site), frozenset(each.name for each in site.campaigns)
        self.roster: Final = Roster(site.staff, {store.name: store.zone for store in site.stores})
        self.corrections: Final = CorrectionRules(site.may_correct, site.correction_windows)
        self._stores: Final = {
            name: places
            for store in site.stores
            for places in [_places(store, agents, self.roster, campaigns)]
            for name in places.names.all
        }
        self._agents: Final = {name: known for known in agents.values() for name in known.all}
        self._agents_now: Final = {name: known.now for name, known in self._agents.items()}
        self._agents_before: Final = {known.now: known.before for known in agents.values() if known.earlier}
        self._stores_now: Final = {name: places.name for name, places in self._stores.items()}
        self._of_agent: Final[dict[str, list[str]]] = {}
        for name, places in self._stores.items():
            for agent in {here.names.now for here in places.agents.values()}:
                self._of_agent.setdefault(agent, []).append(name)

    def of(self, store: str, agent: str) -> StorePlaces:
        """Return the store, which has or had the agent. Raise ContractError `site.store` or `site.agent`."""
        places = self.store(store)
        if agent not in places.agents:
            raise ContractError("site.agent", f"agent {agent!r} is not in store {store!r} of site.toml")
        return places

    def of_publisher(self, store: str, publisher: str) -> StorePlaces:
        """Return the same of a publisher that an event names, which may be mistyped."""
        places = self.store(store)
        if publisher not in places.agents:
            near = did_you_mean(publisher, places.agents)
            raise ContractError("site.agent", f"agent {publisher!r} is not in store {store!r} of site.toml{near}")
        return places

    def store(self, name: str) -> StorePlaces:
        """Return a store, by any of its names. Raise ContractError `site.store`."""
        if name not in self._stores:
            raise ContractError("site.store", f"store {name!r} is not in site.toml")
        return self._stores[name]

    def check_store(self, store: str) -> None:
        """Raise ContractError `site.store` for a store that the estate does not have."""
        if store not in self._stores:
            raise ContractError("site.store", f"store {store!r} is not in site.toml{did_you_mean(store, self._stores)}")

    def check_owner(self, staff_id: str, store: str, from_ns: int) -> None:
        """Raise ContractError `site.store` or `site.staff` for a fan's owner whom the estate does not have, or not from then on."""
        if store:
            self.check_store(store)
        if staff_id and (why := self.roster.missing(staff_id, from_ns)):
            raise ContractError("site.staff", f"{why}: nobody of that id can care for a fan from then on")

    def find(self, store: str, agent: str) -> StorePlaces | None:
        """Return the store, if it has or had the agent; else None."""
        places = self._stores.get(store)
        return places if places is not None and agent in places.agents else None

    def knows(self, name: str) -> bool:
        """Return whether a store or an agent has or had this name."""
        return name in self._stores or name in self._agents

    def of_agent(self, agent: str) -> list[str]:
        """Return every name of every store in which the agent, by its present name, is or was."""
        return self._of_agent.get(agent, [])

    def agent(self, name: str) -> Names:
        """Return all names of an agent, by any of them."""
        return self._agents.get(name) or Names(name)

    def agent_now(self, name: str) -> str:
        """Return its present name."""
        return self._agents_now.get(name, name)

    @property
    def has_renamed_agents(self) -> bool:
        return bool(self._agents_before)

    def agent_before(self, agent: str) -> tuple[str, ...]:
        """Return an agent's earlier names, by its present one, latest first."""
        return self._agents_before.get(agent, ())

    def store_now(self, name: str) -> str:
        """Return a store's present name, by any of its names; the name itself if there is no such store."""
        return self._stores_now.get(name, name)


def _agents(site: Site) -> dict[str, Names]:
    """Return each agent's names, also those from other stores."""
    found: dict[str, Names] = {}
    for store, agent in site.agents():
        here, known = agent.names(store.zone), found.get(agent.name)
        found[agent.name] = here if known is None else Names(agent.name, tuple(sorted({*known.earlier, *here.earlier})))
    return found


def _places(store: Store, agents: Mapping[str, Names], roster: Roster, campaigns: frozenset[str]) -> StorePlaces:
    zone = store.zone
    zones, doors = [each.names(zone) for each in store.zones], store.door_names()
    listed: dict[str, list[Agent]] = {}
    for agent in store.agents:
        listed.setdefault(agent.name, []).append(agent)
    here = {name: AgentHere(agents[name], _spans(each.span(zone) for each in listings)) for name, listings in listed.items()}
    return StorePlaces(
        store.names(zone),
        frozenset(name for names in zones for name in names.all),
        frozenset(name for names in doors for name in names.all),
        {name: each for each in here.values() for name in each.names.all},
        {} if store.aliases else {name: HeardAt(store.name, name) for name, each in here.items() if not (each.spans or each.names.earlier)},
        _renamed(zones),
        _renamed(doors),
        roster,
        campaigns,
    )


def _spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    found = tuple(spans)
    return () if ALWAYS in found else found


def _renamed(things: Iterable[Names]) -> Mapping[str, Names]:
    return {name: names for names in things if names.earlier for name in names.all}


ZONE, DOOR = 1, 2
NEEDS: Final = bytes(ZONE if kind in _NEEDS_ZONE else DOOR if kind in _NEEDS_DOOR else 0 for kind in range(256))
"""By kind: what its rows must name."""
FEW_NAMES: Final = 64
"""Names in a frame of a real agent, at most; longer lists are kept out of the cache."""


def _lacking(places: StorePlaces, names: tuple[str, ...]) -> bytes:
    """Return by name what it is not; at least 256 bytes, as `translate` needs them."""
    return bytes((name not in places.zones) * ZONE | (name not in places.doors) * DOOR for name in names).ljust(256, b"\0")


_lacking_few = lru_cache(maxsize=100_000)(_lacking)


def forget_lacking() -> None:
    """Let go of the stores in which names were looked up."""
    _lacking_few.cache_clear()


def _lacks(places: StorePlaces, names: tuple[str, ...]) -> bytes:
    return (_lacking_few if len(names) <= FEW_NAMES else _lacking)(places, names)


def check_places(body: Body, places: StorePlaces) -> None:
    """Raise ContractError `site.zone` or `site.door` unless every row is in a zone or at a door that the store has."""
    needs, lacks = body.kind.tobytes().translate(NEEDS), _lacks(places, body.zones)
    few = len(lacks) == 256
    lacked = body.zone.tobytes()[::2].translate(lacks) if few else np.frombuffer(lacks, np.uint8)[body.zone].tobytes()
    # As big integers both are compared in one step, without releasing the interpreter's lock for thirty rows.
    if not int.from_bytes(needs, "little") & int.from_bytes(lacked, "little"):
        return
    row = next(row for row, (need, lack) in enumerate(zip(needs, lacked, strict=True)) if need & lack)
    name, what = body.zones[body.zone[row]], "door" if needs[row] == DOOR else "zone"
    raise ContractError(f"site.{what}", f"{name!r} is not a {what} of store {places.name!r}")
