"""Which column of a table of links is what: by name, and never by place. Pure.

columns_of(["Identifier", "fan", "birthday"], {}, "phone") -> Columns(at={"identifier": 0, "fan": 1}, unread=("birthday",))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

from footfall.errors import ConfigError
from footfall.mistakes import did_you_mean

TYPE: Final = "identifier_type"
COLUMNS: Final = (TYPE, "identifier", "fan", "from", "to", "source", "confidence", "store")
NEEDED: Final = ("identifier", "fan")
_ALLOWED: Final = f"the columns are {', '.join(COLUMNS)}; the last five may be left out"


class Columns(NamedTuple):
    """Where each column stands, from 0, and the headings that are not read."""

    at: Mapping[str, int]
    unread: Sequence[str]


def columns_of(headings: Sequence[str], renamed: Mapping[str, str]) -> Columns:
    """Return the columns of a table; `renamed` has the heading of a column that the table calls otherwise.

    Raise ConfigError for a column that is missing or there twice, and for a heading that may be a column's, wrongly written.
    """
    names = _names(headings, renamed)
    twice = [name for name, count in Counter(names).items() if count > 1 and name in COLUMNS]
    if twice:
        raise ConfigError(f"the column {twice[0]} is there twice: give one of them another heading")
    unread = [heading for heading, name in zip(headings, names, strict=True) if name not in COLUMNS and heading]
    free = [column for column in COLUMNS if column not in names]
    for heading in unread:
        if near := get_close_matches(_plain(heading), free, 1):
            raise ConfigError(
                f"there is no column {heading!r}: did you mean {near[0]!r}? Rename the heading to that, or remove the column: {_ALLOWED}"
            )
    missing = [column for column in NEEDED if column not in names]
    if missing:
        raise ConfigError(
            f"the first line must name the columns, and has no {' and no '.join(missing)}; {_ALLOWED}. A column with another heading is"
            f" named by --column {missing[0]}=HEADING; there are {', '.join(map(repr, filter(None, headings))) or 'none'}"
        )
    return Columns({name: at for at, name in enumerate(names) if name in COLUMNS}, unread)


def _names(headings: Sequence[str], renamed: Mapping[str, str]) -> list[str]:
    for column, heading in renamed.items():
        if column not in COLUMNS:
            raise ConfigError(f"--column {column}={heading}: there is no column {column!r}{did_you_mean(column, COLUMNS)}; {_ALLOWED}")
        if heading not in headings:
            raise ConfigError(f"--column {column}={heading}: the file has no heading {heading!r}{did_you_mean(heading, headings)}")
    meant = {heading: column for column, heading in renamed.items()}
    return [meant.get(heading, "" if _plain(heading) in renamed else _plain(heading)) for heading in headings]


def _plain(heading: str) -> str:
    return heading.strip().lower().replace(" ", "_").replace("-", "_")
