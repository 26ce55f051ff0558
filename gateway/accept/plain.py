"""A plain event on its way to the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.accept.pseudonymiser import Identified
from gateway.site.index import StorePlaces


@dataclass(slots=True)  # one is made for each event: frozen would cost four times as much
class Plain:
    """`values` is JSON for the journal; the digits of its point come from `id_hash`, None where the event has no id."""

    values: dict[str, Any]
    id_hash: bytes | None
    event_id: str | None
    identified: Identified
    """What its identifiers came to."""
    taken_ns: int
    known_as: bytes | None
    """Under what it is remembered: a fact throughout the brand, any other event as its publisher's in its store."""
    places: StorePlaces | None = None
    """The store that it is about, if that is not its sender's."""
    left_out: frozenset[str] = frozenset()
    """Keys of `values` that its publisher did not state, and that depend on who sent it when."""
