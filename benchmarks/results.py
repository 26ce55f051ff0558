"""What a benchmark found: one value beside a peer's or a limit, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.table import Table


class Failed(Exception):
    """A run that has no result; the message describes what was seen."""


Bound = Literal["<=", ">="]


@dataclass(frozen=True, slots=True)
class Target:
    """`of` is what is bounded: the value itself, or its ratio to the peer's."""

    of: Literal["value", "ratio"]
    bound: Bound
    limit: float

    def __str__(self) -> str:
        return f"{'× peer ' if self.of == 'ratio' else ''}{'≤' if self.bound == '<=' else '≥'} {self.limit:,g}"


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. `ratio` is value / peer_value. Without a target it is there for comparison."""

    name: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    target: Target | None = None
    note: str = ""
    broken: str = ""
    """What else went wrong, so that the target is not reached whatever the value."""

    @property
    def ratio(self) -> float | None:
        return self.value / self.peer_value if self.peer_value else None

    @property
    def reached(self) -> bool | None:
        """None where nothing was aimed at, or the peer was not there."""
        measured = self.ratio if self.target and self.target.of == "ratio" else self.value
        if self.target is None or measured is None:
            return None
        if self.broken:
            return False
        return measured <= self.target.limit if self.target.bound == "<=" else measured >= self.target.limit


def save(path: Path, results: Sequence[Result]) -> None:
    """Into `path`, a list of {"name", "value", "unit", "peer", "peer_value", "ratio"}, with target, reached and note where there are.

    Entries of other names that are there already stay.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {result.name for result in results}
    before = json.loads(path.read_text()) if path.exists() else []
    entries = [entry for entry in before if entry["name"] not in names] + [_entry(result) for result in results]
    path.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(results: Sequence[Result]) -> Table:
    from rich.table import Table  # only now: a run that measures memory holds what the measured command holds

    found = Table("name", "value", "unit", "peer", "peer's value", "ratio", "target", "reached", title="make bench", title_justify="left")
    for column in (1, 4, 5):
        found.columns[column].justify = "right"
    for result in results:
        mark = {None: "", True: "[green]yes[/]", False: "[bold red]no[/]"}[result.reached]
        target = str(result.target) if result.target else ""
        found.add_row(
            result.name, _figure(result.value), result.unit, result.peer, _figure(result.peer_value), _figure(result.ratio), target, mark
        )
    return found


def _entry(result: Result) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": result.name,
        "value": _rounded(result.value),
        "unit": result.unit,
        "peer": result.peer or None,
        "peer_value": _rounded(result.peer_value),
        "ratio": _rounded(result.ratio),
    }
    if result.target is not None:
        entry |= {"target": str(result.target), "reached": result.reached}
    return entry | {key: text for key, text in (("note", result.note), ("broken", result.broken)) if text}


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
