"""A small month through the real gateway, its events in other orders and with a crash at each: the rows must be the same."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from simulators.identity.oracle_facts import ms_of
from simulators.identity.orders import Ordered, differing
from simulators.identity.score import Names
from simulators.identity.through_gateway import Month
from simulators.identity.world import MINUTE_MS, Sent, Sizes, World

TINY: Final = Sizes(fans=16, stores=2, days=10)
"""Each order takes all that a gateway does with it: half a second."""


def stored(world: World, crashing: bool = False) -> tuple[Names, Names]:
    """Return whom the stored rows of a month name, touches and dwells, and visits. `crashing`: with a crash after each event and frame."""
    with TemporaryDirectory(prefix="footfall-identity-") as folder:
        month = Month(world, Path(folder), is_sparse=True, crashing=crashing)
        try:
            month.play(month.end_ms, lambda _: None)
        finally:
            month.close()
        return month.names(), month.visit_names()


def arriving_at_random(world: World, seed: int) -> World:
    """Return a month whose events reach the gateway in a random order, none before it happened: a void may come before its touch."""
    dice = random.Random(seed)
    last_ms = max(each.arrives_ms for each in world.sent)
    sent = [each._replace(arrives_ms=dice.randint(min(_happened_ms(each), last_ms), last_ms)) for each in world.sent]
    return replace(world, sent=sorted(sent, key=lambda each: each.arrives_ms))


def _happened_ms(sent: Sent) -> int:
    """Return when what an event states happened, was learned or was decided; the gateway refuses what lies in its future."""
    return ms_of(sent.event.get("learned") or sent.event["time"]) + MINUTE_MS


def random_arrival(world: World, right: tuple[Names, Names], seed: int) -> Ordered:
    """Let the events of a month arrive in a random order."""
    return _compared(stored(arriving_at_random(world, seed)), right)


def crash_at_every_event(world: World, right: tuple[Names, Names]) -> Ordered:
    """Let a gateway crash at each event and each frame of a month."""
    return _compared(stored(world, crashing=True), right)


def _compared(found: tuple[Names, Names], right: tuple[Names, Names]) -> Ordered:
    return Ordered(1, sum(differing(one, other) for one, other in zip(found, right, strict=True)))
