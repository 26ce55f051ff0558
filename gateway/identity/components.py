"""Connected components: which names hang together by what names several of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def components(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Return for every member of groups the name of its component."""
    parents: dict[str, str] = {}
    for first, *others in groups:
        for other in others or (first,):
            parents[root(parents, other)] = root(parents, first)
    return {each: root(parents, each) for each in list(parents)}


def root(parents: dict[str, str], name: str) -> str:
    """Return the name of the component of a name; `parents` has what each was joined to, and is shortened on the way."""
    parent = parents.setdefault(name, name)
    while parent != name:
        parents[name] = parent = parents[parent]
        name, parent = parent, parents[parent]
    return name
