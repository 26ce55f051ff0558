"""The links that the rows of a table state: read, checked, and refused with the reason, a row at a time. Pure.

Nothing of a person's identifier stands in a reason: reasons are printed and kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

from footfall.consent import NOTHING_REFUSED, ConsentRule
from footfall.errors import ContractError
from footfall.event_times import check_moments
from footfall.fan_ids import check_fan
from gateway.fans.cells import confidence, plain_text
from gateway.fans.columns import TYPE, Columns
from gateway.fans.lent import LentRule
from gateway.fans.sheet import Row, Unread
from gateway.fans.sheet_dates import DateReader
from gateway.identity.links import FOR_EVER_NS

DEFAULT_SOURCE: Final = "crm"
LONGEST: Final = 200
NO_CELL: Final = ""
LONGEST_FAN: Final = 128
_TYPE: Final = re.compile(r"[a-z0-9._-]{1,32}")
_FANS: Final = 100_000
"""Of a fan several rows follow each other, and a check costs as much as the rest of a row."""
_NO_FROM: Final = "(none, which is since ever)"
_NO_TO: Final = "(none, which is for ever)"
_Read = TypeVar("_Read")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class StatedLink(NamedTuple):
    """What one row states: this identifier, `type:value`, is this fan's from a time up to another."""

    line: int
    identifier: str
    fan: str
    from_ns: int
    to_ns: int
    source: str
    store: str = ""
    """Of something lent, the store that handed it over; "" where nothing is stated of it."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for rows that state nothing of it. `id_type` "": each row must state it."""

    source: str = DEFAULT_SOURCE
    id_type: str = ""
    consent: ConsentRule = NOTHING_REFUSED
    """Types of identifiers that are refused."""
    taken_ns: int = FOR_EVER_NS
    """When the rows are imported: no link begins more than a year later."""
    lent: LentRule = field(default_factory=LentRule)
    """What is lent, and by which stores."""


class LinkLines:
    """Reads rows of a table with these columns."""

    def __init__(self, columns: Columns, dates: DateReader, defaults: Defaults) -> None:
        at = columns.at
        none = -1  # the last cell of every row is empty
        self._left_out: Final = [NO_CELL] * (max(at.values()) + 1)
        """What a row has that leaves out all its cells."""
        self._type, self._identifier, self._fan = at.get(TYPE, none), at["identifier"], at["fan"]
        self._from, self._to, self._source = at.get("from", none), at.get("to", none), at.get("source", none)
        self._confidence, self._store = at.get("confidence", none), at.get("store", none)
        self._time_ns: Final = dates.time_ns
        self._defaults: Final = defaults
        self._checked_types: set[str] = set()
        self._fan_of: Final = lru_cache(_FANS)(_fan)
        self._sources: dict[str, str] = {}

    def read(self, rows: Iterable[Row | Unread]) -> Iterator[StatedLink | Unread]:
        """Yield a link for each row, or why there is none."""
        for row in rows:
            if isinstance(row, Unread):
                yield row
                continue
            try:
                yield self._link(row)
            except (ValueError, ContractError) as error:
                yield Unread(row.line, row.line, str(error))

    def _link(self, row: Row) -> StatedLink:
        cells = [*(cell.strip() for cell in row.cells), *self._left_out[len(row.cells) :], NO_CELL]
        identifier = self._identifier_of(cells[self._type], _text("identifier", cells[self._identifier]))
        fan = self._fan_of(_text("fan", cells[self._fan]))
        from_text, to_text = cells[self._from], cells[self._to]
        from_ns = self._moment("from", from_text) if from_text else -FOR_EVER_NS
        to_ns = self._moment("to", to_text) if to_text else FOR_EVER_NS
        if from_ns >= to_ns:
            raise ValueError(f"from {from_text or _NO_FROM} is not before to {to_text or _NO_TO}")
        check_moments({"from": from_ns, "to": to_ns}, self._defaults.taken_ns, self._defaults.taken_ns)
        if text := cells[self._confidence]:
            _named("confidence", confidence, text)
        store = self._defaults.lent.store_of(identifier.partition(":")[0], bool(from_text or to_text), cells[self._store])
        return StatedLink(row.line, identifier, fan, from_ns, to_ns, self._source_of(cells[self._source]), store)

    def _identifier_of(self, id_type: str, value: str) -> str:
        id_type = id_type or self._defaults.id_type
        if not id_type:
            id_type, colon, value = value.partition(":")
            if not colon:
                raise ValueError("identifier has no type: write type:value, fill the column identifier_type, or state --type")
            value = _text("identifier", value)
        if id_type not in self._checked_types:
            self._check_type(id_type)
        if not value:
            raise ValueError("identifier is empty")
        if value.startswith(f"{id_type}:"):
            raise ValueError(f"identifier begins with its type once more: write it without {id_type}:")
        if len(id_type) + 1 + len(value) > LONGEST:
            raise ValueError(f"identifier has more than {LONGEST} characters with its type")
        if not value.isprintable() and _CONTROL.search(value):
            raise ValueError("identifier has a control character")
        self._defaults.consent.check_one(id_type, value)
        return f"{id_type}:{value}"

    def _check_type(self, id_type: str) -> None:
        if not _TYPE.fullmatch(id_type):
            meant = re.sub(r"[^a-z0-9._-]+", "-", id_type.lower())[:32].strip("-") or "member"
            raise ValueError(
                f"identifier_type {id_type[:40]!r} is no type: write up to 32 of a-z, 0-9, dot, dash, underscore, such as {meant!r}"
            )
        self._defaults.consent.check_one(id_type, "")
        self._checked_types.add(id_type)

    def _moment(self, name: str, text: str) -> int:
        return _named(name, self._time_ns, text)

    def _source_of(self, text: str) -> str:
        if not text:
            return self._defaults.source
        if text not in self._sources:
            self._sources[text] = check_source(text)
        return self._sources[text]


def check_source(text: str) -> str:
    """Return the name of a source. Raise ValueError for one that is too long or has control characters."""
    if len(text) > LONGEST_FAN or _CONTROL.search(text):
        raise ValueError(f"source must be at most {LONGEST_FAN} characters, none of them a control character")
    return text


def _text(name: str, cell: str) -> str:
    return _named(name, plain_text, cell)


def _named(name: str, read: Callable[[str], _Read], text: str) -> _Read:
    """Return what `read` makes of a text; its reason for refusing it names the column."""
    try:
        return read(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _fan(text: str) -> str:
    if not text:
        raise ValueError("fan is empty")
    if len(text) > LONGEST_FAN or (not text.isprintable() and _CONTROL.search(text)):
        raise ValueError(f"fan must be at most {LONGEST_FAN} characters, none of them a control character")
    return _named("fan", check_fan, text)
