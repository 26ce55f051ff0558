"""What a benchmark is, and with how much effort it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.ingest import Ingest
from benchmarks.results import Result


@dataclass(frozen=True, slots=True)
class Effort:
    """`quick`: little of everything, once. `say` shows progress."""

    quick: bool
    say: Callable[[str], None]

    def repeats(self, count: int) -> int:
        return 1 if self.quick else count

    def events(self, count: int) -> int:
        return count // 10 if self.quick else count

    def shortened(self, run: Ingest) -> Ingest:
        return replace(run, frames=max(5, run.frames // 5)) if self.quick else run


@dataclass(frozen=True, slots=True)
class Benchmark:
    name: str
    says: str
    results: tuple[str, ...]
    run: Callable[[Effort], list[Result]]
