"""Joins: what was named together, and for how long that holds."""

from __future__ import annotations

from footfall.units import NS_PER_MS
from gateway.identity.facts import FOR_EVER_NS, Fact
from gateway.identity.joins import Join
from gateway.identity.resolve import resolve
from tests.support.identity_facts import DAY, KEY, TYPES, at, link, name, same, touch, who

EVER = (-FOR_EVER_NS, FOR_EVER_NS)


def _joins(*facts: Fact) -> list[Join]:
    return resolve(facts, TYPES, KEY).joins


def _pairs(*facts: Fact) -> set[frozenset[str]]:
    return {frozenset((each.first, each.second)) for each in _joins(*facts)}


def _named(*pairs: str) -> set[frozenset[str]]:
    return {frozenset(map(name, each.split())) for each in pairs}


def test_of_three_or_more_each_is_joined_with_the_one_of_the_highest_rank() -> None:
    texts = "web:1 phone:1 member:1 alipay.a:1"
    star = _named("web:1 member:1", "phone:1 member:1", "alipay.a:1 member:1")
    assert _pairs(touch(0, texts)) == star
    assert _pairs(same(texts)) == star


def test_of_one_rank_the_smaller_type_and_subject_is_the_centre_in_whatever_order() -> None:
    assert _pairs(touch(0, "wx-b:1 wx-a:1 wx-c:1")) == _pairs(touch(0, "wx-c:1 wx-b:1 wx-a:1")) == _named("wx-a:1 wx-b:1", "wx-a:1 wx-c:1")


def test_beside_two_of_the_highest_rank_the_others_are_joined_with_each_of_them() -> None:
    texts = "member:1 phone:1 member:2 web:1"
    both = _named("member:1 member:2", "phone:1 member:1", "phone:1 member:2", "web:1 member:1", "web:1 member:2")
    assert _pairs(touch(0, texts)) == _pairs(same(texts)) == both


def test_what_stands_beside_the_cards_of_two_is_neither_s() -> None:
    facts = [touch(0, "member:1", fan="A"), touch(1, "member:2", fan="B"), touch(5, "member:1 member:2 phone:1")]
    assert who(facts, "phone:1") is None


def test_types_that_only_name_join_nothing() -> None:
    assert _pairs(touch(0, "card:1 receipt:1 tag:1 web:1 phone:1")) == _named("web:1 phone:1")
    assert _joins(touch(0, "card:1 member:1")) == []


def test_a_touch_joins_for_the_default_spans_of_both() -> None:
    (join,) = _joins(touch(0, "web:1 member:1"))
    assert (join.from_ns, join.to_ns - at(30 * DAY)) == (at(-30 * DAY), NS_PER_MS)  # the touch itself is within
    assert _joins(touch(0, "wx-a:1 member:1"))[0][:2] == EVER


def test_a_same_fact_joins_from_its_from_to_its_to() -> None:
    (join,) = _joins(same("web:1 member:1", 5, 9))
    assert join[:2] == (at(5), at(9))


def test_a_join_of_a_touch_ends_where_one_of_its_identifiers_passes_to_others() -> None:
    facts = [link("phone:1", "A", 0, 100), link("phone:1", "B", 200), touch(50, "phone:1 wx-a:1"), touch(250, "phone:1 wx-b:1")]
    spans = {each.other(name("phone:1")): each[:2] for each in _joins(*facts)}
    assert spans[name("wx-a:1")] == (-FOR_EVER_NS, at(100))
    assert spans[name("wx-b:1")][0] == at(100)
    assert [who(facts, "wx-a:1", minute) for minute in (50, 250)] == ["A", None]


def test_the_smallest_fact_stands_for_all_that_state_the_same() -> None:
    (join,) = _joins(touch(5, "wx-a:1 wx-b:1", id="y"), touch(0, "wx-b:1 wx-a:1", id="x"), touch(9, "wx-a:1 wx-b:1", id="z"))
    assert join.fact_id == "x"
