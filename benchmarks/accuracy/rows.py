"""One figure of `make accuracy`: what it is, what it is to reach, what others reach, and how it was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

Bound = Literal[">=", "<="]


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure is to reach, at least (>=) or at most (<=); `stretch` is what more would be."""

    target: float
    stretch: float | None = None
    bound: Bound = ">="


@dataclass(frozen=True, slots=True)
class Row:
    """`value` is None where there is no figure, and `how` says why. `baseline`: by name, what others make of the same."""

    name: str
    value: float | None
    how: str
    goal: Goal | None = None
    baseline: Mapping[str, float] = field(default_factory=dict)
    part: str = ""
    """Of `make accuracy`, by name."""

    @property
    def reached(self) -> bool | None:
        """None where there is no figure or no goal."""
        if self.value is None or self.goal is None:
            return None
        return self.value >= self.goal.target if self.goal.bound == ">=" else self.value <= self.goal.target

    @property
    def short_by(self) -> float:
        """Return how far it is from its target; 0 if it is reached."""
        return abs(self.value - self.goal.target) if self.reached is False and self.value is not None and self.goal else 0.0

    def entry(self) -> dict[str, Any]:
        """Return the row as `accuracy.json` has it."""
        goal = self.goal
        return {
            "part": self.part,
            "name": self.name,
            "value": _rounded(self.value),
            "target": None if goal is None else goal.target,
            "stretch": None if goal is None else goal.stretch,
            "baseline": {name: _rounded(value) for name, value in self.baseline.items()} or None,
            "how": self.how,
            "bound": None if goal is None else goal.bound,
            "reached": self.reached,
        }


_DIGITS: Final = 5


def save(
    path: Path, rows: Sequence[Row], parts: Sequence[str] = (), absent: Mapping[str, str] = MappingProxyType({})
) -> list[dict[str, Any]]:
    """Write the rows as a list, in the order of `parts`; return all that is in the file.

    What is there already of other parts stays. A part without any figure, which `absent` has with the reason, is a row without value.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    again = {row.part for row in rows}
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    entries = [entry for entry in before if entry.get("part") not in {*again, None}] + [row.entry() for row in rows]
    known = {entry["part"] for entry in entries}
    entries += [Row(name, None, why, part=name).entry() for name, why in absent.items() if name not in known]
    entries.sort(key=lambda entry: parts.index(entry["part"]) if entry["part"] in parts else len(parts))
    path.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return entries


def _rounded(value: float | None) -> float | None:
    return None if value is None or value != value else float(f"{value:.{_DIGITS}g}")
