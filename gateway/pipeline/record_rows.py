"""How many rows of the balance a record stands for. Pure."""

from __future__ import annotations

import json

from footfall.frames import Body
from gateway.accept.accept import count_rows
from gateway.points.line_reader import count_raw
from gateway.records import Record, RecordKind


def aside_rows(record: Record) -> int:
    """Return how many rows of the balance were set aside in the place of this record."""
    return int(json.loads(record.body)["rows"]) if record.kind == RecordKind.ASIDE else 0


def rows_of(record: Record, body: Body | None) -> int:
    """Return how many rows of the balance a record stands for."""
    if record.kind == RecordKind.ASIDE:
        return aside_rows(record)
    if record.kind == RecordKind.POINTS:
        return count_raw(record.body)
    return count_rows(body) if body is not None else int(record.kind == RecordKind.EVENT)
