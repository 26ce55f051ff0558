"""Facts in few words: `link("phone:1", "A")`, `touch(5, "member:1 web:2", ref="r")`; times are minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Final

from footfall.pseudonyms import lasting_subject, to_hex
from footfall.units import NS_PER_DAY, NS_PER_MINUTE
from gateway.identity.facts import FOR_EVER_NS, Consent, Distinct, Fact, Identifier, Link, Mention, Merge, Revoke, RevokeLink, Same, Split
from gateway.identity.naming import whom
from gateway.identity.resolve import resolve
from gateway.identity.types import IdentifierTypes

TYPES: Final = IdentifierTypes()
KEY: Final = b"key"
T0_NS: Final = 20_000 * NS_PER_DAY
DAY: Final = 1440
_ids = count(1)


def at(minute: float) -> int:
    """Return a minute as ns."""
    return T0_NS + round(minute * NS_PER_MINUTE)


def identifier(text: str) -> Identifier:
    """Return the identifier of `type:value`."""
    return Identifier(text.partition(":")[0], name(text))


def name(text: str) -> str:
    """Return the subject of `type:value`."""
    return to_hex(lasting_subject(bytes(32), *text.split(":", 1)))


def _common(more: dict[str, Any], start: float | None = None, end: float | None = None) -> dict[str, Any]:
    times = {"from_ns": -FOR_EVER_NS if start is None else at(start), "to_ns": FOR_EVER_NS if end is None else at(end)}
    return {"id": f"f{next(_ids):06d}", "learned_ns": T0_NS, "source": "crm", **times, **more}


def link(text: str, fan: str, start: float | None = None, end: float | None = None, **more: Any) -> Link:
    return Link(identifier=identifier(text), fan=fan, **_common(more, start, end))


def touch(minute: float, texts: str = "", fan: str = "", ref: str = "", **more: Any) -> Mention:
    held = {"from_ns": at(minute), "to_ns": at(minute), "learned_ns": at(minute), "source": "touch", **more}
    return Mention(identifiers=tuple(map(identifier, texts.split())), fan=fan, ref=ref, **_common(held))


def same(texts: str, start: float | None = None, end: float | None = None, **more: Any) -> Same:
    return Same(identifiers=tuple(map(identifier, texts.split())), **_common(more, start, end))


def merge(*fans: str, **more: Any) -> Merge:
    return Merge(fans=fans, **_common(more))


def distinct(*fans: str, **more: Any) -> Distinct:
    return Distinct(fans=fans, **_common(more))


def split(of: str, **more: Any) -> Split:
    return Split(of=of, **_common(more))


def revoke(of: str, **more: Any) -> Revoke:
    return Revoke(of=of, **_common(more))


def unlink(text: str, fan: str, end: float, **more: Any) -> RevokeLink:
    return RevokeLink(identifier=identifier(text), fan=fan, **_common(more, end=end))


def consent(fan: str, granted: bool, minute: float, **more: Any) -> Consent:
    held = {"purpose": "identify", **more}
    return Consent(fan=fan, granted=granted, **_common(held, start=minute))


def of_type(fact: Fact, other: str) -> Fact:
    """Return a fact that states another type, or with "" none, of the first subject that it names."""
    if isinstance(fact, Mention | Same) and fact.identifiers:
        first, *more = fact.identifiers
        return replace(fact, identifiers=(first._replace(type=other), *more))
    return replace(fact, identifier=fact.identifier._replace(type=other)) if isinstance(fact, Link | RevokeLink) else fact


def who(facts: Sequence[Fact], text: str, minute: float = 50) -> str | None:
    """Return whom an identifier means at a minute by these facts: a fan, "" if consent is withdrawn, None if nobody is known."""
    fan = whom(resolve(facts, TYPES, KEY).standings.get(name(text)), at(minute))
    return "anon" if fan and fan.startswith("anon-") else fan
