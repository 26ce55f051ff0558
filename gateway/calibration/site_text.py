"""Puts a calibration or areas into the text of `site.toml`; comments and order of all else stay. Pure: text in, text out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import tomlkit
from tomlkit.items import AoT, InlineTable, Table

from gateway.site.areas import Area
from gateway.site.calibrations import Calibration

_HEADER: Final = re.compile(r"^\s*\[{1,2}\s*([A-Za-z0-9_-]+)\s*([.\]])")
_STORE: Final = re.compile(r"^\s*\[\[\s*stores\s*\]\]")


def with_calibration_text(text: str, store: str, calibration: Calibration) -> str:
    """Return the text with a calibration of a store, in place of the one for the same profile if there is one."""
    table = _table(calibration.model_dump(exclude_none=True), "offset_db", "receivers")
    return _with_tables(text, store, "calibrations", calibration.profile, [table])


def with_areas_text(text: str, store: str, profile: str, areas: Sequence[Area]) -> str:
    """Return the text with the areas of one profile in a store, in place of those that there are."""
    return _with_tables(text, store, "areas", profile, [_table(area.model_dump(), "level_dbm") for area in areas])


def _with_tables(text: str, store: str, key: str, profile: str, tables: Sequence[Table]) -> str:
    """Tables that take the place of others keep their comments; new ones stand after the store's last line, before comments that follow."""
    document: Any = tomlkit.parse(text)
    number = [each["name"] for each in document["stores"]].index(store)
    place = document["stores"][number]
    listed = place.get(key)
    same = [at for at, each in enumerate(listed or ()) if each["profile"] == profile]
    for at, table in zip(same, tables, strict=False):
        _replace(listed[at], table)
    for at in reversed(same[len(tables) :]):
        del listed[at]
    if same and not listed:
        del place[key]
    new = tables[len(same) :]
    if new and (listed is None or isinstance(listed, AoT)) and isinstance(document["stores"], AoT):
        return _inserted(tomlkit.dumps(document), number, key, new)
    for table in new:
        place.setdefault(key, tomlkit.array()).append(_inline(table.items()))
    return str(tomlkit.dumps(document))


def _inserted(text: str, number: int, key: str, tables: Sequence[Table]) -> str:
    """Return the text with tables at the end of a store, which is counted."""
    lines = text.splitlines(keepends=True)
    begins = [at for at, line in enumerate(lines) if _STORE.match(line)][number]
    ends = next((at for at in range(begins + 1, len(lines)) if _is_another(lines[at])), len(lines))
    after = max(at for at in range(begins, ends) if lines[at].strip() and not lines[at].lstrip().startswith("#")) + 1
    if not lines[after - 1].endswith("\n"):
        lines[after - 1] += "\n"
    added = [f"\n[[stores.{key}]]\n{tomlkit.dumps(table)}" for table in tables]
    return "".join([*lines[:after], *added, *lines[after:]])


def _is_another(line: str) -> bool:
    """Return whether a line begins what is no part of the store before it."""
    header = _HEADER.match(line)
    return bool(_STORE.match(line)) or (header is not None and (header[1], header[2]) != ("stores", "."))


def _table(values: Mapping[str, Any], *mappings: str) -> Table:
    """Return a table with each of its mappings in one line, and none that is empty."""
    table = tomlkit.table()
    for key, value in values.items():
        if key not in mappings:
            table.add(key, value)
    for key in mappings:
        if values.get(key):
            table.add(key, _inline(sorted(values[key].items())))
    return table


def _inline(values: Iterable[tuple[str, Any]]) -> InlineTable:
    inline = tomlkit.inline_table()
    for key, value in values:
        inline.add(key, value)
    return inline


def _replace(place: Any, found: Table) -> None:
    """Keys that are there keep their places and comments."""
    for key in [key for key in place if key not in found]:
        del place[key]
    for key, value in found.items():
        if place.get(key) != value:
            place[key] = value
