"""The forward filter over areas, as numbers: how probabilities change with time, and with the levels that are heard. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final

from gateway.site.recorded import RecordedArea

LEAST_P: Final = 1e-6
"""No area is ever ruled out for good."""


@dataclass(frozen=True, slots=True)
class AreaModel:
    """The areas of one profile in a store. `zones` are codes of areas, `heard` those of the zones with receivers."""

    zones: tuple[int, ...]
    heard: tuple[int, ...]
    level_dbm: tuple[tuple[float, ...], ...]
    """By area, of each heard zone."""
    mean_sd_db: tuple[float, ...]
    shape_sd_db: tuple[float, ...]
    memory_s: tuple[float, ...]
    place_of: Mapping[int, int]
    """By zone with receivers, under any of its names: its place in `heard`."""

    def log_likelihoods(self, levels_dbm: Sequence[float | None]) -> list[float]:
        """Return of each area the logarithm of the likelihood of the levels of the heard zones; None: not known, it decides nothing."""
        return [self._log_likelihood(area, levels_dbm) for area in range(len(self.zones))]

    def _log_likelihood(self, area: int, levels_dbm: Sequence[float | None]) -> float:
        known = [(level, expected) for level, expected in zip(levels_dbm, self.level_dbm[area], strict=True) if level is not None]
        strays = [level - expected for level, expected in known]
        mean, n = sum(strays) / max(len(strays), 1), len(levels_dbm)
        shape = sum((each - mean) ** 2 for each in strays)
        spread = log(self.mean_sd_db[area]) + (n - 1) * log(self.shape_sd_db[area])
        return -0.5 * (mean / self.mean_sd_db[area]) ** 2 - 0.5 * shape / self.shape_sd_db[area] ** 2 - spread

    def predicted(self, p: list[float], seconds: float) -> list[float]:
        """Return the probabilities after a time in which nothing was heard."""
        n = len(p)
        left = [each * (1 - exp(-seconds / memory_s)) for each, memory_s in zip(p, self.memory_s, strict=True)]
        return [each - gone + (sum(left) - gone) / (n - 1) for each, gone in zip(p, left, strict=True)]

    def weighed(self, p: list[float], levels_dbm: Sequence[float | None], weight: float) -> list[float]:
        """Return the probabilities given levels that count for `weight` of an independent observation."""
        logs = self.log_likelihoods(levels_dbm)
        best = max(logs)
        found = [max(each * exp(weight * (likelihood - best)), LEAST_P) for each, likelihood in zip(p, logs, strict=True)]
        total = sum(found)
        return [each / total for each in found]


def model_of(areas: Sequence[RecordedArea], zone_code: Callable[[str], int]) -> AreaModel:
    """Return the model of one profile's areas in a store, whose zones have these codes."""
    heard = sorted(areas[0].level_dbm)
    names = {name: name for name in heard} | dict(areas[0].earlier)
    return AreaModel(
        zones=tuple(zone_code(area.zone) for area in areas),
        heard=tuple(map(zone_code, heard)),
        level_dbm=tuple(tuple(area.level_dbm[zone] for zone in heard) for area in areas),
        mean_sd_db=tuple(area.mean_sd_db for area in areas),
        shape_sd_db=tuple(area.shape_sd_db for area in areas),
        memory_s=tuple(area.memory_s for area in areas),
        place_of={zone_code(name): heard.index(zone) for name, zone in names.items()},
    )
