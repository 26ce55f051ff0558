"""What the order of a file's rows shows: which way they are written, and jumps of the clock that wrote them.

Rows may be written newest first, and all of a tag or of a receiver before those of the next: neither is a jump.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import Final

from edge_agent.sources.csv_rows import Row
from edge_agent.sources.replay_settings import ClockJump, Part
from footfall.units import NS_PER_S

JUMP_NS: Final = 2 * NS_PER_S
"""Steps back that are longer are a clock's; shorter ones are radios that report late."""
SILENCE_NS: Final = 600 * NS_PER_S
"""Steps forward that are longer are stated too: nobody knows whether it was silence or a clock."""
MOST_STEPS: Final = 1000


def are_newest_first(times_ns: Iterable[int]) -> bool:
    """Return whether more rows are older than the one before them than are newer, of the first thousand that are either."""
    steps = Counter(islice((after > before for before, after in pairwise(times_ns) if after != before), MOST_STEPS))
    return steps[False] > steps[True]


class ClockWatch:
    """Looks at the times of rows in the order of the file, oldest first."""

    def __init__(self) -> None:
        self._last: Final[dict[str, int]] = {}
        self._last_of: Final[dict[str, dict[str, int]]] = {}

    def jumps(self, who: str, receiver: str, t_ns: int, where: str) -> Iterator[ClockJump]:
        """Yield the jump at a row: back within what one receiver heard of somebody, or on since that one's last row of any."""
        last_of = self._last_of.setdefault(who, {})
        before_ns = last_of.get(receiver, t_ns)
        if t_ns < before_ns - JUMP_NS:
            last_of.clear()  # what the other receivers hear next is after the same jump
            yield ClockJump(where, before_ns, t_ns)
        elif t_ns > (last_ns := self._last.get(who, t_ns)) + SILENCE_NS:
            yield ClockJump(where, last_ns, t_ns)
        self._last[who] = last_of[receiver] = t_ns


def clock_of(rows: Iterable[Row], file: str) -> tuple[list[ClockJump], dict[str, list[Part]]]:
    """Return the jumps in a file's rows, which are in its order, oldest first, and of each identifier the parts between those back."""
    clock = ClockWatch()
    found: list[ClockJump] = []
    parts: dict[str, list[Part]] = {}
    for row in rows:
        if not row.is_read:
            continue
        jumps = list(clock.jumps(row.who, row.receiver, row.t_ns, f"{file}:{row.number}"))
        found += jumps
        of = parts.setdefault(row.who, [])
        if of and not any(jump.to_ns < jump.from_ns for jump in jumps):
            of[-1] = Part(min(of[-1].from_ns, row.t_ns), max(of[-1].to_ns, row.t_ns))
        else:
            of.append(Part(row.t_ns, row.t_ns))
    return found, parts
