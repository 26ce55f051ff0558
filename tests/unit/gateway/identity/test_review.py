"""What people look through: contradictions, the largest fans, what a change would alter."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.identity import groups
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Fact
from gateway.identity.identity import Identity
from gateway.identity.review import Conflict, conflicts, largest, preview
from tests.support.identity_facts import KEY, TYPES, consent, distinct, identifier, link, merge, name, split, touch


def test_strong_contradictions_come_before_what_is_shared_each_with_its_fans_and_facts() -> None:
    household = [touch(1, "phone:1", fan="A"), touch(2, "phone:1", fan="B")]
    strong = [link("member:1", "C"), link("member:1", "D")]
    found = conflicts([*household, *strong, link("member:2", "A")], TYPES, KEY)
    assert found.identifiers == [
        Conflict(identifier("member:1"), "conflict", ["C", "D"], strong),
        Conflict(identifier("phone:1"), "household", ["A", "B"], household),
    ]


def test_merges_of_distinct_fans_and_splits_of_nothing_are_listed() -> None:
    merged, link_of_a = merge("A", "B"), link("member:1", "A")
    in_vain = split(link_of_a.id)
    found = conflicts([merged, distinct("A", "B"), link_of_a, in_vain], TYPES, KEY)
    assert [each.fact for each in found.refused] == [in_vain, merged]


def test_the_largest_fans_come_first_with_what_others_hang_on() -> None:
    facts: list[Fact] = [link("member:1", "A"), link("member:2", "A"), link("phone:9", "B")]
    facts += [touch(n, f"wx-union:1 wx-{n}:1") for n in range(4)]
    anonymous, fan, other = largest(facts, TYPES, KEY)
    assert (anonymous.fan[:5], anonymous.size, anonymous.identifiers) == (
        "anon-",
        5,
        {"wx-union": 1, "wx-0": 1, "wx-1": 1, "wx-2": 1, "wx-3": 1},
    )
    assert anonymous.bridges == [identifier("wx-union:1")]
    assert [(each.fan, each.size, each.bridges) for each in (fan, other)] == [("A", 2, []), ("B", 1, [])]
    assert largest(facts, TYPES, KEY, limit=1) == [anonymous]


def test_a_group_that_is_too_much_work_is_listed_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "WORK", 2)
    facts = [touch(n, f"web:{n} web:{n + 1}") for n in range(4)]
    (found,) = largest(facts, TYPES, KEY)
    assert found.is_beyond


def _stored(facts: Sequence[Fact]) -> MemoryFactStore:
    store = MemoryFactStore()
    Identity(store, TYPES, KEY).take(facts)
    return store


def test_a_preview_has_the_names_and_fans_that_change_and_leaves_the_store_as_it_is() -> None:
    store = _stored([link("member:1", "A", 0), link("member:2", "B", 5), link("member:3", "C")])
    shown = preview(store, TYPES, KEY, [merge("A", "B")])
    assert {each.name for each in shown.changes} == {name("member:2"), "fan:B"}
    assert shown.fans == {"A", "B"}
    assert preview(store, TYPES, KEY, [merge("A", "B")]).fans == {"A", "B"}
    assert store.standings([name("member:2")])[name("member:2")].spans[0].fan == "B"


def test_a_preview_of_a_withdrawal_has_its_fan() -> None:
    shown = preview(_stored([link("member:1", "A")]), TYPES, KEY, [consent("A", False, 10)])
    assert shown.fans == {"A"}


def test_a_preview_of_what_is_known_has_nothing() -> None:
    known = link("member:1", "A")
    assert preview(_stored([known]), TYPES, KEY, [known]).changes == []
