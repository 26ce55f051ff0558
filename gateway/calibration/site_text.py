"""Puts a calibration into the text of `site.toml`; comments and order of all else stay. Pure: text in, text out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tomlkit
from tomlkit.items import AoT, InlineTable, Table

from gateway.site.calibrations import Calibration


def with_calibration_text(text: str, store: str, calibration: Calibration) -> str:
    """Return the text with a calibration of a store, in place of the one for the same profile if there is one."""
    document: Any = tomlkit.parse(text)
    (place,) = [each for each in document["stores"] if each["name"] == store]
    found = _table(calibration)
    listed = place.setdefault("calibrations", tomlkit.aot())
    same = [number for number, each in enumerate(listed) if each["profile"] == calibration.profile]
    if same:
        _replace(listed[same[0]], found)
    elif isinstance(listed, AoT):
        listed.append(found)
    else:
        listed.append(_inline(found.items()))
    return tomlkit.dumps(document)


def _table(calibration: Calibration) -> Table:
    values = calibration.model_dump(exclude_none=True, exclude={"offset_db"})
    table = tomlkit.table()
    for key, value in values.items():
        table.add(key, value)
    if calibration.offset_db:
        table.add("offset_db", _inline(sorted(calibration.offset_db.items())))
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
