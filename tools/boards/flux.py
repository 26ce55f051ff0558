"""A panel's value as Flux, for InfluxDB 2.x."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from gateway.points.schema import ABSENT
from tools.boards.table import Part, Term, Value

_FUNCTION: Final = {"sum": "sum", "count": "sum", "last": "last", "max": "max", "mean_of": "mean"}
_HOW: Final = {"ratio": "{0} / {1}", "rest": "1.0 - {0} / {1}", "difference": "{0} - {1}", "total": "{0} + {1}"}


def flux(value: Value, tags: Sequence[str], over_time: bool) -> str:
    """Return the query of one value by its tags, over Grafana's intervals or over the whole span.

    Raise ValueError for a value of rows with conditions that is no count, no sum and no share of counts.
    """
    if any(part.conditions for part in value.parts):
        steps = _of_rows(value, tags, over_time)
    elif value.how:
        steps = _of_two(value, tags, over_time)
    else:
        scaled = [f"map(fn: (r) => ({{ r with _value: float(v: r._value) / {value.scale:.1f} }}))"] if value.scale != 1 else []
        steps = [_group(tags), _aggregate(value.parts[0].kind, over_time), *scaled]
    fields = dict.fromkeys(name for part in value.parts for name in (part.counted, *(condition for condition, _ in part.conditions)))
    return "\n  |> ".join([*_source(value.table, fields), *steps])


def _source(table: str, fields: Iterable[str]) -> list[str]:
    which = " or ".join(f'r._field == "{name}"' for name in fields)
    return [
        'from(bucket: "${bucket}")',
        "range(start: v.timeRangeStart, stop: v.timeRangeStop)",
        f'filter(fn: (r) => r._measurement == "{table}" and r.store =~ /^${{store:regex}}$/)',
        f"filter(fn: (r) => {which})",
    ]


def _of_two(value: Value, tags: Sequence[str], over_time: bool) -> list[str]:
    """Two sums of one table, side by side."""
    first, second = map(_sum, value.terms)
    divisor = f'r["{value.terms[1][0][1].column}"]' if len(value.terms[1]) == 1 else second
    row = '["_time"]' if over_time else '["_start"]'
    some = [f"filter(fn: (r) => {divisor} != 0)"] if value.how in ("ratio", "rest") else []
    some += [f'filter(fn: (r) => r["{value.needs.column}"] > 0)'] if value.needs else []
    return [
        _group([*tags, "_field", "_start", "_stop"]),
        _aggregate("sum", over_time),
        f'pivot(rowKey: {row}, columnKey: ["_field"], valueColumn: "_value")',
        *some,
        f"map(fn: (r) => ({{ r with _value: {_HOW[value.how].format(first, second)} }}))",
        _group(tags),
    ]


def _sum(term: Term) -> str:
    """Return the sum of a term, in parentheses if it has several parts."""
    found = "".join(f"""{" - " if sign < 0 else " + "}float(v: r["{part.column}"])""" for sign, part in term).removeprefix(" + ")
    return f"({found})" if len(term) > 1 else found


def _of_rows(value: Value, tags: Sequence[str], over_time: bool) -> list[str]:
    """Rows that match are 1, or what is added up of them; a share is the mean over those that the denominator counts, each 1 or 0."""
    part = value.parts[-1]
    if not value.how and part.kind == "sum":
        return _of_column(part, tags, over_time)
    if value.how not in ("", "ratio", "rest") or any(each.kind != "count" for each in value.parts):
        raise ValueError(f"{value.key}: Flux is written for counts of rows and shares of them")
    of_these = [condition for condition in value.parts[0].conditions if condition not in part.conditions]
    yes, no = ("0.0", "1.0") if value.how == "rest" else ("1.0", "0.0")
    number = f"if {_terms(of_these)} then {yes} else {no}" if value.how else "1"
    return [
        'pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")',
        *([f"filter(fn: (r) => {_terms(part.conditions)})"] if part.conditions else []),
        f"map(fn: (r) => ({{ r with _value: {number} }}))",
        _group(tags),
        _aggregate("mean_of" if value.how else part.kind, over_time),
    ]


def _of_column(part: Part, tags: Sequence[str], over_time: bool) -> list[str]:
    """What rows that match have in a column, added up; one that was written before there was the column has what it stands for."""
    before = ABSENT.get((part.table, part.column), 0)
    return [
        'pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")',
        f"filter(fn: (r) => {_terms(part.conditions)})",
        f"map(fn: (r) => ({{ r with _value: if exists r.{part.column} then r.{part.column} else {before} }}))",
        _group(tags),
        _aggregate(part.kind, over_time),
    ]


def _terms(conditions: Iterable[tuple[str, bool | str]]) -> str:
    return " and ".join(f"r.{name} == {_literal(value)}" for name, value in conditions)


def _literal(value: bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


def _group(tags: Sequence[str]) -> str:
    return f"group(columns: [{', '.join(chr(34) + tag + chr(34) for tag in tags)}])"


def _aggregate(kind: str, over_time: bool) -> str:
    name = _FUNCTION[kind]
    return f'aggregateWindow(every: v.windowPeriod, fn: {name}, timeSrc: "_start", createEmpty: false)' if over_time else f"{name}()"
