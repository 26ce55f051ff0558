"""What a guide sees of an arrival: who came, the last visits and interests as far as a token sees them, and what the brand proposes. Pure.

No identifier is in it, and nothing of a store that is beyond the token.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from footfall.baskets import articles
from footfall.units import NS_PER_HOUR
from gateway.fans import profile_show
from gateway.fans.history import History, Touched, Visited
from gateway.fans.profile import profile_of
from gateway.fans.profile_settings import FanProfileSettings
from gateway.fans.show import visits_of

LAST_VISITS: Final = 3
LOOKED_AT: Final = 10
"""Visits whose zones and goods are interests."""
MOST: Final = 5
"""Zones, or articles."""
LATE_NS: Final = NS_PER_HOUR
"""An arrival that is older when it is told is one of data that came late, or was played again."""


def guide_arrival(arrival: Mapping[str, Any], history: History | None, settings: FanProfileSettings, now_ns: int) -> dict[str, Any]:
    """Return an arrival, as it is told now, with what is known of its fan before it; `history` None: nothing is."""
    told = {key: arrival.get(key) for key in ("kind", "id", "store", "zone", "time_ns", "fan")}
    time_ns = arrival["time_ns"] if isinstance(arrival.get("time_ns"), int) else 0
    before = [visit for visit in history.visits if visit.start_ns < time_ns] if history else []
    touches = [touch for touch in history.touches if touch.time_ns < time_ns] if history else []
    lately = before[-LOOKED_AT:]
    told |= {
        "late": now_ns - time_ns > LATE_NS,
        "visits": len(before),
        "last_visits": visits_of(before, LAST_VISITS),
        "interests": {"zones": _zones(lately), "articles": _articles(touches, lately[0].start_ns if lately else 0)},
    }
    if history is None:
        return told | {"stage": None, "proposal": None}
    profile = profile_show.as_object(profile_of(history, time_ns, settings))
    return told | {"stage": profile["stage"], "proposal": profile["proposal"]}


def _zones(visits: Sequence[Visited]) -> list[dict[str, Any]]:
    """Return the zones in which the fan was longest."""
    seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
    for visit in visits:
        for stay in visit.stays:
            seconds[visit.store, stay.zone] += stay.seconds
    longest = sorted(seconds.items(), key=lambda item: (-item[1], item[0]))[:MOST]
    return [{"store": store, "zone": zone, "seconds": round(total, 1)} for (store, zone), total in longest]


def _articles(touches: Sequence[Touched], from_ns: int) -> list[dict[str, Any]]:
    """Return the goods that touches name, the latest first, each with what happened to it last."""
    latest: dict[str, str] = {}
    for sku, what in _named(touches, from_ns):
        latest.pop(sku, None)
        latest[sku] = what
    return [{"sku": sku, "what": what} for sku, what in list(latest.items())[::-1][:MOST]]


def _named(touches: Sequence[Touched], from_ns: int) -> Iterator[tuple[str, str]]:
    for touch in touches:
        if touch.time_ns >= from_ns:
            for sku in articles(touch.items):
                yield sku, touch.what
