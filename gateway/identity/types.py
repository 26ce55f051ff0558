"""The registry of identifier types: what each may join and name, how it is written, which values are no identifiers. Pure.

    types = IdentifierTypes(site.identifier_types)
    types.of("wx-mini")                        # IdentifierType of openids: class person, one fan each, joins
    types.of("phone").normalised("+86 138…")   # "86138…"
    types.of("member").is_blocked("null")      # True: no identifier at all

The shipped table is types.toml; a brand's entries stand before it. A type that neither has is of the weakest class.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, Protocol, get_args

from footfall.identifier_forms import COUNTRY_CODE, NORMALISERS, NormaliserName, national
from footfall.mistakes import unknown
from footfall.units import NS_PER_MS, NS_PER_S
from gateway.identity.links import FOR_EVER_NS
from gateway.site.identifier_types import IdentifierClass, Joins

CLASSES: Final[tuple[IdentifierClass, ...]] = get_args(IdentifierClass)
"""From the strongest to the weakest: in a contradiction the weakest gives way first."""
NATIONAL: Final[Mapping[str, str]] = {"phone": "phone.national"}
"""Types of which earlier releases hashed a second spelling, and the type that stands beside its subject."""
_ANY: Final = "*"
_NEVER: Final = re.compile(r"(?!)")
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Blocked:
    """Values that are no identifiers. `words` are compared without signs, `values` as they are, `pattern` with both forms."""

    words: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    pattern: re.Pattern[str] = _NEVER
    allowed: frozenset[str] = frozenset()
    masked: bool = True

    def has(self, value: str) -> bool:
        """Return whether a normalised value is none."""
        if value.isalnum() and value.isascii():  # nearly all are
            plain = value.lower()
            is_none = plain in self.words or value in self.values or self.pattern.fullmatch(plain) is not None
            return is_none and value not in self.allowed
        plain = unicodedata.normalize("NFKC", value).strip().lower()
        bare = "".join(filter(str.isalnum, plain))
        is_none = (
            bare in self.words
            or value in self.values
            or plain in self.values
            or (self.masked and "*" in plain)
            or self.pattern.fullmatch(plain) is not None
            or self.pattern.fullmatch(bare) is not None
        )
        return is_none and value not in self.allowed


@dataclass(frozen=True, slots=True)
class IdentifierType:
    """One type. `name` is what of the table it matched; the spans are None where they have no end."""

    name: str
    klass: IdentifierClass
    fans_per_identifier: int
    identifiers_per_fan: int
    joins: Joins
    rank: int
    before_s: float | None = None
    after_s: float | None = None
    unseen_s: float | None = None
    recycled_after_s: float | None = None
    handover: bool = False
    """Whether the next claim of another fan ends an open one."""
    normaliser: NormaliserName = "exact"
    country_code: str = COUNTRY_CODE
    both_spellings: bool = False
    """Whether a mobile number of China is stated without its country code, too, as earlier releases may have hashed it."""
    blocked: Blocked = Blocked()

    @property
    def is_known(self) -> bool:
        """Return whether the table or the brand has it."""
        return self.name != _ANY

    @property
    def only_by_ref(self) -> bool:
        """Return whether it names nothing but the rows of its own reference: what is lent names whoever has it."""
        return self.joins == "no" and self.klass != "lent"

    @property
    def strength(self) -> int:
        """Return how strong its class is: the least gives way first."""
        return len(CLASSES) - CLASSES.index(self.klass)

    def span_ns(self, time_ns: int) -> tuple[int, int]:
        """Return the default span around a touch that names a fan beside it: (from, to), for ever where it is open; the touch is in it."""
        from_ns = -FOR_EVER_NS if self.before_s is None else max(time_ns - round(self.before_s * NS_PER_S), -FOR_EVER_NS)
        to_ns = FOR_EVER_NS if self.after_s is None else min(time_ns + round(self.after_s * NS_PER_S) + NS_PER_MS, FOR_EVER_NS)
        return from_ns, to_ns

    def normalised(self, value: str) -> str:
        """Return the one form of a value."""
        return NORMALISERS[self.normaliser](value, self.country_code)

    def is_blocked(self, value: str) -> bool:
        """Return whether a normalised value is no identifier: what a program wrote for want of one, or a number that everybody gives."""
        return self.blocked.has(value)


class Entry(Protocol):
    """What a brand states of a type, as site.toml or a record of it has it; None: as it is shipped."""

    @property
    def type(self) -> str: ...


class IdentifierTypes:
    """The shipped types, and what a brand states otherwise. `entries`: those of its site, or of the SITE record in force."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        shipped = _shipped()
        self._types: Final = dict(shipped)
        for entry in entries:
            self._types[entry.type] = _changed(_match(shipped, entry.type.removesuffix(_ANY)), entry)
        self.of: Final = lru_cache(_REMEMBERED)(self._of)
        """By the name before the colon, its type."""

    def _of(self, name: str) -> IdentifierType:
        return _match(self._types, name)

    def why_never_lent(self, id_type: str, has_time: bool) -> str:
        """Return why a link would never hold: of something lent nobody states since when, or up to when, the fan has it; "" if it may."""
        if has_time or self.of(id_type).klass != "lent":
            return ""
        return f"from: {id_type} is lent: state since when the fan has it, or it would never be the fan's"

    @property
    def names(self) -> list[str]:
        """Return the names that are described, without those that only spell another's values."""
        own = (name for name in self._types if name != _ANY and name not in NATIONAL.values())
        return [name for name in own if not (name.endswith(f".{_ANY}") and name.removesuffix(f".{_ANY}") in self._types)]

    def undescribed(self, name: str) -> str:
        """Return what whoever names a type that nobody described must know: the nearest one, and which there are; "" of all others."""
        if not name or self.of(name).is_known:
            return ""
        there = f"there is {', '.join(self.names)}; [[identifier_types]] of site.toml describes one of your own"
        return unknown(f"{name[:40]!r} is a type of identifiers that nobody described, and joins nothing strongly", name, self.names, there)

    def spellings(self, id_type: str, value: str) -> list[tuple[str, str]]:
        """Return (type, value) of a normalised value, and of the other spelling under which earlier releases may have stored it."""
        other = national(value) if self.of(id_type).both_spellings else ""
        return [(id_type, value), *([(NATIONAL[id_type], other)] if other else [])]


def _match(types: Mapping[str, IdentifierType], name: str) -> IdentifierType:
    """Return the type whose name it is, else the one with the longest beginning."""
    if name in types:
        return types[name]
    return next(types[key] for end in range(len(name), -1, -1) if (key := name[:end] + _ANY) in types)


def _changed(shipped: IdentifierType, entry: Any) -> IdentifierType:
    """Return a type with what an entry states in place of what is shipped."""
    keys = ("klass", "fans_per_identifier", "identifiers_per_fan", "joins", "rank", "before_s", "after_s", "unseen_s", "recycled_after_s",
            "normaliser", "country_code", "both_spellings")  # fmt: skip
    stated = {key: value for key in keys if (value := getattr(entry, key, None)) is not None}
    changed = replace(shipped, name=entry.type, **stated)
    blocked, allowed = (frozenset(map(changed.normalised, getattr(entry, key, ()))) for key in ("blocked", "allowed"))
    before = changed.blocked
    return replace(changed, blocked=replace(before, values=(before.values | blocked) - allowed, allowed=before.allowed | allowed))


@lru_cache(1)
def _shipped() -> Mapping[str, IdentifierType]:
    table = tomllib.loads(files("gateway.identity").joinpath("types.toml").read_text("utf-8"))
    return {name: found for values in table["types"] for name, found in _read(values, table["blocked"])}


def _read(values: Mapping[str, Any], common: Mapping[str, Sequence[str]]) -> Iterable[tuple[str, IdentifierType]]:
    blocked = Blocked(
        frozenset(common["words"]),
        frozenset([*common["values"], *values.get("blocked", ())]),
        re.compile("|".join(f"(?:{each})" for each in [*common["patterns"], *values.get("blocked_patterns", ())])),
        masked=values.get("masked", True),
    )
    apart = {"names", "class", "blocked", "blocked_patterns", "masked"}
    rest = {key: value for key, value in values.items() if key not in apart}
    return [(name, IdentifierType(name=name, klass=values["class"], blocked=blocked, **rest)) for name in values["names"]]
