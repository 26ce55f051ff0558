"""MQTT topics of wire version 1, and the one rule for names.

footfall/1/{store}/{agent}/frames | receipts | health | events
footfall/1/{store}/live
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from footfall.errors import ContractError

WIRE_VERSION: Final = 1
PREFIX: Final = f"footfall/{WIRE_VERSION}"
LEAVES: Final = frozenset({"frames", "receipts", "health", "events"})

_NAME: Final = re.compile(r"[a-z0-9._-]{1,64}", re.ASCII)


@lru_cache(maxsize=200_000)
def is_name(text: str) -> bool:
    """Return whether `text` can name a store, agent, zone, door, boot or epoch: 1 to 64 of `[a-z0-9._-]`."""
    return _NAME.fullmatch(text) is not None


def check_name(text: object, what: str) -> str:
    """Return `text` if it is a name. Raise ContractError `name` if not."""
    if type(text) is str and is_name(text):
        return text
    raise ContractError("name", f"{what} must be 1 to 64 of [a-z0-9._-], got {str(text)[:80]!r}")


def are_names(found: tuple[object, ...]) -> bool:
    """Return whether all are names. Results are cached, since agents repeat the same names."""
    try:
        return _are_names(found)
    except TypeError:  # not hashable, so no text
        return False


@lru_cache(maxsize=50_000)
def _are_names(found: tuple[object, ...]) -> bool:
    return all(type(name) is str and is_name(name) for name in found)


@dataclass(frozen=True, slots=True)
class Topic:
    """One agent's topic; `str()` is its spelling on the wire."""

    store: str
    agent: str
    leaf: str

    def __str__(self) -> str:
        return topic_of(self.store, self.agent, self.leaf)


@lru_cache(maxsize=200_000)
def parse_topic(text: str) -> Topic:
    """Return the topic spelled `text`. Raise ContractError `topic` for any other text."""
    parts = text.split("/")
    if len(parts) != 5 or f"{parts[0]}/{parts[1]}" != PREFIX or parts[4] not in LEAVES:
        raise ContractError("topic", f"not a topic of {PREFIX}: {text[:200]!r}")
    return Topic(check_name(parts[2], "store in topic"), check_name(parts[3], "agent in topic"), parts[4])


def topic_of(store: str, agent: str, leaf: str) -> str:
    """Return one agent's topic as text."""
    return f"{PREFIX}/{store}/{agent}/{leaf}"


def live_topic(store: str) -> str:
    """Return where the gateway publishes arrivals and counters of `store`."""
    return f"{PREFIX}/{store}/live"


def live_wildcard() -> str:
    """Return the subscription to `live` of every store."""
    return f"{PREFIX}/+/live"


def wildcard(leaf: str) -> str:
    """Return the subscription to `leaf` of every agent."""
    return f"{PREFIX}/+/+/{leaf}"
