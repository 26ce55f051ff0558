"""boards.toml: the boards, their panels, and the values that these show."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from gateway.points import SCHEMA
from gateway.query.measures import DERIVED, MEASURES, Measure

By = Literal["chain", "store", "zone", "door", "agent"]
TAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "chain": (), "store": ("store",), "zone": ("store", "zone"), "door": ("store", "door"), "agent": ("store", "agent"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One sum, count, last or highest value of a column, over the rows that match `where`."""

    table: str
    kind: str
    column: str
    where: tuple[tuple[str, bool | str], ...] = ()

    @property
    def conditions(self) -> tuple[tuple[str, bool | str], ...]:
        """Return `where`, and that a row still stands where rows can be taken back."""
        return (*self.where, ("void", False)) if "void" in SCHEMA[self.table].fields else self.where

    @property
    def counted(self) -> str:
        """Return the field whose values are added, or counted: one that every row has."""
        return next(iter(SCHEMA[self.table].fields)) if self.kind == "count" else self.column


Term = tuple[tuple[int, Part], ...]
"""Parts that are added up, each with its sign."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a panel shows: one part, or several of one table that are put together last.

    `how` is "", ratio, rest, difference or total. `terms` are the two sides of it, each parts with a sign. `scale` divides, such as minutes
    by 60. `needs`: a part without which there is no value.
    """

    key: str
    title: str
    unit: str
    means: str
    parts: tuple[Part, ...]
    how: str = ""
    scale: float = 1
    terms: tuple[Term, ...] = ()
    needs: Part | None = None

    @property
    def table(self) -> str:
        return self.parts[0].table


@dataclass(frozen=True, slots=True)
class Panel:
    """`shift`: of so long before. `every`: the length of its intervals, as Grafana has it."""

    show: Literal["stat", "series", "table"]
    values: tuple[Value, ...]
    by: By
    width: int
    shift: str = ""
    every: str = "1m"

    @property
    def tags(self) -> tuple[str, ...]:
        return TAGS[self.by]


@dataclass(frozen=True, slots=True)
class Board:
    uid: str
    file: str
    title: str
    description: str
    since: str
    refresh: str
    variables: tuple[str, ...]
    panels: tuple[Panel, ...]


def read_boards(text: str) -> list[Board]:
    """Return the boards of a boards.toml. Raise KeyError for a value that is no measure and no reading."""
    document = tomllib.loads(text)
    readings = {entry["id"]: _reading(entry) for entry in document["reading"]}
    return [_board(entry, readings) for entry in document["board"]]


def shipped_boards() -> list[Board]:
    return read_boards(Path(__file__).with_name("boards.toml").read_text("utf-8"))


def value_of(measure: Measure) -> Value:
    """Return the measure as a value of panels. Raise ValueError if it is made of rows, which no query of sums can do."""
    is_derived = measure.kind in DERIVED
    of = [MEASURES[f"{measure.question}.{part}"] for part in measure.parts] if is_derived else [measure]
    how = measure.kind if is_derived else ""
    # A sum over rows cannot leave out hours by what was observed in them.
    means = f"{measure.means}, also of hours in which {measure.within} were not observed" if measure.within else measure.means
    terms = tuple(tuple(_signed(each)) for each in of)
    parts = tuple(dict.fromkeys(part for term in terms for _, part in term))
    needs = _part(MEASURES[f"{measure.question}.{measure.needs}"]) if measure.needs else None
    return Value(measure.key, measure.title, measure.unit, _explained(means, measure.is_not), parts, how, terms=terms, needs=needs)


def _explained(means: str, is_not: str) -> str:
    return f"{means}. Not {is_not}."


def _signed(measure: Measure) -> Iterator[tuple[int, Part]]:
    """Yield the parts of which a measure is the sum, each with 1, or -1 where it is taken off."""
    if measure.kind not in ("difference", "total"):
        yield 1, _part(measure)
        return
    for name, sign in zip(measure.parts, (1, 1 if measure.kind == "total" else -1), strict=True):
        yield from ((sign * own, part) for own, part in _signed(MEASURES[f"{measure.question}.{name}"]))


def _part(measure: Measure) -> Part:
    if measure.kind not in ("sum", "count", "last", "max"):
        raise ValueError(f"{measure.key}: a {measure.kind} is made of rows, and cannot be asked as a sum")
    if measure.kind != "count" and measure.column not in SCHEMA[measure.table].fields:
        raise ValueError(f"{measure.key}: {measure.column} is worked out of other columns, which a database cannot do")
    return Part(measure.table, measure.kind, measure.column, measure.where)


def _reading(entry: Mapping[str, Any]) -> Value:
    part = Part(entry["table"], entry["kind"], entry["column"])
    explained = _explained(entry["means"], entry["is_not"])
    return Value(entry["id"], entry["title"], entry["unit"], explained, (part,), scale=entry.get("scale", 1))


def _board(entry: Mapping[str, Any], readings: Mapping[str, Value]) -> Board:
    panels = []
    for panel in entry["panel"]:
        values = tuple(readings[key] if key in readings else value_of(MEASURES[key]) for key in panel["values"])
        given = {name: panel[name] for name in ("show", "by", "width", "shift", "every") if name in panel}
        one_each = panel["show"] == "stat"
        panels += [Panel(values=(value,), **given) for value in values] if one_each else [Panel(values=values, **given)]
    return Board(
        entry["uid"], entry["file"], entry["title"], entry["description"], entry["from"], entry["refresh"], tuple(entry["variables"]),
        tuple(panels),
    )  # fmt: skip
