"""Facts in the journal: subjects for identifiers, times in ns, and an id that is one throughout the brand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.consent import ConsentRule
from footfall.pseudonyms import lasting_subject, to_hex, type_key
from footfall.sealing import public_key, seal
from footfall.topics import Topic
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser
from gateway.accept.outcome import Outcome
from gateway.identity.facts import Consent, Fact, Identifier, Link, Revoke, RevokeLink, Same, Split
from gateway.identity.facts_json import decode_facts
from gateway.identity.links import FOR_EVER_NS
from gateway.identity.types import IdentifierTypes
from gateway.site.identifier_types import IdentifierTypeEntry
from gateway.site.index import Places
from tests.support.accept_inputs import EVENTS, NOW, SECRET, SITE, Memory, S, acceptor

FACT: dict[str, Any] = {"kind": "fact", "id": "x1"}
LINK = FACT | {"fact": "link", "identifier": "phone:+86 138 0000 1111", "fan": "F1"}
OTHER = Topic("s2", "y", "events")


def take(value: Any, memory: Memory | None = None, topic: Topic = EVENTS, received_ns: int = NOW) -> Outcome:
    return acceptor(memory).events(topic, json.dumps(value).encode(), received_ns)


def facts_of(value: Any) -> list[Fact]:
    (entry,) = take(value).entries
    return decode_facts(entry.body)


def named(id_type: str, value: str) -> Identifier:
    return Identifier(id_type, to_hex(lasting_subject(type_key(SECRET, id_type), id_type, value)))


PHONE = named("phone", "8613800001111")


def test_a_link_states_the_subject_of_its_identifier() -> None:
    stated = {"learned": "2026-09-01T00:00:00Z", "from": "2026-08-01T00:00:00Z", "source": "desk", "actor": "kim", "reason": "asked"}
    (link,) = facts_of(LINK | stated)
    assert link == Link(
        id="x1", learned_ns=1_788_220_800 * S, from_ns=1_785_542_400 * S, to_ns=FOR_EVER_NS, source="desk", actor="kim", reason="asked",
        identifier=PHONE, fan="F1",
    )  # fmt: skip


def test_a_link_of_what_is_lent_states_since_when_or_up_to_when() -> None:
    lent = LINK | {"identifier": "tag:17"}
    (refused,) = take(lent).refused
    assert (refused.reason, "tag is lent: state since when the fan has it" in refused.message) == ("event.invalid", True)
    for stated in ({"from": "2026-08-01T00:00:00Z"}, {"to": "2026-08-01T00:00:00Z"}):
        assert take(lent | stated).refused == []


def test_no_identifier_is_in_the_journal() -> None:
    for fact in (LINK, FACT | {"fact": "same", "identifiers": ["phone:13800001111", "member:8613900002222"]}):
        (entry,) = take(fact).entries
        assert b"138000" not in entry.body
        assert b"139000" not in entry.body


def test_what_is_left_out_never_depends_on_when_it_came_but_where_it_must() -> None:
    (link,) = facts_of(LINK)
    assert (link.learned_ns, link.from_ns, link.to_ns, link.source, link.actor) == (0, -FOR_EVER_NS, FOR_EVER_NS, "crm", "till")
    (withdrawn,) = facts_of(FACT | {"fact": "consent", "fan": "F1", "purpose": "identify", "granted": False})
    assert isinstance(withdrawn, Consent)
    assert withdrawn.from_ns == NOW, "it was withdrawn when it came, if it states nothing else"
    (ended,) = facts_of(FACT | {"fact": "revoke", "of_link": ["phone:13800001111", "F1"], "learned": "2026-09-01T00:00:00Z"})
    assert ended == RevokeLink(
        id="x1", learned_ns=1_788_220_800 * S, to_ns=1_788_220_800 * S, source="crm", actor="till", identifier=PHONE, fan="F1"
    )


def test_for_ever_may_be_written_as_the_first_and_the_last_year() -> None:
    (link,) = facts_of(LINK | {"from": "0001-01-01T00:00:00+14:00", "to": "9999-12-31T23:59:59Z"})
    assert (link.from_ns, link.to_ns) == (-FOR_EVER_NS, FOR_EVER_NS)


def test_what_takes_back_is_read_whether_it_knows_what_or_not() -> None:
    assert facts_of(FACT | {"fact": "split", "of": "m1"}) == [Split(id="x1", learned_ns=0, source="crm", actor="till", of="m1")]
    assert facts_of(FACT | {"fact": "revoke", "of": "l1"}) == [Revoke(id="x1", learned_ns=0, source="crm", actor="till", of="l1")]


@pytest.mark.parametrize(
    "fact",
    [
        LINK | {"identifier": "phone:13800138000"},
        LINK | {"identifier": "member:null"},
        FACT | {"fact": "same", "identifiers": ["member:7", "member:undefined"]},
        FACT | {"fact": "same", "identifiers": ["phone:13800001111", "phone:+86 138-0000-1111"]},
        FACT | {"fact": "revoke", "of_link": ["member:null", "F1"]},
    ],
)
def test_a_fact_about_no_identifier_is_refused(fact: dict[str, Any]) -> None:
    (refused,) = take(fact).refused
    assert refused.reason == "event.identifier"


def test_a_sealed_fact_is_that_which_was_sealed() -> None:
    sealed = seal(public_key(SECRET), json.dumps({"identifier": LINK["identifier"]}).encode())
    assert facts_of({key: value for key, value in LINK.items() if key != "identifier"} | {"sealed": sealed}) == facts_of(LINK)


def test_identifiers_without_consent_are_refused_in_facts_too() -> None:
    pseudonyms = Pseudonymiser(SECRET)
    pseudonyms.consent = ConsentRule(frozenset({"mac"}))
    accept = Acceptor(Places(SITE), Memory(), pseudonyms)
    for more in (
        {"fact": "link", "identifier": "mac:a1:b2:c3:d4:e5:f6", "fan": "F"},
        {"fact": "revoke", "of_link": ["mac:a1b2c3d4e5f6", "F"]},
    ):
        (refused,) = accept.events(EVENTS, json.dumps(FACT | more).encode(), NOW).refused
        assert refused.reason == "event.identifier"


def test_the_same_fact_again_from_anybody_is_one() -> None:
    memory = Memory()
    assert len(take(LINK, memory).entries) == 1
    for topic, later_ns in ((EVENTS, NOW + S), (OTHER, NOW + 2 * S)):
        again = take(LINK, memory, topic, later_ns)
        assert (again.entries, again.refused, again.dropped) == ([], [], ("duplicate_event", 1))


def test_a_consent_without_a_moment_is_the_same_whenever_it_comes() -> None:
    memory, consent = Memory(), FACT | {"fact": "consent", "fan": "F1", "purpose": "identify", "granted": True}
    assert [len(take(consent, memory, received_ns=NOW + late * S).refused) for late in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("topic", [EVENTS, OTHER])
def test_another_content_under_a_known_id_is_refused_with_both_contents_whoever_sends_it(topic: Topic) -> None:
    memory = Memory()
    take(LINK, memory)
    outcome = take(LINK | {"fan": "F2"}, memory, topic)
    (refused,) = outcome.refused
    assert (outcome.entries, refused.reason) == ([], "event.id")
    assert '"fan":"F1"' in refused.message
    assert '"fan":"F2"' in refused.message
    assert "138000" not in refused.message


def test_a_fact_and_a_touch_may_have_one_id() -> None:
    memory = Memory()
    assert len(take({"kind": "touch", "what": "scan", "id": "x1"}, memory).entries) == 1
    assert len(take(LINK, memory).entries) == 1


def test_both_spellings_of_a_number_are_stated_as_one_where_a_brand_has_such_history() -> None:
    pseudonyms = Pseudonymiser(SECRET)
    pseudonyms.types = IdentifierTypes([IdentifierTypeEntry(type="phone", both_spellings=True)])
    (entry,) = Acceptor(Places(SITE), Memory(), pseudonyms).events(EVENTS, json.dumps(LINK).encode(), NOW).entries
    link, same = decode_facts(entry.body)
    national = Identifier("phone.national", named("phone", "13800001111").subject)
    assert isinstance(link, Link)
    assert link.identifier == PHONE
    assert same == Same(id="x1~national", learned_ns=0, source="crm", actor="till", identifiers=(PHONE, national))
