"""A fan's profile as of a time: when seen, how often, on which channels, what bought, the stage of life and the value index. Pure.

profile_of(history_of(rows), at_ns, load_profile(config.fan_profile_file))

Nothing after the time counts, so what comes later never changes it; nor does the order of rows. Money is in hundredths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from footfall.units import NS_PER_S
from gateway.fans.history import PURCHASES, History, Touched
from gateway.fans.profile_settings import FanProfileSettings, Stage
from gateway.identity.facts_json import HANDBACK

STORE: Final = "store"
"""The channel of visits, and of touches that name none."""
NS_PER_DAY: Final = 86_400 * NS_PER_S
_RETURNS: Final = frozenset({"return"})
_NO_BEHAVIOUR: Final = PURCHASES | _RETURNS | {"payment", HANDBACK}
_PLACES: Final = 1


class Seen(NamedTuple):
    """What a fan did in a span of time."""

    visits: int
    purchases: int
    returns: int
    money: int
    """Of the sales less what was given back for returns, in hundredths."""
    channels: Mapping[str, int]
    """Visits and touches by channel, by its name."""
    behaviour: Sequence[str]
    """Kinds of touches beside sale, payment, return and handback, by name."""


class Value(NamedTuple):
    """The value index: `points` are 0 to 100; `parts` have how much of each counts, 0 to 1, before it is weighed."""

    points: float
    parts: Mapping[str, float]


class Profile(NamedTuple):
    """A fan as of `at_ns`. Without anything seen until then, times and numbers of days are None."""

    at_ns: int
    first_ns: int | None
    """When first seen: a visit or a touch."""
    last_ns: int | None
    last_purchase_ns: int | None
    silent_days: float | None
    """Recency: days since last seen."""
    purchase_days: float | None
    """Days since the last purchase."""
    days_between_visits: float | None
    """Frequency: the mean from one visit's begin to the next one's; None below two visits."""
    stores: Sequence[str]
    """Those visited, by name."""
    ever: Seen
    """As far back as rows are kept."""
    lately: Seen
    """In the days that the value index counts."""
    stage: str
    meaning: str
    proposal: str
    """What the brand proposes at this stage; "" if it states nothing."""
    value: Value


def profile_of(history: History, at_ns: int, settings: FanProfileSettings) -> Profile:
    """Return the profile that a fan's history comes to at a time."""
    begins = [visit.start_ns for visit in history.visits if visit.start_ns <= at_ns]
    touches = [touch for touch in history.touches if touch.time_ns <= at_ns]
    bought = [touch.time_ns for touch in touches if touch.what in PURCHASES]
    lasts = [min(last_ns, at_ns) for start_ns, last_ns in history.heard if start_ns <= at_ns]  # a visit may be joined with one of later
    times = [touch.time_ns for touch in touches]
    first_ns, last_ns = min([*begins, *times], default=None), max([*lasts, *times], default=None)
    since_ns = at_ns - round(settings.window_days * NS_PER_DAY)
    ever = _seen(begins, touches)
    lately = _seen([each for each in begins if each > since_ns], [each for each in touches if each.time_ns > since_ns])
    silent, known = _days(last_ns, at_ns), _days(first_ns, at_ns)
    stage = _stage(settings.stages, ever, silent or 0.0, known or 0.0)
    return Profile(
        at_ns, first_ns, last_ns, max(bought, default=None), silent, _days(max(bought, default=None), at_ns), _days_between(begins),
        sorted({visit.store for visit in history.visits[: len(begins)]}), ever, lately, stage.name, stage.meaning or "",
        settings.proposals.get(stage.name, ""), _value(lately, silent, settings),
    )  # fmt: skip


def cents(amount: float) -> int:
    """Return an amount of money in hundredths."""
    return round(amount * 100)


def _seen(begins: Sequence[int], touches: Sequence[Touched]) -> Seen:
    kinds = Counter(touch.what for touch in touches)
    channels = Counter(touch.channel or STORE for touch in touches) + Counter({STORE: len(begins)})
    given_back = sum(cents(touch.amount) for touch in touches if touch.what in _RETURNS)
    return Seen(
        len(begins), sum(kinds[each] for each in PURCHASES), sum(kinds[each] for each in _RETURNS),
        sum(cents(touch.amount) for touch in touches if touch.what in PURCHASES) - given_back,
        dict(sorted(channels.items())), sorted(kinds.keys() - _NO_BEHAVIOUR),
    )  # fmt: skip


def _days(since_ns: int | None, at_ns: int) -> float | None:
    return None if since_ns is None else (at_ns - since_ns) / NS_PER_DAY


def _days_between(begins: Sequence[int]) -> float | None:
    return (begins[-1] - begins[0]) / NS_PER_DAY / (len(begins) - 1) if len(begins) > 1 else None


def _stage(stages: Sequence[Stage], ever: Seen, silent_days: float, known_days: float) -> Stage:
    numbers = {"purchases": ever.purchases, "visits": ever.visits, "silent_days": silent_days, "known_days": known_days}
    return next(stage for stage in stages if all(stage.span(name).has(number) for name, number in numbers.items()))


def _value(lately: Seen, silent_days: float | None, settings: FanProfileSettings) -> Value:
    """Return the weighed mean of the parts, each as a share of what counts wholly."""
    counted = {
        "channels": len(lately.channels),
        "visits": lately.visits,
        "purchases": lately.purchases,
        "money": lately.money / 100,
        "behaviour": len(lately.behaviour),
    }
    parts = {name: min(max(number / getattr(settings.full, name), 0.0), 1.0) for name, number in counted.items()}
    parts["recency"] = 0.0 if silent_days is None else max(1 - silent_days / settings.window_days, 0.0)
    weights = {name: getattr(settings.weights, name) for name in parts}
    points = 100 * sum(weights[name] * part for name, part in parts.items()) / sum(weights.values())
    return Value(round(points, _PLACES), parts)
