"""What is remembered of an event beside its id, so that one whose id comes again with other content is known for it. Pure.

content = content_of(plain, taken_ns)      # bytes for the memory
contradicts(known, content) -> bool        # or digest_of(plain)
remembered(known) -> Remembered            # as far as this release or an earlier one kept it
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgpack

from footfall.compact_json import encoded
from footfall.units import NS_PER_S
from footfall.wording import with_article
from gateway.accept.plain import Plain

DIGEST_BYTES: Final = 8
_KEPT: Final = (
    "kind", "what", "time_ns", "door", "in", "out", "zone", "amount", "seconds", "people", "counted", "sensor", "of_id", "reason", "actor",
)  # fmt: skip
"""What of an event is remembered in words, in this order: a later release may only append; of a fact all is."""
_FEW: Final = _KEPT[:8]
_KEPT_OF: Final = {"touch": _FEW, "count": _KEPT[:9], "occupancy": _KEPT[:12]}
"""By kind, what there may be of it; the ledger has the rest of a touch. Of a kind that is not here all may be."""
_STATES_NONE: Final = frozenset({"in", "out", "people", "counted"})
"""Keys of which 0 and false are statements."""
_NOT_HELD: Final = frozenset({"id", "key", "types", "own_id", "of_id", "blocked"})
_NOT_HELD_UNTIMED: Final = _NOT_HELD | {"time_ns", "zone", "door"}
"""Of an event that states no time; the rest depends on when it came."""
_KINDS: Final = 256
_PACKER: Final = msgpack.Packer()
"""For one thread, the one that accepts: to make one costs as much as to use it."""
_MOST_SHOWN: Final = 500
"""Letters of the first content that are shown; the other is in the refused bytes, so fewer will do."""
_MOST_SHOWN_OF_OTHER: Final = 200


_GIVE_BACK: Final = "give each event an id of its own, or send a void of the first and the right one under a new id"
_LASTS: Final = "give each event an id of its own, and send this one under a new id: nothing takes back the first"
_REMEDIES: Final = {
    "fact": "give each fact an id of its own, throughout the brand, or send a revoke of the first",
    **dict.fromkeys(("void", "amend", "occupancy"), _LASTS),
}
"""What to do about an id that had other content, by kind; a touch, a count and an adjustment are voided."""


class Remembered(NamedTuple):
    """What is known of an event that came before; empty where an earlier release took it."""

    values: Mapping[str, Any]
    taken_ns: int


def content_of(plain: Plain) -> bytes:
    """Return a digest of what an event holds, but its id, and what of it is shown later.

    Of one without a time the digest is the same whenever it came, under whatever names. What is empty is left out, so that a release
    that knows more keys makes the same; types are what the registry makes of it.
    """
    values, held = plain.values, _held(plain)
    shown = held if values["kind"] == "fact" else [values.get(key) for key in _KEPT_OF.get(values["kind"], _KEPT)]
    packed: bytes = _PACKER.pack((plain.taken_ns, shown))
    return _digest(held) + packed


def digest_of(plain: Plain) -> bytes:
    """Return how `content_of` begins, in any thread: enough for `contradicts`."""
    return _digest(_held(plain))


def _held(plain: Plain) -> dict[str, Any]:
    values = plain.values
    left_out = _NOT_HELD if values["timed"] else _NOT_HELD_UNTIMED
    if plain.left_out:
        left_out |= plain.left_out
    return {key: value for key in _held_keys(tuple(values), left_out) if (value := values[key])}


def _digest(held: Mapping[str, Any]) -> bytes:
    return hashlib.blake2b(encoded(held), digest_size=DIGEST_BYTES).digest()


@lru_cache(_KINDS)
def _held_keys(keys: tuple[str, ...], left_out: frozenset[str]) -> list[str]:
    """Return the keys of an event's values that count, sorted: the same for all events of a kind."""
    return sorted(key for key in keys if key not in left_out)


def contradicts(known: bytes, content: bytes) -> bool:
    """Return whether an event with the same id held something else; False where nothing is remembered of it."""
    return bool(known) and known[:DIGEST_BYTES] != content[:DIGEST_BYTES]


def remembered(known: bytes) -> Remembered:
    """Return what is remembered of an event by its content."""
    if len(known) <= DIGEST_BYTES:
        return Remembered({}, 0)
    taken_ns, values = msgpack.unpackb(known[DIGEST_BYTES:])
    if isinstance(values, list):
        pairs = zip(_KEPT, values, strict=False)
        values = {key: value for key, value in pairs if value or (value is not None and key in _STATES_NONE)}
    return Remembered(values, taken_ns)


def other_content(plain: Plain, known: bytes) -> str:
    """Return which event it is that contradicts an earlier one, and both contents, without their id, which may be anything."""
    first = remembered(known).values
    other = remembered(content_of(plain)).values
    before = f" The first: {_shown(first, _MOST_SHOWN)}. This one: {_shown(other, _MOST_SHOWN_OF_OTHER)}." if first else ""
    if first and all(first.get(key) == value for key, value in other.items() if key not in _untold(plain)) and first.keys() == other.keys():
        rest = {key: value for key, value in _held(plain).items() if key not in (*_KEPT, "timed")}
        before = f"{before} They differ in what is not remembered in words: of that this one has {_shown(rest, _MOST_SHOWN_OF_OTHER)}."
    remedy = _REMEDIES.get(plain.values["kind"], _GIVE_BACK)
    return f"{with_article(_named(plain.values))}: its id was sent before with other content, which stays: {remedy}.{before}"


def _untold(plain: Plain) -> frozenset[str]:
    """Return the keys that depend on when an event came."""
    return frozenset() if plain.values["timed"] else _NOT_HELD_UNTIMED


def _named(values: Mapping[str, Any]) -> str:
    if values["kind"] == "fact":
        return f"fact ({values['fact']})"
    door = f" at door {values['door']}" if values.get("door") else ""
    return f"{values['kind']}{door} of {_at(values['time_ns'])}"


def _shown(values: Mapping[str, Any], most: int) -> str:
    spelled = {key.removesuffix("_ns"): _at(value) if key.endswith("_ns") else value for key, value in values.items()}
    text = encoded(spelled).decode()
    return text if len(text) <= most else f"{text[:most]}…"


def _at(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
