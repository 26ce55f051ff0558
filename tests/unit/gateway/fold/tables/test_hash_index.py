"""A table of subjects is a dictionary, whatever is set, removed and asked in whatever order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fold.tables.hash_index import _NEVER, NO_CODE, HashIndex

U64 = (1 << 64) - 1
subjects = st.integers(0, 40) | st.integers(0, U64) | st.sampled_from([0, U64, 1 << 63])
slots = st.integers(0, 2**31 - 1)
steps = st.lists(
    st.tuples(st.sampled_from(["set", "remove"]), subjects, slots) | st.tuples(st.just("set_many"), st.lists(subjects, unique=True), slots),
    max_size=60,
)


@given(st.dictionaries(subjects, st.integers(0, 2**31 - 1)), steps, st.lists(subjects, max_size=20))
def test_it_is_a_dictionary(first: dict[int, int], steps: list[tuple[str, Any, int]], asked: list[int]) -> None:
    table, expected = HashIndex.of(np.array(list(first), np.uint64), np.array(list(first.values()), np.int32)), dict(first)
    for what, subject, slot in steps:
        if what == "set":
            table.set(subject, slot)
            expected[subject] = slot
        elif what == "set_many":
            new = [each for each in subject if each not in expected]
            table.set_many(np.array(new, np.uint64), np.arange(slot, slot + len(new)).astype(np.int32) & 0x7FFFFFFF)
            expected |= {each: (slot + n) & 0x7FFFFFFF for n, each in enumerate(new)}
        elif subject in expected:
            table.remove(subject)
            del expected[subject]
    asked += list(expected)
    assert len(table) == len(expected)
    assert [table.get(subject) for subject in asked] == [expected.get(subject, NO_CODE) for subject in asked]
    assert table.get_many(np.array(asked, np.uint64)).tolist() == [expected.get(subject, NO_CODE) for subject in asked]


def test_what_is_not_there_cannot_be_removed() -> None:
    table = HashIndex()
    table.set(7, 1)
    table.remove(7)
    for subject in (7, 8):
        with pytest.raises(KeyError):
            table.remove(subject)


@pytest.mark.parametrize("seed", range(3))
def test_a_table_that_many_came_to_and_left_stays_small(seed: int) -> None:
    """A day's people come and go: places of those who left are used again."""
    rng, table = np.random.default_rng(seed), HashIndex()
    inside = [int(subject) for subject in rng.integers(0, U64, 3000, np.uint64)]
    for slot, subject in enumerate(inside):
        table.set(subject, slot)
    for subject in rng.integers(0, U64, 20_000, np.uint64).tolist():
        table.remove(inside.pop(0))
        inside.append(subject)
        table.set(subject, 1)
    assert len(table) == 3000
    assert len(table._slots) <= 16_384, f"seed {seed}"
    assert all(table.get(subject) != NO_CODE for subject in inside), f"seed {seed}"


@pytest.mark.parametrize("seed", range(3))
def test_many_at_once_come_to_a_table_that_others_left(seed: int) -> None:
    rng, table = np.random.default_rng(seed), HashIndex()
    inside: list[int] = []
    for _ in range(60):
        new = rng.integers(0, U64, int(rng.integers(1, 400)), np.uint64)
        table.set_many(new, np.arange(len(new), dtype=np.int32))
        inside += new.tolist()
        for subject in inside[:-1000]:
            table.remove(subject)
        inside = inside[-1000:]
        assert table._taken == np.count_nonzero(table._slots != _NEVER)
    assert len(table) == len(inside)
    assert len(table._slots) <= 8192, f"seed {seed}"
    assert all(table.get(subject) != NO_CODE for subject in inside), f"seed {seed}"
