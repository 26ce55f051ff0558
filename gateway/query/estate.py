"""The stores that questions are about: time zone, day, hours, path and agents, each with its validity. Pure.

QueryEstate.from_site(site).over(QueryEstate.from_table(reader.rows("store"))).of("s1") -> StoreFacts
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar
from zoneinfo import ZoneInfo

from footfall.errors import ConfigError
from gateway.query.open_hours import NOT_STATED, OpenHours, open_hours
from gateway.query.spans import time_zone
from gateway.sinks.table import PointTable
from gateway.site.dated_version import DatedStoreVersion
from gateway.site.names import ALWAYS, FIRST_NS, LAST_NS, Span, begin_ns, end_ns

if TYPE_CHECKING:
    from gateway.site import Site
    from gateway.site.site import Store

UTC: Final = ZoneInfo("UTC")
DAY_START: Final = time(4)
_NO_AGENTS: Final[tuple[Stationed, ...]] = ()
Read = TypeVar("Read")
_STATED: Final = tuple(name for name in DatedStoreVersion._fields if name != "begin_ns")


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
    """An agent, by the name it had there, and when it was in the store. `now`: its present name; "" where it is the same.

    `tasks`: what it is there to observe, by site.toml; None where that is not known.
    """

    name: str
    span: Span = ALWAYS
    now: str = ""
    tasks: frozenset[str] | None = None

    @property
    def present_name(self) -> str:
        return self.now or self.name

    @property
    def has_no_task(self) -> bool:
        """Return whether site.toml has it there to observe nothing, such as a till."""
        return self.tasks is not None and not self.tasks


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """One store. A store that nobody describes has UTC, no path and no hours, and is valid always."""

    name: str
    timezone: ZoneInfo = UTC
    day_start: time = DAY_START
    versions: tuple[StoreVersion, ...] = (StoreVersion(),)
    """In the order of time, without gaps."""
    valid: Span = ALWAYS
    closed: frozenset[date] = frozenset()
    agents: tuple[Stationed, ...] = ()
    overlaps: bool = False
    """Whether the database has versions that overlap; the later one of each two holds."""
    unread: tuple[str, ...] = ()
    """Fields of its rows that mean nothing, since others wrote them; they count as not stated."""

    @property
    def states_hours(self) -> bool:
        """Return whether the present version states opening hours."""
        return self.versions[-1].hours.is_stated

    def at(self, time_ns: int) -> StoreVersion:
        """Return the version of that time; before the first one the first."""
        return self.versions[max(bisect_right([version.span.begin_ns for version in self.versions], time_ns) - 1, 0)]


@dataclass(frozen=True, slots=True)
class QueryEstate:
    """Stores by their present names; `renamed` has the present name of every earlier one.

    `zones`: all names of the zones of stores that site.toml describes; `doors`: their doors, each with all its names.
    """

    stores: Mapping[str, StoreFacts] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, frozenset[str]] = field(default_factory=dict)
    doors: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    @staticmethod
    def from_site(site: Site) -> QueryEstate:
        """Return the estate of site.toml."""
        # A question without a site.toml starts without what reads one.
        from gateway.site.recorded import stores_as_recorded
        from gateway.site.versions import store_versions

        zones = {
            store.name: frozenset(name for zone in store.zones for name in (zone.name, *(alias.name for alias in zone.aliases)))
            for store in site.stores
        }
        doors = {
            store.name: {
                door: frozenset([door, *(alias.name for alias in store.door_aliases if alias.door == door)]) for door in store.doors
            }
            for store in site.stores
        }
        return replace(_estate(store_versions(stores_as_recorded(site))), zones=zones, doors=doors)

    @staticmethod
    def from_table(table: PointTable) -> QueryEstate:
        """Return the estate of a database, by the rows of its table `store`."""
        columns = [table.values(name) for name in _STATED]
        stated = [DatedStoreVersion(store, begin, *rest) for begin, store, *rest in zip(table.time_ns.tolist(), *columns, strict=True)]
        return _estate(stated)

    def over(self, other: QueryEstate) -> QueryEstate:
        """Return both estates; what this one has of a store replaces what the other has."""
        return QueryEstate(
            {**other.stores, **self.stores}, {**other.renamed, **self.renamed}, {**other.zones, **self.zones}, {**other.doors, **self.doors}
        )

    def now_name(self, name: str) -> str:
        """Return the present name of a store, by any of its names."""
        return self.renamed.get(name, name)

    def names_of(self, stores: Iterable[str]) -> list[str]:
        """Return every name that these stores, by their present names, have in a database."""
        wanted = dict.fromkeys(stores)
        return [*wanted, *(old for old, now in self.renamed.items() if now in wanted)]

    def of(self, name: str) -> StoreFacts:
        """Return a store by any of its names; without a path, without hours and in UTC if nobody describes it."""
        now = self.now_name(name)
        return self.stores.get(now) or StoreFacts(now)


def _earlier(store: Store, door: str) -> list[str]:
    return [alias.name for alias in store.door_aliases if alias.door == door]


def _estate(stated: Iterable[DatedStoreVersion]) -> QueryEstate:
    """The versions of each store are in the order of time. Those of a renamed store stand under each of its names."""
    by_name: dict[str, list[DatedStoreVersion]] = {}
    for version in stated:
        by_name.setdefault(version.store, []).append(version)
    renamed = {name: versions[-1].now for name, versions in by_name.items() if versions[-1].now not in ("", name)}
    return QueryEstate({name: _facts(versions) for name, versions in by_name.items() if name not in renamed}, renamed)


def _facts(stated: Sequence[DatedStoreVersion]) -> StoreFacts:
    last, unread = stated[-1], dict.fromkeys(_strange_hours(stated))
    zone = _read(time_zone, last.timezone, UTC, "timezone", unread)
    spans = [
        Span(begin_ns(_read(_date, each.valid_from, None, "valid_from", unread), zone),
             end_ns(_read(_date, each.valid_to, None, "valid_to", unread), zone))
        for each in stated
    ]  # fmt: skip
    overlaps = any(span.end_ns > following.begin_ns for span, following in pairwise(spans))
    ends = [min(span.end_ns, following.begin_ns) for span, following in pairwise(spans)]
    versions = [
        StoreVersion(Span(span.begin_ns, end_ns), each.path, each.title, each.ownership, open_hours(each.hours))
        for each, span, end_ns in zip(stated, spans, [*ends, spans[-1].end_ns], strict=True)
    ]
    closed = [_read(_date, day, None, "closed", unread) for day in last.closed.split()]
    starts = _read(time.fromisoformat, last.day_start, DAY_START, "day_start", unread)
    agents = _read(_agents, last.agents, _NO_AGENTS, "agents", unread)
    valid = Span(spans[0].begin_ns, spans[-1].end_ns)
    return StoreFacts(
        last.store, zone, starts, tuple(versions), valid, frozenset(day for day in closed if day), agents, overlaps, tuple(unread)
    )


def _read(meaning: Callable[[str], Read], text: str, default: Read, field: str, unread: dict[str, None]) -> Read:
    """What a text of a row means; the default, with a word in `unread`, if nothing."""
    try:
        return meaning(text)
    except (ValueError, TypeError, LookupError, ConfigError):
        unread[field] = None
        return default


def _strange_hours(stated: Iterable[DatedStoreVersion]) -> Iterator[str]:
    yield from ("hours" for each in stated if each.hours and not open_hours(each.hours).is_stated)


@lru_cache(maxsize=4096)
def _agents(listed: str) -> tuple[Stationed, ...]:
    return tuple(_stationed(each) for each in json.loads(listed or "[]"))


def _stationed(listed: Mapping[str, Any]) -> Stationed:
    """Rows of earlier releases have neither the present name nor tasks."""
    name, tasks = str(listed["name"]), listed.get("tasks")
    span = Span(_or(listed["from_ns"], FIRST_NS), _or(listed["to_ns"], LAST_NS))
    return Stationed(name, span, str(listed.get("now", "")), None if tasks is None else frozenset(map(str, tasks)))


def _or(value: int | None, default: int) -> int:
    return default if value is None else int(value)


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
