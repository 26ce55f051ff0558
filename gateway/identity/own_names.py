"""Something lent that stores call by one name, such as the tag 17 of each: what is stated of it counts in each of them apart. Pure.

A link with a `store` is of what this store calls so. So is a touch in such a store; one elsewhere, such as in a mini program, and a link
without a store, may be of any, and count in all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from gateway.identity.facts import InStore, Link, Mention, Standing

_Stated = TypeVar("_Stated", bound=Link | Mention)


def stores_of(stated: Iterable[Link | Mention]) -> list[str]:
    """Return the stores that have one of their own by a name, by all that claims it, in order."""
    return sorted({fact.store for fact in stated if isinstance(fact, Link)} - {""})


def counting_in(store: str, stated: Iterable[_Stated], stores: Collection[str]) -> list[_Stated]:
    """Return what counts in one of these stores; with "" in all others."""
    return [fact for fact in stated if fact.store == store or fact.store not in stores]


def key_of(subject: str, store: str) -> str:
    """Return the key of what a store calls by the name of a subject; with "" of what all others do, which is the subject."""
    return f"{subject}@{store}" if store else subject


def of_key(key: str) -> tuple[str, str]:
    """Return the subject and the store of a key; "" where it is of all others."""
    subject, _, store = key.partition("@")
    return subject, store


def together(subject: str, stores: Sequence[str], by_key: Mapping[str, Standing]) -> Standing | None:
    """Return the standing of a subject by those of its keys; None if all mean nobody."""
    found = [by_key[key] for each in ("", *stores) if (key := key_of(subject, each)) in by_key]
    if not found:
        return None
    base = by_key.get(subject, Standing(subject, 0, rank=found[0].rank, only_by_ref=found[0].only_by_ref))
    apart = ((store, by_key.get(key_of(subject, store), Standing("", 0))) for store in stores)
    return base._replace(in_stores=tuple(InStore(store, one.spans, one.lent, one.given_back, one.label) for store, one in apart))
