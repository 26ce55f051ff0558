"""Run targets on spoilt inputs and report unplanned behaviour.

    Run(targets, seed).go(inputs) -> Result      # from the main thread: hangs are found by SIGALRM

The same seed and targets give the same inputs.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Final

from footfall.errors import ContractError, ProfileError
from simulators.fuzz.mutate import mutated
from simulators.fuzz.targets import Impossible, Target

LIMIT_S: Final = 2.0
TURN: Final = 100
"""Inputs of one target before the next: the mix is the same all the time, so memory can be compared."""
KEPT: Final = 20
FLAT_SHARE: Final = 0.05
FLAT_BYTES: Final = 8 << 20
JUDGED_INPUTS: Final = 50_000
"""A shorter run is still filling its caches."""


class Hang(BaseException):
    """Raised inside of a target that takes too long; no decoder's `except Exception` may swallow it."""


@dataclass(frozen=True)
class Failure:
    """One thing that was not planned, and the first input that led to it."""

    target: str
    data: bytes
    what: str
    trace: str


@dataclass
class Result:
    """`refused`: planned errors. `failures`: each kind once. Memory is the process's resident set, bytes."""

    inputs: int = 0
    refused: int = 0
    unexpected: int = 0
    failures: list[Failure] = field(default_factory=list)
    memory_at_tenth: int = 0
    memory_at_end: int = 0

    @property
    def is_flat(self) -> bool:
        """Whether memory after a tenth of the inputs was what it was at the end."""
        grown = self.memory_at_end - self.memory_at_tenth
        return self.inputs < JUDGED_INPUTS or grown <= max(FLAT_BYTES, FLAT_SHARE * self.memory_at_tenth)


class Run:
    """One after the other, `TURN` inputs of each target in turn."""

    def __init__(self, targets: Sequence[Target], seed: int, limit_s: float = LIMIT_S) -> None:
        self.result: Final = Result()
        self._targets: Final = [(target, Random(f"{seed}/{target.name}")) for target in targets]
        self._limit_s: Final = limit_s
        self._seen: Final[set[tuple[str, str]]] = set()
        self._watched = -1

    def go(self, inputs: int, progress: Callable[[int], None] = lambda done: None) -> Result:
        result = self.result
        with self._watching():
            while result.inputs < inputs:
                for target, rng in self._targets:
                    for _ in range(min(TURN, inputs - result.inputs)):
                        self._one(target, mutated(rng, target.seeds, target.rare))
                    progress(result.inputs)
                if not result.memory_at_tenth and result.inputs >= inputs / 10:
                    result.memory_at_tenth = resident_bytes()
        result.memory_at_end = resident_bytes()
        return result

    def _one(self, target: Target, data: bytes) -> None:
        result = self.result
        result.inputs += 1
        try:
            target.run(data)
        except (ProfileError, ContractError):
            result.refused += 1
        except (Exception, Hang) as error:  # whatever it is, it is what is looked for
            self._keep(target, data, error)

    def _keep(self, target: Target, data: bytes, error: BaseException) -> None:
        self.result.unexpected += 1
        place = traceback.extract_tb(error.__traceback__)[-1]
        said = str(error).partition(":")[0] if isinstance(error, Impossible) else type(error).__name__
        kind = (target.name, "hang" if isinstance(error, Hang) else f"{said} {place.filename}:{place.lineno}")
        if kind not in self._seen and len(self.result.failures) < KEPT:
            self._seen.add(kind)
            trace = "".join(traceback.format_exception(error))
            self.result.failures.append(Failure(target.name, data, f"{type(error).__name__}: {error}", trace))

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """An input that is still the same two ticks later hangs. Where even the signal is not heard, faulthandler ends the process."""
        before = signal.signal(signal.SIGALRM, self._tick)
        signal.setitimer(signal.ITIMER_REAL, self._limit_s / 2, self._limit_s / 2)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            faulthandler.cancel_dump_traceback_later()

    def _tick(self, _number: int, _frame: FrameType | None) -> None:
        faulthandler.dump_traceback_later(10 * self._limit_s, exit=True)
        at, self._watched = self._watched, self.result.inputs
        if at == self._watched:
            self._watched = -1
            raise Hang(f"not done after {self._limit_s / 2:g} to {self._limit_s:g} s")


def reproduce(target: Target, data: bytes) -> Failure | str:
    """What one input does: the failure, else what was planned."""
    run = Run([target], 0)
    with run._watching():
        try:
            target.run(data)
        except (ProfileError, ContractError) as error:
            return f"{type(error).__name__} {error.reason}: {error}"
        except (Exception, Hang) as error:  # as above
            return Failure(target.name, data, f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)))
    return "taken"


def resident_bytes() -> int:
    """Of this process; 0 where the system does not report it."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
