"""Some thousand rows of a brand's stores: whichever way the stores are shared out, the same points in the end."""

from __future__ import annotations

import json
import random

import pytest

from footfall.frames import Kind
from footfall.pseudonyms import to_hex
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Message
from gateway.identity.links import Link
from tests.support.accept_inputs import SECRET
from tests.support.brand_log import BrandLog, Results, counted, stored
from tests.support.journal_stories import T0, Row, S, assert_same
from tests.support.whole import small_or_whole

STORES = tuple(f"store-{n}" for n in range(12))
CARDS = tuple(f"card:{n}" for n in range(40))
SUBJECTS = [int(to_hex(Pseudonymiser(SECRET).subject(card)), 16) for card in CARDS]
FANS = tuple(f"fan-{n}" for n in range(15))
ROUNDS = small_or_whole(30, 60)


def afternoon(seed: int) -> BrandLog:
    """People with cards, and some without, walk through all stores of a brand; tills and a CRM name some of them."""
    rng, log = random.Random(seed), BrandLog(STORES)
    for _ in range(ROUNDS):
        log.wait(rng.choice([5, 20, 90, 400]))
        for store in STORES:
            rows = [
                Row(rng.choice([Kind.ENTER, Kind.STAY, Kind.STAY, Kind.EXIT]), rng.choice([*SUBJECTS, rng.randrange(1, 2000)]),
                    rng.randrange(3), rng.choice([0.0, 1.5, 9.0]), rng.choice([-80, -60, -45]))
                for _ in range(rng.randrange(9))
            ]  # fmt: skip
            log.send(store, log.frame(store, rows, rng.choice([0.0, 0.0, 2.0, 30.0]), rng.choice([0] * 20 + [3])))
        store = rng.choice(STORES)
        sale = {"kind": "touch", "what": "transaction", "id": f"sale-{rng.randrange(ROUNDS * 2 // 3)}", "amount": float(rng.randrange(200))}
        log.send(store, log.event(store, **sale, identifiers=rng.sample(CARDS, 2), fan=rng.choice([None, *FANS]), ref="r"))
        log.send(store, log.health(store), Message(f"footfall/1/{store}/{store}-till/events", b"{"))
        if rng.random() < 0.3:
            some = rng.sample(SUBJECTS, 3)
            log.links(Link(f"{each:016x}", rng.choice(FANS), T0 + rng.randrange(9000) * S, T0 + 10**6 * S, "crm", 1.0) for each in some)
    return log.end()


@pytest.fixture(scope="module")
def log() -> BrandLog:
    return afternoon(11)


@pytest.fixture(scope="module")
def one(log: BrandLog) -> Results:
    results = stored(log)
    assert len(results.rows) > 60 * ROUNDS
    assert sum(key[0] == "visit" and row["known"] for key, row in results.rows.items()) > ROUNDS
    again = contradictions(log)
    assert again > 0
    assert len(results.refused) == ROUNDS + again
    return results


def contradictions(log: BrandLog) -> int:
    """How many sales have the id of an earlier one of the same till, with other content."""
    sales = [(message.topic, json.loads(message.payload)["id"]) for each in log.entries for message in each.messages if is_sale(message)]
    return len(sales) - len(set(sales))


def is_sale(message: Message) -> bool:
    return message.topic.endswith("/events") and message.payload != b"{"


@pytest.mark.parametrize("count", small_or_whole([2, 16], [2, 7, 16]))
def test_shards_together_store_what_one_fold_does(log: BrandLog, one: Results, count: int) -> None:
    many = stored(log, count, delays=(0, 40, 3, 200), checkpoints=(50,))
    assert_same(counted(one.rows), counted(many.rows))
    assert (one.receipts, one.refused) == (many.receipts, many.refused)
