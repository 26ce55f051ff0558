"""How an event is known by its id. Pure."""

from __future__ import annotations

import hashlib
from typing import Final

from gateway.site.index import Places

ID_BYTES: Final = 16
BRAND: Final = ""
"""In the place of a store: what is known by its id throughout the brand."""


def id_hash(*names: str) -> bytes:
    """Return 128 bits that stand for names, of which none but the last can contain NUL.

    An event id is known by (store, publisher, id), each by its first name: a shard remembers the ids of its own stores. Earlier
    releases knew it by (publisher, id), which still gives its point the same digits whichever gateway takes it.
    """
    return hashlib.blake2b("\0".join(names).encode(), digest_size=ID_BYTES).digest()


def known_as(places: Places, store: str, agent: str, event_id: str) -> tuple[bytes, bytes]:
    """Return by what an event of a publisher in a store is known: in this release, and in earlier ones.

    Raise ContractError: the estate has no such publisher there.
    """
    first = places.agent(agent).first
    return id_hash(places.of(store, agent).names.first, first, event_id), id_hash(first, event_id)
