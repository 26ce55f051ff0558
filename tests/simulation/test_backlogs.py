"""Simulated agents send the backlog of an outage at once: in whichever order it comes, visits, dwells, minutes and items are the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice

import pytest

from footfall.frames import Body, encode_body
from gateway.fold.fold import Fold
from gateway.points import Points
from gateway.records import Record, RecordKind
from simulators.estate import Settings, brand_secret, site_of, worlds
from simulators.feed import Feed
from tests.support.journal_stories import Rows, S, assert_same, new_fold, of, store
from tests.support.whole import small_or_whole

HOURS = small_or_whole(1.0, 1.5)
START_NS = 1_779_933_600 * S
"""Ten in the morning in Shanghai."""
AT_ONCE = 50


def backlogs(seed: int) -> tuple[bytes, str, dict[str, list[Body]]]:
    """The site, its store, and what each agent made while the gateway was away."""
    (world,) = worlds(Settings(seed=seed, hours=HOURS, start_ns=START_NS))
    bodies = {agent: [body for _, body in Feed(world, agent, brand_secret(seed)).bodies()] for agent in world.plan.agents}
    return site_of([world]).model_dump_json().encode(), world.plan.store, bodies


def journal(site: bytes, store_name: str, bodies: dict[str, list[Body]], rng: random.Random) -> Iterator[tuple[Record, Body | None]]:
    """The agents come back one after the other, within the time for which a new store waits, and send each at its own pace."""
    now_ns, pos = START_NS + round(HOURS * 3600 * S), 1
    yield Record(pos, now_ns, RecordKind.SITE, "", "", 0, 0, 0, 0, site), None
    paces = {agent: rng.choice([1, 3, 20]) for agent in bodies}
    left = {agent: list(enumerate(made, 1)) for agent, made in bodies.items()}
    first = rng.sample(sorted(bodies), len(bodies))
    while any(left.values()):
        agent = first.pop() if first else rng.choice([agent for agent, waiting in left.items() if waiting])
        burst = rng.randint(1, AT_ONCE) * paces[agent]
        for seq, body in left[agent][:burst]:
            now_ns, pos = now_ns + 1_000_000, pos + 1
            # A body of another boot, whose offset its agent knew: its times are the world's.
            offset_ns = body.made_wall_ns - body.made_boot_ns
            yield Record(pos, now_ns, RecordKind.FRAME, store_name, agent, seq, offset_ns, 0, 10**6, encode_body(body)), body
        del left[agent][:burst]
        now_ns += rng.choice([0, S // 3, 2 * S])
    for _ in range(12):
        now_ns, pos = now_ns + 610 * S, pos + 1
        yield Record(pos, now_ns, RecordKind.TICK, "", "", 0, 0, 0, 0, b""), None


def stored(site: bytes, store_name: str, bodies: dict[str, list[Body]], rng: random.Random) -> Rows:
    """In batches of one record, of some and of many."""
    fold, rows, records = new_fold(), Rows(), journal(site, store_name, bodies, rng)
    while batch := list(islice(records, rng.choice([1, 7, 400]))):
        store(derived(fold, batch), rows)
    return rows


def derived(fold: Fold, batch: list[tuple[Record, Body | None]]) -> Iterator[Points]:
    """All points but the raw rows, which are the same in any order, and revisions, which have when something came."""
    return (points for points in fold.apply(batch) if points.measurement not in ("presence", "revision"))


@pytest.mark.parametrize("seed", [1, random.SystemRandom().randrange(1_000_000_000)], ids=["1", "random"])
def test_backlogs_of_several_agents_give_the_same_rows_in_any_order(seed: int) -> None:
    print(f"seed {seed}")  # noqa: T201 # pytest shows it where the test fails
    rng, made = random.Random(seed), backlogs(seed)
    expected = stored(*made, rng)
    assert len(of(expected, "visit")) > 2
    assert len(of(expected, "dwell")) > 4
    for _ in range(2):
        assert_same(stored(*made, rng), expected)
