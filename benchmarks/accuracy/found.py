"""What one job of `make accuracy` brings back: courses, and what is counted beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.accuracy import interval_plot
from benchmarks.accuracy.rows import Row
from simulators.accuracy import plot
from simulators.accuracy.course import Course


@dataclass(frozen=True, slots=True)
class Picture:
    """Courses to be drawn, under a name that is the file's too."""

    name: str
    title: str
    courses: Sequence[Course]

    def write(self, path: Path) -> None:
        """Write the picture, if there is anything in it."""
        if self.courses:
            plot.draw(self.courses, self.title, path)


@dataclass(frozen=True, slots=True)
class IntervalPicture:
    """Numbers beside their estimates `(at least, estimate, at most)`, a column each; None where there is no estimate."""

    name: str
    title: str
    labels: Sequence[str]
    true: Sequence[float]
    estimates: Sequence[interval_plot.Interval]

    def write(self, path: Path) -> None:
        """Write the picture, if there is anything in it."""
        if self.true:
            interval_plot.draw(self.labels, self.true, self.estimates, self.title, path)


AnyPicture = Picture | IntervalPicture


@dataclass(frozen=True, slots=True)
class Figures:
    """Rows of the table, and pictures of the report."""

    rows: Sequence[Row]
    pictures: Sequence[AnyPicture] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A call that runs in a process of its own: a function of a module, and its arguments."""

    call: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the table: jobs, and what becomes of all their results together."""

    name: str
    text: str
    jobs: Sequence[Job]
    rows: Callable[[Sequence[Any]], Figures]
    job_cpu_s: float = 0.0
    """About how many seconds its longest job takes: the longest of all parts begin first, so that no process waits for one in the end."""
