"""A stage that remembers what it read states after every fact what one comes to that takes all facts at once."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity import alone, groups, growing, index, limits
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Fact, Mention, Standing, names_of
from gateway.identity.identity import Identity
from tests.support.identity_facts import DAY, KEY, TYPES, consent, link, merge, revoke, same, touch, unlink
from tests.support.touch_store import TouchStore
from tests.support.whole import examples

TYPES_OF_CLUSTERS: Final = ("member", "phone", "wx-a", "web", "email", "nfc", "card", "order")
TEXTS: Final = [f"{each}:{nth}" for each in TYPES_OF_CLUSTERS for nth in range(3)]
SOME: Final = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3, unique=True).map(" ".join)
PAIR: Final = st.lists(st.sampled_from(TEXTS), min_size=2, max_size=2, unique=True).map(" ".join)
MINUTES: Final = st.integers(0, 8).map(lambda each: each * 15 * DAY)
ENDS: Final = st.none() | MINUTES
FANS: Final = ("A", "B")


IDS: Final = st.integers(0, 20).map("i{:02}".format)
_REVOKED: Final = st.integers(0, 20).flatmap(lambda nth: st.sampled_from([f"i{nth:02}", f"t{nth:02}"]))


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """Return what grows clusters, and now and then what is otherwise."""
    kind = draw(st.sampled_from(["touch"] * 9 + ["pair"] * 5 + ["same", "link", "link", "odd"]))
    if kind == "touch":
        return touch(draw(MINUTES), draw(SOME), draw(st.sampled_from([""] * 9 + ["A"])), draw(st.sampled_from(["", "", "r"])), id="")
    fact_id = draw(IDS)
    if kind == "pair":
        return draw(st.sampled_from([same(draw(PAIR), id=fact_id), touch(draw(MINUTES), draw(PAIR), id=fact_id)]))
    if kind == "same":
        return same(draw(SOME), draw(ENDS), draw(ENDS), id=fact_id)
    if kind == "link":
        return link(draw(st.sampled_from(TEXTS)), draw(st.sampled_from("AAAB")), draw(st.none() | ENDS), draw(st.none() | ENDS), id=fact_id)
    other = draw(st.sampled_from(["revoke", "merge", "unlink", "consent"]))
    if other == "revoke":
        return revoke(draw(_REVOKED), id=fact_id)
    if other == "unlink":
        return unlink(draw(st.sampled_from(TEXTS)), "A", draw(MINUTES), id=fact_id)
    return merge(*FANS, id=fact_id) if other == "merge" else consent("A", draw(st.booleans()), draw(MINUTES), id=fact_id)


def _numbered(known: list[Fact]) -> list[Fact]:
    """Return facts with an id of its own for each touch, as a ledger has them."""
    return [replace(each, id=f"t{nth:02}") if isinstance(each, Mention) and not each.id else each for nth, each in enumerate(known)]


SEVERAL: Final = st.lists(facts(), min_size=4, max_size=24).map(_numbered)


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Clusters are large with two identifiers, and come to their limits with few."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(growing, "LARGE", 2)
        for module in (growing, limits, alone):
            patched.setattr(module, "DISTINCT", 3)
        for module in (growing, groups):
            patched.setattr(module, "WORK", 24)
        for module in (growing, index):
            patched.setattr(module, "PUBLIC_OF_PERSON", 6)
        patched.setattr(index, "PUBLIC", 5)
        yield


class _Store(TouchStore):
    """What it holds can be lost."""

    def take(self, stage: Identity, facts: Sequence[Fact]) -> None:
        self.take_touches(facts)
        stage.take(facts)

    def fall_back_to(self, kept: _Store) -> None:
        self.__dict__.update(copy.deepcopy(kept.__dict__))


def _stands(store: MemoryFactStore, known: Sequence[Fact]) -> dict[str, tuple[object, ...]]:
    names = {name for fact in known for name in (*names_of(fact), *(f"fan:{fan}" for fan in FANS))}
    return {name: each[2:] for name, each in store.standings(names).items() if each[2:] != Standing("", 0)[2:]}


def _at_once(known: Sequence[Fact]) -> dict[str, tuple[object, ...]]:
    store = _Store()
    store.take(Identity(store, TYPES, KEY), known)
    return _stands(store, known)


@settings(max_examples=examples(120), deadline=None)
@given(SEVERAL)
def test_after_every_fact_all_stand_as_if_they_were_read_anew(known: list[Fact]) -> None:
    store = _Store()
    stage = Identity(store, TYPES, KEY)
    for nth, fact in enumerate(known, 1):
        store.take(stage, [fact])
        assert _stands(store, known[:nth]) == _at_once(known[:nth])


@settings(max_examples=examples(120), deadline=None)
@given(SEVERAL, st.randoms(use_true_random=False))
def test_portions_and_a_crash_of_the_store_end_in_the_same(known: list[Fact], chance: random.Random) -> None:
    store = _Store()
    stage = Identity(store, TYPES, KEY)
    one, two, three = sorted(chance.randrange(len(known) + 1) for _ in range(3))
    store.take(stage, known[:one])
    kept = copy.deepcopy(store)
    for fact in known[one:two]:
        store.take(stage, [fact])
    store.fall_back_to(kept)
    for fact in known[one:three]:
        store.take(stage, [fact])
    store.take(stage, known[three:])
    assert _stands(store, known) == _at_once(known)
