"""The promise in numbers: rows in = written + quarantined + counted drops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
        """Return the rows that are still on their way; 0 at rest. Anything else at rest is a bug."""
        return self.in_total - self.written_total - self.quarantined_total - sum(self.dropped_total.values())

    def as_json(self) -> dict[str, Any]:
        """Return the numbers by name, as status has them."""
        return {
            "in_total": self.in_total,
            "written_total": self.written_total,
            "quarantined_total": self.quarantined_total,
            "dropped_total": dict(self.dropped_total),
            "pending": self.pending,
        }
