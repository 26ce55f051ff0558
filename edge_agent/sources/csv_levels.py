"""Levels in the cells of CSV files: what unit they have, and which of them no receiver reports.

    LevelReader(mapping).read("-71", "tag", t_ns) -> -71

A receiver of tags never hears 0 dBm or more: programs write 0, 127 or -128 where they have no reading. Such a level is as good as an empty
cell. It is counted, since it may also be a mistake of the mapping.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from edge_agent.sources.csv_mapping import CsvMapping
from edge_agent.sources.csv_text import NOTHING, Misread
from edge_agent.sources.replay_settings import NotLevels, Run
from edge_agent.sources.source import Sighting
from footfall.errors import ConfigError

_ADVICE: Final = (
    'if their minus is left out state `level_unit = "-dBm"` in the mapping, and if they are no dBm, and more is stronger, `level_unit ='
    ' "relative"`'
)

_WITH_UNIT: Final = re.compile(r"\s*dbm$", re.IGNORECASE)


class _Unit(NamedTuple):
    """Levels from `least` to `most`, as they are written, times `sign` are in dBm."""

    sign: int
    least: int
    most: int


_UNITS: Final = {"dBm": _Unit(1, -127, -1), "-dBm": _Unit(-1, 1, 127), "relative": _Unit(1, -128, 127)}
"""Levels that agents reported are relative: any that the wire has."""


class LevelReader:
    """Reads the levels of one file. Whoever reads a row states `where` it is."""

    def __init__(self, mapping: CsvMapping) -> None:
        self._not_heard: Final = frozenset(mapping.not_heard)
        self._numbers: Final = mapping.numbers
        self._unit: Final = _UNITS["relative" if mapping.reported else mapping.level_unit]
        self.where = ""
        self.refused: Final = NotLevels({})

    def read(self, cell: str, who: str, t_ns: int) -> int | None:
        """Return a level, dBm; None where nothing was heard. Raise Misread for what is no number."""
        text = cell.strip()
        if text.lower() in NOTHING or text in self._not_heard:
            return None
        stated = self._number(text)
        if stated in self._not_heard:
            return None
        if self._unit.least <= stated <= self._unit.most:
            return stated * self._unit.sign
        self.refused.times_ns.setdefault(who, []).append(t_ns)
        self.refused.first = self.refused.first or f"{text!r} ({self.where})"
        return None

    def _number(self, text: str) -> int:
        try:
            return round(self._numbers.number(_WITH_UNIT.sub("", text)))
        except ValueError:
            see = "; see " + ("`decimal`" if any(map(str.isdigit, text)) else "`not_heard`")
            raise Misread("level", f"the level {text!r} is no number{see}") from None


def refuse_without_levels(mapping: CsvMapping, runs: Sequence[Run]) -> None:
    """Raise ConfigError for runs that have numbers as levels, and not one that a receiver reports."""
    refused = sum(run.not_levels.count for run in runs)
    if refused and not any(isinstance(one, Sighting) for run in runs for one in run.heard):
        first = next(run.not_levels.first for run in runs if run.not_levels.first)
        unit = _UNITS[mapping.level_unit]
        raise ConfigError(
            f"not one of {refused:,} levels is from {unit.least} to {unit.most} {mapping.level_unit}, such as {first}: {_ADVICE}"
        )
