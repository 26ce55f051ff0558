"""How well settings follow the truth of walks. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_S
from gateway.calibration.contest import Change, Settings, changes_of
from gateway.calibration.walks import Walk

DELAYS_NS: Final = (0, 2 * NS_PER_S, None)
"""Until when a decision counts for a moment: live, soon, and as it is stored in the end."""
FALSE_CHANGE_S: Final = 5.0
"""A change too many, or one too few, costs as much as so long in a wrong zone."""


class Score(NamedTuple):
    """Moments: all, and those that are right live, soon and as stored in the end. `wrong_changes`: too many or too few."""

    moments: int
    live: int
    soon: int
    stored: int
    wrong_changes: int
    moments_per_s: float

    @property
    def value(self) -> float:
        """Return the share of time that is right, live, soon and stored alike, less what wrong changes cost; it may be below 0."""
        cost = FALSE_CHANGE_S * self.moments_per_s * self.wrong_changes
        return ((self.live + self.soon + self.stored) / 3 - cost) / self.moments if self.moments else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Truth:
    t_ns: npt.NDArray[np.int64]
    zone: npt.NDArray[np.int32]
    changes: int
    moments_per_s: float


class Scorer:
    """Scores settings on walks, and remembers what it has worked out: a fit asks for the same again."""

    def __init__(self, walks: Sequence[Walk], stale_ns: int) -> None:
        self.walks: Final = walks
        self._stale_ns: Final = stale_ns
        self._codes: Final = {zone: code for code, zone in enumerate(_all_zones(walks))}
        self._truths: Final = [_truth_of(walk, self._codes) for walk in walks]
        self._changes: Final[dict[tuple[int, Settings], list[Change]]] = {}

    def total(self, settings: Settings, which: Sequence[int]) -> float:
        """Return the mean value of some walks, by their numbers."""
        return float(np.mean([self.of(number, settings).value for number in which]))

    def of(self, number: int, settings: Settings) -> Score:
        """Return the score of one walk."""
        truth, changes = self._truths[number], self.changes(number, settings)
        right = [int(np.count_nonzero(self._owner(truth, changes, settings, each) == truth.zone)) for each in DELAYS_NS]
        wrong = abs(len(changes) - 1 - truth.changes) if changes else truth.changes
        live, soon, stored = right
        return Score(len(truth.t_ns), live, soon, stored, wrong, truth.moments_per_s)

    def confusion(self, number: int, settings: Settings) -> Counter[tuple[str, str]]:
        """Return how many moments of a true zone were stored as which zone; "" is none."""
        truth, names = self._truths[number], dict(enumerate(self._codes))
        owner = self._owner(truth, self.changes(number, settings), settings, None)
        return Counter((names[true], names.get(found, "")) for true, found in zip(truth.zone.tolist(), owner.tolist(), strict=True))

    def changes(self, number: int, settings: Settings) -> list[Change]:
        """Return the changes of one walk, before `back_s` is applied."""
        plain = replace(settings, back_s=0.0)
        key = number, replace(plain, offset_db=tuple(sorted(settings.offset_db.items())))  # type: ignore[arg-type] # to be hashed
        if key not in self._changes:
            self._changes[key] = changes_of(self.walks[number].rows, plain, self._stale_ns)
        return self._changes[key]

    def _owner(self, truth: _Truth, changes: Sequence[Change], settings: Settings, delay_ns: int | None) -> npt.NDArray[np.int32]:
        back_ns = round(settings.back_s * NS_PER_S)
        first = changes[0].from_ns if changes else 0
        since = [max(each.from_ns - back_ns, first) for each in changes]
        known = since if delay_ns is None else [max(a, each.decided_ns - delay_ns) for a, each in zip(since, changes, strict=True)]
        codes = np.array([-1, *(self._codes.get(each.zone, -1) for each in changes)], np.int32)
        found: npt.NDArray[np.int32] = codes[np.searchsorted(np.array(known, np.int64), truth.t_ns, "right")]
        return found


def _all_zones(walks: Sequence[Walk]) -> list[str]:
    heard = (row.zone for walk in walks for row in walk.rows)
    return list(dict.fromkeys([*(zone for walk in walks for zone in walk.zones()), *heard]))


def _truth_of(walk: Walk, codes: Mapping[str, int]) -> _Truth:
    t_ns = np.array([t for t, _ in walk.truth], np.int64)
    zones = [zone for _, zone in walk.truth]
    length_s = float(t_ns[-1] - t_ns[0]) / NS_PER_S if len(t_ns) > 1 else 0.0
    return _Truth(
        t_ns,
        np.array([codes[zone] for zone in zones], np.int32),
        sum(a != b for a, b in pairwise(zones)),
        len(t_ns) / length_s if length_s else 1.0,
    )
