"""What `same` gives: who an identifier without a claim is at a time, by whom its component reaches. Slow, moment by moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import pairwise

from simulators.identity.oracle_types import type_of

Graph = Mapping[str, set[str]]


def component(graph: Graph, start: str, person_at: Mapping[str, str]) -> tuple[set[str], set[str]]:
    """Return the identifiers without a claim that hang together with one, and the identifiers with a claim at their border."""
    inside, border, queue = {start}, set[str](), deque([start])
    while queue:
        for other in graph.get(queue.popleft(), ()):
            if other in person_at:
                border.add(other)
            elif other not in inside:
                inside.add(other)
                queue.append(other)
    return inside, border


def on_way(graph: Graph, person_at: Mapping[str, str]) -> dict[str, set[str]]:
    """Return what may dissolve, with the persons between whom it leads.

    That is identifiers without a claim between two persons, and weak ones with a claim at the end of such a way.
    """
    found: dict[str, set[str]] = {}
    for inside, border in _components(graph, person_at):
        persons = {person_at[each] for each in border}
        if len(persons) > 1:
            found |= {each: persons for each in inside if _leads_between(graph, person_at, each)}
            found |= {each: persons for each in border if not _is_strong(each)}
    for one, person in person_at.items():
        others = {person_at[each] for each in graph.get(one, ()) if each in person_at} - {person}
        if others and not _is_strong(one):
            found[one] = found.get(one, set()) | others | {person}
    return found


def _is_strong(identifier: str) -> bool:
    return type_of(identifier).klass == "person"


def _components(graph: Graph, person_at: Mapping[str, str]) -> Iterable[tuple[set[str], set[str]]]:
    left = {each for each in graph if each not in person_at}
    while left:
        inside, border = component(graph, min(left), person_at)
        left -= inside
        yield inside, border


def _leads_between(graph: Graph, person_at: Mapping[str, str], middle: str) -> bool:
    """Return whether two ways without a common identifier lead from one to two persons.

    The second search may go back over the first way where that frees a step: the two ways then part anew.
    """
    first = _way(graph, person_at, middle, {})
    return bool(first) and bool(_way(graph, person_at, middle, dict(pairwise(first))))


def _way(graph: Graph, person_at: Mapping[str, str], middle: str, taken: Mapping[str, str]) -> list[str]:
    """Return a way from `middle` to a person, [] if there is none.

    `taken`: the steps of the first way. An identifier on it may be entered only to go back along it; its person is taken.
    """
    before = {after: each for each, after in taken.items()}
    start = (middle, False)
    came_from: dict[tuple[str, bool], tuple[str, bool] | None] = {start: None}
    queue = deque([start])
    while queue:
        at, must_go_back = state = queue.popleft()
        for step in _steps(graph, person_at, at, must_go_back, taken, before, middle):
            if step in came_from:
                continue
            came_from[step] = state
            if step[0].startswith("\0") and step[0] not in before:
                return _back(came_from, step)
            queue.append(step)
    return []


def _steps(
    graph: Graph,
    person_at: Mapping[str, str],
    at: str,
    must_go_back: bool,
    taken: Mapping[str, str],
    before: Mapping[str, str],
    middle: str,
) -> Iterable[tuple[str, bool]]:
    """Yield what comes next; a person is "\\0" and its id. `must_go_back`: `at` is on the first way and was entered from outside."""
    is_back = at in before
    if is_back and before[at] != middle:
        yield before[at], False
    if must_go_back:
        return
    others = (f"\0{person_at[each]}" if each in person_at else each for each in sorted(graph.get(at, ()))) if at[0] != "\0" else ()
    for other in others:
        if other not in (middle, taken.get(at)):
            yield other, other in before


def _back(came_from: Mapping[tuple[str, bool], tuple[str, bool] | None], end: tuple[str, bool]) -> list[str]:
    way, at = [], end
    while True:
        way.append(at[0])
        previous = came_from[at]
        if previous is None:
            return way[::-1]
        at = previous
