"""What a store was from when to when: the rows of the table of stores. Pure.

    store_versions(read_site(body)) -> [StoreVersion, …]

A store has a version for each entry of `before`, and one for now. Of a renamed store each name has all versions, with the present name
beside it: what is stored bears the name of its own time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gateway.site.dated_version import DatedStoreVersion
from gateway.site.hours import hours_text
from gateway.site.names import FIRST_NS, LAST_NS, Span, begin_ns, end_ns, names
from gateway.site.recorded import RecordedAgent, RecordedBefore, RecordedSite, RecordedStore

LATEST_NS: Final = 1 << 62
"""The year 2116: databases take no date like 9999-12-31 as the time of a row."""


def store_versions(site: RecordedSite) -> list[DatedStoreVersion]:
    """Return the versions of every store, those of one store from the earliest to the present one."""
    return [version for store in site.stores for version in _versions(store)]


def _versions(store: RecordedStore) -> Iterator[DatedStoreVersion]:
    zone, since = ZoneInfo(store.timezone), store.valid_from
    for was, until in _steps(store):
        if until is None or end_ns(until, zone) > 0:
            yield _version(store, was, since, until, zone)
        since = _day_after(until)


def _steps(store: RecordedStore) -> Iterator[tuple[RecordedBefore, date | None]]:
    """What it was, with the last day on which it was that."""
    for before in store.before:
        yield before, before.until
    yield RecordedBefore(until=date.max), store.valid_to


def _day_after(day: date | None) -> date | None:
    return None if day is None or day == date.max else day + timedelta(days=1)


def _version(store: RecordedStore, was: RecordedBefore, since: date | None, until: date | None, zone: ZoneInfo) -> DatedStoreVersion:
    """What an entry of `before` leaves out was as it is now; it has hours of its own as soon as it states any."""
    hours_of = _hours_of(store, was)
    return DatedStoreVersion(
        store=store.name,
        begin_ns=0 if since is None else min(max(begin_ns(since, zone), 0), LATEST_NS),
        title=_first(was.title, store.title),
        path=_first(was.path, store.path),
        ownership=_first(was.ownership, store.ownership),
        timezone=store.timezone,
        day_start=f"{store.day_start:%H:%M}",
        hours=hours_text(hours_of.opens, hours_of.closes, hours_of.hours),
        closed=" ".join(sorted(day.isoformat() for day in store.closed)),
        agents=_agents(store, zone),
        valid_from=since.isoformat() if since else "",
        valid_to=until.isoformat() if until else "",
        now=store.now or store.name,
    )


def hours_by_version(store: RecordedStore) -> list[tuple[date, RecordedBefore | RecordedStore]]:
    """Return what states the store's hours, each with the last day for which it does, from the earliest on."""
    return [(date.max if until is None else until, _hours_of(store, was)) for was, until in _steps(store)]


def _hours_of(store: RecordedStore, was: RecordedBefore) -> RecordedBefore | RecordedStore:
    return was if was.states_hours() else store


def _first(*values: str | None) -> str:
    return next((value for value in values if value is not None), "")


def _agents(store: RecordedStore, zone: ZoneInfo) -> str:
    listed = [
        {"name": name, "from_ns": _known(span.begin_ns), "to_ns": _known(span.end_ns), "now": agent.name, "tasks": _tasks(store, agent)}
        for agent in store.agents
        for name, span in _named(agent, zone)
    ]
    return json.dumps(listed, ensure_ascii=False, separators=(",", ":"))


def _tasks(store: RecordedStore, agent: RecordedAgent) -> list[str]:
    """What an agent is there to observe. With receivers it hears presence; one without is a counter, where the store has doors."""
    if agent.tasks is not None:
        return list(agent.tasks)
    return ["doors"] if store.doors and not agent.receivers else ["presence"]


def _known(time_ns: int) -> int | None:
    return None if time_ns in (FIRST_NS, LAST_NS) else time_ns


def _named(agent: RecordedAgent, zone: ZoneInfo) -> Iterator[tuple[str, Span]]:
    """Its names in the order in which it had them, each with the part of its stay in which it was called that."""
    begin, end = begin_ns(agent.since, zone), end_ns(agent.until, zone)
    called = names(agent.name, ((alias.name, alias.until) for alias in agent.aliases), zone)
    for until_ns, name in (*called.earlier, (LAST_NS, called.now)):
        if begin < min(until_ns, end):
            yield name, Span(begin, min(until_ns, end))
        begin = max(begin, until_ns)
