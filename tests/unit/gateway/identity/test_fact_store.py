"""Facts are found under every name that they mention, and a standing replaces the one before."""

from __future__ import annotations

from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Identifier, Mention, Merge, Standing, names_of

A, B = Identifier("member", "0a"), Identifier("phone", "0b")


def test_a_fact_is_found_once_under_each_of_its_names() -> None:
    fact, store = Mention(id="1", learned_ns=0, identifiers=(A, B), fan="f", ref="r"), MemoryFactStore()
    store.add([fact, fact], [])
    assert all(list(store.facts_naming([name])) == [fact] for name in names_of(fact))
    assert list(store.facts_naming(names_of(fact))) == [fact]


def test_two_facts_of_one_id_stay_side_by_side() -> None:
    store, facts = MemoryFactStore(), [Merge(id="1", learned_ns=0, fans=("f", each)) for each in "gh"]
    store.add(facts, [])
    assert list(store.facts_naming(["fact:1"])) == facts


def test_a_later_standing_replaces_the_one_before() -> None:
    store = MemoryFactStore()
    store.add([], [Standing("0a", 1)])
    store.add([], [Standing("0a", 2)])
    assert store.standings(["0a", "0b"]) == {"0a": Standing("0a", 2)}
