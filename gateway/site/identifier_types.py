"""`[[identifier_types]]` of `site.toml`: what a brand's identifiers are, where they are not what the shipped table has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from footfall.config import Section
from footfall.events import Text
from footfall.identifier_forms import NormaliserName

IdentifierClass = Literal["person", "payment", "contact", "device", "browser", "lent", "event", "unknown"]
"""From the strongest to the weakest."""
Joins = Literal["yes", "if_one", "no"]
MAX_SPAN_S: Final = 3_200_000_000
"""A century: as long as `ever` for a store."""
MAX_RANK: Final = 100
_MAX_AT_ONCE: Final = 1_000_000
SpanSeconds = Annotated[float, Field(ge=0, le=MAX_SPAN_S)]
Fans = Annotated[int, Field(ge=1, le=_MAX_AT_ONCE)]


class IdentifierTypeEntry(Section):
    """What is left out is as for the shipped type that has this name, or as for unknown types."""

    type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._-]{1,31}\*?\z")]
    """The name, as it stands before the colon of an identifier; with `*` at its end all that begin so."""
    klass: Annotated[IdentifierClass | None, Field(alias="class")] = None
    fans_per_identifier: Fans | None = None
    """How many fans one of them may have at one time; more, and it names nobody."""
    identifiers_per_fan: Fans | None = None
    joins: Joins | None = None
    """Whether what is named together with it is the same person's: always, while it has one fan, or only in the row's own reference."""
    rank: Annotated[int | None, Field(ge=0, le=MAX_RANK)] = None
    """The highest of a touch's identifiers decides."""
    before_s: SpanSeconds | None = None
    after_s: SpanSeconds | None = None
    """For how long before and after a touch that names a fan beside it, it is that fan's."""
    unseen_s: SpanSeconds | None = None
    """It is nobody's once it was not seen for so long."""
    recycled_after_s: SpanSeconds | None = None
    """A claim of another fan ends one that was not heard of for so long, also if it states no beginning."""
    normaliser: NormaliserName | None = None
    country_code: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}\z")] | None = None
    """Of phone numbers that are written without one."""
    both_spellings: bool | None = None
    """Whether phones are stated without their country code, too: earlier releases hashed numbers as they were written."""
    blocked: tuple[Text, ...] = ()
    """Values that are no identifiers, beside those that are shipped."""
    allowed: tuple[Text, ...] = ()
    """Values that are identifiers, although they look as if they were none."""

    @model_validator(mode="after")
    def _consistent(self) -> IdentifierTypeEntry:
        if self.model_fields_set == {"type"}:
            raise ValueError(f"identifier type {self.type!r}: nothing is stated of it: write what differs, or leave the entry out")
        if twice := set(self.blocked) & set(self.allowed):
            raise ValueError(f"identifier type {self.type!r}: {len(twice)} values are both in `blocked` and in `allowed`")
        if self.both_spellings and self.type != "phone":
            raise ValueError(f"identifier type {self.type!r}: `both_spellings` is for the type phone: others have one")
        if self.country_code is not None and self.normaliser not in (None, "phone"):
            raise ValueError(f'identifier type {self.type!r}: `country_code` is for numbers: leave it out, or set normaliser = "phone"')
        return self


SUBJECT_MAKING: Final = frozenset({"normaliser", "country_code", "both_spellings", "blocked", "allowed"})
"""Keys that matter before an identifier is hashed. No record has them: some hold identifiers."""


def check_identifier_types(entries: Sequence[IdentifierTypeEntry]) -> None:
    """Raise ValueError if one type is described twice."""
    seen: set[str] = set()
    for entry in entries:
        if entry.type in seen:
            raise ValueError(f"identifier_types has {entry.type!r} twice: write one entry with all that differs")
        seen.add(entry.type)
