"""When an event may have happened, beside when it was taken in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from footfall.dates import EARLIEST_NS
from footfall.errors import ContractError
from footfall.events import AnyEvent
from footfall.units import NS_PER_DAY, NS_PER_MINUTE, NS_PER_S

LATE_NS: Final = 40 * 24 * 60 * NS_PER_MINUTE
"""How long before it was accepted an event may have happened: no till keeps events for longer. History is marked as such."""
EARLY_NS: Final = 10 * NS_PER_MINUTE
"""How long after it was accepted an event may claim to have happened: clocks that people look at are no further off."""
AHEAD_NS: Final = 366 * NS_PER_DAY
"""How long after it was taken in a fact may begin to be true."""

OLDEST_NS: Final = -2_177_452_800 * NS_PER_S
"""The year 1901. Spreadsheets and databases write 1899-12-30, 1900-01-01 or 1753-01-01 for an empty date."""
_SINCE_EVER_NS: Final = -62_104_060_800 * NS_PER_S
"""The year 2: what is before it is meant to be since ever."""
_OPEN_NS: Final = -((1 << 63) - 1)
"""As times that are held have since ever."""


def check_time(event: AnyEvent, taken_ns: int, latest_ns: int) -> None:
    """Raise ContractError `event.time` for a time that only a dead clock shows; the event was taken in from `taken_ns` to `latest_ns`."""
    if event.kind == "fact":
        check_moments(event.moments_ns, taken_ns, latest_ns)
    if event.time is None or (time_ns := event.time_ns) is None:
        return
    earliest_ns = EARLIEST_NS if event.history else taken_ns - LATE_NS
    if earliest_ns <= time_ns <= latest_ns + EARLY_NS:
        return
    stated = f"`time` is {event.time.isoformat(timespec='seconds')}, {_apart(abs(time_ns - taken_ns))}"
    taken = f"the event was taken in, at {datetime.fromtimestamp(taken_ns // NS_PER_S, UTC):%Y-%m-%dT%H:%M:%SZ}"
    if time_ns > latest_ns + EARLY_NS:
        raise ContractError("event.time", f"{stated} after {taken}: is the clock of its sender right?")
    hint = "before the year 2000" if event.history else 'is the clock of its sender right? If it is meant so, add `"history": true`'
    raise ContractError("event.time", f"{stated} before {taken}: {hint}")


def check_moments(stated_ns: Mapping[str, int], taken_ns: int, latest_ns: int) -> None:
    """Raise ContractError `event.time` for times of a fact that nobody means; it was taken in from `taken_ns` to `latest_ns`.

    It is learned before it is sent; it may begin up to a year later, and end whenever it likes.
    Neither is before anybody lived who is meant.
    """
    for key in ("from", "to"):
        if _SINCE_EVER_NS <= (time_ns := stated_ns.get(key, 0)) < OLDEST_NS and time_ns != _OPEN_NS:
            raise ContractError(
                "event.time", f"`{key}` is before the year 1901, as an empty date is written: leave it out where it is open"
            )
    for key, until_ns in (("learned", latest_ns + EARLY_NS), ("from", taken_ns + AHEAD_NS)):
        if stated_ns.get(key, 0) > until_ns:
            apart = _apart(stated_ns[key] - taken_ns)
            raise ContractError("event.time", f"`{key}` is {apart} after the fact was taken in: is the clock of its sender right?")
    if stated_ns.get("learned", EARLIEST_NS) < EARLIEST_NS:
        raise ContractError("event.time", "`learned` is before the year 2000: is the clock of its sender right?")


def _apart(ns: int) -> str:
    """Return a length of time in words: days, or seconds if they are few."""
    days = ns // NS_PER_DAY
    return f"{days:,} days" if days > 1 else f"{ns // NS_PER_S:,} s"
