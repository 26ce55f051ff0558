"""Takes out of a broken spool what is whole in it: the small tables from either copy, and every frame that is still owed.

    salvage(aside, known) -> Salvaged     # `known`: epochs as memory has them, which is better than any file

Receipted frames are not taken: they were kept for a gateway that loses its disk, and the broken file stays beside.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from edge_agent.spool.rows import EPOCHS, TWINS, Listed, StoredFrame, Twin
from edge_agent.spool.sqlite_pages import rows_of


class PageSpan(NamedTuple):
    """Where the frames of an epoch lie that are owed: ids from `first_id` to `last_id`, seq 0 at `base`."""

    base: int
    first_id: int
    last_id: int


@dataclass(slots=True)
class Salvaged:
    """`tables`: of each twin the last whole version of its rows; `listed`: what is known of the frames that are owed."""

    tables: dict[str, dict[int, tuple[Any, ...]]] = field(default_factory=lambda: {twin.name: {} for twin in TWINS})
    spans: dict[int, PageSpan] = field(default_factory=dict)
    listed: dict[int, Listed] = field(default_factory=dict)


def salvage(aside: Path, known: Mapping[int, tuple[Any, ...]]) -> Salvaged:
    """Return all but the bodies."""
    found = Salvaged()
    changes: dict[tuple[str, int], int] = {}
    for number, values in rows_of(aside):
        for twin in TWINS:
            row: tuple[Any, ...] = (number, *values[1:])
            if len(values) == _width(twin) and twin.whole(row) and changes.get((twin.name, number), -2) < row[-2]:
                changes[twin.name, number] = row[-2]
                found.tables[twin.name][number] = row[1:-2]
    epochs = found.tables[EPOCHS.name]
    epochs.update(known)
    found.spans = {n: PageSpan(row[4], row[4] + row[3] + 1, row[4] + row[2]) for n, row in sorted(epochs.items())}
    for number, values in rows_of(aside):
        listed = Listed.whole((number, *values[1:])) if len(values) == len(Listed._fields) + 1 else None
        if listed is not None and _is_owed(found.spans, listed.epoch_n, listed.seq, number):
            found.listed[number] = listed
    return found


def bodies(aside: Path, found: Salvaged) -> Iterator[StoredFrame]:
    """Every owed frame whose body is whole, some more than once; what the list knows of it counts, else its own word."""
    for number, values in rows_of(aside):
        if len(values) != len(Listed._fields) + 1 or not isinstance(values[-1], bytes):
            continue
        epoch_n, seq, body = values[1], values[2], values[-1]
        if not isinstance(epoch_n, int) or not isinstance(seq, int) or not _is_owed(found.spans, epoch_n, seq, number):
            continue
        listed = found.listed.get(number)
        if listed is None and zlib.crc32(body) == values[6]:
            listed = Listed.of(number, epoch_n, seq, body)
        if listed is not None and zlib.crc32(body) == listed.crc32:
            found.listed[number] = listed
            yield StoredFrame(listed, body)


def _width(twin: Twin) -> int:
    return twin.columns.count(",") + 4


def _is_owed(spans: Mapping[int, PageSpan], epoch_n: int, seq: int, number: int) -> bool:
    """Return whether number, epoch and seq agree: a frame under a wrong number is none."""
    span = spans.get(epoch_n)
    return span is not None and span.first_id <= number <= span.last_id and number == span.base + seq
