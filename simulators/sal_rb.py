"""The recording sal-rb against its own truth: which side of the door, row by row, and each crossing of it.

`Label` is 0 outside, 1 and 2 inside; it changes when a photosensor in the door triggers (Karoliny et al. 2021). A row's stored side is
the zone of the latest dwell begun by then: a moment between two dwells belongs to the earlier.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from edge_agent.sources.replay import expand
from edge_agent.sources.replay_settings import BETWEEN_FILES_NS, DEFAULT_START
from footfall.errors import ConfigError
from footfall.moments import to_ns
from footfall.units import NS_PER_S
from simulators.score import StoredDwell

INSIDE: Final = "inside"
OUTSIDE: Final = "outside"
_SIDES: Final = {"0": OUTSIDE, "1": INSIDE, "2": INSIDE}


@dataclass(frozen=True, slots=True)
class Run:
    """One file: the true side at each time, ns since 1970 as `footfall replay` dates it."""

    name: str
    t_ns: tuple[int, ...]
    sides: tuple[str, ...]

    @property
    def changes(self) -> list[tuple[int, str]]:
        """When the tag crossed the door, and where to."""
        return [(t_ns, side) for t_ns, side, before in zip(self.t_ns[1:], self.sides[1:], self.sides, strict=False) if side != before]


@dataclass(frozen=True, slots=True)
class RunScore:
    """Rows on the right side; crossings true and stored; how many of them pair up within 3 s and within 10 s."""

    name: str
    rows: int
    rows_right: int
    crossings: int
    stored: int
    within_3_s: int
    within_10_s: int

    @property
    def accuracy(self) -> float:
        return self.rows_right / self.rows if self.rows else float("nan")

    def f1(self, found: int) -> float:
        """Harmonic mean of precision and recall for `found` pairs."""
        both = self.crossings + self.stored
        return 2 * found / both if both else float("nan")


def read_runs(folder: Path) -> list[Run]:
    """The recording's files in the order and with the times in which `footfall replay` sends them; ConfigError for other files."""
    return [_run(path, to_ns(DEFAULT_START) + i * BETWEEN_FILES_NS) for i, path in enumerate(expand("sal-rb", [folder]))]


def span(runs: Sequence[Run]) -> tuple[int, int]:
    """From the first row until after the last, ns."""
    return runs[0].t_ns[0], runs[-1].t_ns[-1] + BETWEEN_FILES_NS


def score_runs(runs: Sequence[Run], dwells: Sequence[StoredDwell]) -> list[RunScore]:
    """A score for each run, and one named `all` for their sum."""
    scores = [_score(run, [d for d in dwells if run.t_ns[0] - NS_PER_S <= d.from_ns < run.t_ns[0] + BETWEEN_FILES_NS // 2]) for run in runs]
    sums = zip(*((s.rows, s.rows_right, s.crossings, s.stored, s.within_3_s, s.within_10_s) for s in scores), strict=True)
    return [*scores, RunScore("all", *map(sum, sums))]


def pairs(true: Sequence[tuple[int, str]], stored: Sequence[tuple[int, str]], tolerance_ns: int) -> int:
    """How many events of the same direction can pair up one to one within the tolerance. In time order greed finds the most."""
    found = 0
    for direction in (INSIDE, OUTSIDE):
        waiting = sorted(t_ns for t_ns, towards in stored if towards == direction)
        for t_ns in sorted(t_ns for t_ns, towards in true if towards == direction):
            while waiting and waiting[0] < t_ns - tolerance_ns:
                waiting.pop(0)
            if waiting and waiting[0] <= t_ns + tolerance_ns:
                waiting.pop(0)
                found += 1
    return found


def _score(run: Run, dwells: Sequence[StoredDwell]) -> RunScore:
    known = sorted((d.from_ns, d.zone) for d in dwells if d.zone in (INSIDE, OUTSIDE))
    begins = [t_ns for t_ns, _ in known]
    sides = [known[at - 1][1] if (at := bisect_right(begins, t_ns)) else "" for t_ns in run.t_ns]
    stored = [(t_ns, zone) for (_, before), (t_ns, zone) in pairwise(known) if zone != before]
    return RunScore(
        run.name,
        rows=len(run.sides),
        rows_right=sum(a == b for a, b in zip(sides, run.sides, strict=True)),
        crossings=len(run.changes),
        stored=len(stored),
        within_3_s=pairs(run.changes, stored, 3 * NS_PER_S),
        within_10_s=pairs(run.changes, stored, 10 * NS_PER_S),
    )


def _run(path: Path, start_ns: int) -> Run:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        try:
            rows = [(start_ns + int(row["superframe"]) * NS_PER_S // 10, _SIDES[row["Label"]]) for row in reader]
        except (KeyError, ValueError, TypeError) as error:
            raise ConfigError(f"{path}:{reader.line_num}: not a row of sal-rb: {error}") from None
    if not rows:
        raise ConfigError(f"{path}: no rows here")
    t_ns, sides = zip(*rows, strict=True)
    return Run(path.stem, t_ns, sides)
