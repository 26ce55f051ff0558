"""What the ledger's stage of identity comes to is a function of the set of facts: in every order, and with a crash at every record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.frames import Kind
from gateway.identity.facts import FOR_EVER_NS, Consent, Fact, Identifier, Link, Merge, Revoke, Same, Split
from gateway.identity.facts_json import encode_facts
from gateway.pipeline.identity_stage import identity_on
from gateway.records import Record, RecordKind
from gateway.shard import Shard
from gateway.state.ledger import Ledger
from tests.support import journal_stories as made
from tests.support.journal_stories import FANS, Row, Rows, Story, assert_same, new_fold, pairs, pseudonym, store
from tests.support.shards import shard_of
from tests.support.whole import examples

SLOW = settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
TAG = Identifier("tag", f"{made.SUBJECTS[2]:016x}")
IDENTIFIERS = [
    *(Identifier("ibeacon", f"{subject:016x}") for subject in made.SUBJECTS[:2]),
    TAG,
    Identifier("member", pseudonym("member:m1")),
]


@st.composite
def facts(draw: Any) -> Fact:
    number, fan = draw(st.integers(1, 2)), draw(st.sampled_from(FANS))
    one, two = draw(st.permutations(IDENTIFIERS))[:2]
    at_ns = made.T0 + draw(st.sampled_from([0, 200, 900])) * made.S
    held, back_ns = {"learned_ns": at_ns, "source": "crm"}, draw(st.sampled_from([at_ns + 150 * made.S, FOR_EVER_NS]))
    of = draw(st.sampled_from(["link-1", "same-1", "same-2"]))
    return draw(st.sampled_from([
        Link(id=f"link-{number}-{fan}-{one.subject}", identifier=one, fan=fan, **held),
        Link(id=f"lent-{number}", identifier=TAG, fan=fan, from_ns=at_ns, to_ns=back_ns, **held),
        Link(id="link-1", identifier=one, fan=fan, from_ns=at_ns, to_ns=FOR_EVER_NS, **held),
        Same(id=f"same-{number}", identifiers=(one, two), **held),
        Merge(id=f"merge-{number}", fans=tuple(sorted(set(FANS) - {fan})), **held),
        Split(id="split", of="merge-1", **held),
        Revoke(id=f"revoke-{of}", of=of, **held),
        Consent(id=f"consent-{number}", fan=fan, purpose="identify", granted=number == 1, from_ns=at_ns, **held),
    ]))  # fmt: skip


heard = st.lists(st.tuples(st.sampled_from([0.0, 30.0, 200.0, 400.0]), st.integers(0, 2), st.sampled_from(made.SUBJECTS)), max_size=8)
some_facts = st.lists(facts(), min_size=1, max_size=5)


def records_of(told: Sequence[tuple[float, int, int]], some: Sequence[Fact], at: Sequence[int]) -> list[Record]:
    """A journal in which people are heard and buy, a tag is scanned, and given back, each fact has a place of its own, and all is over."""
    story = Story()
    for number, (wait_s, agent, subject) in enumerate(told):
        story.wait(wait_s + 0.01).frame(agent, [Row(Kind.STAY, subject)])
        if number % 3 == 0:
            sale = {"kind": "touch", "what": "transaction", "id": f"t{number}", "amount": 1.5, "identifiers": ["member:m1"], "ref": "r1"}
            story.event(agent, sale)
        elif number % 3 == 1:
            story.event(agent, {"kind": "touch", "what": "payment", "id": f"t{number}", "identifiers": ["wx-mini:o1"], "ref": "r1"})
        else:
            lent = {"kind": "touch", "what": ("scan", "return")[number % 2], "id": f"t{number}"}
            story.wait(40).touch(agent, lent, made.SUBJECTS[2])
    records = story.end().records
    for fact, place in sorted(zip(some, at, strict=True), key=lambda each: -(each[1] % (len(records) - 2))):
        index = 1 + place % (len(records) - 2)
        records.insert(index, records[index - 1]._replace(kind=RecordKind.FACTS, store="", agent="", seq=0, body=encode_facts([fact])))
    return [record._replace(pos=pos) for pos, record in enumerate(records, 1)]


def stage(ledger: Ledger) -> Shard:
    fold = new_fold().fresh(ledger)
    return shard_of(fold, identity=identity_on(ledger, b"a brand's secret, for tests only"))


def folded(records: Sequence[Record]) -> Rows:
    return store(stage(Ledger(":memory:")).fold_alone(pairs(records)).points, {})


def derived(rows: Rows) -> Rows:
    """Minutes in which nothing was counted may have a row or none, and revisions have when something became known.

    A part of a visit or dwell that was cut for a handover, and is whole again, may have a void row.
    """
    counted = {key: {name: value for name, value in row.items() if name not in ("occupancy", "drift")} for key, row in rows.items()}
    kept = {key: row for key, row in counted.items() if key[0] in ("visit", "dwell", "touch", "traffic", "zone_traffic")}
    kept = {key: row for key, row in kept.items() if not (key[0] in ("visit", "dwell") and row["void"] and not row.get("merged_into"))}
    return {key: row for key, row in kept.items() if key[0] not in ("traffic", "zone_traffic") or any(row.values())}


@given(heard, some_facts, st.randoms(use_true_random=False))
@SLOW
def test_facts_in_any_order_at_any_place_give_the_same_rows(told: list[tuple[float, int, int]], some: list[Fact], random: Any) -> None:
    first = derived(folded(records_of(told, some, [0] * len(some))))
    shuffled = random.sample(some, len(some))
    assert_same(first, derived(folded(records_of(told, shuffled, [random.randrange(1000) for _ in some]))))
    assert_same(first, derived(folded(records_of(told, [*shuffled, *some], [10**6 - 1] * (2 * len(some))))))


@given(heard, some_facts, st.lists(st.integers(0, 1000), min_size=5, max_size=5), st.sampled_from([1, 2, 5]))
@SLOW
def test_a_crash_at_every_record_ends_in_the_same_rows(
    told: list[tuple[float, int, int]], some: list[Fact], at: list[int], checkpoint_every: int
) -> None:
    records = records_of(told, some, at[: len(some)])
    ledger = Ledger(":memory:")
    shard, rows = stage(ledger), Rows()
    kept = 0
    for place in range(len(records)):
        for again in (True, False):
            for record in records[kept : place + 1]:
                store(shard.fold_alone(pairs([record])).points, rows)
            if again:
                ledger.roll_back()
                shard.restart(ledger, ledger.state())
        if place % checkpoint_every == 0:
            shard.checkpoint({})
            kept = place + 1
    assert_same(derived(folded(records)), derived(rows))
