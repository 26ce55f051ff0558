"""Ownership: whose a fan is to care for at a time, whatever order the facts came in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import FOR_EVER_NS, Fact, Merge, Ownership, Revoke, Split
from gateway.identity.identity import Identity
from gateway.identity.ownership import NOBODY, Owner, Owners, facts_of_owners, owner_of
from gateway.identity.types import IdentifierTypes
from tests.support.identity_facts import merge

REGISTERED = Owner("ann", "s1")


def owned(fan: str, staff_id: str, from_ns: int, to_ns: int = FOR_EVER_NS, learned_ns: int = 1, fact_id: str = "") -> Ownership:
    name = fact_id or f"own-{fan}-{staff_id}-{from_ns}"
    return Ownership(id=name, learned_ns=learned_ns, from_ns=from_ns, to_ns=to_ns, source="crm", fan=fan, staff_id=staff_id)


def whose(facts: list[Fact], time_ns: int, fan: str = "F") -> str:
    return owner_of(facts, fan, time_ns, REGISTERED).staff_id


def test_an_owner_stays_until_the_next_one_and_before_the_first_it_is_who_registered_the_fan() -> None:
    facts: list[Fact] = [owned("F", "bob", 10), owned("F", "cat", 20)]
    assert [whose(facts, time_ns) for time_ns in (9, 10, 19, 20, 10**18)] == ["ann", "bob", "bob", "cat", "cat"]
    assert owner_of(facts, "G", 30) == NOBODY


def test_after_an_end_the_owner_before_counts_again() -> None:
    facts: list[Fact] = [owned("F", "bob", 10), owned("F", "cat", 20, 30)]
    assert [whose(facts, time_ns) for time_ns in (20, 29, 30)] == ["cat", "cat", "bob"]


def test_of_two_that_begin_at_once_the_one_learned_last_counts() -> None:
    facts: list[Fact] = [owned("F", "bob", 10, learned_ns=5), owned("F", "cat", 10, learned_ns=4)]
    assert whose(facts, 10) == whose(facts[::-1], 10) == "bob"


def test_what_is_revoked_was_never_stated() -> None:
    back = Revoke(id="r", learned_ns=9, of="wrong")
    assert whose([back, owned("F", "bob", 10), owned("F", "cat", 20, fact_id="wrong")], 30) == "bob"


def test_an_owner_is_of_all_ids_of_a_merged_fan_and_of_its_own_after_a_split() -> None:
    joined = merge("F", "G")
    facts: list[Fact] = [owned("G", "bob", 10), joined]
    assert whose(facts, 30) == whose(facts, 30, "G") == "bob"
    facts.append(Split(id="s", learned_ns=9, of=joined.id))
    assert (whose(facts, 30), whose(facts, 30, "G")) == ("ann", "bob")


_FANS = st.sampled_from("FGH")
_TIMES = st.integers(0, 6)
_FACTS = st.lists(
    st.one_of(
        st.builds(
            lambda n, fan, staff, begin, length, learned: owned(fan, staff, begin, begin + length, learned, f"o{n}"),
            st.integers(0, 4), _FANS, st.sampled_from("xyz"), _TIMES, st.integers(1, 9), _TIMES,
        ),
        st.builds(lambda n, one, other: Merge(id=f"m{n}", learned_ns=0, fans=(one, other)), st.integers(0, 2), _FANS, _FANS),
        st.builds(lambda n, of: Revoke(id=f"r{n}", learned_ns=0, of=f"o{of}"), st.integers(0, 2), st.integers(0, 4)),
        st.builds(lambda n, of: Split(id=f"s{n}", learned_ns=0, of=f"m{of}"), st.integers(0, 2), st.integers(0, 2)),
    ),
    max_size=10,
    unique_by=lambda fact: fact.id,
)  # fmt: skip


@given(_FACTS.flatmap(lambda facts: st.tuples(st.just(facts), st.permutations(facts))))
def test_neither_the_order_of_the_facts_nor_how_they_are_read_matters(both: tuple[list[Fact], list[Fact]]) -> None:
    """What the stage of identity keeps of facts that come one by one, in another order, answers as all facts together do."""
    facts, shuffled = both
    store = MemoryFactStore()
    stage = Identity(store, IdentifierTypes())
    for fact in shuffled:
        stage.take([fact])
    together = Owners(facts)
    for fan in "FGH":
        read = Owners(facts_of_owners(store, [fan]))
        for time_ns in range(16):
            assert read.of(fan, time_ns) == together.of(fan, time_ns)
