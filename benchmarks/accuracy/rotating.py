"""The figures of people by rotating phones: days of a store are played, stored, and asked about as an analyst does.

First come as many days whose doors count as the product learns from at most. On the days that are scored the counter is dead: it counts
nobody and reports nothing wrong, so that nothing of what is scored can be learned. Each day has a seed of its own, also for the walls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from zoneinfo import ZoneInfo

from benchmarks.accuracy.found import Figures, IntervalPicture, Job
from benchmarks.accuracy.rows import Goal, Row
from footfall.units import NS_PER_DAY
from gateway.points import Points
from gateway.query.answer import Request
from gateway.query.estate import QueryEstate
from gateway.query.questions import ask
from gateway.query.spans import local
from gateway.query.visitors import LEARNED_DAYS
from gateway.sinks.sqlite.reader import SqliteReader
from gateway.sinks.sqlite.sink import SQLite
from gateway.site import Site
from simulators.accuracy.playing import play_world
from simulators.feed import day_key_of
from simulators.plan import site
from simulators.scenes import START_NS, scene
from simulators.truth import collect, truth_of
from simulators.world import World

SCORED: Final = tuple(range(1, 21))
LEARNED: Final = tuple(range(51, 51 + LEARNED_DAYS))
"""Seeds: of the days that are scored, and of those before them."""
FLUSH_S: Final = 60.0
"""Frames are rare: what they contain is the same."""
_OPENS, _CLOSES = time(10), time(16)
_ASKED: Final = frozenset({"traffic", "coverage", "store"})
"""The measurements that the question reads."""


@dataclass(frozen=True, slots=True)
class PlayedDay:
    """A day as it was stored, and how many people came, staff left out."""

    seed: int
    world_start_ns: int
    people: int
    points: Sequence[Points]


class _Kept:
    """A sink that keeps what the question reads."""

    name = "kept"

    def __init__(self) -> None:
        self.points: Final[list[Points]] = []

    def write(self, batch: Sequence[Points]) -> None:
        """Keep points in the order in which they were emitted."""
        self.points.extend(points for points in batch if points.measurement in _ASKED)

    def delete(self, measurements: Sequence[str], store: str, from_ns: int, to_ns: int) -> None:
        """Forget nothing: no other gateway made anything."""

    def close(self) -> None:
        """Close nothing: all is in memory."""


def world_of(seed: int, day: int, is_counted: bool) -> World:
    """Return the scene so many days after its own date; without `is_counted` the door counter counts nobody."""
    world = scene("rotating", seed)
    crowd = world.crowd if is_counted else replace(world.crowd, door_miss=1.0)
    return replace(world, start_ns=START_NS + day * NS_PER_DAY, crowd=crowd)


def played(seed: int, day: int, is_counted: bool) -> PlayedDay:
    """Play one day. Runs in a process of its own."""
    world, kept = world_of(seed, day, is_counted), _Kept()
    play_world(world, FLUSH_S, day_key=day_key_of(world), sinks=[kept])
    people = {visit.person for visit in collect(truth_of(world)).visits if not visit.staff_id}
    return PlayedDay(seed, world.start_ns, len(people), kept.points)


def jobs() -> tuple[Job, ...]:
    """Return a job for each day: those to learn from, then those to be scored."""
    learned = [Job(played, (seed, day - len(LEARNED), True)) for day, seed in enumerate(LEARNED)]
    return (*learned, *(Job(played, (seed, day, False)) for day, seed in enumerate(SCORED)))


def rows(days: Sequence[PlayedDay]) -> Figures:
    """Return how often the interval holds the truth, how wide it is, and how far the estimate is off."""
    scored = days[len(LEARNED) :]
    with TemporaryDirectory() as folder:
        found = _asked(Path(folder) / "footfall.db", days, scored)
    return figures_of([day.people for day in scored], found)


def figures_of(people: Sequence[int], found: Sequence[dict[str, Any]]) -> Figures:
    """Return the figures of days with so many people, by the rows that were answered. A day without an estimate holds nothing."""
    pairs = [(true, row) for true, row in zip(people, found, strict=True) if row["people"] is not None]
    held = sum(row["at_least"] <= true <= row["at_most"] for true, row in pairs)
    widest = max(((row["at_most"] - row["at_least"]) / 2 / row["people"] for _, row in pairs), default=float("nan"))
    about = f"scene rotating, seeds {SCORED[0]} to {SCORED[-1]} as days of a store, by a factor of {len(LEARNED)} days of other seeds"
    made = [
        Row("rotating-interval-covers", held / len(people), f"{about}; share of days whose number of people is in the interval", Goal(0.9)),
        Row("rotating-interval-half-width", widest, f"{about}; half of the width by the estimate, of the widest", Goal(0.25, bound="<=")),
        Row("rotating-people-off", _mean_off(pairs, "people"), f"{about}; how far the estimate is off, as a share, on average",
            baseline={"phones as people": _mean_off(pairs, "arrivals")}),
    ]  # fmt: skip
    picture = IntervalPicture(
        "rotating",
        "scene rotating: people who came, and their estimate with its interval of 95 %, by seed",
        [str(seed) for seed in SCORED[: len(people)]],
        list(people),
        [(row["at_least"], row["people"], row["at_most"]) for row in found],
    )
    return Figures(made, [picture])


def _mean_off(pairs: Sequence[tuple[int, dict[str, Any]]], name: str) -> float:
    return sum(abs(row[name] - true) / true for true, row in pairs) / len(pairs) if pairs else float("nan")


def _asked(path: Path, days: Sequence[PlayedDay], scored: Sequence[PlayedDay]) -> list[dict[str, Any]]:
    """The rows of `footfall query visitors` for the scored days."""
    sink = SQLite(path)
    for day in days:
        sink.write(day.points)
    sink.close()
    plan = scene("rotating", SCORED[0]).plan
    asked = Request("visitors", stores=(plan.store,), from_=_day(scored[0]), to=_day(scored[-1]))
    reader = SqliteReader(path)
    answer = ask(reader, asked, QueryEstate.from_site(_with_hours(site("rotating", [plan]))), scored[-1].world_start_ns + NS_PER_DAY)
    reader.close()
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def _with_hours(estate: Site) -> Site:
    """The estate with the hours that the scene plays: minutes that nobody plays are not open."""
    stores = tuple(store.model_copy(update={"opens": _OPENS, "closes": _CLOSES}) for store in estate.stores)
    return estate.model_copy(update={"stores": stores})


def _day(day: PlayedDay) -> str:
    return local(day.world_start_ns, ZoneInfo(scene("rotating", day.seed).plan.timezone)).date().isoformat()
