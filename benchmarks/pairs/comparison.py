"""From pairs of runs to a ratio that can be believed: the median over pairs, with the spread beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from rich.table import Table

from benchmarks.pairs.trees import Measured
from benchmarks.pairs.workloads import Workload

TARGET: Final = 1.05
Run = Callable[[], Measured]


@dataclass(frozen=True, slots=True)
class Comparison:
    """(old, new) of every pair."""

    workload: Workload
    pairs: Sequence[tuple[Measured, Measured]]

    @property
    def ratios(self) -> list[float]:
        """CPU of the new tree by that of the old, one a pair."""
        return [new.cpu_s / old.cpu_s for old, new in self.pairs]

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def is_above(self) -> bool:
        return self.ratio > TARGET

    def stage_ratios(self) -> dict[str, float]:
        """Median ratio by stage, of stages that take more than a hundredth of the whole."""
        names = self.pairs[0][0].stages_s.keys() & self.pairs[0][1].stages_s.keys()
        return {
            name: median(new.stages_s[name] / old.stages_s[name] for old, new in self.pairs)
            for name in sorted(names)
            if min(min(old.stages_s[name] / old.cpu_s, new.stages_s[name]) for old, new in self.pairs) > 0.01
        }

    def differences(self) -> list[str]:
        """Return what one tree made and the other did not: then the ratio is not of the same work."""
        old, new = self.pairs[0]
        found = [
            f"{name}: {old.digest.get(name, (0, ''))[0]} old, {new.digest.get(name, (0, ''))[0]} new"
            + (", of other content" if old.digest.get(name, (0, ""))[0] == new.digest.get(name, (0, ""))[0] else "")
            for name in sorted({*old.digest, *new.digest})
            if old.digest.get(name) != new.digest.get(name)
        ]
        return found + ([f"receipts: {old.receipts} old, {new.receipts} new"] if old.receipts != new.receipts else [])


def by_turns(workload: Workload, old: Run, new: Run, pairs: int, progress: Callable[[], None] = lambda: None) -> Comparison:
    """Run old, new, new, old …: what changes slowly on the machine weighs on both alike."""
    found: list[tuple[Measured, Measured]] = []
    for number in range(pairs):
        first, second = (old, new) if number % 2 == 0 else (new, old)
        one = first()
        progress()
        other = second()
        progress()
        found.append((one, other) if number % 2 == 0 else (other, one))
    return Comparison(workload, found)


def table(comparisons: Sequence[Comparison]) -> Table:
    found = Table("workload", "old us", "new us", "each", "ratio", "spread", f"<= {TARGET}", "by stage", title="CPU of all threads")
    for each in comparisons:
        old_us, new_us = (median(run.cpu_s for run in runs) / each.workload.units * 1e6 for runs in zip(*each.pairs, strict=True))
        stages = ", ".join(f"{name} {ratio:.2f}" for name, ratio in each.stage_ratios().items())
        found.add_row(
            each.workload.name, f"{old_us:.2f}", f"{new_us:.2f}", each.workload.unit.removesuffix("s"), f"{each.ratio:.3f}",
            f"{min(each.ratios):.2f}-{max(each.ratios):.2f}", "above" if each.is_above else "yes", stages,
        )  # fmt: skip
    return found
