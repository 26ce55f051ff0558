"""What the gateway counts, and its text for Prometheus (exposition format 0.0.4).

Every number is kept where it is counted and read when somebody asks. No lock is on the hot path: a scrape may see a batch half
counted, and the next one sees all of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal["counter", "gauge"]
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


Reading = Mapping[tuple[str, ...], float]
"""Label values in the order of the label names, and the number; `{(): n}` without labels."""


@dataclass(frozen=True, slots=True)
class _Family:
    name: str
    kind: Kind
    text: str
    labels: tuple[str, ...]
    readers: list[Callable[[], Reading]] = field(default_factory=list)


class Registry:
    """Every family of one process. Names start with `footfall_`; counters end in `_total`."""

    def __init__(self) -> None:
        self._families: dict[str, _Family] = {}

    def read(self, name: str, kind: Kind, text: str, reader: Callable[[], Reading], labels: tuple[str, ...] = ()) -> None:
        """A family whose numbers `reader` gives at every scrape, such as a queue's length or what was counted."""
        if kind == "counter" and not name.endswith("_total"):
            raise ValueError(f"the counter {name!r} must end in _total")
        self._family(name, kind, text, labels).readers.append(reader)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._families))

    def render(self) -> str:
        """The text of one scrape."""
        return "".join(_render(self._families[name]) for name in self.names())

    def _family(self, name: str, kind: Kind, text: str, labels: tuple[str, ...]) -> _Family:
        family = self._families.setdefault(name, _Family(name, kind, text, labels))
        if (family.kind, family.labels) != (kind, labels):
            raise ValueError(f"{name} is a {family.kind} with labels {family.labels}, not a {kind} with {labels}")
        return family


def _render(family: _Family) -> str:
    values: dict[tuple[str, ...], float] = {}
    for reader in family.readers:
        values.update(reader())
    lines = [f"# HELP {family.name} {_escape(family.text)}\n# TYPE {family.name} {family.kind}\n"]
    for labels, value in sorted(values.items()):
        pairs = ",".join(f'{name}="{_escape_label(text)}"' for name, text in zip(family.labels, labels, strict=True))
        lines.append(f"{family.name}{'{' + pairs + '}' if pairs else ''} {_number(value)}\n")
    return "".join(lines)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf"
    return str(int(value)) if value == int(value) else repr(float(value))


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _escape_label(text: str) -> str:
    return _escape(text).replace('"', r"\"")


@dataclass(frozen=True, slots=True)
class Balance:
    """Rows since the journal began: every one that came in is written, in quarantine or dropped for a reason that is counted.

    Kept in the transaction that moves the journal's position, so that a crash neither loses nor doubles a count. An entry that is
    replayed from quarantine comes in again: all four numbers only grow.
    """

    in_total: int = 0
    written_total: int = 0
    quarantined_total: int = 0
    dropped_total: Mapping[str, int] = field(default_factory=dict)

    @property
    def pending(self) -> int:
        """Rows that are still on their way; 0 at rest. Anything else at rest is a bug."""
        return self.in_total - self.written_total - self.quarantined_total - sum(self.dropped_total.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "in_total": self.in_total,
            "written_total": self.written_total,
            "quarantined_total": self.quarantined_total,
            "dropped_total": dict(self.dropped_total),
            "pending": self.pending,
        }
