"""Any number of shards, whenever links come, wherever they crash: the rows of one fold over all stores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.pseudonyms import to_hex
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Message
from gateway.identity.links import Link
from tests.support import journal_stories as made
from tests.support.accept_inputs import SECRET
from tests.support.brand_log import STORES, BrandLog, counted, folded_alone, stored
from tests.support.journal_stories import FANS, assert_same

SLOW = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
CRASHING = settings(SLOW, max_examples=12)
CARDS = ("card:1", "card:2", "card:3")
CARD_SUBJECTS = [int(to_hex(Pseudonymiser(SECRET).subject(card)), 16) for card in CARDS]
Step = Callable[[BrandLog], Any]

stores = st.sampled_from(STORES)
people = st.builds(
    lambda row, subject: replace(row, subject=subject),
    made.presence_rows,
    st.sampled_from([5, made.STAFF, made.SUBJECTS[-1], *CARD_SUBJECTS]),
)
rows = st.lists(people | people | made.goods_rows | made.door_rows, min_size=1, max_size=6)


@st.composite
def frames(draw: Callable[..., Any]) -> Step:
    store, some, lag_s, lost = draw(stores), draw(rows), draw(made.lags), draw(st.sampled_from([0, 0, 0, 2]))
    again = draw(st.booleans())

    def step(log: BrandLog) -> None:
        frame = log.frame(store, some, lag_s, lost)
        log.send(store, *[frame] * (1 + again))

    return step


@st.composite
def touches(draw: Callable[..., Any]) -> Step:
    store, number = draw(stores), draw(st.integers(1, 5))
    what = draw(st.sampled_from(["scan", "transaction", "return"]))
    cards = draw(st.lists(st.sampled_from(CARDS), min_size=1, max_size=2, unique=True))
    fan, ref = draw(st.sampled_from([None, None, *FANS])), draw(st.sampled_from([None, "r1"]))
    values: dict[str, Any] = {"kind": "touch", "what": what, "identifiers": cards, "fan": fan, "ref": ref}
    if what != "scan":
        values |= {"id": f"e{number}", "amount": draw(st.sampled_from([0.0, 0.1, 129.9]))}
    return lambda log: log.send(store, log.event(store, **values))


def _counts(store: str, number: int, entered: int) -> Step:
    return lambda log: log.send(store, log.event(store, kind="count", id=f"c{number}", door="d", **{"in": entered, "out": 1}))


def _voids(store: str, of: str) -> Step:
    return lambda log: log.send(store, log.event(store, kind="void", id=f"v{of}", of=of, reason="wrong", actor="test"))


links = st.builds(
    lambda subject, fan, span, confidence: Link(f"{subject:016x}", fan, made.T0 + span[0] * made.S, made.T0 + span[1] * made.S, "crm",
                                                confidence),
    st.sampled_from([*made.SUBJECTS[:3], *CARD_SUBJECTS]),
    st.sampled_from(FANS),
    st.sampled_from([(-(10**6), 10**6), (0, 300), (100, 2000), (301, 10**6)]),
    st.sampled_from([0.5, 1.0]),
)  # fmt: skip
others = st.one_of(
    st.builds(_counts, stores, st.integers(1, 3), st.integers(0, 5)),
    st.builds(_voids, stores, st.sampled_from(["c1", "c2", "e1", "e2", "e3"])),
    st.lists(links, min_size=1, max_size=3).map(lambda some: lambda log: log.links(some)),
    stores.map(lambda store: lambda log: log.send(store, log.health(store), log.health(store))),
    stores.map(lambda store: lambda log: log.send(store, Message(f"footfall/1/{store}/{store}-till/events", b"{"))),
)
waits = st.sampled_from([0.0, 0.0, 0.2, 1.0, 5.0, 20.0, 70.0, 301.0, 700.0])
steps = st.lists(st.tuples(waits, frames() | frames() | touches() | others), min_size=8, max_size=24)
delays = st.lists(st.sampled_from([0, 1, 7, 50, 10**6]), min_size=1, max_size=7)


def written(steps: Sequence[tuple[float, Step]]) -> BrandLog:
    log = BrandLog()
    for wait_s, step in steps:
        step(log.wait(wait_s))
    return log.end()


@given(steps, st.sampled_from([1, 2, 7]), delays)
@SLOW
def test_shards_together_store_the_rows_of_one_fold(some: list[tuple[float, Step]], count: int, late: list[int]) -> None:
    log = written(some)
    one, many = folded_alone(log), stored(log, count, late)
    assert_same(counted(one.rows), counted(many.rows))
    assert (one.receipts, one.refused) == (many.receipts, many.refused)


@given(steps, st.sampled_from([1, 2, 7]), delays, st.lists(st.sampled_from([1, 3, 11]), min_size=1, max_size=7))
@CRASHING
def test_a_shard_that_crashes_at_every_record_goes_on_elsewhere_from_what_it_stored(
    some: list[tuple[float, Step]], count: int, late: list[int], checkpoints: list[int]
) -> None:
    log = written(some)
    one, many = folded_alone(log), stored(log, count, late, checkpoints, crashes=True)
    assert_same(counted(one.rows), counted(many.rows))
    assert (one.receipts, one.refused) == (many.receipts, many.refused)
