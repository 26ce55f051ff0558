"""Which stores are like a store: those of its path, then of the path above. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.query.asked import AskedStore


def others_by_path(store: AskedStore, every: Sequence[AskedStore]) -> Iterator[tuple[str, list[AskedStore]]]:
    """Yield the other stores of a store's path, then of each path above it: `(path, stores)`, in the end "" with all others."""
    own = _path(store)
    for level in range(len(own), -1, -1):
        others = [other for other in every if other.facts.name != store.facts.name and _path(other)[:level] == own[:level]]
        yield "/".join(own[:level]), others


def _path(store: AskedStore) -> list[str]:
    path = store.facts.at(store.to_ns - 1).path
    return path.split("/") if path else []
