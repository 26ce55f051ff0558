"""The stage: what it reads again, what it gives out, and with which number."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import permutations

import pytest

from gateway.identity import index
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Fact, Identifier, Standing, names_of
from gateway.identity.identity import Identity
from gateway.identity.in_force import facts_in_force
from tests.support.identity_facts import DAY, KEY, TYPES, consent, link, merge, name, of_type, revoke, same, touch


class _Counting(MemoryFactStore):
    """Counts the facts that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: set[str] = set()

    def facts_naming(self, names: Collection[str]) -> Iterable[Fact]:
        found = list(super().facts_naming(names))
        self.read.update(each.id for each in found)
        return found


class _Brand:
    def __init__(self, *facts: Fact) -> None:
        self.store = _Counting()
        self.identity = Identity(self.store, TYPES, KEY)
        self.take(*facts)

    def take(self, *facts: Fact) -> dict[str, list[str]]:
        """Return by name the fans of the standings that were given out."""
        self.store.read.clear()
        return {each.name: [span.fan for span in each.spans] for each in self.identity.take(facts)}

    def number(self, asked: str) -> int:
        return self.store.standings([asked])[asked].number


def test_only_what_changed_is_given_out_with_a_number_that_grows() -> None:
    brand = _Brand(link("member:1", "A"), link("member:2", "B", 5))
    assert brand.take(touch(1, "member:1 wx-a:1")) == {name("wx-a:1"): ["A"]}
    assert brand.take(merge("A", "B", id="m")) == {name("member:2"): ["A"], "fan:B": ["A"]}
    assert brand.number(name("member:2")) == 2
    assert brand.take(revoke("m")) == {name("member:2"): ["B"], "fan:B": []}
    assert brand.number("fan:B") == 2


def test_what_is_known_gives_nothing_out() -> None:
    claim = link("member:1", "A")
    brand = _Brand(claim)
    assert brand.take(claim, claim) == {}
    assert brand.take() == {}


def test_a_stage_that_is_made_again_goes_on_from_its_store() -> None:
    brand = _Brand(link("member:1", "A", 0))
    (standing,) = Identity(brand.store, TYPES, KEY).take([link("member:1", "A", -50)])
    assert standing.number == 2


@pytest.mark.parametrize("other", ["tag", "card"])
def test_what_is_known_only_later_to_join_nothing_joins_nothing_in_any_order(other: str) -> None:
    """A subject was sent without a type: registered, then named beside a phone; a touch states what it is."""
    registered, both = (of_type(touch(minute, texts, fan), "") for minute, texts, fan in ((1, "web:1", "A"), (5, "web:1 phone:1", "")))
    for facts in permutations([registered, both, of_type(touch(9, "web:1"), other), touch(12, "phone:1")]):
        brand = _Brand()
        for fact in facts:
            brand.take(fact)
        standing = brand.store.standings([name("phone:1")]).get(name("phone:1"))
        assert standing is None or not standing.spans, [each.id for each in facts]


class TestReferences:
    def test_one_touch_alone_needs_no_standing_of_its_reference_two_have_one(self) -> None:
        brand = _Brand(link("wx-a:1", "A"))
        assert brand.take(touch(1, "wx-a:1", ref="r")) == {}
        assert brand.take(touch(2, ref="r")) == {"ref:r": ["A"]}

    def test_it_changes_with_what_its_touches_name_and_with_their_fans(self) -> None:
        brand = _Brand(touch(1, "wx-a:1", ref="r"), touch(2, ref="r"), touch(3, fan="B", ref="q"), touch(4, ref="q"))
        assert brand.take(link("wx-a:1", "A", 0))["ref:r"] == ["A"]
        assert brand.take(touch(0, "member:9", fan="A"), merge("A", "B"))["ref:q"] == ["A"]
        assert brand.take(consent("A", False, 0))["ref:q"] == ["A", ""]

    def test_a_touch_that_is_taken_back_no_longer_counts(self) -> None:
        brand = _Brand(link("wx-a:1", "A"), touch(1, "wx-a:1", ref="r", id="t"), touch(2, ref="r"), touch(3, ref="r"))
        assert brand.take(revoke("t")) == {"ref:r": []}

    def test_but_not_by_a_fact_whose_id_another_has_that_counts(self) -> None:
        counts, back = merge("A", "B", id="s"), revoke("t", id="s")
        assert facts_in_force([counts, back]).facts == [counts]
        brand = _Brand(counts, touch(1, fan="A", ref="r", id="t"), touch(2, ref="r"))
        assert brand.take(back) == {}

    def test_whoever_withdraws_consent_is_nobody_in_later_touches_of_a_reference_too(self) -> None:
        brand = _Brand(link("member:1", "A"), touch(1, "member:1", ref="r"), touch(20, ref="r"))
        assert brand.take(consent("A", False, 10))["ref:r"] == ["A", ""]
        assert brand.take(consent("A", True, 30))["ref:r"] == ["A", "", "A"]
        brand.take(touch(2, fan="A", ref="q"))
        assert brand.take(touch(21, ref="q")) == {"ref:q": ["A", "", "A"]}

    def test_a_withdrawal_after_an_identifier_was_given_back_counts_in_its_reference(self) -> None:
        brand = _Brand(link("tag:1", "A", 0, 5), touch(1, "tag:1", ref="r"), touch(20, ref="r"))
        assert brand.take(consent("A", False, 10))["ref:r"] == ["A", ""]

    def test_a_reference_of_a_time_at_which_consent_is_withdrawn_is_nobodys_then(self) -> None:
        brand = _Brand(consent("A", False, 5), touch(9, "wx-a:1", ref="r"), touch(10, ref="r"), touch(1, ref="r"))
        assert brand.take(link("wx-a:1", "A", 8))["ref:r"] == ["A", ""]

    def test_touches_of_one_reference_are_not_read_with_each_other(self) -> None:
        brand = _Brand(touch(1, "wx-a:1", ref="r"), touch(2, "wx-b:1", ref="r"), touch(3, "wx-b:1 wx-c:1", id="far"))
        brand.take(link("wx-a:1", "A"))
        assert "far" not in brand.store.read


class TestWhatIsReadAgain:
    def test_a_touch_with_one_identifier_reads_nothing(self) -> None:
        brand = _Brand(link("member:1", "A"), touch(1, "member:1 wx-a:1"))
        assert brand.take(touch(2, "member:1", ref="r"), touch(3, "wx-a:1"), touch(4, ref="q")) == {}
        assert brand.store.read == set()

    def test_but_a_number_was_seen_by_it(self) -> None:
        brand = _Brand(touch(1, "phone:1", fan="A"))
        assert brand.take(touch(600 * DAY, "phone:1")) == {name("phone:1"): ["A"]}

    def test_and_a_type_that_was_not_known_counts_from_then_on(self) -> None:
        old = replace(link("member:1", "A"), identifier=Identifier("", name("member:1")))
        brand = _Brand(old)
        assert brand.take(touch(2, "member:1")) == {name("member:1"): ["A"]}
        assert brand.store.standings([name("member:1")])[name("member:1")].rank == TYPES.of("member").rank

    def test_and_one_that_was_taken_back_before_never_counts(self) -> None:
        brand = _Brand(revoke("t"), link("wx-a:1", "A"), touch(1, ref="r"), touch(2, ref="r"))
        assert brand.take(touch(3, "wx-a:1", ref="r", id="t")) == {}
        assert brand.take(touch(4, "wx-a:1", ref="r")) == {"ref:r": ["A"]}

    def test_a_handover_reads_the_tag_and_not_its_fans(self) -> None:
        brand = _Brand(link("tag:1", "A", 0), link("member:1", "A", id="far"), touch(1, "member:1 wx-a:1", id="farther"))
        brand.take(link("tag:1", "B", 50))
        assert brand.store.read.isdisjoint({"far", "farther"})

    def test_the_way_ends_at_a_card_that_is_one_fan_s_at_all_times(self) -> None:
        brand = _Brand(link("member:1", "A"), touch(1, "member:1 wx-a:1"), touch(2, "wx-a:1 wx-b:1", id="far"))
        assert brand.take(touch(3, "member:1 alipay.a:1")) == {name("alipay.a:1"): ["A"]}
        assert "far" not in brand.store.read

    def test_but_a_claim_of_that_card_goes_on_to_all_that_hangs_on_it(self) -> None:
        brand = _Brand(link("member:1", "A"), touch(1, "member:1 wx-a:1"), touch(2, "wx-a:1 wx-b:1"))
        changed = brand.take(link("member:1", "B", source="desk"))
        assert changed == {name(each): ["B"] for each in ("member:1", "wx-a:1", "wx-b:1")}

    def test_a_first_registration_of_a_merged_fan_changes_all_that_is_the_person_s(self) -> None:
        brand = _Brand(link("member:1", "A", 50), link("member:2", "B", 60), merge("A", "B"), touch(70, "member:2 wx-a:1"))
        changed = brand.take(link("web:5", "B", 0, 1))
        assert changed["fan:A"] == ["B"]
        assert changed[name("member:1")] == ["B"]

    def test_a_code_that_everybody_uses_leads_nowhere_once_it_does(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(index, "PUBLIC", 3)
        brand = _Brand(*(touch(nth, f"alipay.a:1 wx-{nth}:1", id=f"u{nth}") for nth in range(6)), touch(9, "wx-0:1 wx-z:1", id="far"))
        assert brand.take(touch(10, "alipay.a:1 wx-9:1")) == {}
        assert "far" not in brand.store.read

    def test_a_code_that_was_everybody_s_joins_again_when_touches_are_taken_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(index, "PUBLIC", 3)
        brand = _Brand(link("wx-0:1", "A"), *(touch(nth, f"alipay.a:1 wx-{nth}:1", id=f"u{nth}") for nth in range(4)))
        changed = brand.take(revoke("u3"))
        assert changed[name("wx-1:1")] == ["A"]


def test_a_cluster_of_many_thousands_is_resolved_and_grows_by_one() -> None:
    brand = _Brand(*(same(f"wx-a:{nth} wx-a:{nth + 1}") for nth in range(5_000)), link("wx-a:7", "A"))
    assert brand.take(touch(0, "wx-a:5000 wx-a:5001")) == {name("wx-a:5001"): ["A"]}


def test_a_name_that_nobody_ever_had_has_no_standing() -> None:
    fact = touch(0, "wx-a:1")
    brand = _Brand(fact)
    assert brand.store.standings(names_of(fact)) == {}
    assert Standing("x", 1).spans == ()
