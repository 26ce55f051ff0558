"""Which lines of a refused body are wrong. Pure but for `post`, which sends lines.

What a server reports of a bad body cannot be trusted: it names one line of many, counts wrongly, and 1.8 and 2.7 keep different parts
of it. So a refused body is halved down to the lines that are refused alone; writing the good ones again changes nothing. Points older
than the retention policy allows are found by time instead, since whole days of them may come at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from footfall.errors import RejectedPoint
from gateway.sinks.influxdb.conflicts import Conflict, alike_in, conflict_in

_TOO_OLD: Final = re.compile("(beyond|outside) retention policy")
"""1.8 writes the one, 2.7 the other."""


@dataclass(frozen=True, slots=True)
class RefusedWrite:
    """The server will not store all of a body."""

    status: int
    reason: str

    @property
    def too_old(self) -> bool:
        return _TOO_OLD.search(self.reason) is not None


Post = Callable[[bytes], RefusedWrite | None]
"""Sends a body; None: it is durable."""


def bisect(post: Post, lines: Sequence[bytes], refusal: RefusedWrite) -> Iterator[RejectedPoint]:
    """Write all lines of a refused body that can be written; yield the rest.

    Earlier lines go first, as a later one may replace them.
    """
    if len(lines) == 1:
        yield RejectedPoint(lines[0], refusal.reason)
        return
    if (conflict := conflict_in(refusal.reason)) and (alike := alike_in(lines, conflict)):
        yield from _bisect_by_conflict(post, lines, alike, conflict, refusal)
        return
    if refusal.too_old:
        lines = sorted(lines, key=_time_ns)
        old = _count_too_old(post, lines)
        yield from (RejectedPoint(line, refusal.reason) for line in lines[:old])
        if old:
            yield from _write_lines(post, lines[old:])
            return
    yield from _halve(post, lines, refusal)


def _halve(post: Post, lines: Sequence[bytes], refusal: RefusedWrite) -> Iterator[RejectedPoint]:
    middle = len(lines) // 2
    first = post(b"\n".join(lines[:middle]))
    if first is not None:
        yield from bisect(post, lines[:middle], first)
        yield from _write_lines(post, lines[middle:])
    elif len(lines) - middle == 1:
        yield from _write_lines(post, lines[middle:])
    else:  # what was refused is in the second half: no need to send it as a whole
        yield from bisect(post, lines[middle:], refusal)


def _bisect_by_conflict(
    post: Post, lines: Sequence[bytes], alike: Sequence[Sequence[bytes]], conflict: Conflict, refusal: RefusedWrite
) -> Iterator[RejectedPoint]:
    """Reject whole hours of lines that write a field with another type than the shard has.

    A field has one type a shard, and no shard is shorter than an hour. Where the first and the last of an hour's lines are refused
    for it, so are all between. Thousands come at once, and a request for each would take minutes.
    """
    settled: set[bytes] = set()
    for group in alike:
        ends = [post(line) for line in (group[0], group[-1])]
        if all(end is not None and conflict_in(end.reason) == conflict for end in ends):
            reason = ends[0].reason if ends[0] else ""
            settled.update(group)
            yield from (RejectedPoint(line, reason) for line in group)
    rest = [line for line in lines if line not in settled]
    if settled:
        yield from _write_lines(post, rest)
    else:
        yield from _halve(post, rest, refusal)


def _write_lines(post: Post, lines: Sequence[bytes]) -> Iterator[RejectedPoint]:
    refusal = post(b"\n".join(lines)) if lines else None
    if refusal is not None:
        yield from bisect(post, lines, refusal)


def _count_too_old(post: Post, lines: Sequence[bytes]) -> int:
    """Return how many of these lines, sorted by time, are beyond retention: what is older than such a line is so too."""
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2 if low else 0
        refusal = post(lines[middle])
        if refusal is not None and refusal.too_old:
            low = middle + 1
        else:
            high = middle
    return low


def _time_ns(line: bytes) -> int:
    return int(line[line.rindex(b" ") :])
