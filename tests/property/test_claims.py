"""A place is free until it is claimed, whichever store keeps the claims, and whether they are written or wait."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fold.store import Claim
from gateway.state import claim_table
from gateway.state.ledger import Ledger
from tests.support.memory_fold_store import MemoryStore

OWNERS, KEYS_NS = (1, 2), range(-1, 6)
places = st.tuples(st.sampled_from(OWNERS), st.sampled_from(KEYS_NS))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("claim_all"), places.map(lambda place: [place])),
        st.tuples(st.just("claim_all"), st.lists(places, min_size=2, max_size=3)),
        st.tuples(st.just("claim"), places.map(lambda place: [place])),
        st.tuples(st.sampled_from(["claimed", "forget", "checkpoint", "crash"]), st.just([])),
    ),
    max_size=20,
)


@given(steps, st.sampled_from([1, 3, 1_000]))
def test_claims_are_the_same_in_every_store(taken: list[tuple[str, list[tuple[int, int]]]], at_once: int) -> None:
    ledger, memory = Ledger(":memory:"), MemoryStore()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claim_table, "CLAIMS_AT_ONCE", at_once)
        for number, (what, wanted) in enumerate(taken, 1):
            claims = [Claim(*place, number, number) for place in wanted]
            if what == "crash":
                ledger.roll_back()
                memory = MemoryStore(memory.kept)
            else:
                assert done(ledger, what, claims, number) == done(memory, what, claims, number)
    assert done(ledger, "claimed", [], 0) == done(memory, "claimed", [], 0)
    ledger.close()


def done(store: Any, what: str, claims: list[Claim], number: int) -> Any:
    if what == "claim_all":
        return store.claim_all(claims)
    if what == "claim":
        return store.claim(claims[0])
    if what == "forget":
        return store.forget_claims(number // 2)
    if what == "checkpoint":
        return store.checkpoint([])
    return [store.claimed(owner, key_ns) for owner in OWNERS for key_ns in KEYS_NS]
