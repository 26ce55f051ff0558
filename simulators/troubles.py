"""What makes a store hard, each with a rate of its own: a table, so that a scene or a command line switches on what it wants.

Nothing here is on in a world that did not ask for it. The rates are of stores in general; none was chosen for what Footfall makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from footfall.errors import ConfigError
from footfall.mistakes import did_you_mean
from footfall.units import NS_PER_MINUTE
from simulators.mountings import Outage
from simulators.paths import Gait
from simulators.people import Crowd, Shares, stream
from simulators.radio import Radio
from simulators.street import Street
from simulators.world import World

_OUTAGES: Final = 17  # stream of random numbers
_DOWN_NS: Final = 20 * NS_PER_MINUTE
_APART_M: Final = 1.5
_OFFSET_DB: Final = 3.0
_WINDOW_DB: Final = 3.0
"""Plain glass at 2.4 GHz."""
Switch = Callable[[World, float], World]
Part = TypeVar("Part", Crowd, Radio, Gait, Street)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of trouble. `usual` is a rate that is not rare; `unit` is what the rate counts, `most` the highest that makes sense."""

    unit: str
    usual: float
    most: float
    text: str
    switch: Switch


def with_troubles(world: World, rates: Mapping[str, float]) -> World:
    """Return `world` with each trouble at its rate; ConfigError for one that does not exist, or a rate that makes no sense."""
    for name, rate in rates.items():
        trouble = _known(name)
        if not 0 <= rate <= trouble.most:
            raise ConfigError(f"{name}={rate:g}: the rate must lie between 0 and {trouble.most:g} ({trouble.unit})")
        if rate:
            world = trouble.switch(world, rate)
    return world


def two_devices(carries: Shares, share: float) -> Shares:
    """Return `carries` with a second device on `share` of the fans."""
    fans = sum(part for kind, part in carries if kind in ("beacon", "two"))
    others = tuple((kind, part) for kind, part in carries if kind not in ("beacon", "two"))
    return (*others, ("beacon", fans * (1 - share)), ("two", fans * share))


def outages(world: World, count: int) -> tuple[Outage, ...]:
    """Return `count` receivers that fail one after the other, each for 20 minutes, and then hang elsewhere with another offset.

    Raise ConfigError if there are fewer.
    """
    there = len(world.plan.receivers)
    if count > there:
        raise ConfigError(f"failures={count}: the store has {there} receivers; at most so many can fail")
    rng = stream(world.seed, world.store, _OUTAGES)
    numbers = rng.permutation(there)[:count].tolist()
    step_ns = world.length_ns // (count + 1)
    found = []
    for turn, number in enumerate(numbers, 1):
        x_m, y_m = rng.uniform(-_APART_M, _APART_M, 2).tolist()
        from_ns = turn * step_ns - step_ns // 2
        to_ns = from_ns + min(_DOWN_NS, step_ns // 2)
        found.append(Outage(world.plan.receivers[number].name, from_ns, to_ns, x_m, y_m, float(rng.normal(0.0, _OFFSET_DB))))
    return tuple(found)


def _crowd(field: str) -> Switch:
    return lambda world, rate: replace(world, crowd=_with(world.crowd, field, rate))


def _radio(field: str) -> Switch:
    return lambda world, rate: replace(world, radio=_with(world.radio, field, rate))


def _gait(field: str) -> Switch:
    """Turn on stays and passes as they were; walks lead straight unless the rate is theirs."""
    return lambda world, rate: replace(world, crowd=replace(world.crowd, gait=_with(world.crowd.gait or Gait(detour=0.0), field, rate)))


def _street(field: str) -> Switch:
    return lambda world, rate: replace(world, street=_with(world.street, field, rate), radio=replace(world.radio, window_db=_WINDOW_DB))


def _with(part: Part, field: str, rate: float) -> Part:
    changes: dict[str, Any] = {field: rate}
    return replace(part, **changes)


def _two_devices(world: World, rate: float) -> World:
    return replace(world, crowd=replace(world.crowd, carries=two_devices(world.crowd.carries, rate)))


def _failures(world: World, rate: float) -> World:
    return replace(world, outages=outages(world, round(rate)))


TROUBLES: Final[Mapping[str, Trouble]] = {
    "walks": Trouble("share of walks", 0.2, 1, "speeds differ, and a walk leads through one more zone: a pass, no stay", _gait("detour")),
    "turns": Trouble("a minute", 4, 60, "people who stand turn", _gait("turns_per_minute")),
    "pockets": Trouble("share of devices", 0.5, 1, "worn on one side of a body of 5 to 20 dB, under up to 3 dB of cloth", _crowd("worn")),
    "two-devices": Trouble("share of fans", 0.3, 1, "a second beacon", _two_devices),
    "re-entries": Trouble("share of visitors", 0.15, 1, "in again 2 to 10 minutes after leaving", _crowd("returning")),
    "breaks": Trouble("an hour", 0.5, 6, "each member of staff leaves by the door for 5 to 25 minutes", _crowd("breaks_per_hour")),
    "children": Trouble("share of visitors", 0.1, 1, "a child that carries nothing and is counted half the time", _crowd("children")),
    "trolleys": Trouble("share of visitors", 0.1, 1, "a trolley that the door counts as a person", _crowd("trolleys")),
    "silent-phones": Trouble("share of phones", 0.5, 1, "sends in the hand only: a fifth of the time", _crowd("silent_phones")),
    "fast-beacons": Trouble("share of beacons", 0.3, 1, "2, 5 or 10 messages a second instead of 1", _crowd("fast")),
    "crowding": Trouble("dB a body", 4, 20, "people between device and receiver weaken it", _radio("crowd_db")),
    "drift": Trouble("dB", 2, 10, "every line changes slowly, anew each minute (standard deviation)", _radio("drift_db")),
    "loss": Trouble("share of messages", 0.15, 1, "a receiver in reach misses them", _radio("loss")),
    "shadowing": Trouble("dB", 4, 20, "walls and shelves (standard deviation)", _radio("shadow_db")),
    "lingerers": Trouble("an hour", 10, 1000, "stand at the window for 1 to 10 minutes and never enter", _street("lingering_per_hour")),
    "passers": Trouble("an hour", 60, 1000, "walk by on the pavement", _street("passing_per_hour")),
    "parked": Trouble("beacons", 3, 1000, "of others, that lie within 6 m of the store", _street("parked")),
    "failures": Trouble("receivers", 2, 100, "fail in turn for 20 minutes, then hang up to 1.5 m aside", _failures),
}


def rates_of(texts: Sequence[str]) -> dict[str, float]:
    """Return the rates of texts such as `pockets=0.5`, or `pockets` for its usual rate; ConfigError for anything else."""
    found = {}
    for text in texts:
        name, _, rate = text.partition("=")
        usual = _known(name).usual
        try:
            found[name] = float(rate) if rate else usual
        except ValueError:
            raise ConfigError(f"{text!r}: {rate!r} is no number; write {name}={usual:g}") from None
    return found


def _known(name: str) -> Trouble:
    if name not in TROUBLES:
        raise ConfigError(f"`footfall simulate scenes` lists no trouble {name!r}{did_you_mean(name, TROUBLES)}")
    return TROUBLES[name]
