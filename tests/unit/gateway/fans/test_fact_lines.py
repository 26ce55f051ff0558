"""Files of facts: each line is read as the plain event is, and a fact is known by its id."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.consent import ConsentRule
from gateway.accept.events import Pseudonymiser
from gateway.fans.fact_lines import FactLines, StatedFacts
from gateway.fans.fact_plan import FactPlan
from gateway.fans.import_plan import Outcome, Stamp
from gateway.fans.sheet import Unread
from gateway.identity.facts import Consent, Link, Merge, Ownership, RevokeLink
from gateway.site.index import Places
from tests.support.accept_inputs import SECRET, SITE
from tests.support.fan_brand import Brand

LINK = {"fact": "link", "id": "l1", "identifier": "member:1", "fan": "f", "learned": "2026-11-21T10:00:00+08:00"}
NOW = 2_000_000_000_000_000_000


def read(*values: Any, at_ns: int = NOW) -> list[StatedFacts | Unread]:
    lines = [value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n" for value in values]
    return list(FactLines(Pseudonymiser(SECRET), Stamp(at_ns, "ann", ""), ConsentRule(frozenset({"mac"}))).read(lines))


def stated(*values: Any, at_ns: int = NOW) -> list[StatedFacts]:
    return [each for each in read(*values, at_ns=at_ns) if isinstance(each, StatedFacts)]


def test_what_is_lent_since_ever_or_by_a_store_that_is_not_there_is_not_imported() -> None:
    lent = {**LINK, "identifier": "tag:1"}
    at = {"from": "2026-11-21T10:00:00+08:00"}
    lines = [json.dumps(each).encode() for each in (lent | at | {"store": "s2"}, lent, lent | at | {"store": "s3"})]
    good, ever, nowhere = FactLines(Pseudonymiser(SECRET), Stamp(NOW, "ann", ""), places=Places(SITE)).read(lines)
    assert isinstance(good, StatedFacts)
    assert isinstance(good.facts[0], Link)
    assert good.facts[0].store == "s2"
    assert isinstance(ever, Unread)
    assert isinstance(nowhere, Unread)
    assert "tag is lent: state since when" in ever.why
    assert "store 's3' is not in site.toml" in nowhere.why


def test_an_owner_who_is_not_in_site_toml_is_not_imported() -> None:
    owner = {"fact": "owner", "id": "o1", "fan": "a", "staff_id": "s12", "store": "s2"}
    lines = [json.dumps(each).encode() for each in (owner, owner | {"store": "s3"})]
    good, wrong = FactLines(Pseudonymiser(SECRET), Stamp(NOW, "ann", ""), places=Places(SITE)).read(lines)
    assert isinstance(good, StatedFacts)
    assert good.facts == (Ownership(id="o1", learned_ns=0, from_ns=NOW, source="crm", actor="ann", fan="a", staff_id="s12", store="s2"),)
    assert isinstance(wrong, Unread)
    assert wrong.why.startswith("store 's3' is not in site.toml")


def test_each_line_is_a_fact_as_plain_events_have_it() -> None:
    found = stated(
        {"kind": "fact", **LINK},
        b"\n",
        {"fact": "merge", "id": "m1", "fans": ["a", "b"], "actor": "bea", "reason": "same", "source": "desk"},
        {"fact": "consent", "id": "c1", "fan": "a", "purpose": "identify", "granted": False},
        {"fact": "revoke", "id": "r1", "of_link": ["member:1", "f"]},
    )
    assert [(each.line, type(each.facts[0])) for each in found] == [(1, Link), (3, Merge), (4, Consent), (5, RevokeLink)]
    link, merge, consent, revoke = (each.facts[0] for each in found)
    assert (link.learned_ns, link.actor, link.source) == (1_795_226_400_000_000_000, "ann", "crm")
    assert (merge.actor, merge.reason, merge.source, merge.learned_ns) == ("bea", "same", "desk", 0)
    assert (consent.from_ns, revoke.to_ns) == (NOW, NOW)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{]\n", "JSON"),
        (b"[]\n", "one object of JSON"),
        ({"kind": "touch", "what": "scan"}, "only facts are imported"),
        ({**LINK, "fan": "phone:8613800000001"}, "is written as an identifier"),
        ({**LINK, "from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "is not before"),
        ({**LINK, "identifier": "member:null"}, "the identifier of this link is none"),
        ({**LINK, "identifier": "mac:02:00:00:00:00:01"}, "not consented to"),
        ({**LINK, "identifier": "member:02:00:00:00:00:01"}, "is written as the address of a device"),
        ({**LINK, "from": "2050-01-01T00:00:00Z"}, "days after the fact was taken in"),
        ({"fact": "consent", "id": "c", "fan": "a", "purpose": "idenfity", "granted": False}, "did you mean 'identify'"),
        ({**LINK, "identifer": "member:1"}, "identifier"),
        ({"fact": "link"}, "id"),
        ({"fact": "linked", "id": "x"}, "link"),
    ],
)
def test_a_line_that_is_no_fact_is_refused_with_the_reason(line: Any, why: str) -> None:
    (refused,) = read(line)
    assert isinstance(refused, Unread)
    assert (refused.line, why in refused.why) == (1, True), refused.why


def test_a_fact_that_is_known_by_its_id_is_not_stated_again_whenever_it_comes() -> None:
    consent = {"fact": "consent", "id": "c1", "fan": "a", "purpose": "identify", "granted": False}
    brand, plan = Brand(), None
    for at_ns in (NOW, NOW + 5):
        plan = FactPlan(brand)
        brand.know(*plan.take(stated(LINK, consent, LINK, at_ns=at_ns)))
    assert plan is not None
    assert plan.counts == {Outcome.UNCHANGED: 2, Outcome.REPEATED: 1}


def test_an_id_with_other_content_is_refused_by_its_line() -> None:
    brand = Brand()
    brand.know(*FactPlan(brand).take(stated(LINK)))
    plan = FactPlan(brand)
    other = {**LINK, "id": "l2"}
    assert plan.take(stated({**LINK, "fan": "g"}, other, {**other, "fan": "h"})) != []
    assert [(each.line, each.why.partition(":")[0]) for each in plan.unread] == [
        (1, "its id is that of another fact in what is known"),
        (3, "its id is that of another fact in line 2"),
    ]


def test_links_replace_close_and_contradict_as_those_of_tables_do() -> None:
    brand = Brand()
    brand.know(*FactPlan(brand).take(stated(LINK)))
    plan = FactPlan(brand)
    plan.take(stated({**LINK, "id": "l2", "to": "2027-01-01T00:00:00Z"}, {**LINK, "id": "l3", "fan": "g"}))
    assert plan.counts == {Outcome.CLOSED: 1, Outcome.NEW: 1}
    assert [(each.line, each.fan, each.other_fan, each.other_line) for each in plan.contradictions()] == [
        (2, "g", "f", 1),
    ]
    assert plan.fans == {"f", "g"}
