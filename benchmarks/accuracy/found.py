"""What one job of `make accuracy` brings back: courses, and what is counted beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.accuracy.rows import Row
from simulators.accuracy.course import Course


@dataclass(frozen=True, slots=True)
class Picture:
    """Courses to be drawn, under a name that is the file's too."""

    name: str
    title: str
    courses: Sequence[Course]


@dataclass(frozen=True, slots=True)
class Figures:
    """Rows of the table, and pictures of the report."""

    rows: Sequence[Row]
    pictures: Sequence[Picture] = ()


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
