"""A shard without others has the stage of identity beside it: facts are taken many at a time, and types as the site in force has them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gateway.identity.facts import Identifier, Link
from gateway.identity.facts_json import encode_facts
from gateway.pipeline.identity_stage import identity_on
from gateway.records import RecordKind
from gateway.state.ledger import Ledger
from tests.support.journal_stories import T0, Story, new_fold, of, pairs, pseudonym, store
from tests.support.shards import shard_of

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
