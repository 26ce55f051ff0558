"""A shard without others has the stage of identity beside it: facts are taken many at a time, and types as the site in force has them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from footfall.frames import Kind
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Fact, Identifier, Link, Same, Standing
from gateway.identity.facts_json import encode_facts
from gateway.identity.identity import Identity
from gateway.identity.types import IdentifierTypes
from gateway.pipeline.identity_stage import LedgerIdentity, identity_on
from gateway.records import RecordKind
from gateway.state.ledger import Ledger
from tests.support.journal_stories import T0, Row, Story, new_fold, of, pairs, pseudonym, store
from tests.support.memory_fold_store import MemoryStore
from tests.support.shards import shard_of

KEY = b"a key of tests"
SALE = {"kind": "touch", "what": "transaction", "id": "t1", "amount": 5.0, "identifiers": ["member:m1"], "ref": "r1"}
LINK = Link(id="l1", learned_ns=T0, source="crm", identifier=Identifier("member", pseudonym("member:m1")), fan="fan-1")


def with_types(story: Story, types: Sequence[dict[str, object]]) -> Story:
    """The same estate, with what the brand states of types of identifiers."""
    values = json.loads(story.records[0].body) | {"identifier_types": list(types)}
    return story.add(RecordKind.SITE, json.dumps(values).encode())


def fans(story: Story, at_once: int) -> list[str]:
    """Return whose touches are, of records folded so many at once."""
    ledger, rows = Ledger(":memory:"), {}
    shard = shard_of(new_fold().fresh(ledger), identity=identity_on(ledger, None))
    for start in range(0, len(story.records), at_once):
        store(shard.fold_alone(pairs(story.records[start : start + at_once])).points, rows)
    return [row["fan"] for row in of(store(shard.fold_alone([]).points, rows), "touch")]


def test_what_records_state_counts_however_many_are_folded_at_once() -> None:
    before = Story().add(RecordKind.FACTS, encode_facts([LINK])).event(0, SALE)
    behind = Story().event(0, SALE).add(RecordKind.FACTS, encode_facts([LINK]))
    for at_once in (1, 2, 100):
        assert fans(before, at_once) == fans(behind, at_once) == ["fan-1"]


def test_another_rule_of_a_type_rewrites_what_it_named() -> None:
    story = Story().add(RecordKind.FACTS, encode_facts([LINK])).event(0, SALE)
    assert fans(with_types(story, [{"type": "member", "before_s": 0, "after_s": 0}]), 1) == ["fan-1"], "a link states its own span"
    other = Link(id="l2", learned_ns=T0, source="crm", identifier=LINK.identifier, fan="fan-2")
    shared = Story().add(RecordKind.FACTS, encode_facts([LINK, other])).event(0, SALE)
    assert fans(shared, 1) == [""], "two persons hold a card of one"
    for at_once in (1, 100):
        only_by_ref = with_types(
            Story().add(RecordKind.FACTS, encode_facts([LINK])).event(0, SALE | {"ref": None}), [{"type": "member", "joins": "no"}]
        )
        assert fans(only_by_ref, at_once) == [""], "now it names rows of its own reference only"


def tagged(number: int) -> Link:
    return Link(id=f"l{number}", learned_ns=number, source="crm", identifier=Identifier("member", f"{number:016x}"), fan=f"fan-{number}")


def heard_of(numbers: Sequence[int]) -> Story:
    told = Story().frame(0, []).frame(1, [])
    for number in numbers:
        told.wait(10).frame(0, [Row(Kind.STAY, number)]).frame(1, [])
    return told.end()


def test_what_was_decided_and_not_yet_given_when_everything_ended_is_given_when_the_shard_asks_again() -> None:
    """Identity commits facts with what they come to, and ends before that reaches the shard."""
    facts, kept, told = MemoryFactStore(), dict[str, Any](), heard_of([5, 7])
    identity, shard = Identity(facts, IdentifierTypes(), KEY), shard_of(new_fold().fresh(MemoryStore(kept)))
    rows = store(shard.fold(pairs(told.records)).points, {})
    identity.take([tagged(5)])
    store(shard.take_given(facts.given_after(shard.given_place)), rows)
    shard.checkpoint({})
    identity.take([tagged(7)])  # and nobody heard of it
    again = shard_of(new_fold().fresh(store_of := MemoryStore(kept)))
    again.resume(store_of.state())
    assert again.given_place == 1
    store(again.take_given(facts.given_after(again.given_place)), rows)
    assert [row["fan"] for row in sorted(of(rows, "visit"), key=lambda row: row["time_ns"])] == ["fan-5", "fan-7"]
    assert again.take_given(facts.given_after(0)) == [], "what came twice changes nothing"


def test_of_a_name_that_was_given_often_the_latest_is_given_again_in_its_place() -> None:
    facts = MemoryFactStore()
    identity = Identity(facts, IdentifierTypes(), KEY)
    for number in (5, 7):
        identity.take([tagged(number)])
    identity.take([replace(tagged(5), id="other", fan="fan-9", learned_ns=9, source="desk")])
    given = facts.given_after(0)
    assert [each.place for each in given] == sorted(each.place for each in given)
    subjects = [each.standing for each in given if ":" not in each.standing.name]
    assert [(each.name[-1], each.spans[0].fan) for each in subjects] == [("7", "fan-7"), ("5", "fan-9")]
    assert facts.given_after(given[-1].place) == []


class _Takes(LedgerIdentity):
    """Counts how often facts are taken."""

    takes = 0

    def take(self, facts: Sequence[Fact]) -> list[Standing]:
        type(self).takes += 1
        return super().take(facts)


def test_of_a_large_cluster_more_is_taken_at_once_the_larger_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is read again: each fact has a smaller id, so its provisional fan is another one."""
    monkeypatch.setattr("gateway.shard.FACTS_AT_ONCE", 2)
    story, known = Story(), []
    for nth in range(0, 60, 2):
        pairs_of_two = [tuple(Identifier("web", f"{each + one:016x}") for one in (0, 1)) for each in (nth, nth + 1)]
        facts = [Same(id=f"f{99 - nth - one}", learned_ns=T0, source="crm", identifiers=each) for one, each in enumerate(pairs_of_two)]
        story.add(RecordKind.FACTS, encode_facts(facts)).end()
    for at_once in (1, len(story.records)):
        _Takes.takes = 0
        ledger = Ledger(":memory:")
        shard = shard_of(new_fold().fresh(ledger), identity=lambda types, ledger=ledger: _Takes(ledger, IdentifierTypes(types), KEY))
        for start in range(0, len(story.records), at_once):
            shard.fold_alone(pairs(story.records[start : start + at_once]))
        known.append(([ledger.standing(f"{each:016x}") for each in range(61)], _Takes.takes))
    (one_by_one, each), (together, takes) = known
    assert [(found.name, found.spans) for found in one_by_one if found] == [(found.name, found.spans) for found in together if found]
    assert (each, takes < 15) == (30, True)
