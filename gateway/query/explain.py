"""What the columns of an answer mean, from the tables of measures and columns: for `--explain`, `footfall query measures` and documents.

Pure. An explanation is itself an answer, so that it can be shown as a text, as CSV and as JSON.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.query.answer import Answer
from gateway.query.figures import Figure, figure
from gateway.query.measures import MEASURES, Measure, measures_of
from gateway.query.show_table import WIDTH, Line, wrapped

COLUMNS: Final = ("column", "unit", "formula", "over_places", "covered_by", "groups", "means", "is_not")
_UNITS: Final = {"": "number", "s": "seconds", "share": "share, 0 to 1", "name": "text", "time": "local time"}
_OF_ANOTHER: Final = "share, 1 is 100 %"
"""The unit of a share that is no part of what it is divided by: it may be above 1, or below 0."""
_INDENT: Final = "    "


def unit_of(column: Figure | Measure) -> str:
    """Return the unit of a column in words."""
    return _OF_ANOTHER if column.unit == "share" and not column.part else _UNITS.get(column.unit, column.unit)


def formula(measure: Measure) -> str:
    """Return how a measure is made, from measures or from the fields of its measurement."""
    hours = f", of hours in which {measure.within} were observed" if measure.within else ""
    return _FORMULAS[measure.kind](measure) + _condition(measure) + hours


_FORMULAS: Final[Mapping[str, Callable[[Measure], str]]] = {
    "sum": lambda m: f"sum of {m.table}.{m.column}",
    "count": lambda m: f"rows of {m.table}",
    "last": lambda m: f"last {m.table}.{m.column}",
    "max": lambda m: f"highest {m.table}.{m.column}",
    "ratio": lambda m: f"{m.numerator} / {m.denominator}",
    "rest": lambda m: f"1 - {m.numerator} / {m.denominator}",
    "difference": lambda m: f"{m.numerator} - {m.denominator}",
    "total": lambda m: f"{m.numerator} + {m.denominator}",
    "quantile": lambda m: f"{m.quantile:g} quantile of {m.table}.{m.column}",
    "distinct": lambda m: f"different {m.column} of {m.table}",
    "between": lambda m: f"rows of {m.table} with {m.column} {_bounds(m.bounds_s)}",
}


def _bounds(bounds_s: Sequence[float]) -> str:
    return f"from {bounds_s[0]:g} up to {bounds_s[1]:g}" if len(bounds_s) > 1 else f"from {bounds_s[0]:g} on"


def _condition(measure: Measure) -> str:
    """The rows that count, where these are not all; void ones never do."""
    words = [name if value is True else f"not {name}" if value is False else f"{name} {value}" for name, value in measure.where]
    return f" where {', '.join(words)}" if words else ""


def explained(answer: Answer) -> Answer:
    """Return a row for each column of an answer, with the answer's heading and notes."""
    rows = [_row(answer.question, name) for name in answer.columns]
    return Answer(COLUMNS, rows, notes=answer.notes, title=answer.title, question=answer.question, by_default=answer.by_default)


def _row(question: str, name: str) -> tuple[Any, ...]:
    shown = figure(name, question)
    unit = unit_of(shown)
    measure = measures_of(question).get(name)
    if measure is None:
        return name, unit, "", "", "", "", shown.meaning, ""
    places = "never added" if measure.places == "never" else "added"
    return name, unit, formula(measure), places, measure.covered_by, " ".join(measure.groups), measure.means, measure.is_not


def every_measure() -> Answer:
    """Return a row for each measure of every question."""
    rows = [(measure.question, *_row(measure.question, measure.id)) for measure in MEASURES.values()]
    return Answer(("question", "measure", *COLUMNS[1:]), rows, title="measures of footfall query")


def text(explanation: Answer, width: int = WIDTH) -> Iterator[Line]:
    """Yield the lines of an explanation: each column or measure with its unit and formula, and below it what it means and is not."""
    question = ""
    for row in explanation.rows:
        record = dict(zip(explanation.columns, row, strict=True))
        if record.get("question", "") != question:
            question = record["question"]
            yield from (Line(""), Line(question, "total"))
        yield from _entry(record, width)
    yield from ([Line("")] if explanation.notes else [])
    yield from (line for note in explanation.notes for line in wrapped(note, width=width))


def _entry(record: Mapping[str, Any], width: int) -> Iterator[Line]:
    name = record.get("measure") or record["column"]
    head = f"{name} ({record['unit']})" + (f" = {record['formula']}" if record["formula"] else "")
    yield from (Line(part, "heading") for part in textwrap.wrap(head, width, subsequent_indent=_INDENT))
    meaning = f"{record['means']}." + (f" Not {record['is_not']}." if record["is_not"] else "")
    yield from (Line(part) for part in textwrap.wrap(meaning, width, initial_indent=_INDENT, subsequent_indent=_INDENT))


def document(question: str) -> str:
    """Return the measures of a question as a table of Markdown."""
    lines = ["| measure | unit | formula | means | is not |", "|---|---|---|---|---|"]
    lines += [
        f"| `{measure.id}` | {unit_of(measure)} | {formula(measure)} | {measure.means} | {measure.is_not} |"
        for measure in measures_of(question).values()
    ]
    return "\n".join(lines)
