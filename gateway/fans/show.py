"""A fan's history as an object for programs, and as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from footfall.baskets import as_documented
from footfall.units import NS_PER_MS, NS_PER_S
from footfall.wording import counted
from gateway.fans import owners
from gateway.fans.history import Heard, History, Place, Purchase, Stay, Touched, Visited
from gateway.fans.owners import BY_NOBODY, CaredFor
from gateway.identity.facts import FOR_EVER_NS
from gateway.identity.ownership import NOBODY
from gateway.query.show_text import duration

_US: Final = 1000
_MINUTES_A_DAY: Final = 1440
_MINUTES: Final = tuple(f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(_MINUTES_A_DAY))
_SECONDS: Final = tuple(f"{s:02d}." for s in range(60))
_MILLISECONDS: Final = tuple(f"{ms:03d}Z" for ms in range(1000))
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


class Heading(NamedTuple):
    """Whose history it is: `fan` is the id now, `asked` the one that was asked for, which may be an earlier one."""

    fan: str
    asked: str
    as_of_s: int
    as_known_on_ns: int | None = None
    ids: Sequence[str] = ()
    """All ids that this fan has."""
    identifiers: Sequence[Mapping[str, Any]] = ()
    withdrawn_ns: int | None = None
    """Since when consent to be identified is withdrawn; None while it is not."""
    owner: CaredFor = BY_NOBODY


def as_object(heading: Heading, history: History, most: int) -> dict[str, Any]:
    """Return a history as JSON has it, with the last `most` visits, touches and purchases; times in ISO 8601, UTC."""
    return {
        "fan": heading.fan,
        "asked": heading.asked,
        "ids": list(heading.ids),
        "as_of": moment(heading.as_of_s * NS_PER_S, UTC),
        "as_known_on": None if heading.as_known_on_ns is None else moment(heading.as_known_on_ns, UTC),
        "identifiers": list(heading.identifiers),
        "consent_withdrawn": heading.withdrawn_ns is not None,
        "consent_withdrawn_since": None if heading.withdrawn_ns in (None, -FOR_EVER_NS) else moment(heading.withdrawn_ns or 0, UTC),
        "owner": owners.as_object(heading.owner, partial(moment, zone=UTC)),
        "now": _place(history.now),
        "last_heard": _heard(history.last_heard),
        "visits_total": len(history.visits),
        "visits": [_visit(each) for each in _last(history.visits, most)],
        "touches_total": len(history.touches),
        "touches": [_touch(each) for each in _last(history.touches, most)],
        "purchases_total": len(history.purchases),
        "purchases": [_purchase(each) for each in _last(history.purchases, most)],
    }


def visits_of(visits: Sequence[Visited], limit: int, offset: int = 0) -> list[dict[str, Any]]:
    """Return visits as JSON has them, the last ones first, from one of them on."""
    return [_visit(each) for each in visits[::-1][offset:][:limit]]


def purchases_of(purchases: Sequence[Purchase], limit: int, offset: int = 0) -> list[dict[str, Any]]:
    """Return purchases likewise, each with the visits since the one before it."""
    return [_purchase(each) for each in purchases[::-1][offset:][:limit]]


def moment(time_ns: int, zone: tzinfo) -> str:
    """Return a time in ISO 8601, to the millisecond."""
    if zone is UTC:
        s, ms = divmod(time_ns // NS_PER_MS, 1000)
        minute, s = divmod(s, 60)
        day, minute = divmod(minute, _MINUTES_A_DAY)
        return f"{_day(day)}{_MINUTES[minute]}{_SECONDS[s]}{_MILLISECONDS[ms]}"
    since = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_ns // _US)
    return since.astimezone(zone).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(4096)
def _day(day: int) -> str:
    """Return a day since 1970 in ISO 8601. Histories have many times, of few days."""
    return date.fromordinal(_EPOCH_DAY + day).isoformat()


def _last(items: Sequence[Any], most: int) -> Sequence[Any]:
    """The last ones first."""
    return items[::-1][:most]


def _place(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"store": place.store, "zone": place.zone, "since": moment(place.since_ns, UTC), "heard": moment(place.heard_ns, UTC)}


def _heard(heard: Heard | None) -> dict[str, Any] | None:
    return None if heard is None else {"store": heard.store, "time": moment(heard.time_ns, UTC)}


def _visit(visit: Visited) -> dict[str, Any]:
    return {
        "store": visit.store,
        "start": moment(visit.start_ns, UTC),
        "end": None if visit.is_open else moment(visit.last_ns, UTC),
        "seconds": round(visit.seconds, 3),
        "open": visit.is_open,
        "zones": [_stay(each) for each in visit.stays],
        "touches": [_touch(each) for each in visit.touches],
    }


def _stay(stay: Stay) -> dict[str, Any]:
    return {"zone": stay.zone, "start": moment(stay.start_ns, UTC), "seconds": round(stay.seconds, 3), "open": stay.is_open}


def _touch(touch: Touched) -> dict[str, Any]:
    values = touch._asdict() | {"items": as_documented(touch.items)}
    del values["time_ns"]
    return {"time": moment(touch.time_ns, UTC), **values}


def _purchase(purchase: Purchase) -> dict[str, Any]:
    return {
        **_touch(purchase.touch),
        "visits_before": len(purchase.visits),
        "visits": [_visit(each) for each in purchase.visits],
    }


class Clocks:
    """The clocks of stores, by which people read times."""

    def __init__(self, zones: Mapping[str, tzinfo]) -> None:
        self._zones: Final = zones

    def at(self, store: str, time_ns: int) -> str:
        """Return a time by the store's clock, to the minute, with its offset where that is not UTC."""
        local = datetime.fromtimestamp(time_ns / NS_PER_S, self._zones.get(store, UTC))
        offset = local.strftime("%z")
        return local.strftime("%Y-%m-%d %H:%M") + ("Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:]}")


def lines(heading: Heading, history: History, most: int, clocks: Clocks) -> Iterator[str]:
    """Yield a history as lines of text."""
    also = [each for each in heading.ids if each != heading.fan]
    yield f"fan {heading.fan}" + (f", also {', '.join(also)}" if also else "")
    known = "" if heading.as_known_on_ns is None else f", as known on {moment(heading.as_known_on_ns, UTC)}"
    yield f"as of {moment(heading.as_of_s * NS_PER_S, UTC)}{known}"
    if heading.withdrawn_ns is not None:
        since = "" if heading.withdrawn_ns <= -FOR_EVER_NS else f" since {moment(heading.withdrawn_ns, UTC)}"
        yield f"consent to be identified is withdrawn{since}: from then on nothing bears this fan"
    for each in heading.identifiers:
        yield f"  {_identifier(each)}"
    if heading.owner.owner != NOBODY:
        yield owners.line(heading.owner)
    yield _now_line(history.now, history.last_heard, clocks)
    yield ""
    yield _counted("visit", "visits", len(history.visits), most)
    for visit in _last(history.visits, most):
        yield from _visit_lines(visit, clocks, "  ")
    apart = [touch for touch in history.touches if not any(touch in visit.touches for visit in history.visits)]
    if apart:
        yield _counted("touch outside visits", "touches outside visits", len(apart), most)
        yield from (f"  {_touch_line(touch, clocks)}" for touch in _last(apart, most))
    yield _counted("purchase", "purchases", len(history.purchases), most)
    for purchase in _last(history.purchases, most):
        yield f"  {_touch_line(purchase.touch, clocks)}, after {counted(len(purchase.visits), 'visit')}"
        for visit in reversed(purchase.visits[-most:]):
            yield f"    {clocks.at(visit.store, visit.start_ns)} {visit.store}: {_zones(visit)}"


def _identifier(values: Mapping[str, Any]) -> str:
    span = " to ".join(each or "…" for each in (values["from"], values["to"]))
    more = (f"in {values['store']}" if values["store"] else "", values["label"])
    return ", ".join(filter(None, (f"{values['type'] or 'identifier'} {values['subject']}", span, *more)))


def _now_line(place: Place | None, heard: Heard | None, clocks: Clocks) -> str:
    if place is None:
        return "now: in no store" + (f", heard last in {heard.store}, {clocks.at(*heard)}" if heard else "")
    where = f"{place.store}, zone {place.zone}" if place.zone else place.store
    return f"now: {where}, since {clocks.at(place.store, place.since_ns)}, heard last {clocks.at(place.store, place.heard_ns)}"


def _counted(what: str, many: str, total: int, most: int) -> str:
    if not total:
        return f"no {many}"
    return counted(total, what, many) + (f", the last {most} of them" if total > most else "")


def _visit_lines(visit: Visited, clocks: Clocks, indent: str) -> Iterator[str]:
    length = "open, " if visit.is_open else ""
    yield f"{indent}{clocks.at(visit.store, visit.start_ns)} {visit.store}, {length}{duration(visit.seconds)}: {_zones(visit)}"
    for touch in visit.touches:
        yield f"{indent}  {_touch_line(touch, clocks)}"


def _zones(visit: Visited) -> str:
    return ", ".join(f"{stay.zone} {duration(stay.seconds)}" for stay in visit.stays) or "no zone"


def _touch_line(touch: Touched, clocks: Clocks) -> str:
    parts: Iterable[str] = (
        f"{touch.amount:,.2f}" if touch.amount else "",
        f"in {touch.zone}" if touch.zone else "",
        f"by {touch.staff_id}" if touch.staff_id else "",
        f"ref {touch.ref}" if touch.ref else "",
    )
    return " ".join([clocks.at(touch.store, touch.time_ns), touch.store, touch.what, *filter(None, parts)])
