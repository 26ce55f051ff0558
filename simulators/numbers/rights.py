"""Right answers, reckoned in a process of its own while the databases are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from simulators.numbers.answers import Replied
from simulators.numbers.comparison import Comparing
from simulators.numbers.reckon import Reckoning
from simulators.numbers.table import Asked
from simulators.numbers.then import moment_ms, then

Right = Callable[[Asked], Replied | None]
"""The right answer to a question; None if that is a refusal."""


def rights_of(reckoning: Reckoning) -> Right:
    """Return what reckons right answers here and now."""
    comparing = Comparing(reckoning)

    def right(asked: Asked) -> Replied | None:
        if asked.error:
            return None
        if asked.as_of:
            return then(reckoning.simulated, moment_ms(asked.as_of)).replied(asked)
        return comparing.replied(asked) if asked.compare else reckoning.replied(asked)

    return right


@contextmanager
def reckoned_beside(reckoning: Reckoning, questions: Sequence[Asked]) -> Iterator[Right]:
    """Reckon the answers to these questions, in their order, in another process; each is there when it is asked for, or soon after."""
    with ProcessPoolExecutor(1, get_context("fork"), _begin, (reckoning,)) as pool:
        found = {asked.id: pool.submit(_reckon, asked) for asked in questions}
        yield lambda asked: found[asked.id].result()


_here: list[Right] = []


def _begin(reckoning: Reckoning) -> None:
    """The truth of a chain is large: the process inherits it as it is."""
    _here.append(rights_of(reckoning))


def _reckon(asked: Asked) -> Replied | None:
    return _here[0](asked)
