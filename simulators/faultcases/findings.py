"""What a case found wrong. Pure: texts under five words, and how they are written and read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Final

from footfall.errors import FootfallError


class Stuck(FootfallError):
    """Something that must come did not, in the time that it may take: the case cannot go on."""


class Missing(FootfallError):
    """A part of the machine that the case needs is not there: it is skipped by name."""


@dataclass(slots=True)
class Findings:
    """Nothing in any of them: all is right.

    lost: sent, and neither stored nor covered by a gap. doubled: stored, though nobody sent it, or more often than it was sent.
    misdated: stored at another time than it happened, by more than the row admits. stuck: what should go on stands still.
    silent: something was wrong, and the status did not name it in time. errors: the case itself broke.
    """

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    misdated: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        return not any(getattr(self, word) for word in (*WORDS, "errors"))

    def add(self, other: Findings) -> None:
        for each in fields(self):
            getattr(self, each.name).extend(getattr(other, each.name))

    def lines(self) -> list[str]:
        return [f"{each.name}: {text}" for each in fields(self) for text in getattr(self, each.name)]

    def dumps(self) -> str:
        return json.dumps({each.name: getattr(self, each.name) for each in fields(self)}, ensure_ascii=False, indent=1)

    @staticmethod
    def loads(text: str) -> Findings:
        return Findings(**json.loads(text))


WORDS: Final = ("lost", "doubled", "misdated", "stuck", "silent")


def last_line(cases: int, found: Iterable[Findings]) -> str:
    """`cases=… lost=… doubled=… misdated=… stuck=… silent=…`, and `errors=…` only if there are any."""
    total = Findings()
    for each in found:
        total.add(each)
    words = (*WORDS, "errors") if total.errors else WORDS
    return " ".join([f"cases={cases}", *(f"{word}={len(getattr(total, word))}" for word in words)])
