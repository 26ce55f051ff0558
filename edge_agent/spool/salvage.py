"""Salvages what is whole in a broken spool: the small tables from either copy, and every frame that is still owed.

    salvage(aside, known) -> Salvaged     # `known`: epochs as memory has them, which supersede the file

Receipted frames are not salvaged: they were kept for a gateway that loses its disk, and the broken file is kept too.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from edge_agent.spool.rows import Listed, StoredFrame
from edge_agent.spool.sqlite_pages import rows_of
from edge_agent.spool.twins import EPOCHS, TWINS, EpochRow


class PageSpan(NamedTuple):
    """Where the owed frames of an epoch are: ids from `first_id` to `last_id`, seq 0 at `base`."""

    base: int
    first_id: int
    last_id: int

    @classmethod
    def of(cls, row: EpochRow) -> PageSpan:
        return cls(row.base, first_id=row.base + row.mark + 1, last_id=row.base + row.last)


@dataclass(slots=True)
class Salvaged:
    """`tables`: the last whole version of each twin's rows. `listed`: list entries of owed frames."""

    tables: dict[str, dict[int, Any]] = field(default_factory=lambda: {twin.name: {} for twin in TWINS})
    spans: dict[int, PageSpan] = field(default_factory=dict)
    listed: dict[int, Listed] = field(default_factory=dict)


def salvage(aside: Path, known: Mapping[int, EpochRow]) -> Salvaged:
    """Return everything except the bodies."""
    found = Salvaged()
    changes: dict[tuple[str, int], int] = {}
    for number, values in rows_of(aside):
        for twin in TWINS:
            row = twin.whole((number, *values[1:])) if values else None
            if row is not None and changes.get((twin.name, number), -2) < row.change:
                changes[twin.name, number] = row.change
                found.tables[twin.name][number] = row.values
    epochs: dict[int, EpochRow] = found.tables[EPOCHS.name]
    epochs.update(known)
    found.spans = {n: PageSpan.of(row) for n, row in sorted(epochs.items())}
    for number, values in rows_of(aside):
        listed = Listed.whole((number, *values[1:])) if len(values) == len(Listed._fields) + 1 else None
        if listed is not None and _is_owed(found.spans, listed.epoch_n, listed.seq, number):
            found.listed[number] = listed
    return found


def bodies(aside: Path, found: Salvaged) -> Iterator[StoredFrame]:
    """Yield every owed frame whose body is whole, some more than once. The list entry counts before the body's own row."""
    for number, values in rows_of(aside):
        if len(values) != len(Listed._fields) + 1:
            continue
        _, epoch_n, seq, _, _, _, crc32, _, body = values
        if not (isinstance(body, bytes) and isinstance(epoch_n, int) and isinstance(seq, int)):
            continue
        if not _is_owed(found.spans, epoch_n, seq, number):
            continue
        listed = found.listed.get(number)
        if listed is None and zlib.crc32(body) == crc32:
            listed = Listed.of(number, epoch_n, seq, body)
        if listed is not None and zlib.crc32(body) == listed.crc32:
            found.listed[number] = listed
            yield StoredFrame(listed, body)


def _is_owed(spans: Mapping[int, PageSpan], epoch_n: int, seq: int, number: int) -> bool:
    """Return whether the frame is owed, and its number, epoch and seq agree."""
    span = spans.get(epoch_n)
    return span is not None and span.first_id <= number <= span.last_id and number == span.base + seq
