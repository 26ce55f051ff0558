"""The options of a question as text, as an address or a command line has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from footfall.errors import ConfigError
from gateway.query.answer import Request
from gateway.query.intervals import DAYS, Day
from gateway.query.measures import did_you_mean
from gateway.query.questions import QUESTIONS, Question, question_of

ALWAYS: Final = frozenset({"store", "from", "to", "timezone"})
"""What every question takes."""


def takes(question: Question) -> list[str]:
    """Return the options that mean something for a question."""
    return sorted(ALWAYS | question.takes)


def request_of(what: str, given: Mapping[str, str]) -> Request:
    """Return the request of options given as text; several stores, measures and groups are separated by commas.

    Raise ConfigError for an option that the question does not take, with those that it does.
    """
    there = takes(question_of(what))
    for name in given:
        if name not in there:
            able = [other for other, question in QUESTIONS.items() if name in takes(question)]
            hint = f"; it is for {', '.join(able)}" if able else did_you_mean(name, there)
            raise ConfigError(f"{name[:80]}: means nothing for {what}{hint}; {what} takes {', '.join(there)}")
    return Request(
        what, measures=_several(given, "measures"), stores=_several(given, "store"), from_=given.get("from"), to=given.get("to"),
        interval=given.get("interval"), by=_several(given, "by"), day=_day(given), zone=given.get("zone"), fan=given.get("fan"),
        top=_top(given), compare=given.get("compare"), align=given.get("align", "weekday"), timezone=given.get("timezone"),
    )  # fmt: skip


def _several(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in given[name].split(",") if word.strip()) if name in given else ()


def _day(given: Mapping[str, str]) -> Day:
    text = given.get("day", DAYS[0])
    if text not in DAYS:
        raise ConfigError(f"day {text[:80]!r}: one of {', '.join(DAYS)}")
    return DAYS[DAYS.index(text)]


def _top(given: Mapping[str, str]) -> int | None:
    text = given.get("top")
    if text is not None and not text.isdecimal():
        raise ConfigError(f"top {text[:80]!r}: a number of groups, 1 or more")
    return None if text is None else int(text)
