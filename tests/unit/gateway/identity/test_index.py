"""Facts by what they name: types, second spellings, and what is nobody's because it is everybody's."""

from __future__ import annotations

import pytest

from gateway.identity import index
from gateway.identity.facts import Fact, Identifier, Mention, Same
from gateway.identity.resolve import resolve
from tests.support.identity_facts import KEY, T0_NS, TYPES, link, name, of_type, same, touch, unlink, who


def test_a_subject_without_a_type_has_that_of_another_fact() -> None:
    old = Mention(id="o", learned_ns=0, from_ns=T0_NS, to_ns=T0_NS, identifiers=(Identifier("", name("member:1")),))
    for facts in ([old, touch(0, "member:1")], [touch(0, "member:1"), old]):
        assert index.index_of(facts, TYPES).types == {name("member:1"): "member"}


def test_of_several_types_the_last_by_alphabet_counts_and_those_of_touches_that_name_it_alone_where_others_state_none() -> None:
    subject, alone = name("member:1"), [touch(0, "member:1"), of_type(touch(1, "member:1"), "tag")]
    assert index.index_of(alone, TYPES).types == {subject: "tag"}
    assert index.index_of([*alone, of_type(link("member:1", "A"), "")], TYPES).types == {subject: "tag"}
    beside = of_type(same("member:1 web:1"), "card")
    assert index.index_of([*alone, beside], TYPES).types[subject] == "card"
    assert index.index_of([link("member:1", "A"), *alone, beside], TYPES).types[subject] == "member"


def test_a_second_spelling_of_a_number_is_that_number() -> None:
    spelled: list[Fact] = [touch(0, "phone:1 phone.national:1"), touch(1, "phone.national:1 wx-a:1")]
    facts = [*spelled, link("phone:1", "A", 0, 100), link("phone:1", "B", 200), unlink("phone.national:1", "B", 300)]
    for text in ("phone:1", "phone.national:1"):
        assert [who(facts, text, minute) for minute in (50, 150, 250, 350)] == ["A", None, "B", None]
    assert who(facts, "wx-a:1") == "A"


def test_spellings_meet_in_a_same_fact_and_only_side_by_side() -> None:
    pair = (Identifier("phone", name("phone:1")), Identifier("phone.national", name("phone.national:1")))
    apart = (pair[0], Identifier("member", name("member:1")), pair[1])
    assert index.index_of([Same(id="s", learned_ns=0, identifiers=pair)], TYPES).spellings == {pair[1].subject: pair[0].subject}
    assert index.index_of([Same(id="s", learned_ns=0, identifiers=apart)], TYPES).spellings == {}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "PUBLIC", 3)
    monkeypatch.setattr(index, "PUBLIC_OF_PERSON", 5)


@pytest.mark.usefixtures("few")
class TestPublic:
    def test_a_code_of_too_many_is_nobody_s_and_joins_nothing(self) -> None:
        claim, named = link("phone:1", "A"), [touch(nth, f"phone:1 wx-{nth}:1") for nth in range(3)]
        assert [who([claim, *named[:2]], text) for text in ("phone:1", "wx-0:1")] == ["A", "A"]
        assert [who([claim, *named], text) for text in ("phone:1", "wx-0:1")] == [None, None]
        assert resolve([claim, *named], TYPES, KEY).standings[name("phone:1")].label == "shared"

    def test_it_is_left_out_before_the_centre_of_a_touch_is_chosen(self) -> None:
        crowd = [same("wx-hub:1 " + " ".join(f"web:{nth}" for nth in range(6)))]
        assert who([*crowd, touch(0, "wx-hub:1 phone:1 web:9"), link("phone:1", "A")], "web:9") == "A"

    def test_who_is_claimed_for_too_many_fans_is_public_at_all_times(self) -> None:
        claims: list[Fact] = [link("phone:1", fan, nth, nth + 1) for nth, fan in enumerate("ABCD")]
        assert who(claims[:3], "phone:1", 1.5) == "B"
        assert who(claims, "phone:1", 1.5) is None

    def test_types_that_do_not_join_are_not_counted_and_never_public(self) -> None:
        receipts: list[Fact] = [touch(nth, f"phone:1 receipt:{nth}") for nth in range(9)]
        assert who([link("phone:1", "A"), *receipts], "phone:1") == "A"
        handovers: list[Fact] = [link("tag:1", fan, nth) for nth, fan in enumerate("ABCDEF")]
        assert who(handovers, "tag:1", 1.5) == "B"

    def test_a_person_s_own_may_have_more(self) -> None:
        named: list[Fact] = [touch(nth, f"member:1 wx-{nth}:1") for nth in range(5)]
        assert who([link("member:1", "A"), *named[:4]], "wx-0:1") == "A"
        assert who([link("member:1", "A"), *named], "wx-0:1") is None
