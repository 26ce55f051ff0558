"""Points cut into the bodies of requests. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from gateway.points import Points, concat
from gateway.sinks.influxdb.line_protocol import encode


def request_bodies(batch: Sequence[Points], most_lines: int) -> Iterator[bytes]:
    """Yield bodies of at most `most_lines` lines, in order.

    Points of one measurement that follow each other are encoded together: many small pieces cost more than one.
    """
    for parts in _shares(batch, most_lines):
        yield b"\n".join([encode(concat(list(alike))) for _, alike in groupby(parts, Points.columns)])


def _shares(batch: Sequence[Points], most_lines: int) -> Iterator[list[Points]]:
    parts: list[Points] = []
    free = most_lines
    for points in batch:
        start = 0
        while start < len(points):
            stop = min(start + free, len(points))
            parts.append(points.slice(start, stop))
            free -= stop - start
            start = stop
            if not free:
                yield parts
                parts, free = [], most_lines
    if parts:
        yield parts
