"""A panel's value as InfluxQL, for InfluxDB 1.8 and, by its 1.x endpoint, 2.x."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tools.boards.table import Part, Term, Value

STORES: Final = '"store" =~ /^$store$/'
_FUNCTION: Final = {"sum": "sum", "count": "count", "last": "last", "max": "max", "mean_of": "mean"}
# A quotient inside a subquery takes the type of its terms: that of integers would be cut to one.
_HOW: Final = {"": "{0}", "ratio": "1.0 * {0} / {1}", "rest": "1.0 * ({1} - {0}) / {1}", "difference": "{0} - {1}", "total": "{0} + {1}"}
_FILL: Final = {"sum": "0", "count": "0", "last": "previous", "max": "none", "mean_of": "none"}


def influxql(value: Value, tags: Sequence[str], over_time: bool) -> str:
    """Return the query of one value by its tags, over Grafana's intervals or over the whole span.

    Sums are made first, over all rows that a group has, and divided last.
    """
    terms = [f'"{tag}"' for tag in tags]
    group = [*(["time($__interval)"] if over_time else []), *terms]
    fill = f" fill({'none' if value.how in ('ratio', 'rest') else _FILL[value.parts[0].kind]})" if over_time else ""
    by = f" GROUP BY {', '.join(group)}" if group else ""
    if len({part.conditions for part in value.parts}) == 1:
        source, calls = f'"{value.table}" WHERE {_where(value.parts[0])}', [_sum(term) for term in value.terms or [((1, value.parts[0]),)]]
    else:
        source, calls = f"{_counts(value, by)} WHERE $timeFilter", ['sum("a")', 'sum("b")']
    scaled = f" / {value.scale:g}" if value.scale != 1 else ""
    asked = f'SELECT {_HOW[value.how].format(*calls)}{scaled} AS "{value.key}"'
    if value.how not in ("ratio", "rest"):
        return f"{asked} FROM {source}{by}{fill}"
    # InfluxQL takes nothing by nothing for 0, which would be a share that nobody has.
    by_tags = f" GROUP BY {', '.join(terms)}" if terms else ""
    needs, needed = (f', {_call(value.needs)} AS "m"', ' AND "m" > 0') if value.needs else ("", "")
    return f'SELECT "{value.key}" FROM ({asked}, {calls[1]} AS "n"{needs} FROM {source}{by}{fill}) WHERE "n" > 0{needed}{by_tags}'


def _call(part: Part) -> str:
    return f'{_FUNCTION[part.kind]}("{part.counted}")'


def _sum(term: Term) -> str:
    """Return the sum of a term, in parentheses if it has several parts."""
    found = "".join(f"{' - ' if sign < 0 else ' + '}{_call(part)}" for sign, part in term).removeprefix(" + ")
    return f"({found})" if len(term) > 1 else found


def _where(part: Part) -> str:
    terms = [f'"{name}" = {_literal(value)}' for name, value in part.conditions]
    return " AND ".join([STORES, *terms, "$timeFilter"])


def _literal(value: bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else f"'{value}'"


def _counts(value: Value, by: str) -> str:
    """Return two subqueries: the numerator as a, the denominator as b, each with a zero as the other.

    Groups in which the numerator has no row get its zero that way: nothing of something is a share of 0. And InfluxDB takes the types
    of the columns from the first subquery alone: one that it lacks would be null.
    """
    a, b = value.parts
    return (
        f'(SELECT {_call(a)} AS "a", 0 * {_call(a)} AS "b" FROM "{a.table}" WHERE {_where(a)}{by}), '
        f'(SELECT 0 * {_call(b)} AS "a", {_call(b)} AS "b" FROM "{b.table}" WHERE {_where(b)}{by})'
    )
