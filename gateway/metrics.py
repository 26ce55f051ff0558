"""What the gateway counts, and its text for Prometheus (exposition format 0.0.4).

A counter is a plain integer that one thread adds to, once a batch; a gauge is read when somebody asks. No lock is on the hot
path: a scrape may see a batch half counted, and the next one sees all of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal["counter", "gauge"]
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Counter:
    """Only grows. `counter.value += n`, from one thread."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0


Reading = Mapping[tuple[str, ...], float]
"""Label values in the order of the label names, and the number; `{(): n}` without labels."""


@dataclass(frozen=True, slots=True)
class _Family:
    name: str
    kind: Kind
    text: str
    labels: tuple[str, ...]
    counters: dict[tuple[str, ...], Counter] = field(default_factory=dict)
    readers: list[Callable[[], Reading]] = field(default_factory=list)


class Registry:
    """Every family of one process. Names start with `footfall_`; counters end in `_total`."""

    def __init__(self) -> None:
        self._families: dict[str, _Family] = {}

    def counter(self, name: str, text: str, **labels: str) -> Counter:
        """The one counter with this name and these labels; ask once, keep it, add to its `value`."""
        if not name.endswith("_total"):
            raise ValueError(f"the counter {name!r} must end in _total")
        family = self._family(name, "counter", text, tuple(labels))
        return family.counters.setdefault(tuple(labels.values()), Counter())

    def read(self, name: str, kind: Kind, text: str, reader: Callable[[], Reading], labels: tuple[str, ...] = ()) -> None:
        """A family whose numbers `reader` gives at every scrape, such as a queue's length or counts kept elsewhere."""
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
    values: dict[tuple[str, ...], float] = {labels: counter.value for labels, counter in list(family.counters.items())}
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


@dataclass(slots=True)
class Balance:
    """Rows since the journal began: every one that came in is written, in quarantine or dropped for a reason that is counted.

    Kept in the transaction that moves the journal's position, so that a crash neither loses nor doubles a count. An entry that is
    replayed from quarantine comes in again: all four numbers only grow.
    """

    in_total: int = 0
    written_total: int = 0
    quarantined_total: int = 0
    dropped_total: dict[str, int] = field(default_factory=dict)

    def drop(self, reason: str, rows: int = 1) -> None:
        if rows:
            self.dropped_total[reason] = self.dropped_total.get(reason, 0) + rows

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

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Balance:
        return Balance(values["in_total"], values["written_total"], values["quarantined_total"], dict(values["dropped_total"]))
