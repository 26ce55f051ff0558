"""How records of the journal spell facts, and what facts the records of earlier releases hold. Pure.

A fact is an object of JSON as a plain event of kind `fact` has it, with times as `from_ns`, `to_ns` and `learned_ns`, and an identifier as
`[type, subject]`. What is left out has its default; keys that are not known are skipped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple

from footfall.compact_json import decoded, encoded
from gateway.identity.facts import Consent, Distinct, Fact, Identifier, Link, Mention, Merge, Ownership, Revoke, RevokeLink, Same, Split
from gateway.identity.links import FOR_EVER_NS, clamped, decode_links
from gateway.records import RecordKind


class _Field(NamedTuple):
    key: str
    read: Callable[[Any], Any] | None = None
    """Makes the value of what JSON has; None where that is the value itself."""
    left_out: object = None
    """The value that a body leaves out."""
    write: Callable[[Any], Any] | None = None
    """Makes what JSON has of the value. Named tuples become lists: the encoder takes three times as long to find out what they are."""


def _identifiers(value: Iterable[Iterable[str]]) -> tuple[Identifier, ...]:
    return tuple([Identifier(*each) for each in value])


_COMMON: Final = (
    _Field("id"),
    _Field("learned_ns"),
    _Field("from_ns", clamped, -FOR_EVER_NS),
    _Field("to_ns", clamped, FOR_EVER_NS),
    *(_Field(key, None, "") for key in ("source", "actor", "reason")),
)
_IDENTIFIER: Final = _Field("identifier", lambda value: Identifier(*value), write=list)
_IDENTIFIERS: Final = _Field("identifiers", _identifiers, write=lambda value: list(map(list, value)))
_FAN, _FANS, _OF, _STORE = _Field("fan", None, ""), _Field("fans", tuple), _Field("of"), _Field("store", None, "")
_KINDS: Final[Mapping[type[Fact], tuple[str, tuple[_Field, ...]]]] = {
    Link: ("link", (*_COMMON, _IDENTIFIER, _FAN, _STORE)),
    Same: ("same", (*_COMMON, _IDENTIFIERS)),
    Merge: ("merge", (*_COMMON, _FANS)),
    Distinct: ("distinct", (*_COMMON, _FANS)),
    Split: ("split", (*_COMMON, _OF)),
    Revoke: ("revoke", (*_COMMON, _OF)),
    RevokeLink: ("revoke", (*_COMMON, _IDENTIFIER, _FAN)),
    Consent: ("consent", (*_COMMON, _FAN, _Field("purpose"), _Field("granted"), _Field("version"))),
    Ownership: ("owner", (*_COMMON, _FAN, _Field("staff_id", None, ""), _STORE)),
    Mention: ("mention", (*_COMMON, _IDENTIFIERS, _FAN, _Field("ref", None, ""), _Field("returned", None, False), _STORE)),
}
_BY_NAME: Final[Mapping[str, type[Fact]]] = {name: each for each, (name, _) in _KINDS.items() if each is not RevokeLink}
_KEYS: Final = {each: frozenset(field.key for field in fields) for each, (_, fields) in _KINDS.items()}
_READ: Final = {each: tuple((field.key, field.read) for field in fields if field.read) for each, (_, fields) in _KINDS.items()}


class _Held(NamedTuple):
    """What a kind of fact holds, as columns."""

    name: str
    keys: tuple[str, ...]
    left_out: tuple[object, ...]
    of: Callable[[Fact], tuple[Any, ...]]
    written: tuple[tuple[str, Callable[[Any], Any]], ...]


_HELD: Final = {
    each: _Held(
        name,
        keys := tuple(field.key for field in fields),
        tuple(field.left_out for field in fields),
        attrgetter(*keys),
        tuple((field.key, field.write) for field in fields if field.write),
    )
    for each, (name, fields) in _KINDS.items()
}
OF_LINK: Final = "of_link"
RETURN: Final = "return"
HANDBACK: Final = "handback"
"""What the fold stores in place of a return that hands back something lent: no goods came back. Nobody states it."""
MENTION: Final = "mention"
"""The key of a touch without an id of its own, or of an amended one, that has the id of what it states."""
ALSO: Final = "also"
"""Facts that an object states beside its own: that two spellings of a number are one."""


def values_of(fact: Fact) -> dict[str, Any]:
    """Return a fact as an object of JSON."""
    held = _HELD[type(fact)]
    stated = zip(held.keys, held.left_out, held.of(fact), strict=True)
    values: dict[str, Any] = {"fact": held.name}
    values.update([(key, value) for key, left_out, value in stated if value != left_out])
    for key, write in held.written:
        values[key] = write(values[key])
    if isinstance(fact, RevokeLink):
        values[OF_LINK] = (values.pop("identifier"), values.pop("fan"))
    return values


def fact_of(values: Mapping[str, Any], taken_ns: int = 0) -> Fact:
    """Return the fact of an object that `values_of` made, or that accept has normalised. Raise KeyError or ValueError if it is none."""
    made = _BY_NAME[values["fact"]]
    if OF_LINK in values:
        made, values = RevokeLink, {**values, "identifier": values[OF_LINK][0], "fan": values[OF_LINK][1]}
    held, keys = dict(values), _KEYS[made]
    del held["fact"]
    if not held.keys() <= keys or None in held.values():  # hardly any that the gateway itself wrote
        held = {key: value for key, value in held.items() if key in keys and value is not None}
    for key, read in _READ[made]:
        if key in held:
            held[key] = read(held[key])
    return made(taken_ns=taken_ns, **held)


def encode_facts(facts: Iterable[Fact]) -> bytes:
    """Return the body of a FACTS record: an array of facts."""
    return encoded([values_of(each) for each in facts])


def decode_facts(body: bytes, taken_ns: int = 0) -> list[Fact]:
    """Return the facts of an array, or of one object, which the gateway took at a time."""
    values = decoded(body)
    stated = values if isinstance(values, list) else [values]
    if any(ALSO in one for one in stated):
        stated = [each for one in stated for each in (one, *one.get(ALSO, ()))]
    return [fact_of(each, taken_ns) for each in stated]


def facts_of_record(kind: RecordKind, body: bytes, taken_ns: int = 0) -> list[Fact]:
    """Return the facts of a FACTS record, of a LINKS record of an earlier release, or of an EVENT record with kind `fact`."""
    return facts_of_links(body, taken_ns) if kind == RecordKind.LINKS else decode_facts(body, taken_ns)


def facts_of_links(body: bytes, taken_ns: int = 0) -> list[Fact]:
    """Return the links of a LINKS record; the id of each is a digest of what it states, so that it is one fact however often it came."""
    return [
        Link(
            id=_digest("link", each.subject, each.fan, each.from_ns, each.to_ns, each.source),
            learned_ns=0,
            taken_ns=taken_ns,
            from_ns=each.from_ns,
            to_ns=each.to_ns,
            source=each.source,
            identifier=Identifier("", each.subject),
            fan=each.fan,
        )
        for each in decode_links(body)
    ]


def mention_of_touch(fact_id: str, values: Mapping[str, Any], publisher: str = "", store: str = "") -> Mention | None:
    """Return what a touch states by its journaled values; None if it has neither an identifier nor a reference."""
    subjects, time_ns = values["subjects"], clamped(values["time_ns"])
    if not subjects and not values["ref"]:
        return None
    types = values.get("types") or [""] * len(subjects)
    named = tuple(map(Identifier, types, subjects))
    return Mention(
        id=fact_id,
        learned_ns=time_ns,
        from_ns=time_ns,
        to_ns=time_ns,
        source="touch",
        actor=publisher,
        identifiers=named if len(named) < 2 else tuple(dict.fromkeys(named)),
        fan=values["fan"],
        ref=values["ref"],
        returned=gives_back(values),
        store=store,
    )


def gives_back(values: Mapping[str, Any]) -> bool:
    """Return whether a touch is the return of the one thing that it names, and of no goods: somebody scans a rented tag at the desk."""
    is_return = values.get("what") in (RETURN, HANDBACK)
    return is_return and len(values["subjects"]) == 1 and not any(values.get(key) for key in ("items", "amount", "ref"))


def content_of(fact: Fact) -> str:
    """Return a digest of all that a fact holds: of two with one id the smaller one counts."""
    return _digest(_ENCODER.encode(values_of(fact)))


def _digest(*parts: object) -> str:
    return hashlib.blake2b(json.dumps(parts, ensure_ascii=False).encode(), digest_size=8).hexdigest()


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
