"""Where a row of a CSV recording truly was, as the mapping has it: a column of zones, or a position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from edge_agent.sources.csv_mapping import TruthColumns
from edge_agent.sources.csv_text import NOTHING, Misread, Numbers, Place
from edge_agent.sources.replay_settings import Missed
from footfall.names import name_of

_UNKNOWN: Final = NOTHING - {"none"}
"""Zones that are none. The word "none" may be a place, of those who are nowhere: it is named as one that no receiver hears."""


def true_zone(truth: TruthColumns | None, place: Place, numbers: Numbers, in_no_area: Missed) -> Callable[[Sequence[str]], str]:
    """Return what reads the true zone of a row; "" where it is not known. It raises Misread for a position that is no number.

    Positions in no area are counted.
    """
    if truth is None or truth.file is not None:
        return lambda cells: ""
    zone = _zone_by_name(truth, place) if truth.column is not None else _zone_by_position(truth, place, numbers, in_no_area)
    wanted = [(place(column), text) for column, text in truth.where.items()]
    return lambda cells: zone(cells) if all(cells[at].strip() == text for at, text in wanted) else ""


def _zone_by_name(truth: TruthColumns, place: Place) -> Callable[[Sequence[str]], str]:
    at, named = place(truth.column or 1), truth.zones

    def zone(cells: Sequence[str]) -> str:
        text = cells[at].strip()
        return named.get(text) or ("" if text.lower() in _UNKNOWN else name_of(text))

    return zone


def _zone_by_position(truth: TruthColumns, place: Place, numbers: Numbers, in_no_area: Missed) -> Callable[[Sequence[str]], str]:
    x_at, y_at, areas = place(truth.x or 1), place(truth.y or 1), truth.areas

    def metres(key: str, cell: str) -> float | None:
        try:
            return None if cell.strip().lower() in NOTHING else float(numbers.number(cell))
        except ValueError as error:
            raise Misread(f"truth.{key}", f"the position {error}") from None

    def zone(cells: Sequence[str]) -> str:
        x_m, y_m = metres("x", cells[x_at]), metres("y", cells[y_at])
        if x_m is None or y_m is None:
            return ""
        found = next((area.zone for area in areas if area.contains(x_m, y_m)), "")
        if not found:
            in_no_area.take(f"x {x_m:g} m, y {y_m:g} m")
        return found

    return zone


def truth_path(truth: TruthColumns | None, path: Path) -> Path | None:
    return None if truth is None or truth.file is None else path.parent / truth.file.format(stem=path.name.split(".")[0])
