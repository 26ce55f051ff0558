"""Rows of CSV that agents reported: what they have beside a level. `footfall calibrate --live` saves such files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from edge_agent.sources.csv_mapping import ReportedColumns
from edge_agent.sources.csv_text import NOTHING, Misread, Numbers, Place
from edge_agent.sources.source import Reported, Sighting
from footfall.frames import Kind
from footfall.units import NS_PER_S

KINDS: Final[Mapping[str, Kind]] = {kind.name.lower(): kind for kind in (Kind.ENTER, Kind.STAY, Kind.EXIT)}


def reported_row(columns: ReportedColumns, place: Place, numbers: Numbers) -> Callable[[Sequence[str], Sighting], Reported]:
    """Return what makes the row of a line's cells and level. It raises Misread for cells that are no such row."""
    kind_at, sightings_at, age_at = place(columns.kind), place(columns.sightings), place(columns.age_s)

    def made(cells: Sequence[str], heard: Sighting) -> Reported:
        kind = KINDS.get(cells[kind_at].strip().lower())
        if kind is None:
            raise Misread("reported.kind", f"a row is {', '.join(KINDS)}, not {cells[kind_at]!r}")
        age = cells[age_at].strip()
        age_ns = 0 if age.lower() in NOTHING else round(_number("age_s", age, numbers) * NS_PER_S)
        where = heard.receiver, heard.profile, heard.identifier
        return Reported(0, *where, heard.rssi_dbm, heard.t_wall_ns, kind, round(_number("sightings", cells[sightings_at], numbers)), age_ns)

    return made


def _number(key: str, cell: str, numbers: Numbers) -> Decimal:
    try:
        return numbers.number(cell)
    except ValueError as error:
        raise Misread(f"reported.{key}", str(error)) from None
