"""A whole run: the month, the oracle, the product in one order and in others, and what they come to."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from simulators.identity import through_gateway
from simulators.identity.gateway_orders import TINY, crash_at_every_event, random_arrival, stored
from simulators.identity.oracle import Oracle
from simulators.identity.orders import Month, Ordered, crashed, differing, every_order, random_order, small_groups
from simulators.identity.pure import PureBrand, facts_of
from simulators.identity.score import (
    LEAST_PRECISION,
    LEAST_RECALL,
    MOST_APART,
    Names,
    Score,
    anonymous,
    differences,
    score,
    truly_anonymous,
)
from simulators.identity.small_brands import disagreements, small_brand
from simulators.identity.truth import Class, Truth, count_by_class
from simulators.identity.world import Sizes, World
from simulators.identity.world_made import make_world
from simulators.share_bars import OnShare

FANS_IN_ORDERS: Final = 300
"""Other orders are tried with a month of so many fans, since each takes all of its facts."""
GROUPS_AT_ONCE: Final = 50
ORDERS_PER_BRAND: Final = 50
"""For so many random orders of facts one small brand goes through the real gateway, in other orders too and with a crash at each event."""
ARRIVALS: Final = 9
"""Random orders in which the events of such a brand arrive."""
SMALL_BRANDS_PER_ORDER: Final = 4
BRANDS_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`orders`: how many random ones. `jobs`: processes in all; the one that runs the gateway needs a core for itself."""

    seed: int = 1
    sizes: Sizes = field(default_factory=Sizes)
    orders: int = 500
    jobs: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a run came to; shares from 0 to 1."""

    score: Score
    rows: int
    by_class: dict[Class, int]
    orders: Ordered
    oracle_differences: tuple[str | tuple[str, int], ...]
    anonymous_before: float
    anonymous_after: float
    anonymous_oracle: float
    truth_after: float
    conflicts: int
    shared: int

    @property
    def uncorrectable(self) -> int:
        return self.by_class[Class.UNDETECTABLE] + self.by_class[Class.UNCORRECTED]

    def faults(self) -> list[str]:
        """Return what is not as it must be, [] if all is."""
        checks = {
            f"precision is below {LEAST_PRECISION}": self.score.precision >= LEAST_PRECISION,
            f"recall is below {LEAST_RECALL}": self.score.recall >= LEAST_RECALL,
            "rows depend on the order of facts": not self.orders.differences,
            "rows are not those of the oracle": not self.oracle_differences and self.anonymous_after == self.anonymous_oracle,
            "the anonymous share is far from the truth": abs(self.anonymous_after - self.truth_after) <= MOST_APART,
        }
        return [fault for fault, is_right in checks.items() if not is_right]

    def last_line(self) -> str:
        shares = {
            "anonymous_before": self.anonymous_before,
            "anonymous_after": self.anonymous_after,
            "anonymous_oracle": self.anonymous_oracle,
            "truth_after": self.truth_after,
        }
        return (
            f"precision={self.score.precision:.4f} recall={self.score.recall:.4f} order_differences={self.orders.differences}"
            f" oracle_differences={len(self.oracle_differences)} "
            + " ".join(f"{name}={share:.4f}" for name, share in shares.items())
            + f" conflicts={self.conflicts} shared={self.shared} uncorrectable={self.uncorrectable}"
        )


def run(settings: Settings, on_share: OnShare) -> Verdict:
    """Simulate a month, put it through the oracle and the product, and compare them with each other and with the truth."""
    with _orders(settings, on_share) as (orders, arrived, small_brands):
        world = make_world(settings.seed, settings.sizes)
        truth = Truth(world)
        oracle = Oracle(world.events(), world.visits(), lambda done: on_share("oracle", done))
        right = oracle.names()
        brand, pure = _through(world, on_share)
        names, visits = _stored(world, on_share)
        before = PureBrand()
        for _ in before.take(facts_of(world.known_at_start())):
            pass
        labels = brand.labels(world)
        return Verdict(
            score=score(truth, names, visits),
            rows=len(truth.rows),
            by_class=count_by_class(truth.rows),
            orders=orders(pure).plus(arrived()),
            oracle_differences=(
                *differences(right, pure),
                *differences(right, names),
                *differences(oracle.visit_names(), visits),
                *small_brands(),
            ),
            anonymous_before=anonymous(truth, before.names(world)),
            anonymous_after=anonymous(truth, names),
            anonymous_oracle=anonymous(truth, right),
            truth_after=truly_anonymous(truth),
            conflicts=labels["conflict"],
            shared=labels["shared"] + labels["household"],
        )


def _through(world: World, on_share: OnShare) -> tuple[PureBrand, Names]:
    brand, facts, done = PureBrand(), facts_of(world.sent), 0
    for taken in brand.take(facts):
        done += taken
        on_share("facts", done / len(facts))
    return brand, brand.names(world)


def _stored(world: World, on_share: OnShare) -> tuple[Names, Names]:
    """Return whom the rows name that the real gateway stores of a month: touches and dwells, and visits."""
    with TemporaryDirectory(prefix="footfall-identity-") as folder:
        month = through_gateway.Month(world, Path(folder))
        try:
            month.play(month.end_ms, lambda done: on_share("gateway", done))
        finally:
            month.close()
        return month.names(), month.visit_names()


# Other orders, in processes beside


@contextmanager
def _orders(
    settings: Settings, on_share: OnShare
) -> Iterator[tuple[Callable[[Names], Ordered], Callable[[], Ordered], Callable[[], Sequence[str]]]]:
    """Begin to try other orders in processes, and small brands; each that is yielded waits for its own, and returns what they came to.

    Of facts, by whom the whole month names; of events through the gateway; the small brands on which product and oracle disagree.
    """
    with ProcessPoolExecutor(max(1, settings.jobs - 1), get_context("spawn")) as pool:
        try:
            whole = pool.submit(_whole_at_random, settings)
            running: list[Future[Ordered]] = [pool.submit(_crashed, settings)]
            running += [pool.submit(_random_order, settings, number) for number in range(settings.orders)]
            arrivals = [pool.submit(_arrived, settings, number) for number in range(settings.orders // ORDERS_PER_BRAND)]
            brands = settings.orders * SMALL_BRANDS_PER_ORDER
            tried = [pool.submit(_small_brands, settings, first, brands) for first in range(0, brands, BRANDS_AT_ONCE)]
            groups = len(_groups(settings))
            running += [pool.submit(_every_order, settings, first) for first in range(0, groups, GROUPS_AT_ONCE)]

            def gathered(names: Names) -> Ordered:
                found = Ordered(1, differing(whole.result(), names))
                for done, future in enumerate(as_completed(running), 1):
                    found = found.plus(future.result())
                    on_share("orders", done / len(running))
                return found

            yield gathered, lambda: _together(arrivals), lambda: [each for future in tried for each in future.result()]
        finally:
            pool.shutdown(cancel_futures=True)


@lru_cache(maxsize=1)
def _in_orders(settings: Settings) -> Month:
    """Return the small month of which other orders are tried."""
    fans = min(settings.sizes.fans, FANS_IN_ORDERS)
    return Month.of(make_world(settings.seed, Sizes(fans=fans, stores=min(settings.sizes.stores, 3), days=settings.sizes.days)))


@lru_cache(maxsize=1)
def _groups(settings: Settings) -> list[list[str]]:
    """Return the ids of facts that hang together, a few each."""
    return [[fact.id for fact in group] for group in small_groups(_in_orders(settings).facts)]


def _whole_at_random(settings: Settings) -> Names:
    """Return whom the rows of the whole month name after its facts came in a random order."""
    world = make_world(settings.seed, settings.sizes)
    facts, brand = facts_of(world.sent), PureBrand()
    random.Random(settings.seed).shuffle(facts)
    for _ in brand.take(facts):
        pass
    return brand.names(world)


def _random_order(settings: Settings, number: int) -> Ordered:
    return random_order(_in_orders(settings), 1_000_000 * settings.seed + number)


def _crashed(settings: Settings) -> Ordered:
    return crashed(_in_orders(settings))


def _every_order(settings: Settings, first: int) -> Ordered:
    by_id = {fact.id: fact for fact in _in_orders(settings).facts}
    found = Ordered(0, 0)
    for group in _groups(settings)[first : first + GROUPS_AT_ONCE]:
        found = found.plus(every_order([by_id[each] for each in group]))
    return found


def _together(futures: Sequence[Future[Ordered]]) -> Ordered:
    found = Ordered(0, 0)
    for each in futures:
        found = found.plus(each.result())
    return found


def _arrived(settings: Settings, number: int) -> Ordered:
    """Let a small brand through the gateway: its events in random orders, and with a crash at each."""
    seed = 1_000 * settings.seed + number
    world = make_world(seed, TINY)
    right = stored(world)
    found = crash_at_every_event(world, right)
    for nth in range(ARRIVALS):
        found = found.plus(random_arrival(world, right, 1_000 * seed + nth))
    return found


def _small_brands(settings: Settings, first: int, last: int) -> list[str]:
    """Return the seeds, up to so many at once, of small brands on which the product and the oracle disagree."""
    seeds = (1_000_000 * settings.seed + each for each in range(first, min(first + BRANDS_AT_ONCE, last)))
    return [f"small brand {seed}" for seed in seeds if disagreements(small_brand(seed))]
