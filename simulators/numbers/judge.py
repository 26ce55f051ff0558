"""Every question asked of every database, beside what is right: what is wrong, and where databases differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from footfall.errors import FootfallError
from footfall.units import NS_PER_MS
from gateway.sinks.reader import PointReader
from simulators.numbers.answers import Difference, Replied, differences
from simulators.numbers.ask import answered, replied, request_of
from simulators.numbers.reckon import Reckoning
from simulators.numbers.rights import Right
from simulators.numbers.table import Asked


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that one database answers wrongly, or not at all."""

    asked: Asked
    database: str
    wrong: list[Difference] = field(default_factory=list)
    error: str = ""

    def lines(self, most: int) -> Iterator[str]:
        yield f"✘ {self.asked.id}, {self.database}: {request_of(self.asked)}"
        yield from [f"    {self.error}"] if self.error else []
        yield from (f"    {each}" for each in self.wrong[:most])
        if len(self.wrong) > most:
            yield f"    and {len(self.wrong) - most:,} more values"


@dataclass(slots=True)
class Verdict:
    """`boards_differ`: panels of boards that give another number than the question they are made of; None: not measured."""

    questions: int = 0
    failures: list[Failure] = field(default_factory=list)
    differing: list[tuple[Asked, str, str]] = field(default_factory=list)
    """A question, and the databases that give it different answers."""
    boards_differ: int | None = None
    boards: list[str] = field(default_factory=list)
    """The values of these panels."""

    @property
    def wrong(self) -> int:
        """Return how many questions have a wrong answer from some database."""
        return len({failure.asked.id for failure in self.failures})

    @property
    def is_right(self) -> bool:
        return not (self.failures or self.differing or self.boards_differ)

    def lines(self, most: int) -> Iterator[str]:
        for failure in self.failures:
            yield from failure.lines(most)
        for asked, one, other in self.differing:
            yield f"✘ {asked.id}: {one} and {other} answer differently"
        yield from (f"✘ {each}" for each in self.boards[:most])

    def summary(self) -> str:
        boards = "" if self.boards_differ is None else f" boards_differ={self.boards_differ}"
        return f"questions={self.questions} wrong={self.wrong} databases_differ={len(self.differing)}{boards}"


def judged(reckoning: Reckoning, questions: Iterable[Asked], readers: Mapping[str, PointReader], right_of: Right) -> Verdict:
    """Ask all databases all questions, and hold what they answer to what is right."""
    verdict = Verdict()
    now_ns = max(store.to_ms for store in reckoning.stores.values()) * NS_PER_MS
    for asked in questions:
        verdict.questions += 1
        answers: dict[str, Replied] = {}
        for database, reader in readers.items():
            try:
                answer = answered(reader, asked, now_ns)
            except FootfallError as error:
                if not asked.error or asked.error not in str(error):
                    verdict.failures.append(Failure(asked, database, error=str(error)))
                continue
            right = right_of(asked)
            if right is None:
                verdict.failures.append(Failure(asked, database, error=f"it is answered, and not refused with {asked.error!r}"))
                continue
            found = answers[database] = replied(answer, asked, reckoning)
            if wrong := differences(right, found):
                verdict.failures.append(Failure(asked, database, wrong))
        verdict.differing += _differing(asked, answers)
    return verdict


def _differing(asked: Asked, answers: Mapping[str, Replied]) -> Iterator[tuple[Asked, str, str]]:
    """Yield the databases that differ from the first one."""
    (first, its), *others = answers.items() if answers else [("", Replied({}, {}))]
    yield from ((asked, first, name) for name, found in others if differences(its, found))
