"""Whatever the facts: every order of arrival, in whatever portions, also across crashes, ends in the standings of the set."""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.identity import index
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Fact, Link, Mention, Standing, names_of
from gateway.identity.identity import Identity
from gateway.identity.resolve import resolve
from tests.support.identity_facts import DAY, KEY, TYPES, consent, distinct, link, merge, of_type, revoke, same, split, touch, unlink
from tests.support.touch_store import TouchStore
from tests.support.whole import examples

KINDS: Final = ("member", "phone", "wx-a", "web", "alipay.a", "card", "tag", "nfc", "odd")
TEXTS: Final = [f"{each}:{nth}" for each in KINDS for nth in range(2)]
FANS: Final = ("A", "B", "C")
IDS: Final = [f"i{nth}" for nth in range(12)]
MINUTES: Final = st.integers(0, 12).map(lambda each: each * 15 * DAY)
ENDS: Final = st.none() | MINUTES
SOME: Final = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3, unique=True).map(" ".join)
TEXT, FAN, ID = (st.sampled_from(each) for each in (TEXTS, FANS, IDS))
PAIR: Final = st.lists(FAN, min_size=2, max_size=2, unique=True)
REF: Final = st.sampled_from(["", "", "r", "q"])


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """Return any fact of a small world: few names, so that they meet. Some give a subject another type, or as earlier releases none."""
    made = draw(typed())
    return of_type(made, draw(st.sampled_from(["", "", *KINDS]))) if draw(st.integers(0, 5)) == 5 else made


@st.composite
def typed(draw: st.DrawFn) -> Fact:
    """Return one of which every identifier has its own type."""
    kinds = ["touch"] * 6 + ["link"] * 4 + ["pair"] * 2
    kind = draw(st.sampled_from([*kinds, "same", "merge", "merge", "distinct", "split", "revoke", "unlink", "consent"]))
    if kind == "pair":  # of such alone clusters stand alone
        return same(" ".join(draw(st.lists(TEXT, min_size=2, max_size=2, unique=True))), id=draw(ID))
    fact_id, learned_ns = draw(ID) + draw(st.sampled_from(["", "a", "b", "c", "d"])), draw(st.integers(0, 3))
    if kind == "touch":
        fan = draw(st.sampled_from(["", "", *FANS]))
        return touch(draw(MINUTES), draw(SOME), fan, draw(REF), id=fact_id)
    if kind == "link":
        source = draw(st.sampled_from(["crm", "desk.a", "inferred", "touch"]))
        return link(draw(TEXT), draw(FAN), draw(ENDS), draw(ENDS), id=fact_id, learned_ns=learned_ns, source=source)
    if kind == "same":
        return same(
            " ".join(draw(st.lists(st.sampled_from(TEXTS), min_size=2, max_size=4, unique=True))), draw(ENDS), draw(ENDS), id=fact_id
        )
    if kind in ("merge", "distinct"):
        return (merge if kind == "merge" else distinct)(*draw(PAIR), id=fact_id)
    if kind in ("split", "revoke"):
        return (split if kind == "split" else revoke)(draw(ID), id=fact_id)
    if kind == "unlink":
        return unlink(draw(TEXT), draw(FAN), draw(MINUTES), id=fact_id)
    return consent(draw(FAN), draw(st.booleans()), draw(MINUTES), id=fact_id, learned_ns=learned_ns)


def _what_stands(store: MemoryFactStore, known: Sequence[Fact]) -> dict[str, tuple[object, ...]]:
    names = {name for fact in known for name in (*names_of(fact), *(f"fan:{fan}" for fan in FANS))}
    empty = Standing("", 0)[2:]
    return {name: each[2:] for name, each in store.standings(names).items() if each[2:] != empty}


def _taken(portions: Sequence[Sequence[Fact]], crash_after: int = -1, has_touches: bool = False) -> MemoryFactStore:
    store = TouchStore() if has_touches else MemoryFactStore()
    for nth, portion in enumerate(portions):
        if isinstance(store, TouchStore):
            store.take_touches(portion)
        if nth == crash_after:  # what was taken is lost with its standings, and taken again
            Identity(copy.deepcopy(store), TYPES, KEY).take(portion)
        Identity(store, TYPES, KEY).take(portion)
    return store


@settings(max_examples=examples(200), deadline=None)
@example([same("alipay.a:0 member:0", id="s"), of_type(touch(1, "alipay.a:0 web:0"), "card"), link("member:0", "A")], random.Random(0))
@example([merge("A", "B", id="s"), touch(1, ref="r"), touch(2, fan="A", ref="r", id="t"), revoke("t", id="s")], random.Random(0))
@given(st.lists(facts(), min_size=2, max_size=14), st.randoms(use_true_random=False))
def test_every_order_and_portion_ends_in_the_standings_of_the_set(known: list[Fact], chance: random.Random) -> None:
    at_once = _what_stands(_taken([known]), known)
    from_scratch = {name: each[2:] for name, each in resolve(known, TYPES, KEY).standings.items()}
    assert {name: each for name, each in at_once.items() if not name.startswith("ref:")} == from_scratch
    order = chance.sample(known, len(known))
    one_by_one = [[fact] for fact in order]
    assert _what_stands(_taken(one_by_one, chance.randrange(len(known))), known) == at_once
    cut = chance.randrange(len(order))
    assert _what_stands(_taken([order[:cut], order[cut:], order]), known) == at_once


@settings(max_examples=examples(200), deadline=None)
@example([merge("A", "B", id="i"), touch(1, "member:1", id="i")], random.Random(0))
@example([touch(1, "member:1", id="i"), consent("A", False, 1, id="i")], random.Random(0))
@example([link("member:1", "A", id="i"), touch(1, "member:2", id="i")], random.Random(0))
@given(st.lists(facts(), min_size=2, max_size=14), st.randoms(use_true_random=False))
def test_what_the_ledger_has_only_as_touches_counts_as_facts_do(known: list[Fact], chance: random.Random) -> None:
    at_once = _what_stands(_taken([known]), known)
    order = chance.sample(known, len(known))
    one_by_one = _taken([[fact] for fact in order], chance.randrange(len(known)), has_touches=True)
    assert _what_stands(one_by_one, known) == at_once
    cut = chance.randrange(len(order))
    assert _what_stands(_taken([order[:cut], order[cut:], order], has_touches=True), known) == at_once


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(facts(), min_size=6, max_size=14), st.randoms(use_true_random=False))
def test_what_is_public_is_so_in_every_order(known: list[Fact], chance: random.Random) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(index, "PUBLIC", 3)
        patched.setattr(index, "PUBLIC_OF_PERSON", 4)
        test = _what_stands(_taken([known]), known)
        order = chance.sample(known, len(known))
        assert _what_stands(_taken([[fact] for fact in order]), known) == test


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(facts(), min_size=2, max_size=10))
def test_facts_that_are_known_change_nothing_and_numbers_only_grow(known: list[Fact]) -> None:
    store, told = MemoryFactStore(), dict[str, int]()
    identity = Identity(store, TYPES, KEY)
    for fact in known:
        for standing in identity.take([fact]):
            assert standing.number > told.get(standing.name, 0)
            told[standing.name] = standing.number
    assert identity.take(known) == []


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(facts(), min_size=2, max_size=12))
def test_spans_are_disjoint_by_time_and_never_empty(known: list[Fact]) -> None:
    for standing in resolve(known, TYPES, KEY).standings.values():
        for span in standing.spans:
            assert span.from_ns < span.to_ns
        assert all(one.to_ns <= other.from_ns for one, other in zip(standing.spans, standing.spans[1:], strict=False))


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(facts(), min_size=2, max_size=12))
def test_whoever_is_named_was_stated_by_a_fact(known: list[Fact]) -> None:
    stated = {fact.fan for fact in known if isinstance(fact, Link | Mention)} | {""}
    merged = {fan for fact in known if names_of(fact)[1:2] and names_of(fact)[1].startswith("fan:") for fan in FANS}
    for standing in resolve(known, TYPES, KEY).standings.values():
        assert all(span.fan.startswith("anon-") or span.fan in stated | merged for span in standing.spans)
