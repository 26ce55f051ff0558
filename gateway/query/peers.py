"""Which stores are like a store: those of its path, then those of each path above. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.query.asked import AskedStore


def paths_of(store: AskedStore) -> list[str]:
    """Return the path of a store at the end of its span, then each path above; in the end "", which is that of all stores."""
    path = store.facts.at(store.to_ns - 1).path
    parts = path.split("/") if path else []
    return ["/".join(parts[:level]) for level in range(len(parts), -1, -1)]


def by_paths(stores: Iterable[AskedStore]) -> dict[str, list[AskedStore]]:
    """Return the stores of each path, with those below it."""
    found: dict[str, list[AskedStore]] = {}
    for store in stores:
        for path in paths_of(store):
            found.setdefault(path, []).append(store)
    return found
