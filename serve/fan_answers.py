"""What is answered about one fan, of all stores or of some: as the commands `footfall fan` have it. Pure but for what it reads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from footfall.errors import ConfigError
from footfall.units import NS_PER_S
from gateway.fans import profile_show
from gateway.fans.desk import Desk
from gateway.fans.history import FanRows, History, Purchase, Touched, Visited, history_of
from gateway.fans.owners import BY_NOBODY, CaredFor
from gateway.fans.probable import as_objects, probably
from gateway.fans.profile import profile_of
from gateway.fans.profile_settings import FanProfileSettings
from gateway.fans.reading import FanReader
from gateway.fans.show import Heading, as_object, moment, purchases_of, visits_of
from gateway.fans.until import until
from gateway.query.source import open_reader
from gateway.site.staff import Roster
from serve.question_places import Work

IsOwn = Callable[[str], bool]
"""Whether a store is one of those that are asked about."""
MOST: Final = 1_000
"""Visits, touches or purchases of one answer."""


class Whose(NamedTuple):
    """A fan that was found."""

    heading: Heading
    history: History


def found(fans: FanReader, asked: str, is_own: IsOwn | None, roster: Roster, now_ns: int, at_ns: int | None = None) -> Whose | None:
    """Return a fan by any id: with all stores, or with what happened in some and without identifiers; None if nothing is known there.

    A fan whom one of these stores is to care for is known there, too. `now_ns`: when that is asked; `at_ns`: about which time, if not now.
    """
    person = fans.person(asked)
    rows = fans.rows(person.fan, person.subjects)
    if at_ns is not None:
        rows, now_ns = until(rows, at_ns), at_ns
    history = history_of(rows, roster, now_ns)
    owner = fans.owner(person, history, at_ns)
    if is_own is not None:
        is_shown = cache(partial(is_known_there, fans, is_own=is_own))
        history = _without_strangers(history_of(_narrowed(rows, is_own), roster, now_ns), is_shown)
        person = person._replace(identifiers=())
        owner = owner if _cares_there(owner, is_own, roster, now_ns) else BY_NOBODY
        is_known = bool(history.visits or history.touches or owner != BY_NOBODY)
    else:
        is_known = bool(history.visits or history.touches or person.identifiers or len(person.ids) > 1 or person.withdrawn_ns is not None)
    return Whose(fans.heading(asked, person, at_ns=at_ns, touches=rows.touches)._replace(owner=owner), history) if is_known else None


def _without_strangers(history: History, is_shown: Callable[[str], bool]) -> History:
    """Return a history in which `shared_by` names no fan who may not be named."""
    if not any(touch.shared_by for touch in history.touches):
        return history

    def shown(touch: Touched) -> Touched:
        return touch if not touch.shared_by or is_shown(touch.shared_by) else touch._replace(shared_by="")

    def visited(visit: Visited) -> Visited:
        return visit._replace(touches=tuple(map(shown, visit.touches)))

    return history._replace(
        visits=tuple(map(visited, history.visits)),
        touches=tuple(map(shown, history.touches)),
        purchases=tuple(Purchase(shown(each.touch), tuple(map(visited, each.visits))) for each in history.purchases),
    )


def is_known_there(fans: FanReader, asked: str, is_own: IsOwn) -> bool:
    """Return whether a fan came to one of some stores, or did something there."""
    person = fans.person(asked)
    there = _narrowed(fans.rows(person.fan, person.subjects), is_own)
    return bool(there.visits or there.touches or there.open)


def _cares_there(found: CaredFor, is_own: IsOwn, roster: Roster, now_ns: int) -> bool:
    """Return whether who cares for a fan is of one of these stores: by the store that was stated, else by that of the staff."""
    member = roster.at(found.owner.staff_id, now_ns)
    store = found.owner.store or (member.store if member else "")
    return store != "" and is_own(store)


def asked_ns(desk: Desk, at: str) -> int | None:
    """Return the time that is asked about; None for "", which is now. Raise ConfigError: it cannot be read, or is to come."""
    if not at:
        return None
    at_ns, last_ns = desk.moment("at", at), _last_ns(desk.ledger.as_of_s)
    if at_ns > last_ns:
        raise ConfigError(f"at: it is after {moment(last_ns, UTC)}, up to when something is known: state a time before it")
    return at_ns


def _last_ns(as_of_s: int) -> int:
    """Return the end of the second in which the last record came."""
    return (as_of_s + 1) * NS_PER_S


def _narrowed(rows: FanRows, is_own: IsOwn) -> FanRows:
    return replace(
        rows,
        visits=[row for row in rows.visits if is_own(row.store)],
        dwells=[row for row in rows.dwells if is_own(row.store)],
        touches=[row for row in rows.touches if is_own(row.store)],
        open=[track for track in rows.open if is_own(track.store)],
    )


def history_object(whose: Whose, most: int) -> dict[str, Any]:
    """Return where the fan is, and the last visits, touches and purchases."""
    return as_object(whose.heading, whose.history, most)


def visits_object(whose: Whose, limit: int, offset: int) -> dict[str, Any]:
    """Return a page of visits, the last ones first."""
    heading, visits = whose.heading, whose.history.visits
    return {"fan": heading.fan, "asked": heading.asked, "total": len(visits), "visits": visits_of(visits, limit, offset)}


def purchases_object(whose: Whose, limit: int, offset: int) -> dict[str, Any]:
    """Return a page of purchases, the last ones first, each with the visits since the one before it."""
    heading, purchases = whose.heading, whose.history.purchases
    return {"fan": heading.fan, "asked": heading.asked, "total": len(purchases), "purchases": purchases_of(purchases, limit, offset)}


def inferred_object(whose: Whose, gateway: Path, most: int, work: Work) -> dict[str, Any]:
    """Return what is inferred of the last `most` visits, from the database. Raise Unreadable or SinkUnavailable."""
    with closing(open_reader(None, None, "", None, gateway)) as reader, work.reading(reader.interrupt):
        found = probably(reader, whose.heading.fan, whose.history.visits[-most:])
    return {"fan": whose.heading.fan, "asked": whose.heading.asked, "inferred": as_objects(found)}


def profile_object(whose: Whose, settings: FanProfileSettings, at_ns: int | None) -> dict[str, Any]:
    """Return the profile as of a time; None: as of the ledger's last checkpoint."""
    profile = profile_of(whose.history, _last_ns(whose.heading.as_of_s) if at_ns is None else at_ns, settings)
    return {"fan": whose.heading.fan, "asked": whose.heading.asked, **profile_show.as_object(profile)}
