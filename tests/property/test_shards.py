"""Any number of shards, whenever standings come, wherever they crash: the rows of one fold over all stores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.accept.messages import Message
from gateway.accept.pseudonymiser import Pseudonymiser
from gateway.identity.facts import Consent, Distinct, Fact, Identifier, Link, Merge, Revoke, RevokeLink, Same, Split
from gateway.identity.links import Link as EarlierLink
from tests.support import journal_stories as made
from tests.support.accept_inputs import SECRET
from tests.support.brand_log import STORES, BrandLog, counted, folded_alone, outcomes, stored
from tests.support.journal_stories import FANS, assert_same
from tests.support.whole import examples

SLOW = settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
CRASHING = settings(SLOW, max_examples=examples(12))
SELLING = settings(SLOW, max_examples=examples(20))
CARDS = ("member:a1", "member:a2", "wx-mini:o1", "phone:13912345678", "card:fingerprint", "tag:t1")
IDENTIFIERS = [Identifier(card.partition(":")[0], Pseudonymiser(SECRET).hex_subject(card)) for card in CARDS]
CARD_SUBJECTS = [int(each.subject, 16) for each in IDENTIFIERS]
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
def touches(draw: Callable[..., Any], refs_of_store: bool = False) -> Step:
    """A touch; with `refs_of_store` no other store's has its reference."""
    store, number = draw(stores), draw(st.integers(1, 5))
    what = draw(st.sampled_from(["scan", "transaction", "return"]))
    cards = draw(st.lists(st.sampled_from(CARDS), min_size=1, max_size=2, unique=True))
    fan, ref = draw(st.sampled_from([None, None, *FANS])), draw(st.sampled_from([None, "r1", "r2"]))
    values: dict[str, Any] = {"kind": "touch", "what": what, "identifiers": cards, "fan": fan}
    values |= {"ref": f"{store}-{ref}" if refs_of_store and ref else ref, "staff_id": draw(st.sampled_from(["", "anna", "ben"]))}
    if what != "scan":
        values |= {"id": f"e{number}", "amount": draw(st.sampled_from([0.0, 0.1, 129.9]))}
    return lambda log: log.send(store, log.event(store, **values))


def _counts(store: str, number: int, entered: int) -> Step:
    return lambda log: log.send(store, log.event(store, kind="count", id=f"c{number}", door="d", **{"in": entered, "out": 1}))


def _voids(store: str, of: str) -> Step:
    return lambda log: log.send(store, log.event(store, kind="void", id=f"v{of}", of=of, reason="wrong", actor="test"))


SPANS = [(-(10**6), 10**6), (0, 300), (100, 2000), (301, 10**6)]
links = st.builds(
    lambda subject, fan, span, sure: EarlierLink(f"{subject:016x}", fan, *(made.T0 + each * made.S for each in span), "crm", sure),
    st.sampled_from([*made.SUBJECTS[:3], *CARD_SUBJECTS]),
    st.sampled_from(FANS),
    st.sampled_from(SPANS),
    st.sampled_from([0.5, 1.0]),
)  # fmt: skip


@st.composite
def facts(draw: Callable[..., Any]) -> Fact:
    """Any fact that a desk may state. The same id may come with other content, and what is taken back may come later, or never."""
    number, (from_s, to_s) = draw(st.integers(1, 3)), draw(st.sampled_from(SPANS))
    held = {"learned_ns": made.T0 + draw(st.integers(0, 2)), "source": draw(st.sampled_from(["crm", "desk"]))}
    span = {"from_ns": made.T0 + from_s * made.S, "to_ns": made.T0 + to_s * made.S}
    one, two = draw(st.permutations(IDENTIFIERS))[:2]
    fan, pair = draw(st.sampled_from(FANS)), tuple(sorted(draw(st.permutations(FANS))[:2]))
    of = f"{draw(st.sampled_from(['link', 'same', 'merge']))}-{draw(st.integers(1, 3))}"
    return draw(st.sampled_from([
        Link(id=f"link-{number}", identifier=one, fan=fan, **held, **span),
        Link(id=f"link-{number}", identifier=one, fan=fan, **held),
        Same(id=f"same-{number}", identifiers=(one, two), **held),
        Merge(id=f"merge-{number}", fans=pair, **held),
        Distinct(id=f"distinct-{number}", fans=pair, **held),
        Split(id=f"split-{number}", of=f"merge-{number}", **held),
        Revoke(id=f"revoke-{of}", of=of, **held),
        RevokeLink(id=f"end-{number}", identifier=one, fan=fan, to_ns=span["from_ns"], **held),
        Consent(id=f"consent-{number}", fan=fan, purpose="identify", granted=draw(st.booleans()), from_ns=span["from_ns"], **held),
    ]))  # fmt: skip


others = st.one_of(
    st.builds(_counts, stores, st.integers(1, 3), st.integers(0, 5)),
    st.builds(_voids, stores, st.sampled_from(["c1", "c2", "e1", "e2", "e3"])),
    st.lists(links, min_size=1, max_size=3).map(lambda some: lambda log: log.links(some)),
    st.lists(facts(), min_size=1, max_size=3).map(lambda some: lambda log: log.facts(some)),
    st.lists(facts(), min_size=1, max_size=3).map(lambda some: lambda log: log.facts(some)),
    stores.map(lambda store: lambda log: log.send(store, log.health(store), log.health(store))),
    stores.map(lambda store: lambda log: log.send(store, Message(f"footfall/1/{store}/{store}-till/events", b"{"))),
)
waits = st.sampled_from([0.0, 0.0, 0.2, 1.0, 5.0, 20.0, 70.0, 301.0, 700.0])
steps = st.lists(st.tuples(waits, frames() | frames() | touches() | others), min_size=8, max_size=24)
selling = st.lists(st.tuples(waits, frames() | touches(True) | touches(True) | others), min_size=8, max_size=16)
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


@given(selling, st.sampled_from([2, 7]), delays)
@SELLING
def test_the_outcomes_of_days_are_those_of_one_fold_where_returns_are_of_their_own_store(
    some: list[tuple[float, Step]], count: int, late: list[int]
) -> None:
    """A shard sees neither sales nor registrations of other shards' stores: what is brought back elsewhere, it takes off nobody."""
    log = written(some).idle(2.5)
    one, many = folded_alone(log), stored(log, count, late)
    assert_same(outcomes(one.rows), outcomes(many.rows))
