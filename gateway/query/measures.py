"""The table of measures: measures.toml, read once and checked. Pure data; plan.py and reduce.py compute what it states."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Literal, get_args

from footfall.errors import ConfigError
from footfall.mistakes import unknown

MeasureKind = Literal["sum", "count", "last", "max", "ratio", "rest", "difference", "total", "quantile", "between", "distinct"]
Unit = Literal["", "people", "s", "share", "money"]
CoveredBy = Literal["doors", "presence", ""]

DERIVED: Final = ("ratio", "rest", "difference", "total")
"""Kinds that are made of two other measures of the same question, once these are added up."""
OF_ROWS: Final = ("quantile", "between", "distinct")
"""Kinds that are made of the rows themselves."""
_ADDED: Final = ("sum", "total", "difference")
_OF_HUNDREDTHS: Final = "outcome"
"""The table whose rows have nothing finer than hundredths, be it money or parts of visits."""
SMALL_BASE: Final = 30
"""A ratio to fewer than so many is named in the notes."""


@dataclass(frozen=True, slots=True)
class MeasureVector:
    """Rows of the measure's table, and what the measure of them is. `minute` is a row's time; None: there is no value."""

    rows: Sequence[Mapping[str, Any]]
    result: float | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of an answer; measures.toml explains the fields."""

    id: str
    title: str
    unit: Unit
    question: str
    table: str
    kind: MeasureKind
    means: str
    is_not: str
    shown: bool
    places: Literal["sum", "never"]
    covered_by: CoveredBy
    groups: tuple[str, ...]
    vectors: tuple[MeasureVector, ...]
    column: str = ""
    where: tuple[tuple[str, bool | str], ...] = ()
    numerator: str = ""
    denominator: str = ""
    quantile: float = 0.0
    bounds_s: tuple[float, ...] = ()
    compared: bool = False
    within: CoveredBy = ""
    needs: str = ""
    rule: str = ""
    part: bool = True
    """Whether the numerator of a share is a part of its denominator: then it is 0 to 1."""
    values: Literal["sum", "never"] = "sum"

    @property
    def key(self) -> str:
        """Return its name among the measures of all questions, such as `traffic.in`."""
        return f"{self.question}.{self.id}"

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the ids of the measures that it is made of."""
        return (self.numerator, self.denominator) if self.kind in DERIVED else ()

    @property
    def decimals(self) -> int | None:
        """Return how many decimal places its values have, where that is stated: 2 of what is added of whole hundredths; else None."""
        return 2 if self.kind in _ADDED and (self.unit == "money" or self.table == _OF_HUNDREDTHS) else None


def load(text: str) -> dict[str, Measure]:
    """Return the measures of a measures.toml by their keys. Raise ValueError: which one is wrong, and how."""
    document = tomllib.loads(text)
    found: dict[str, Measure] = {}
    for entry in document["measure"]:
        measure = _measure(entry, document["groups"])
        if measure.key in found:
            raise ValueError(f"measure {measure.key}: listed twice")
        found[measure.key] = measure
    for measure in found.values():
        _check(measure, found)
    return found


def _measure(entry: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> Measure:
    key = f"{entry.get('question')}.{entry.get('id')}"
    fields = dict(entry)
    try:
        vectors = tuple(MeasureVector(**vector) for vector in fields.pop("vector"))
        fields["groups"] = tuple(fields.get("groups", groups[fields["question"]]))
        fields["where"] = tuple(fields.get("where", {}).items())
        fields["bounds_s"] = tuple(fields.get("bounds_s", ()))
        return Measure(vectors=vectors, **fields)
    except KeyError as error:
        raise ValueError(f"measure {key}: {error.args[0]} is missing") from None
    except TypeError as error:
        raise ValueError(f"measure {key}: {error}") from None


def _check(measure: Measure, found: Mapping[str, Measure]) -> None:
    for name, allowed in (
        ("kind", MeasureKind),
        ("unit", Unit),
        ("covered_by", CoveredBy),
        ("within", CoveredBy),
        ("places", Literal["sum", "never"]),
        ("values", Literal["sum", "never"]),
    ):
        if getattr(measure, name) not in get_args(allowed):
            raise ValueError(f"measure {measure.key}: {name} is one of {', '.join(get_args(allowed))}")
    if not measure.vectors:
        raise ValueError(f"measure {measure.key}: it needs a vector")
    if measure.kind not in DERIVED:
        if measure.within or measure.needs:
            raise ValueError(f"measure {measure.key}: within and needs are for what is made of two parts")
        if not measure.column:
            raise ValueError(f"measure {measure.key}: a {measure.kind} needs a column")
        return
    for part in measure.parts:
        other = found.get(f"{measure.question}.{part}")
        if other is None or other.table != measure.table:
            raise ValueError(f"measure {measure.key}: {part!r} is no measure of {measure.question} from {measure.table}")
    needed = found.get(f"{measure.question}.{measure.needs}")
    if measure.needs and (needed is None or needed.table != measure.table or needed.kind != "sum"):
        raise ValueError(f"measure {measure.key}: needs names no sum of {measure.question} from {measure.table}")
    _check_within(measure, [found[f"{measure.question}.{part}"] for part in measure.parts])


def _check_within(measure: Measure, parts: Sequence[Measure]) -> None:
    """What is divided belongs together: parts that need different things observed are of hours in which all of it was."""
    needed = {part.covered_by for part in parts}
    if len(needed - {""}) > 1:
        raise ValueError(f"measure {measure.key}: its parts need {' and '.join(sorted(needed - {''}))}: one class at most")
    named = max(needed) if len(needed) > 1 and measure.kind not in ("difference", "total") else ""
    if measure.within != named:
        raise ValueError(f"measure {measure.key}: within must be {named!r}, for its parts are covered_by {sorted(needed)}")
    if named and any(part.kind not in ("sum", "count", "difference", "total") for part in parts):
        raise ValueError(f"measure {measure.key}: within needs parts that are added up, not {[part.kind for part in parts]}")


MEASURES: Final[Mapping[str, Measure]] = load(files("gateway.query").joinpath("measures.toml").read_text("utf-8"))
"""Every measure by its key, such as `traffic.in`, in the order of answers."""


def measures_of(question: str) -> dict[str, Measure]:
    """Return the measures of a question by their ids, in the order of its columns; none for a list of visits, touches or gaps."""
    return {measure.id: measure for measure in MEASURES.values() if measure.question == question}


def named(ids: Iterable[str]) -> str:
    """Return how notes name measures: by their ids, marked so that a table can write its headings instead."""
    return ", ".join(f"`{name}`" for name in ids)


def chosen(question: str, ids: Sequence[str]) -> tuple[Measure, ...]:
    """Return the measures of these ids, or all of the question. Raise ConfigError for an id that it does not have."""
    there = measures_of(question)
    for name in ids:
        if name not in there:
            raise ConfigError(unknown(f"{question} has no measure {name[:80]!r}", _as_id(name, there), there, f"it has {', '.join(there)}"))
    return tuple(there[name] for name in dict.fromkeys(ids)) if ids else tuple(there.values())


def _as_id(word: str, there: Mapping[str, Measure]) -> str:
    """Return the measure whose heading this is, such as `transactions` for sales, else the word itself."""
    return next((measure.id for measure in there.values() if measure.title == word.replace("_", " ")), word)
