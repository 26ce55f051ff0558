"""What a recording contains, for people who look before they send it: counts by door, sightings by receiver, its span, refused lines.

contents = Contents(); contents.add(heard) …; contents.lines() -> text, a line each
contents.refused_lines() -> how many lines were refused for each reason, with examples
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.sources.source import Crossing, Heard, RefusedReading, Sighting
from footfall.units import NS_PER_S
from footfall.wording import counted

EXAMPLES: Final = 3
"""Lines that are shown of each reason."""
MOST_NAMED: Final = 20
LEAST_STEPS: Final = 3
"""Of a door's times, before they show how far apart its rows are."""
SEVERAL: Final = 5
"""So many people do not come by chance after all others have gone, and stay until the next day."""
LEAST_RETURN: Final = 3
"""Where one goes out for each three that come in, on days that have both, a door is no way in alone."""
MOST_REFUSED_SHARE: Final = 0.05
FEW_REFUSED: Final = 2
"""A title or a line of totals is no sign that a file is read wrongly."""


def is_misread(refused: int, lines: int) -> bool:
    """Return whether so many lines of a recording are refused that the others are probably not what they are taken for."""
    return refused > MOST_REFUSED_SHARE * lines and (refused > FEW_REFUSED or 2 * refused > lines)


@dataclass(slots=True)
class Intervals:
    """How far apart the rows of a door are, and over how long each is meant to have been counted."""

    latest_ns: int = 0
    steps: int = 0
    least_s: int = 0
    seconds: int = 0

    def add(self, one: Crossing) -> None:
        step_s = (one.t_wall_ns - self.latest_ns) // NS_PER_S
        if self.latest_ns and step_s > 0:
            self.steps += 1
            self.least_s = min(step_s, self.least_s or step_s)
        self.latest_ns, self.seconds = max(one.t_wall_ns, self.latest_ns), one.seconds

    @property
    def disagree(self) -> bool:
        """Return whether rows overlap, or have gaps between any two of them."""
        return bool(self.seconds) and (0 < self.least_s < self.seconds or (self.steps >= LEAST_STEPS and self.least_s > self.seconds))


class Days:
    """In which days people passed a door, by local dates."""

    def __init__(self) -> None:
        self._people: Final[dict[date, list[int]]] = defaultdict(lambda: [0, 0])
        """In, out."""

    def add(self, day: date, one: Crossing) -> None:
        people = self._people[day]
        people[0] += one.entered
        people[1] += one.left

    def __len__(self) -> int:
        return len(self._people)

    def one_way(self) -> list[date]:
        """Return the days on which several came in and nobody went out, or the other way round, of a door that people pass both ways.

        The first and the last are left out: a recording may begin and end within them.
        """
        both = [people for people in self._people.values() if min(people)]
        entered, left = sum(people[0] for people in both), sum(people[1] for people in both)
        if min(entered, left) * LEAST_RETURN < max(entered, left):
            return []
        return [day for day in sorted(self._people)[1:-1] if min(self._people[day]) == 0 and max(self._people[day]) >= SEVERAL]


class Contents:
    """Adds up what is heard, in the order of its time."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone: Final = zone
        self._doors: Final[dict[str, list[int]]] = defaultdict(lambda: [0, 0, 0])
        """Counts, people in, people out."""
        self._receivers: Final[Counter[str]] = Counter()
        self._intervals: Final[dict[str, Intervals]] = defaultdict(Intervals)
        self._days: Final[dict[str, Days]] = defaultdict(Days)
        self._first: Crossing | None = None
        self._span_ns: tuple[int, int] | None = None
        self._without_id = 0
        self._added = 0
        self._refused: Final[Counter[str]] = Counter()
        self._examples: Final[dict[str, list[str]]] = defaultdict(list)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was added at all."""
        return not self._added

    @property
    def refused(self) -> int:
        return self._refused.total()

    def add(self, heard: Heard) -> None:
        self._added += 1
        match heard:
            case RefusedReading():
                self._refuse(heard)
                return
            case Crossing():
                self._count(heard)
            case Sighting():
                self._receivers[heard.receiver] += 1
            case _:
                return
        first_ns, last_ns = self._span_ns or (heard.t_wall_ns, heard.t_wall_ns)
        self._span_ns = min(first_ns, heard.t_wall_ns), max(last_ns, heard.t_wall_ns)

    def _count(self, crossing: Crossing) -> None:
        self._first = self._first or crossing
        self._without_id += not crossing.event_id
        of_door = self._doors[crossing.door]
        of_door[0] += 1
        of_door[1] += crossing.entered
        of_door[2] += crossing.left
        self._intervals[crossing.door].add(crossing)
        self._days[crossing.door].add(self._moment(crossing.t_wall_ns).date(), crossing)

    def _refuse(self, refused: RefusedReading) -> None:
        key, _, text = refused.why.partition(": ")
        self._refused[key or refused.reason] += 1
        examples = self._examples[key or refused.reason]
        if len(examples) < EXAMPLES:
            examples.append(f"{refused.where}: {text or refused.reason}")

    def lines(self) -> Iterator[str]:
        """Yield what there is, for people to check."""
        if self._span_ns:
            yield f"from {self._at(self._span_ns[0])} to {self._at(self._span_ns[1])}"
        for door, (counts, entered, left) in sorted(self._doors.items())[:MOST_NAMED]:
            yield f"door {door}: {counted(counts, 'count')}, {entered:,} people in, {left:,} out"
        if self._first:
            yield f"the first: {self._counted(self._first)}"
        if self._without_id:
            yield f"{counted(self._without_id, 'count has', 'counts have')} no id: only the very same files can be sent again"
        for receiver, n in sorted(self._receivers.items())[:MOST_NAMED]:
            yield f"receiver {receiver}: {counted(n, 'sighting')}"

    def refused_lines(self) -> Iterator[str]:
        """Yield the number of refused lines for each reason, and the first of them."""
        for key, n in self._refused.most_common():
            yield f"{counted(n, 'refused line')}, look at {key}:"
            yield from (f"  {example}" for example in self._examples[key])

    def doubts(self) -> Iterator[str]:
        """Yield what is probably wrong in the mapping or the files, though every line can be read."""
        for door, found in sorted(self._intervals.items())[:MOST_NAMED]:
            if found.disagree:
                yield f"door {door}: rows are {found.least_s:,} s apart, and `interval_s` is {found.seconds:,}: is it right?"
        for door, days in sorted(self._days.items())[:MOST_NAMED]:
            if one_way := days.one_way():
                of = f"{len(one_way)} of {len(days)} days, the first {one_way[0]}, the last {one_way[-1]}"
                yield f"door {door}: people passed one way alone on {of}: does a file end early, or was a counter dead?"

    @property
    def one_way_share(self) -> float:
        """Return the share of days, door by door, on which people passed one way alone."""
        days = self._days.values()
        return sum(len(each.one_way()) for each in days) / max(sum(map(len, days)), 1)

    def _counted(self, one: Crossing) -> str:
        over = f" for {one.seconds:,} s" if one.seconds else ""
        of_id = f", id {one.event_id}" if one.event_id else ""
        return f"door {one.door}, from {self._at(one.t_wall_ns)}{over}: {one.entered} in, {one.left} out{of_id}"

    def _at(self, time_ns: int) -> str:
        return self._moment(time_ns).isoformat(" ", "minutes")

    def _moment(self, time_ns: int) -> datetime:
        return datetime.fromtimestamp(time_ns // NS_PER_S, UTC).astimezone(self._zone)
