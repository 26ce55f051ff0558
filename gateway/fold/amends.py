"""In which order the corrections of an event apply. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from gateway.fold.store import CorrectionRow


def in_turn(corrections: Iterable[CorrectionRow]) -> list[CorrectionRow]:
    """Return corrections in the order in which they apply, which does not depend on when they came: by their own times, then ids."""
    return sorted(corrections, key=_turn)


def _turn(row: CorrectionRow) -> tuple[int, str, str, str, str, str, int]:
    """Two that one publisher calls alike in two stores differ by the id that the ledger knows them by; rows are numbered as they come."""
    values = json.loads(row.body)
    return row.time_ns, values.get("own_id") or "", values.get("id") or "", row.body, row.store, row.agent, row.row
