"""Where a row of a CSV recording truly was, as the mapping has it: a column of zones, or a position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from edge_agent.sources.csv_mapping import TruthColumns, name_of
from edge_agent.sources.csv_text import Place


def true_zone(truth: TruthColumns | None, place: Place) -> Callable[[Sequence[str]], str]:
    """Return what reads the true zone of a row; "" where it is not known."""
    if truth is None or truth.file is not None:
        return lambda cells: ""
    zone = _zone_by_name(truth, place) if truth.column is not None else _zone_by_position(truth, place)
    wanted = [(place(column), text) for column, text in truth.where.items()]
    return lambda cells: zone(cells) if all(cells[at].strip() == text for at, text in wanted) else ""


def _zone_by_name(truth: TruthColumns, place: Place) -> Callable[[Sequence[str]], str]:
    at, named = place(truth.column or 1), truth.zones
    return lambda cells: named.get(cells[at].strip()) or (name_of(cells[at]) if cells[at].strip() else "")


def _zone_by_position(truth: TruthColumns, place: Place) -> Callable[[Sequence[str]], str]:
    x_at, y_at, areas = place(truth.x or 1), place(truth.y or 1), truth.areas
    return lambda cells: next((area.zone for area in areas if area.contains(float(cells[x_at]), float(cells[y_at]))), "")


def truth_path(truth: TruthColumns | None, path: Path) -> Path | None:
    return None if truth is None or truth.file is None else path.parent / truth.file.format(stem=path.name.split(".")[0])
