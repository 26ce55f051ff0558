"""What an answer may be grouped by: `--by path:1,weekday`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from footfall.whole_numbers import whole_number
from gateway.query.measures import MEASURES, Measure, measures_of

PLACES: Final = ("chain", "store", "path", "ownership")
"""Groups of stores: they stand before the time."""
CLOCK: Final = ("weekday", "hour")
"""Groups of intervals, by the store's clock."""
_MOST_LEVELS: Final = 99
_COLUMNS: Final[Mapping[str, str]] = {"staff": "staff_id"}
"""The field that a group reads, where it has another name."""
VALUED: Final[Mapping[str, str]] = {
    "staff": "staff", "department": "department", "squad": "squad", "campaign": "campaign", "channel": "channel", "zone": "zone",
    "owner": "store",
}  # fmt: skip
"""Of a table whose rows are of one kind of value each, by the tags `by` and `value`: the kind that a group reads."""


class GroupKey(NamedTuple):
    """One word of `--by`. `level`: of a path, its first so many parts; 0 is all of it."""

    group: str
    level: int = 0

    @property
    def column(self) -> str:
        """Return the name of its column, in answers and in the database."""
        return _COLUMNS.get(self.group, self.group)


def groups_of(question: str) -> tuple[str, ...]:
    """Return the groups that any measure of the question allows, in the order of the table."""
    return tuple(dict.fromkeys(group for measure in MEASURES.values() if measure.question == question for group in measure.groups))


def group_keys(question: str, by: Sequence[str]) -> tuple[GroupKey, ...]:
    """Return the groups that are asked for, each once. Raise ConfigError for what is no group of the question."""
    keys = tuple(_key(question, word) for word in by)
    names = [key.group for key in keys]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"by {name}: it is given twice")
    return keys


def _key(question: str, word: str) -> GroupKey:
    there = groups_of(question)
    group, colon, level = word.partition(":")
    if group not in there:
        able = sorted({measure.question for measure in MEASURES.values() if group in measure.groups})
        other = f"; {group} is a group of {', '.join(able)}" if able else ""
        raise ConfigError(unknown(f"{question} cannot be grouped by {word[:80]!r}", group, there, f"it goes by {', '.join(there)}{other}"))
    if not colon:
        return GroupKey(group)
    if group != "path" or (number := whole_number(level, 1, _MOST_LEVELS)) is None:
        raise ConfigError(f"by {word[:80]!r}: only path has levels, such as path:1 for its first part")
    return GroupKey(group, number)


def allowed(measures: Sequence[Measure], keys: Sequence[GroupKey], are_named: bool) -> tuple[Measure, ...]:
    """Return the measures that allow these groups. Raise ConfigError if one that was named does not, with what would work."""
    refused = {measure.id: [key.group for key in keys if key.group not in measure.groups] for measure in measures}
    for measure in measures:
        if are_named and refused[measure.id]:
            raise ConfigError(_refusal(measure, refused[measure.id][0], keys))
    return tuple(measure for measure in measures if not refused[measure.id])


def _refusal(measure: Measure, group: str, keys: Sequence[GroupKey]) -> str:
    asked = {key.group for key in keys}
    able = [other.id for other in measures_of(measure.question).values() if asked <= set(other.groups)]
    return (
        f"{measure.id} cannot be grouped by {group}: it is not {measure.is_not}."
        f" It goes by {', '.join(measure.groups)}; by {', '.join(key.group for key in keys)} go {', '.join(able) or 'none'}"
    )
