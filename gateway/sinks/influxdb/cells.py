"""Cells by InfluxQL: a statement for each condition, since most conditions are fields, by which nothing can be grouped. Pure text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from gateway.points import SCHEMA
from gateway.sinks.cells import Aggregate


@dataclass(frozen=True, slots=True)
class CellStatements:
    """Statements for one request. `tags` must be equal. `parameters`: what is bound, once the statements are made."""

    measurement: str
    by: Sequence[str]
    from_ns: int
    to_ns: int
    bucket_ns: int
    stores: Sequence[str] | None
    tags: Mapping[str, str]
    parameters: dict[str, Any] = field(default_factory=dict)

    def statements(self, aggregates: Sequence[Aggregate]) -> list[tuple[Sequence[Aggregate], str]]:
        """Return each statement with the aggregates that are the columns of its answer. The first has every cell."""
        plain = [each for each in aggregates if not each.where]
        conditional = sorted((each for each in aggregates if each.where), key=lambda each: repr(each.where))
        every = plain or [Aggregate("", "count", next(iter(SCHEMA[self.measurement].fields)))]
        groups = [every, *(list(alike) for _, alike in groupby(conditional, lambda each: each.where))]
        return [(group, self._statement(group)) for group in groups]

    def _statement(self, aggregates: Sequence[Aggregate]) -> str:
        selected = ", ".join(f'{each.function}("{each.column}") AS "c{i}"' for i, each in enumerate(aggregates))
        equal = [*self.tags.items(), *aggregates[0].where]
        if "void" in SCHEMA[self.measurement].fields:
            equal.append(("void", False))
        terms = [f"time >= {self.from_ns:d}", f"time < {self.to_ns:d}", *(f'"{name}" = {self._bound(value)}' for name, value in equal)]
        if self.stores is not None:
            terms.append(f'"store" =~ {self._bound({"regex": one_of(self.stores)})}')
        groups = ", ".join([f"time({self.bucket_ns:d}ns)", *(f'"{tag}"' for tag in self.by)])
        return f'SELECT {selected} FROM "{self.measurement}" WHERE {" AND ".join(terms)} GROUP BY {groups} fill(none)'

    def _bound(self, value: object) -> str:
        key = f"p{len(self.parameters)}"
        self.parameters[key] = value
        return f"${key}"


def one_of(names: Sequence[str]) -> str:
    """Return a regular expression for any of the names. InfluxDB takes a minute for 7,000 names joined by OR, and a second for this."""
    return f"^(?:{'|'.join(name.replace('.', '[.]') for name in names)})$"
