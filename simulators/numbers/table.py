"""`questions.toml`: what is asked, as data. Times are local dates, both ends included."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, Literal

from footfall.config import Section, check

TABLE_FILE: Final = Path(__file__).with_name("questions.toml")
OWN_GROUPS: Final = frozenset({"zone", "door", "staff", "department", "channel", "campaign", "what", "sku", "squad", "owner",
                                     "sharer", "root", "depth", "fan"})  # fmt: skip
"""Groups that an event has by itself: a store is open in all of them alike, so they have no open minutes of their own."""


YEAR: Final = "year"
"""What is compared with a year before."""


class Asked(Section):
    """One request: what a person would ask for on the command line."""

    id: str
    question: str
    measures: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    first: date
    last: date
    interval: str | None = None
    day: Literal["midnight", "store"] = "midnight"
    zone: str | None = None
    top: int | None = None
    compare: str | None = None
    align: str = "weekday"
    rule: str = ""
    kind: str = ""
    """Of outcomes: of which kind of values the rows are, where not of stores."""
    as_of: str = ""
    """A moment with its offset, at a full quarter of an hour."""
    error: str = ""
    """Words of the refusal, where what is asked must not be answered."""

    @property
    def plain_groups(self) -> tuple[str, ...]:
        """Return the groups that an event has whatever is asked: not path, which has levels, nor weekday, which depends on `day`."""
        return _plain_groups(self.by)

    @property
    def path_level(self) -> int | None:
        """Return how many levels of the path make a group; 0 for all, None where it makes none."""
        return _path_level(self.by)

    @property
    def of_stores(self) -> Asked:
        """Return the same without groups that an event has by itself: a store is open in all of them alike."""
        return self.model_copy(update={"by": tuple(group for group in self.by if group not in OWN_GROUPS)})

    @property
    def has_totals_of_stores(self) -> bool:
        """Return whether each store has a total: where it has several rows, and all of them are shown."""
        return "store" in self.by and (self.interval is not None or len(self.by) > 1) and not self.top

    @property
    def own_groups(self) -> frozenset[str]:
        return OWN_GROUPS & set(self.by)


@cache
def _plain_groups(by: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(group for group in by if not group.startswith("path") and group != "weekday")


@cache
def _path_level(by: tuple[str, ...]) -> int | None:
    return next((int(group.partition(":")[2] or 0) for group in by if group.startswith("path")), None)


class Tables(Section):
    """`questions` are of the chain of ten weeks, `small` of the first three stores in one week."""

    questions: tuple[Asked, ...]
    small: tuple[Asked, ...]


def shipped_questions() -> Tables:
    """Return what `questions.toml` asks. Raise ConfigError, which names what is wrong in it."""
    return check(tomllib.loads(TABLE_FILE.read_text(encoding="utf-8")), Tables, TABLE_FILE.name)
