"""Which identifiers lie on a way between persons."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.ways import on_the_way

PERSONS = {"p": "A", "q": "B", "s": "A"}


def _graph(edges: list[str]) -> dict[str, list[str]]:
    graph: dict[str, list[str]] = {}
    for one, other in edges:
        for here, there in ((one, other), (other, one)):
            if here not in PERSONS:
                graph.setdefault(here, []).append(there)
    return graph


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        (["px", "xq"], "x"),
        (["px", "xy", "yq"], "xy"),
        (["px", "xq", "xz", "zw"], "x"),
        (["px", "xs"], ""),
        (["px", "xy", "ys", "yq"], "xy"),
        (["px", "xy", "yz", "zx", "xq"], "x"),
        (["px", "xy", "yz", "zq", "xz"], "xyz"),
        (["px", "qy"], ""),
        (["xy"], ""),
    ],
)
def test_what_hangs_on_a_way_is_not_on_it(edges: list[str], found: str) -> None:
    assert on_the_way(_graph(edges), PERSONS) == set(found)


@given(st.lists(st.sampled_from(["".join(each) for each in combinations("pqsvwxyz", 2)]), unique=True, max_size=14))
def test_it_is_what_still_reaches_a_person_whichever_other_is_taken_away(edges: list[str]) -> None:
    graph = _graph([each for each in edges if not set(each) <= PERSONS.keys()])

    def reaches(start: str, without: str) -> bool:
        reached = [start]
        for here in reached:
            for there in graph[here]:
                if there == without or PERSONS.get(there) == without or there in reached:
                    continue
                if there in PERSONS:
                    return True
                reached.append(there)
        return False

    expected = {each for each in graph if all(reaches(each, other) for other in (*graph.keys() - {each}, "A", "B"))}
    assert on_the_way(graph, PERSONS) == expected


def test_a_long_chain_is_no_deep_recursion() -> None:
    chain = {f"n{nth}": [f"n{nth - 1}", f"n{nth + 1}"] for nth in range(1, 5000)}
    graph = {"n0": ["p", "n1"], **chain, "n5000": ["n4999", "q"]}
    assert on_the_way(graph, PERSONS) == graph.keys()
