"""Who a subject is, whatever the size of the filter in front of the look-up."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.fold.identity import Identity
from gateway.identity.links import FOR_EVER_NS, Link
from tests.support.memory_fold_store import MemoryStore


@pytest.mark.parametrize("filter_bytes", [8, 1 << 10, 1 << 21])
def test_the_filter_s_size_changes_no_answer(filter_bytes: int) -> None:
    identity = Identity(MemoryStore(), filter_bytes)
    linked = [number * 2_654_435_761 % (1 << 62) for number in range(1, 200)]
    identity.add([Link(f"{number:016x}", f"fan-{number}", -FOR_EVER_NS, FOR_EVER_NS, "crm", 1.0) for number in linked])
    assert all(identity.fan_of(number, 0) == f"fan-{number}" for number in linked)
    assert all(identity.fan_of(number + 1, 0) == "" for number in linked if number + 1 not in linked)
    assert identity.may_be_linked(np.array(linked, np.uint64)).all()


@pytest.mark.parametrize("filter_bytes", [0, 4, 1000])
def test_a_filter_has_a_power_of_two_bytes(filter_bytes: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        Identity(MemoryStore(), filter_bytes)
