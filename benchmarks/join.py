"""Whom rows are, where a million subjects are somebody's: what it costs a row, and in memory.

    python -m benchmarks.join LEDGER

The standings lie in a ledger, as a gateway has them. A process of its own opens it, and asks as the fold does: of the rows of a batch
whether anybody is linked to their subjects, and of a subject whom it is when a visit or a dwell of it opens. Every row is of a linked
subject, which is the worst case: in a store most are of nobody's phones, and of these only the first question is asked.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.machine import rss_mb
from benchmarks.results import Failed
from footfall.pseudonyms import to_hex
from gateway.fold.link_index import LinkIndex
from gateway.identity.facts import FOR_EVER_NS, Span, Standing
from gateway.state.ledger import Ledger

SUBJECTS: Final = 1_000_000
VISITORS: Final = 20_000
"""Linked subjects that are heard, none of them twice on a day."""
ROWS_A_VISIT: Final = 120
"""Ten minutes in a store, heard every five seconds."""
DWELLS_A_VISIT: Final = 5
BATCH_ROWS: Final = 2_400
"""A second of a gateway of a few hundred agents."""
NOW_NS: Final = 1_780_000_000_000_000_000
SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Join:
    """CPU a row, and what the process takes more with the standings than without."""

    us_per_row: float
    rss_mb: float


def measure(subjects: int = SUBJECTS) -> Join:
    """Return what the join costs with so many linked subjects."""
    with tempfile.TemporaryDirectory(prefix="footfall-bench.") as folder:
        path = Path(folder) / "ledger.db"
        _write(path, subjects)
        command = [sys.executable, "-m", "benchmarks.join", str(path), str(subjects)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
        return Join(*map(float, done.stdout.split()))


def _subjects(count: int) -> list[int]:
    drawn = random.Random(SEED)
    return [drawn.getrandbits(63) for _ in range(count)]


def _write(path: Path, subjects: int) -> None:
    """Two subjects a fan, and a span each."""
    ledger, ids = Ledger(path), _subjects(subjects)
    for start in range(0, subjects, 10_000):
        some = enumerate(ids[start : start + 10_000], start)
        spans = ((subject, Span(-FOR_EVER_NS, FOR_EVER_NS, f"f-{number // 2:07}")) for number, subject in some)
        ledger.save_standings([Standing(to_hex(subject), 1, (span,), rank=5) for subject, span in spans])
        ledger.checkpoint([])
    ledger.close()


def _inside(path: Path, subjects: int) -> Join:
    heard = np.array(_subjects(subjects)[:: max(1, subjects // VISITORS)], np.uint64)
    before_mb = rss_mb(os.getpid())
    links = LinkIndex(Ledger(path, take_over=False))
    began_s, at_once = time.process_time(), BATCH_ROWS // ROWS_A_VISIT
    for start in range(0, len(heard), at_once):
        visitors = heard[start : start + at_once]
        links.may_be_linked(np.repeat(visitors, ROWS_A_VISIT))
        links.read_ahead(visitors)
        found = [links.fan_of(subject, NOW_NS + n) for subject in visitors.tolist() for n in range(1 + DWELLS_A_VISIT)]
        if not all(found):
            raise Failed("a linked subject was nobody")
    us = 1e6 * (time.process_time() - began_s) / (len(heard) * ROWS_A_VISIT)
    return Join(us, rss_mb(os.getpid()) - before_mb)


if __name__ == "__main__":
    inside = _inside(Path(sys.argv[1]), int(sys.argv[2]))
    print(inside.us_per_row, inside.rss_mb)
