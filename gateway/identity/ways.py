"""The way between persons: which identifiers without a claim lie on it (rule 5). Pure, linear in the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

Graph = Mapping[str, Iterable[str]]
_ROOT: Final = ""
"""Stands beside every person, so that a way between two persons is a ring through it."""


def on_the_way(neighbours: Graph, person_of: Mapping[str, str]) -> set[str]:
    """Return the identifiers that lie on a way without repetition from one person to another.

    `neighbours` has every identifier without a claim, and beside it what it is joined with; `person_of` has those with a claim. One that
    only hangs on a way is not on it. With the root beside all persons, those on the way share a ring with it: a block of the graph.
    """
    graph = _of_persons(neighbours, person_of)
    numbers, lows = {_ROOT: 0}, {_ROOT: 0}
    parents: dict[str, str] = {}
    order = [_ROOT]
    stack = [(_ROOT, iter(graph[_ROOT]))]
    while stack:
        here, rest = stack[-1]
        for there in rest:
            if there not in numbers:
                numbers[there] = lows[there] = len(order)
                parents[there] = here
                order.append(there)
                stack.append((there, iter(graph[there])))
                break
            if there != parents.get(here):
                lows[here] = min(lows[here], numbers[there])
        else:
            stack.pop()
            if stack:
                lows[stack[-1][0]] = min(lows[stack[-1][0]], lows[here])
    in_block = {_ROOT}
    for each in order[1:]:
        parent = parents[each]
        if parent == _ROOT or (parent in in_block and lows[each] < numbers[parent]):
            in_block.add(each)
    return in_block & neighbours.keys()


def _of_persons(neighbours: Graph, person_of: Mapping[str, str]) -> dict[str, dict[str, None]]:
    """Return the graph in which all identifiers of a person are one."""
    graph: dict[str, dict[str, None]] = {_ROOT: {}}
    for here, others in neighbours.items():
        mine = graph.setdefault(here, {})
        for other in others:
            if other in neighbours:
                mine[other] = None
            elif person := person_of.get(other):
                person = f"fan:{person}"  # no subject is spelled so
                mine[person] = None
                graph.setdefault(person, {_ROOT: None})[here] = None
                graph[_ROOT][person] = None
    return graph
