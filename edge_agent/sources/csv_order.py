"""What the order of a file's rows shows: which way they are written, and jumps of the clock that wrote them.

Rows may be written newest first, and all of a tag or of a receiver before those of the next: neither is a jump.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Final

from edge_agent.sources.csv_rows import Row
from edge_agent.sources.replay_settings import ClockJump, Part
from footfall.units import NS_PER_S

JUMP_NS: Final = 2 * NS_PER_S
"""Steps back that are longer are a clock's; shorter ones are radios that report late."""
HOLE_NS: Final = 60 * NS_PER_S
STEPS: Final = 10
MOMENT_NS: Final = NS_PER_S
MOST_STEPS: Final = 1000
MANY_JUMPS: Final = 10
MOST_JUMPS_SHARE: Final = 0.05
"""Of rows: where more go back than this, and than a few, it is not the clock that goes back."""


def are_newest_first(times_ns: Iterable[int]) -> bool:
    """Return whether more rows are older than the one before them than are newer, of the first thousand that are either."""
    steps = Counter(islice((after > before for before, after in pairwise(times_ns) if after != before), MOST_STEPS))
    return steps[False] > steps[True]


class ClockWatch:
    """Looks at the times of rows in the order of the file, oldest first."""

    def __init__(self) -> None:
        self._last_of: Final[dict[str, dict[str, int]]] = {}

    def jump(self, who: str, receiver: str, t_ns: int, where: str) -> ClockJump | None:
        """Return the jump back at a row, within what one receiver heard of somebody."""
        last_of = self._last_of.setdefault(who, {})
        before_ns = last_of.get(receiver, t_ns)
        is_back = t_ns < before_ns - JUMP_NS
        if is_back:
            last_of.clear()  # what the other receivers hear next is after the same jump
        last_of[receiver] = t_ns
        return ClockJump(where, before_ns, t_ns) if is_back else None


def clock_of(rows: Iterable[Row], file: str) -> tuple[list[ClockJump], dict[str, list[Part]]]:
    """Return the jumps back in a file's rows, which are in its order, oldest first, and of each identifier the parts between them."""
    clock = ClockWatch()
    found: list[ClockJump] = []
    parts: dict[str, list[Part]] = {}
    for row in rows:
        jump = clock.jump(row.who, row.receiver, row.t_ns, f"{file}:{row.number}")
        found += [jump] if jump else []
        of = parts.setdefault(row.who, [])
        if of and jump is None:
            of[-1] = Part(min(of[-1].from_ns, row.t_ns), max(of[-1].to_ns, row.t_ns))
        else:
            of.append(Part(row.t_ns, row.t_ns))
    return found, parts


def are_in_order(rows: int, back: Sequence[ClockJump]) -> bool:
    """Return whether so many rows, with these jumps back, are in the order of time but for a clock that was set."""
    return len(back) <= max(MANY_JUMPS, MOST_JUMPS_SHARE * rows)


def one_part(parts: Mapping[str, Sequence[Part]]) -> dict[str, list[Part]]:
    """Return the parts of each identifier as one."""
    return {who: [Part(min(part.from_ns for part in of), max(part.to_ns for part in of))] for who, of in parts.items()}


def holes(rows: Sequence[Row], file: str, back: Sequence[ClockJump]) -> Iterator[ClockJump]:
    """Yield where a file has nothing of anybody for over a minute and ten usual steps: nobody knows whether it was silence or a clock.

    `rows` are in the order of time. What lies between the two ends of a jump back is none.
    """
    read = [row for row in rows if row.is_read]
    least_ns = max(HOLE_NS, STEPS * _usual_step_ns(read))
    for before, after in pairwise(read):
        is_long = after.t_ns - before.t_ns > least_ns
        if is_long and not any(jump.to_ns <= before.t_ns and after.t_ns <= jump.from_ns for jump in back):
            yield ClockJump(f"{file}:{after.number}", before.t_ns, after.t_ns)


def _usual_step_ns(rows: Sequence[Row]) -> int:
    """Return the step than which nine of ten are no longer; rows within a second, as of several receivers, are one moment."""
    moments: list[int] = []
    for row in rows:
        if not moments or row.t_ns >= moments[-1] + MOMENT_NS:
            moments.append(row.t_ns)
    steps = sorted(after - before for before, after in pairwise(moments))
    return steps[(len(steps) - 1) * 9 // 10] if steps else 0
