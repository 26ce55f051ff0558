"""The stores that questions are about: time zone, day, hours, path and agents, each with its validity. Pure.

QueryEstate.from_site(site).of("s1") -> StoreFacts
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Final
from zoneinfo import ZoneInfo

from gateway.query.open_hours import NOT_STATED, OpenHours, open_hours
from gateway.site import Site, Store
from gateway.site.names import ALWAYS, Span, begin_ns, end_ns

UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class StoreVersion:
    """What a store was during `span`."""

    span: Span = ALWAYS
    path: str = ""
    title: str = ""
    ownership: str = ""
    hours: OpenHours = NOT_STATED


@dataclass(frozen=True, slots=True)
class Stationed:
    """An agent, by the name it had there, and when it was in the store."""

    name: str
    span: Span = ALWAYS


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """One store. A store that nobody describes has UTC, no path and no hours, and is valid always."""

    name: str
    timezone: ZoneInfo = UTC
    day_start: time = time(4)
    versions: tuple[StoreVersion, ...] = (StoreVersion(),)
    """In the order of time, without gaps."""
    valid: Span = ALWAYS
    closed: frozenset[date] = frozenset()
    agents: tuple[Stationed, ...] = ()

    @property
    def states_hours(self) -> bool:
        """Return whether the present version states opening hours."""
        return self.versions[-1].hours.is_stated

    def at(self, time_ns: int) -> StoreVersion:
        """Return the version of that time; before the first one the first."""
        return self.versions[max(bisect_right([version.span.begin_ns for version in self.versions], time_ns) - 1, 0)]


@dataclass(frozen=True, slots=True)
class QueryEstate:
    """Stores by their present names; `renamed` has the present name of every earlier one."""

    stores: Mapping[str, StoreFacts] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def from_site(site: Site) -> QueryEstate:
        """Return the estate of site.toml."""
        renamed = {name: store.name for store in site.stores for name in store.names(store.zone).before}
        return QueryEstate({store.name: _of_site(store) for store in site.stores}, renamed)

    def over(self, other: QueryEstate) -> QueryEstate:
        """Return both estates; what this one has of a store replaces what the other has."""
        return QueryEstate({**other.stores, **self.stores}, {**other.renamed, **self.renamed})

    def now_name(self, name: str) -> str:
        """Return the present name of a store, by any of its names."""
        return self.renamed.get(name, name)

    def of(self, name: str) -> StoreFacts:
        """Return a store by any of its names; without a path, without hours and in UTC if nobody describes it."""
        now = self.now_name(name)
        return self.stores.get(now) or StoreFacts(now)


def _of_site(store: Store) -> StoreFacts:
    zone = store.zone
    valid = Span(begin_ns(store.valid_from, zone), end_ns(store.valid_to, zone))
    stated = (store.opens, store.closes) != (time(0), time(23, 59))
    hours = open_hours(f"{store.opens:%H:%M}-{store.closes:%H:%M}" if stated else "")
    version = StoreVersion(valid, store.path, store.title or "", store.ownership, hours)
    agents = tuple(Stationed(agent.name, agent.span(zone)) for agent in store.agents)
    return StoreFacts(store.name, zone, store.day_start, (version,), valid, frozenset(), agents)
