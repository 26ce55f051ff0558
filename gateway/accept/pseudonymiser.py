"""Identifiers become subjects: written in one form, hashed with the brand's secret, and left out where they are none. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import Final

from footfall.beacons import TYPES, BeaconRule
from footfall.consent import NOTHING_REFUSED
from footfall.errors import ContractError
from footfall.pseudonyms import lasting_subject, to_hex, type_key
from footfall.sealing import Opener
from gateway.identity.facts import Identifier
from gateway.identity.types import IdentifierType, IdentifierTypes

UNKNOWN: Final = "unknown"
"""What identifiers of types that nobody described are counted as: a sender can invent any number of types."""
_MOST_TYPES: Final = 64
_MOST_ALIKE: Final = 20


class Pseudonymiser:
    """Turns `type:value` into a lasting subject with the brand's secret. Without a secret every identifier is refused.

    A beacon is known by the parts that identify it, as it is to agents, however tills and lists write it.
    """

    def __init__(self, brand_secret: bytes | None, secret_before: bytes | None = None) -> None:
        """`secret_before`: what agents sealed before the secret was changed is opened with it."""
        self.beacons = BeaconRule()
        self.consent = NOTHING_REFUSED
        """Which identifiers have no lasting subject in an event, since their owners gave no consent."""
        self._secret: Final = brand_secret
        self._opener: Final = Opener([secret for secret in (brand_secret, secret_before) if secret is not None])
        self._keys: Final[dict[str, bytes]] = {}
        self.types = IdentifierTypes()
        """What types of identifiers are; another table is put in its place with a site."""
        self._none: Final = lru_cache(_MOST_TYPES)(self._subjects_of_none)

    @property
    def has_secret(self) -> bool:
        return self._secret is not None

    @property
    def seal_key(self) -> bytes | None:
        """Return the public key to which agents seal identifiers; None without a secret."""
        return self._opener.public if self._secret is not None else None

    def opened(self, value: object) -> object:
        """Return a plain event with what its `sealed` holds in its place. Raise ContractError if it cannot be opened."""
        if not isinstance(value, dict) or not isinstance(text := value.get("sealed"), str):
            return value
        try:
            found = json.loads(self._opener.open(text))
        except ValueError:
            found = None
        rest = {key: each for key, each in value.items() if key != "sealed"}
        if not isinstance(found, dict) or found.keys() & rest.keys():
            raise ContractError("event.sealed", "what was sealed is no JSON object of the keys that are missing beside it")
        return rest | found

    def subject(self, identifier: str) -> int:
        """Return the subject of `type:value`, however the value is written. Raise ContractError without a secret."""
        id_type, _, value = identifier.partition(":")
        return self._hashed(id_type, self._form(id_type, value))

    def hex_subject(self, identifier: str) -> str:
        """Return the subject as records have it, 16 hex digits."""
        return to_hex(self.subject(identifier))

    def _form(self, id_type: str, value: str) -> str:
        form = self.types.of(id_type).normalised(value)
        return self.beacons.identifier(form) or form if id_type in TYPES else form

    def _hashed(self, id_type: str, form: str) -> int:
        if self._secret is None:
            raise ContractError("event.secret", "identifiers need the brand's secret: set brand_secret_file in gateway.toml")
        key = self._keys.get(id_type) or self._keys.setdefault(id_type, type_key(self._secret, id_type))
        return lasting_subject(key, id_type, form)

    def identified(self, identifier: str) -> list[Identifier]:
        """Return what `type:value` names: one subject, two where earlier releases knew another spelling, none if the value is none."""
        id_type, _, value = identifier.partition(":")
        return self.named(id_type, value, self.types.of(id_type))

    def named(self, id_type: str, value: str, of_type: IdentifierType) -> list[Identifier]:
        """Return what `identified` does of an identifier in its parts."""
        form = of_type.normalised(value)
        if id_type in TYPES:
            form = self.beacons.identifier(form) or form
        subject = self._hashed(id_type, form)  # also of what is none: without the secret, this is refused as any other identifier is
        if of_type.blocked.has(form):
            return []
        if not of_type.both_spellings:
            return [Identifier(id_type, to_hex(subject))]
        return [Identifier(name, to_hex(self._hashed(id_type, each))) for name, each in self.types.spellings(id_type, form)]

    def is_none(self, id_type: str, subject: str) -> bool:
        """Return whether a subject that was hashed elsewhere is of a value that is no identifier, where such values are listed."""
        return self._secret is not None and subject in self._none(self.types, id_type)

    def _subjects_of_none(self, types: IdentifierTypes, id_type: str) -> frozenset[str]:
        blocked = types.of(id_type).blocked
        alike = (letter * n for letter in "0123456789abcdef" for n in range(1, _MOST_ALIKE + 1))
        values = chain(blocked.words, blocked.values, map(str.upper, blocked.words), map(str.capitalize, blocked.words), alike)
        return frozenset(to_hex(self._hashed(id_type, each)) for each in values if each and types.of(id_type).is_blocked(each))


class Identified:
    """The identifiers of one event as they are looked up: what they name, and which were none, or of a type that nobody described."""

    __slots__ = ("_pseudonyms", "blocked", "unknown")

    def __init__(self, pseudonyms: Pseudonymiser) -> None:
        self._pseudonyms: Final = pseudonyms
        self.blocked: list[str] = []
        """Types, as they are counted, of what was left out."""
        self.unknown: list[str] = []

    @property
    def types(self) -> IdentifierTypes:
        """Return what types of identifiers are."""
        return self._pseudonyms.types

    def of(self, identifiers: Iterable[str]) -> list[Identifier]:
        """Return what identifiers name, each once, in their order."""
        found: list[Identifier] = []
        for identifier in identifiers:
            id_type, _, value = identifier.partition(":")
            of_type = self._pseudonyms.types.of(id_type)
            named = self._pseudonyms.named(id_type, value, of_type)
            if not named or not of_type.is_known:
                self._note(id_type, of_type, bool(named))
            found += named
        return found if len(found) < 2 else list(dict.fromkeys(found))

    def of_subjects(self, subjects: Iterable[str], id_types: Iterable[str]) -> list[Identifier]:
        """Return what was hashed elsewhere, of these types; "" where its sender states none."""
        found = []
        for id_type, subject in zip(id_types, subjects, strict=True):
            is_one = not (id_type and self._pseudonyms.is_none(id_type, subject))
            if id_type:
                self._note(id_type, self._pseudonyms.types.of(id_type), is_one)
            if is_one:
                found.append(Identifier(id_type, subject))
        return list(dict.fromkeys(found))

    def _note(self, id_type: str, known: IdentifierType, is_one: bool) -> None:
        if not known.is_known:
            self.unknown.append(id_type)
        if not is_one:
            self.blocked.append(known.name if known.is_known else UNKNOWN)
