"""What was known at an earlier time: a box that was offline then had not sent yet what it heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from simulators.chain.chain import MS_PER_HOUR, MS_PER_S, Box, Chain, ChainStore, Outage
from simulators.chain.plan import DOORS
from simulators.chain.run import STEP_MS, Simulated
from simulators.chain.truth import Truth, Unobserved
from simulators.numbers.reckon import Reckoning

HEARS = "a"
"""The box of each store that hears people."""


def moment_ms(text: str) -> int:
    """Return the moment of a text with an offset."""
    return round(datetime.fromisoformat(text).timestamp()) * MS_PER_S


def then(simulated: Simulated, as_of_ms: int) -> Reckoning:
    """Return the reckoning of what was known at a time, of what was before it.

    What is sent within an hour of its own time counts as if it had come at once: outages that a question is about end later than that.
    """
    chain, truth = simulated.chain, simulated.truth
    unsent = list(_not_sent_yet(chain, truth, as_of_ms))
    sent_ms = {each.agent: each.from_ms for each in unsent}
    agents = {(store.name, box.letter): box.agent for store in chain.stores for box in store.boxes}
    equipped = {store.name: DOORS[store.plan.agents] for store in chain.stores}

    def is_known(store: str, box: str, time_ms: int) -> bool:
        return time_ms < min(as_of_ms, sent_ms.get(agents[store, box], as_of_ms))

    known = Truth(
        [each for each in truth.passings if is_known(each.store, equipped[each.store][each.door], each.time_ms)],
        [each for each in truth.visits if is_known(each.store, HEARS, each.from_ms)],
        [each for each in truth.dwells if is_known(each.store, HEARS, each.from_ms)],
        [each for each in truth.touches if each.time_ms < as_of_ms],
        [each for each in truth.items if is_known(each.store, HEARS, each.time_ms)],
        [*truth.unobserved, *unsent],
    )
    return Reckoning(replace(simulated, truth=known), until_ms=as_of_ms)


def _away(store: ChainStore, as_of_ms: int) -> Iterator[Outage]:
    return (each for each in store.outages if each.kind == "offline" and each.from_ms < as_of_ms < each.to_ms)


def _not_sent_yet(chain: Chain, truth: Truth, as_of_ms: int) -> Iterator[Unobserved]:
    for store in chain.stores:
        for outage in _away(store, as_of_ms):
            box = next(each for each in store.boxes if each.letter == outage.box)
            from_ms = _last_sent_ms(store, box, truth, outage)
            yield from (Unobserved(store.name, box.agent, task, from_ms, outage.to_ms) for task in box.tasks)


def _last_sent_ms(store: ChainStore, box: Box, truth: Truth, outage: Outage) -> int:
    """Return when a box sent last: at a full ten minutes after which it had heard something, or at a full hour."""
    heard = [(each.time_ms, each.time_ms) for each in truth.passings if each.store == store.name and each.door in box.doors]
    if box.hears:
        heard += [(each.from_ms, each.to_ms) for each in truth.visits if each.store == store.name]
        heard += [(each.time_ms, each.time_ms) for each in truth.items if each.store == store.name]
    sent_ms = outage.from_ms - STEP_MS
    while sent_ms % MS_PER_HOUR and not any(from_ms < sent_ms and to_ms >= sent_ms - STEP_MS for from_ms, to_ms in heard):
        sent_ms -= STEP_MS
    return sent_ms
