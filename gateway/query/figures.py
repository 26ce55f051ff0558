"""The columns of answers: what each means, and in which unit. From measures.toml, and columns.toml for what is no measure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from gateway.query.comparison import CHANGE, RATIO, suffixed
from gateway.query.measures import MEASURES


@dataclass(frozen=True, slots=True)
class Figure:
    """The meaning of a column. `wide` ones are left out of a table on the terminal; CSV and JSON have them all.

    `unit` is one of "", decimal, people, s, share, factor, money, time, name.
    """

    unit: str
    meaning: str
    wide: bool = False
    title: str = ""
    empty: str = "none"
    """What stands where a group has no name, such as stores without a path."""
    part: bool = True
    """Whether a share is of a whole that it is a part of: then it is 0 to 1."""


def _columns() -> dict[str, Figure]:
    entries = tomllib.loads(files("gateway.query").joinpath("columns.toml").read_text("utf-8"))
    return {
        name: Figure(
            entry["unit"],
            entry["means"],
            not entry.get("shown", True),
            entry.get("title", name.replace("_", " ")),
            entry.get("empty", "none"),
        )
        for name, entry in entries.items()
    }


COLUMNS: Final = _columns()
"""Keys and the fields of lists, by name."""
MEASURED: Final = {
    key: Figure(measure.unit, measure.means, not measure.shown, measure.title, part=measure.part) for key, measure in MEASURES.items()
}
"""Measures, by key: `traffic.in`."""
FIGURES: Final[Mapping[str, Figure]] = {key.partition(".")[2]: each for key, each in reversed(list(MEASURED.items()))} | COLUMNS
"""Every column by its name alone; of a name that several questions have the first."""
_BETWEEN: Final = [measure for measure in MEASURES.values() if measure.kind == "between"]
HISTOGRAM_S: Final = tuple(round(measure.bounds_s[0]) for measure in _BETWEEN)
"""Lower bounds of the classes of dwell, seconds; the last is open."""
HISTOGRAM: Final = tuple(measure.id for measure in _BETWEEN)


def figure(name: str, question: str = "") -> Figure:
    """Return the meaning of a column of the answer to a question; without it, of the first question that has such a column.

    A column of a comparison, such as `in_change`, has the meaning of its measure and of what it is of it.
    """
    found = MEASURED.get(f"{question}.{name}") or FIGURES.get(name)
    if found is not None:
        return found
    of = suffixed(name)
    if of is None:
        raise KeyError(name)
    measure, suffix = figure(of[0], question), of[1]
    unit = measure.unit if suffix.unit is None else suffix.unit
    part = measure.part and suffix not in (CHANGE, RATIO)
    return Figure(unit, f"{measure.meaning}: {suffix.means}", measure.wide, f"{measure.title} {suffix.title}", part=part)
