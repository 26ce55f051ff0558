from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ContractError
from footfall.frames import KINDS, Kind
from gateway.site.index import Places, check_places
from tests.support.accept_inputs import SITE, body

NEEDS = {Kind.ENTER: "zone", Kind.STAY: "zone", Kind.EXIT: "zone", Kind.IN: "door", Kind.OUT: "door"}
THERE = {"a": "zone", "b": "zone", "d": "door"}


@given(
    names=st.lists(st.sampled_from(["a", "b", "d", "elsewhere"]), min_size=1, max_size=4),
    unused=st.sampled_from([0, 251, 252, 253, 400]),
    rows=st.lists(st.tuples(st.integers(1, len(KINDS)), st.integers(0, 3)), max_size=40),
)
def test_the_first_row_that_is_at_no_place_of_its_store_is_named(names: list[str], unused: int, rows: list[tuple[int, int]]) -> None:
    zones = ("elsewhere",) * unused + tuple(names)
    at = [unused + place % len(names) for _, place in rows]
    made = body(*(Kind(kind) for kind, _ in rows), zones=zones)
    made.zone = np.array(at, "<u2")
    wrong = [
        (NEEDS[Kind(kind)], zones[place])
        for (kind, _), place in zip(rows, at, strict=True)
        if Kind(kind) in NEEDS and THERE.get(zones[place]) != NEEDS[Kind(kind)]
    ]
    places = Places(SITE).of("s1", "x")
    if not wrong:
        check_places(made, places)
        return
    with pytest.raises(ContractError) as refused:
        check_places(made, places)
    what, name = wrong[0]
    assert (refused.value.reason, str(refused.value)) == (f"site.{what}", f"{name!r} is not a {what} of store 's1'")
