"""What is to be known of the files of a recording though their lines can be read.

notes_of_runs(runs) -> FileNote("12 levels are none that a receiver reports, …")…
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edge_agent.sources.replay_settings import ClockJump, FileNote, Run
from footfall.units import NS_PER_S
from footfall.wording import counted


def notes_of_runs(runs: Sequence[Run]) -> Iterator[FileNote]:
    """Yield a note for each kind of doubt, about all files that have it."""
    if of := [run.not_levels for run in runs if run.not_levels.count]:
        count = sum(each.count for each in of)
        levels = counted(count, "level is none that a receiver reports, and is", "levels are none that a receiver reports, and are")
        yield FileNote(f"{levels} taken for nothing heard: the first is {of[0].first}.")
    if copies := [run for run in runs if run.copies]:
        count = sum(run.copies for run in copies)
        where = f"in {'their files' if len(copies) > 1 else 'the file'} again, and"
        yield FileNote(f"{counted(count, f'row stands {where} counts', f'rows stand {where} count')} once.")
    if mixed := [run.name for run in runs if not run.is_in_order]:
        yield FileNote(
            f"{', '.join(mixed)}: the rows are in no order, and are put in that of time: a clock that was set back cannot be seen."
        )
    jumps = [jump for run in runs for jump in run.jumps]
    yield from _of_jumps([jump for jump in jumps if jump.to_ns < jump.from_ns], "the clock jumps back")
    yield from _of_jumps([jump for jump in jumps if jump.to_ns > jump.from_ns], "nothing is recorded for long, or the clock jumps on")


def _of_jumps(jumps: Sequence[ClockJump], what: str) -> Iterator[FileNote]:
    if jumps:
        widest = max(jumps, key=lambda jump: abs(jump.to_ns - jump.from_ns))
        by_s = abs(widest.to_ns - widest.from_ns) / NS_PER_S
        yield FileNote(f"{counted(len(jumps), 'time')} {what}, at most by {by_s:g} s ({widest.where}): figures near it are uncertain.")
