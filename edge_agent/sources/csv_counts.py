"""People through doors in CSV files, as counters' exports have them: in wide rows, a column or two a door; in long rows, a door in a
column, and perhaps a direction.

A count has an id, from a column or made of its door and time. So a file that was mended can be sent again: what is stored is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import Field, field_validator, model_validator

from edge_agent.sources.csv_text import NOTHING, CsvColumn, Misread, Numbers, Place
from edge_agent.sources.csv_time import LAST_INSTANT_NS
from edge_agent.sources.recording import DOOR_PROFILE
from edge_agent.sources.source import Crossing
from footfall.config import Section
from footfall.events import MAX_PEOPLE, MAX_SECONDS, Name
from footfall.mistakes import unknown
from footfall.topics import is_name
from footfall.units import NS_PER_S

MAX_ID_CHARS: Final = 50
"""Of a column of ids: with the door's name an event's id has room for it."""
_DIRECTIONS: Final[Mapping[str, Literal["in", "out"]]] = {
    **dict.fromkeys(("in", "entry", "entries", "enter", "inflow"), "in"),
    **dict.fromkeys(("out", "exit", "exits", "leave", "outflow"), "out"),
}


class DoorColumns(Section):
    """The columns of one door, in and out or one of them."""

    entered: CsvColumn | None = Field(None, alias="in")
    left: CsvColumn | None = Field(None, alias="out")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.entered is None and self.left is None:
            raise ValueError("state `in`, `out` or both")
        return self


class CountColumns(Section):
    """Where people through doors are: `in` and `out` of one door, `doors` with columns each, or rows that name their door.

    Of rows with a `direction` the number of people is in the column `count`.
    """

    door: Name = "main"
    entered: CsvColumn | None = Field(None, alias="in")
    left: CsvColumn | None = Field(None, alias="out")
    doors: dict[Name, DoorColumns] = Field(default_factory=dict)
    door_column: CsvColumn | None = None
    door_names: dict[str, Name] = Field(default_factory=dict)
    """What the column of doors holds, and their names in site.toml; without it the texts are the names."""
    direction: CsvColumn | None = None
    count: CsvColumn | None = None
    directions: dict[str, Literal["in", "out"]] = Field(default_factory=dict)
    """What the column of directions holds; without it the usual words."""
    interval_s: Annotated[int, Field(ge=1, le=MAX_SECONDS)] | None = None
    """Over how long a row was counted: so long doors are known to have been observed."""
    id: CsvColumn | None = None
    not_measured: list[str] = Field(default_factory=list)
    """What cells hold where nothing was measured, beside nothing at all."""

    @field_validator("directions")
    @classmethod
    def _plain(cls, given: dict[str, Literal["in", "out"]]) -> dict[str, Literal["in", "out"]]:
        return {text.strip().lower(): direction for text, direction in given.items()}

    @model_validator(mode="after")
    def _one(self) -> Self:
        forms = [bool(self.entered or self.left), bool(self.doors), self.direction is not None]
        if sum(forms) != 1:
            raise ValueError("state one of: `in` and `out`; `doors`, a table of columns for each door; `direction` and `count`")
        if (self.direction is None) != (self.count is None):
            raise ValueError("state `direction` and `count` together: which way, and how many people")
        if self.doors and (self.door_column is not None or self.door_names):
            raise ValueError("with `doors` a row has all doors: leave `door_column` and `door_names` out")
        if self.door_names and self.door_column is None:
            raise ValueError("`door_names` needs `door_column`, the column that holds these texts")
        return self


class _Counted(NamedTuple):
    door: str
    part: str
    """What distinguishes it from others of its door and time: a direction, or nothing."""
    entered: int
    left: int


class CountReader:
    """Reads the counts of one file, whose times are all of a start if `is_relative`: then they have no ids."""

    def __init__(self, counts: CountColumns, place: Place, numbers: Numbers, is_relative: bool, marks: Literal["beginning", "end"]) -> None:
        self._counts: Final = counts
        self._numbers: Final = numbers
        self._is_relative: Final = is_relative
        self._marks: Final = marks
        self._id_at: Final = None if counts.id is None else place(counts.id)
        self._door_at: Final = None if counts.door_column is None else place(counts.door_column)
        self._read: Final = self._reader(place)
        self._seen: Final[dict[str, tuple[int, int]]] = {}
        """Ids, and what was counted under them."""
        self.repeated = 0
        """Rows that the file has more than once."""

    def series(self, cells: Sequence[str]) -> str:
        """Return what a row's time follows the one before of."""
        return "" if self._door_at is None else cells[self._door_at].strip()

    def crossings(self, cells: Sequence[str], t_ns: int) -> Iterator[Crossing]:
        """Yield what a row counted. Raise ValueError for cells that are no such row."""
        seconds = self._counts.interval_s or 0
        if self._marks == "end":
            t_ns -= seconds * NS_PER_S or LAST_INSTANT_NS
        for one in self._read(cells):
            name = "" if self._is_relative and self._id_at is None else self._id(cells, one, t_ns)
            if name and self._is_repeated(name, one):
                continue
            yield Crossing(0, one.door, one.entered, one.left, DOOR_PROFILE, t_ns, name, seconds)

    def _id(self, cells: Sequence[str], one: _Counted, t_ns: int) -> str:
        if self._id_at is None:
            at = datetime.fromtimestamp(t_ns // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            at = cells[self._id_at].strip()
            if not 0 < len(at) <= MAX_ID_CHARS or not at.isprintable():
                raise Misread("counts.id", f"the id {at[:MAX_ID_CHARS]!r} is empty, too long, or holds what cannot be printed")
        return "/".join(part for part in (one.door, at, one.part) if part)

    def _is_repeated(self, name: str, one: _Counted) -> bool:
        counted = (one.entered, one.left)
        before = self._seen.setdefault(name, counted)
        if before is counted:
            return False
        if before != counted:
            raise Misread("counts.id", f"door {one.door!r} has this {'time' if self._id_at is None else 'id'} before, with other numbers")
        self.repeated += 1
        return True

    def _reader(self, place: Place) -> Callable[[Sequence[str]], Iterator[_Counted]]:
        counts = self._counts
        if counts.direction is not None and counts.count is not None:
            return self._by_direction(place(counts.direction), place(counts.count))
        of_doors = counts.doors or {counts.door: DoorColumns.model_validate({"in": counts.entered, "out": counts.left})}
        places = [(door, _at(place, columns.entered), _at(place, columns.left)) for door, columns in of_doors.items()]

        def wide(cells: Sequence[str]) -> Iterator[_Counted]:
            for door, entered_at, left_at in places:
                entered, left = self._cell(cells, entered_at), self._cell(cells, left_at)
                if entered or left:
                    name = door if self._door_at is None else self._door(cells[self._door_at])
                    yield _Counted(name, "", self._people(entered), self._people(left))

        return wide

    def _by_direction(self, direction_at: int, count_at: int) -> Callable[[Sequence[str]], Iterator[_Counted]]:
        known = self._counts.directions or _DIRECTIONS

        def long(cells: Sequence[str]) -> Iterator[_Counted]:
            text, counted = cells[direction_at].strip(), self._cell(cells, count_at)
            if not counted:
                return
            people = self._people(counted)
            way = known.get(text.lower())
            if way is None:
                raise Misread("counts.directions", unknown(f"direction {text!r}", text.lower(), known, f"one of {', '.join(known)}", ": "))
            door = self._counts.door if self._door_at is None else self._door(cells[self._door_at])
            yield _Counted(door, way, people if way == "in" else 0, people if way == "out" else 0)

        return long

    def _cell(self, cells: Sequence[str], at: int | None) -> str:
        """Return what a cell holds, "" where nothing was measured."""
        text = "" if at is None else cells[at].strip()
        return "" if text.lower() in NOTHING or text in self._counts.not_measured else text

    def _door(self, text: str) -> str:
        text, names = text.strip(), self._counts.door_names
        if names:
            if text not in names:
                raise Misread("counts.door_names", unknown(f"door {text!r}", text, names, f"the mapping has {', '.join(names)}"))
            return names[text]
        if not is_name(text):
            raise Misread(
                "counts.door_names", f'door {text!r} is no name of site.toml: state `door_names`, such as {{ {text!r} = "main" }}'
            )
        return text

    def _people(self, cell: str) -> int:
        try:
            return people_of(cell, self._numbers)
        except Misread:
            raise
        except ValueError as error:
            see = "`decimal` and `thousands`" if any(map(str.isdigit, cell)) else "`not_measured`"
            raise Misread("counts", f"{error}; see {see}") from None


def people_of(cell: str, numbers: Numbers) -> int:
    """Return how many people a cell counts, 0 if it is empty. Raise Misread for what no door counts, ValueError for what is no number."""
    people = numbers.whole(cell)
    if not 0 <= people <= MAX_PEOPLE:
        raise Misread("counts", f"{people} people: 0 to {MAX_PEOPLE:,} can pass a door between two rows")
    return people


def _at(place: Place, column: CsvColumn | None) -> int | None:
    return None if column is None else place(column)
