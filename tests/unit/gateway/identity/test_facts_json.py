"""A fact is read as it was written; records of earlier releases give the facts that they held."""

from __future__ import annotations

import json

import pytest

from gateway.identity import links
from gateway.identity.facts import (
    FOR_EVER_NS,
    Consent,
    Distinct,
    Fact,
    Identifier,
    Link,
    Mention,
    Merge,
    Revoke,
    RevokeLink,
    Same,
    Split,
)
from gateway.identity.facts_json import content_of, decode_facts, encode_facts, fact_of, facts_of_record, mention_of_touch
from gateway.records import RecordKind

A, B = Identifier("member", "0a"), Identifier("phone", "0b")
FACTS: list[Fact] = [
    Link(id="1", learned_ns=7, from_ns=5, source="crm", actor="li", reason="form", identifier=A, fan="f"),
    Same(id="2", learned_ns=7, identifiers=(A, B)),
    Merge(id="3", learned_ns=7, fans=("f", "g", "h")),
    Distinct(id="4", learned_ns=7, fans=("f", "g")),
    Split(id="5", learned_ns=7, of="3"),
    Revoke(id="6", learned_ns=7, of="1"),
    RevokeLink(id="7", learned_ns=7, to_ns=9, identifier=A, fan="f"),
    Consent(id="8", learned_ns=7, from_ns=0, fan="f", purpose="identify", granted=False, version="2"),
    Mention(id="9", learned_ns=7, from_ns=7, to_ns=7, source="touch", identifiers=(A, B), fan="f", ref="r"),
    Mention(id="10", learned_ns=7, from_ns=7, to_ns=7),
]
TOUCH = {"what": "scan", "time_ns": 5, "subjects": ["0a", "0b"], "types": ["member", "phone"], "fan": "f", "ref": "r"}


def test_facts_are_read_as_they_were_written() -> None:
    assert facts_of_record(RecordKind.FACTS, encode_facts(FACTS)) == FACTS


def test_when_a_fact_was_taken_stands_beside_it_and_is_no_part_of_it() -> None:
    facts = facts_of_record(RecordKind.FACTS, encode_facts(FACTS), 11)
    assert facts == FACTS
    assert list(map(hash, facts)) == list(map(hash, FACTS))
    assert {fact.taken_ns for fact in facts} == {11}
    assert encode_facts(facts) == encode_facts(FACTS)
    assert list(map(content_of, facts)) == list(map(content_of, FACTS))
    assert {fact.known_ns for fact in facts} == {7}
    (unstated,) = facts_of_record(RecordKind.FACTS, encode_facts([Split(id="1", learned_ns=0, of="2")]), 11)
    assert unstated.known_ns == 11


def test_an_event_with_one_fact_has_keys_of_its_own() -> None:
    body = {
        "kind": "fact",
        "fact": "revoke",
        "id": "7",
        "learned_ns": 7,
        "of_link": [["member", "0a"], "f"],
        "to_ns": 9,
        "key": 12,
        "from_ns": None,
    }
    assert facts_of_record(RecordKind.EVENT, json.dumps(body).encode()) == [FACTS[6]]


def test_times_beyond_what_a_store_holds_are_for_ever() -> None:
    (fact,) = decode_facts(json.dumps({"fact": "split", "id": "1", "learned_ns": 0, "of": "2", "to_ns": 1 << 70}).encode())
    assert fact.to_ns == FOR_EVER_NS


def test_a_fact_of_an_unknown_kind_is_none() -> None:
    with pytest.raises(KeyError):
        fact_of({"fact": "guess", "id": "1"})


def test_links_of_earlier_releases_are_facts_with_the_same_id_however_often_they_come() -> None:
    body = links.encode_links([links.Link("0a", "f", 5, 9, "crm", 1.0), links.Link("0a", "g", 5, 9, "crm", 1.0)])
    first, second = facts_of_record(RecordKind.LINKS, body)
    assert first == Link(id=first.id, learned_ns=0, from_ns=5, to_ns=9, source="crm", identifier=Identifier("", "0a"), fan="f")
    assert first.id != second.id
    assert facts_of_record(RecordKind.LINKS, body) == [first, second]


def test_a_touch_states_its_identifiers_fan_and_reference_at_its_time() -> None:
    mention = Mention(id="t", learned_ns=5, from_ns=5, to_ns=5, source="touch", actor="till", identifiers=(A, B), fan="f", ref="r")
    assert mention_of_touch("t", TOUCH, "till") == mention


@pytest.mark.parametrize(
    ("more", "returned"),
    [({}, True), ({"what": "scan"}, False), ({"items": "sku:1"}, False), ({"amount": 5.0}, False), ({"ref": "r"}, False),
     ({"subjects": ["0a", "0b"]}, False)],
)  # fmt: skip
def test_the_return_of_one_thing_and_of_no_goods_gives_back_what_it_names(more: dict[str, object], returned: bool) -> None:
    touch = TOUCH | {"what": "return", "subjects": ["0a"], "types": [], "ref": "", "items": "", "amount": 0.0} | more
    mention = mention_of_touch("t", touch)
    assert mention is not None
    assert mention.returned == returned


def test_a_touch_of_an_earlier_release_has_identifiers_without_types() -> None:
    values = {key: value for key, value in TOUCH.items() if key != "types"}
    mention = mention_of_touch("t", values)
    assert mention is not None
    assert mention.identifiers == (Identifier("", "0a"), Identifier("", "0b"))


def test_a_touch_with_neither_identifier_nor_reference_states_nothing() -> None:
    assert mention_of_touch("t", TOUCH | {"subjects": [], "types": [], "ref": ""}) is None


def test_facts_of_other_content_have_other_digests() -> None:
    assert len({content_of(fact) for fact in FACTS}) == len(FACTS)
