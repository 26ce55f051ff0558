"""The options of a question as people write them, on the command line and in the address of an HTTP request, made into a request. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from footfall.whole_numbers import whole_number
from gateway.query.answer import Request
from gateway.query.intervals import DAYS, Day
from gateway.query.questions import QUESTIONS, check

MOST_TOP: Final = 1_000_000
EXPLAINS: Final = "measures"
"""In the place of a question: the table of measures."""
ANONYMITY: Final = "anonymity"
"""A question that the database alone cannot answer: `gateway.fans.anonymity` asks the ledger, too."""


class OfLedger(NamedTuple):
    """A question that the database alone cannot answer; `takes`: the options of its own."""

    meaning: str
    takes: frozenset[str]
    by: Sequence[str]
    """What its rows may be made for; the first where nothing is asked for."""


OF_LEDGER: Final[Mapping[str, OfLedger]] = {
    ANONYMITY: OfLedger(
        "why visits and orders are nobody's, and what would help, by reason, store or remedy",
        frozenset({"by"}),
        ("reason", "store", "remedy"),
    ),
}
MEANINGS: Final = {name: question.meaning for name, question in QUESTIONS.items()} | {
    name: each.meaning for name, each in OF_LEDGER.items()
}
"""What every question answers, by its name."""


class Option(NamedTuple):
    """`field`: of the request that it sets. `read` makes the value of the text, or raises ConfigError."""

    field: str
    read: Callable[[str], Any] = str


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _day(text: str) -> Day:
    if text not in DAYS:
        raise ConfigError(unknown(f"day {text[:80]!r}", text, DAYS, f"one of {', '.join(DAYS)}", ": "))
    return DAYS[DAYS.index(text)]


def _number(text: str) -> int:
    if (number := whole_number(text, 1, MOST_TOP)) is None:
        raise ConfigError(f"top {text[:80]!r}: a number from 1 up, such as 10")
    return number


OPTIONS: Final[Mapping[str, Option]] = {
    "store": Option("stores", _words),
    "from": Option("from_"),
    "to": Option("to"),
    "timezone": Option("timezone"),
    "interval": Option("interval"),
    "day": Option("day", _day),
    "by": Option("by", _words),
    "measures": Option("measures", _words),
    "top": Option("top", _number),
    "zone": Option("zone"),
    "fan": Option("fan"),
    "compare": Option("compare"),
    "align": Option("align"),
    "as-of": Option("as_of"),
    "rule": Option("rule"),
}
"""By the word behind `--`, or in the address. `store`, `by` and `measures` take several words with commas between."""
ALWAYS: Final = ("store", "from", "to", "timezone")
"""Options that every question takes."""


def request_of(what: str, given: Mapping[str, str | None]) -> Request:
    """Return the request; None stands for an option that was not given.

    Raise ConfigError for an unknown question or option, one that means nothing for the question, and a value that means nothing.
    """
    if what not in QUESTIONS and what not in OF_LEDGER:
        there = (*QUESTIONS, *OF_LEDGER, EXPLAINS)
        raise ConfigError(unknown(f"there is no question {what[:80]!r}", what, there, f"there is {', '.join(there)}"))
    values: dict[str, Any] = {"question": what}
    for name, text in given.items():
        if text is not None:
            _check(what, name)
            values[OPTIONS[name].field] = OPTIONS[name].read(text)
    request = Request(**values)
    if what in QUESTIONS:
        check(request)
    return request


def takes(what: str) -> tuple[str, ...]:
    """Return the options that mean something for a question."""
    own = OF_LEDGER[what].takes if what in OF_LEDGER else QUESTIONS[what].takes
    return tuple(name for name in OPTIONS if name in ALWAYS or name in own)


def _check(what: str, name: str) -> None:
    if name not in OPTIONS:
        raise ConfigError(unknown(f"{what} has no option {name[:80]!r}", name, OPTIONS, f"it takes {', '.join(takes(what))}"))
    if name not in takes(what):
        able = ", ".join(other for other in (*QUESTIONS, *OF_LEDGER) if name in takes(other))
        raise ConfigError(f"{name} means nothing for {what}; it is for {able}; {what} takes {', '.join(takes(what))}")
