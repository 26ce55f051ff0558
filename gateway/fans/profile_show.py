"""A fan's profile as an object for programs, and as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any, Final

from footfall.wording import counted
from gateway.fans.profile import Profile, Seen
from gateway.fans.show import moment

_PLACES: Final = 3


def as_object(profile: Profile) -> dict[str, Any]:
    """Return a profile as JSON has it: times in ISO 8601, UTC; null where there is none."""
    return {
        "at": moment(profile.at_ns, UTC),
        "stage": profile.stage,
        "stage_means": profile.meaning,
        "proposal": profile.proposal or None,
        "first_seen": _moment(profile.first_ns),
        "last_seen": _moment(profile.last_ns),
        "last_purchase": _moment(profile.last_purchase_ns),
        "days_since_seen": _rounded(profile.silent_days),
        "days_since_purchase": _rounded(profile.purchase_days),
        "days_between_visits": _rounded(profile.days_between_visits),
        "stores": list(profile.stores),
        "ever": _seen(profile.ever),
        "lately": _seen(profile.lately),
        "value": profile.value.points,
        "value_parts": {name: _rounded(part) for name, part in profile.value.parts.items()},
    }


def _seen(seen: Seen) -> dict[str, Any]:
    values = seen._asdict() | {"money": seen.money / 100, "behaviour": list(seen.behaviour)}
    return {**values, "channels": dict(seen.channels)}


def _moment(time_ns: int | None) -> str | None:
    return None if time_ns is None else moment(time_ns, UTC)


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, _PLACES)


def lines(profile: Profile, window_days: float) -> Iterator[str]:
    """Yield a profile as lines of text."""
    stage = f"{profile.stage}: {profile.meaning}" if profile.meaning else profile.stage
    yield f"profile at {moment(profile.at_ns, UTC)}"
    yield f"  stage     {stage}"
    if profile.proposal:
        yield f"  proposal  {profile.proposal}"
    yield f"  value     {profile.value.points:g} of 100: {_parts(profile.value.parts)}"
    if profile.first_ns is None or profile.silent_days is None:
        yield "  seen      never"
        return
    between = "" if profile.days_between_visits is None else f", a visit each {profile.days_between_visits:.1f} days"
    yield f"  seen      {profile.silent_days:.1f} days ago, first {moment(profile.first_ns, UTC)[:10]}{between}"
    yield f"  ever      {_counted(profile.ever)}"
    yield f"  lately    {_counted(profile.lately)} in {window_days:g} days"
    yield f"  channels  {', '.join(f'{name} {count}' for name, count in profile.ever.channels.items())}"


def _parts(parts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {part:.0%}" for name, part in parts.items())


def _counted(seen: Seen) -> str:
    returns = f", {counted(seen.returns, 'return')}" if seen.returns else ""
    visits, purchases = counted(seen.visits, "visit"), counted(seen.purchases, "purchase")
    return f"{visits}, {purchases}{returns}, {seen.money / 100:,.2f}"
