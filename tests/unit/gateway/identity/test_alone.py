"""Which clusters stand alone, and that they come to what all the rules together make of them."""

from __future__ import annotations

import pytest

from gateway.identity.alone import parted, standings_of
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Fact
from gateway.identity.resolve import resolve
from tests.support.identity_facts import KEY, TYPES, consent, link, merge, revoke, same, touch, unlink

CARD = link("member:1", "A", 5, 9)


def _alone(known: list[Fact], *facts: Fact) -> list[str]:
    store = MemoryFactStore()
    store.add(known, [])
    return [fact.id for cluster in parted(store, TYPES, facts).alone for fact in cluster.facts]


@pytest.mark.parametrize("spelled", ["member:1", "phone:1", "nfc:1", "card:1", "strange:1"])
@pytest.mark.parametrize("span", [(), (5,), (5, 9)])
def test_a_link_alone_comes_to_what_all_rules_make_of_it(spelled: str, span: tuple[int, ...]) -> None:
    claim = link(spelled, "A", *span)
    _comes_to_the_same([claim])


CLUSTERS = [
    [same("member:1 wx-a:1")],
    [same("member:1 phone:1"), same("phone:1 web:1"), link("member:1", "A")],
    [link("wx-a:1", "A"), same("wx-a:1 phone:1"), link("member:1", "A"), same("member:1 phone:1"), same("phone:1 wx-a:1")],
    [same("web:1 web:2"), same("web:2 web:3"), same("web:3 web:4"), same("web:4 web:5"), same("web:5 web:6")],
    [same("web:0 web:1"), same("web:0 web:2"), same("web:0 web:3"), same("web:0 web:4"), same("web:0 web:5")],
]


@pytest.mark.parametrize("facts", CLUSTERS)
def test_a_cluster_alone_comes_to_what_all_rules_make_of_it(facts: list[Fact]) -> None:
    assert sorted(_alone([], *facts)) == sorted(fact.id for fact in facts)
    _comes_to_the_same(facts)


def _comes_to_the_same(facts: list[Fact]) -> None:
    made = {each.name: each for each in standings_of(TYPES, KEY, parted(MemoryFactStore(), TYPES, facts).alone)}
    assert made
    assert made == {each.name: each._replace(number=1) for each in resolve(facts, TYPES, KEY).standings.values()}


@pytest.mark.parametrize(
    "facts",
    [
        [same("member:1 wx-a:1", 5)],
        [same("member:1 wx-a:1 web:1")],
        [same("member:1 member:1")],
        [same("member:1 card:1")],
        [same("phone:1 phone.national:1")],
        [same("member:1 wx-a:1"), link("member:1", "A", 5)],
        [same("member:1 wx-a:1"), link("member:1", "A"), link("wx-a:1", "B")],
        [same("member:1 wx-a:1"), link("member:1", "A"), link("member:1", "A", source="desk")],
        [same("member:1 phone:1"), link("phone:1", "A")],
        [link("member:1", "A"), link("member:1", "B")],
        [same("web:0 web:1"), same("web:0 web:2"), same("web:0 web:3"), same("web:0 web:4"), same("web:0 web:5"), same("web:0 web:6")],
        [same("member:1 wx-a:1"), touch(1, "wx-a:1 web:1")],
        [same("member:1 wx-a:1"), link("member:1", "A"), consent("A", False, 3)],
    ],
)
def test_where_a_rule_may_decide_nothing_stands_alone(facts: list[Fact]) -> None:
    assert _alone([], *facts) == []


def test_a_cluster_of_which_anything_is_known_does_not_stand_alone() -> None:
    new = [same("member:1 wx-a:1"), same("wx-a:1 web:1")]
    assert _alone([touch(1, "web:1")], *new) == []
    assert _alone([link("web:2", "A")], *new) == [fact.id for fact in new]


def test_links_of_several_identifiers_of_one_fan_each_stand_alone() -> None:
    other = link("member:2", "A")
    assert _alone([], CARD, other) == [CARD.id, other.id]


@pytest.mark.parametrize(
    "other",
    [
        link("member:1", "B"),
        touch(1, "member:1 wx-a:1"),
        revoke(CARD.id),
        unlink("member:1", "A", 7),
        merge("A", "B"),
        consent("A", False, 3),
    ],
)
def test_what_is_of_its_identifier_its_id_or_its_fan_as_such_is_decided_with_it(other: Fact) -> None:
    assert _alone([other], CARD) == []
    assert CARD.id not in _alone([], CARD, other)


def test_what_is_lent_is_never_decided_alone() -> None:
    assert _alone([], link("tag:1", "A")) == []


def test_what_does_not_stand_alone_is_left_for_the_others() -> None:
    lent = link("tag:1", "A")
    (cluster,), others = parted(MemoryFactStore(), TYPES, [lent, CARD])
    assert (cluster.facts, others) == ([CARD], [lent])
