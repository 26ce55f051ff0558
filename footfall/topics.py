"""MQTT topics of wire version 1, and the one rule for names.

footfall/1/{store}/{agent}/frames | receipts | health | events | denied
footfall/1/{store}/live
footfall/1/fans
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from footfall.errors import ContractError

WIRE_VERSION: Final = 1
PREFIX: Final = f"footfall/{WIRE_VERSION}"
FANS: Final = f"{PREFIX}/fans"
"""What becomes of the ids of fans, from the gateway."""
LEAVES: Final = frozenset({"frames", "receipts", "health", "events", "denied"})

_LEAF_OF: Final = {spelling: leaf for leaf in LEAVES for spelling in (leaf, leaf.removesuffix("s"))}
_VERSION: Final = re.compile(r"v?[0-9]")
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
        raise ContractError("topic", f"not a topic of {PREFIX}: {text[:200]!r}{_meant(parts)}")
    return Topic(check_name(parts[2], "store in topic"), check_name(parts[3], "agent in topic"), parts[4])


def _meant(parts: Sequence[str]) -> str:
    """Return `; nobody reads it: publish to …` where the parts of a topic nearly are one."""
    names = [part for part in parts if part]
    leaf = next((_LEAF_OF[name.lower()] for name in names if name.lower() in _LEAF_OF), "")
    middle = [name for name in names if name.lower() not in _LEAF_OF and name.lower() != "footfall" and not _VERSION.fullmatch(name)]
    if not leaf or not middle:
        return ""
    store, agent = middle[0], middle[1] if len(middle) > 1 else "AGENT"
    return f"; nobody reads it: publish to {PREFIX}/{store}/{agent}/{leaf}"


def strays() -> list[str]:
    """Return subscriptions to topics that are nearly right, none of which fits a topic that is: what comes there would be lost unseen."""
    own = [f"{PREFIX}/+/+/{leaf}" for leaf in ("event", "Events", "EVENTS", "Event", "frame", "Frames")]
    forms = ("{}/+/+/{}/+", "{}/+/+/+/{}", "/{}/+/+/{}")
    longer = [form.format(PREFIX, leaf) for leaf in LEAVES - {"receipts", "denied"} for form in forms]
    shorter = [f"footfall/+/+/{leaf}" for leaf in ("events", "event", "frames", "health")]
    versions = [f"{start}/+/+/events" for start in ("footfall/v1", "Footfall/1", "footfall/2")]
    return sorted((*own, *longer, *shorter, *versions))


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
