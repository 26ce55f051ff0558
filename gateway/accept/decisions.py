"""Dates that the gateway decided itself, repeated in receipts until the agent confirms that it has stored them. Pure.

Every run of frames with one date has a number that no other gateway gave. A receipt bears the number of its last run, and the
agent's headers repeat it. A run that grows gets a new number, so a confirmation never covers frames that were not in the receipt.
"""

from __future__ import annotations

from itertools import islice
from typing import Final, NamedTuple, Protocol

from footfall.boot_clock import UNBOUNDED_NS
from footfall.frames import DecidedTime, Header
from footfall.receipts import MAX_TIME_RUNS, TimeRun, Times
from footfall.units import NS_PER_DAY

KEEP_NS: Final = 40 * NS_PER_DAY
"""No spool keeps a frame for longer."""
MAX_RUNS: Final = 1024
"""Kept for an agent that confirms none; beyond, the oldest are given up."""
_MAX_NUMBER: Final = 1 << 62

Runs = tuple["Decision", ...]


class Decision(NamedTuple):
    """The date of the frames `first_seq` to `last_seq` of an epoch, decided at `decided_ns`."""

    n: int
    epoch: str
    first_seq: int
    last_seq: int
    time: DecidedTime
    decided_ns: int


class Decisions(Protocol):
    """The runs that an agent has not confirmed yet, by number."""

    def decisions(self, agent: str) -> Runs: ...
    def set_decisions(self, agent: str, runs: Runs) -> None: ...


def confirm(memory: Decisions, header: Header) -> None:
    """Drop the runs that the sender confirms."""
    runs = memory.decisions(header.agent)
    if not runs or header.times_n < runs[0].n:
        return
    if any(run.n == header.times_n for run in runs):
        memory.set_decisions(header.agent, tuple(run for run in runs if run.n > header.times_n))
    elif runs[-1].n < header.times_n < _MAX_NUMBER:  # another gateway has sent it runs since: these must be numbered after those
        memory.set_decisions(header.agent, tuple(run._replace(n=header.times_n + i) for i, run in enumerate(runs, 1)))


def add(memory: Decisions, header: Header, time: DecidedTime, now_ns: int) -> None:
    """Keep a date for the sender's receipts, if the sender stores dates and a receipt can carry this one."""
    if header.times_n < 0 or not 0 <= time.offset_ns <= UNBOUNDED_NS:
        return
    runs = memory.decisions(header.agent)
    n = max(now_ns, runs[-1].n + 1 if runs else 0, header.times_n + 1 if header.times_n < _MAX_NUMBER else 0)
    last = runs[-1] if runs else None
    if last is not None and (last.epoch, last.last_seq + 1, last.time) == (header.epoch, header.seq, time):
        runs = (*runs[:-1], last._replace(n=n, last_seq=header.seq, decided_ns=now_ns))
    else:
        runs = (*runs, Decision(n, header.epoch, header.seq, header.seq, time, now_ns))
    memory.set_decisions(header.agent, tuple(run for run in runs[-MAX_RUNS:] if run.decided_ns > now_ns - KEEP_NS))


def for_receipt(memory: Decisions, agent: str, most: int = MAX_TIME_RUNS) -> Times | None:
    """Return the oldest runs for a receipt; None if there are none."""
    runs = tuple(islice(memory.decisions(agent), most))
    return Times(runs[-1].n, tuple(TimeRun(run.epoch, run.first_seq, run.last_seq, run.time) for run in runs)) if runs else None
