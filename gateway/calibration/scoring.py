"""How well stores follow the truth of walks. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_S
from gateway.calibration.trials import Change, Played
from gateway.calibration.walks import Walk

DELAYS_NS: Final = (0, 2 * NS_PER_S, None)
"""Up to when evidence counts for a moment: live, soon, and as it is stored in the end. `footfall score` has the same."""
FALSE_CHANGE_S: Final = 5.0
"""A change too many, or one too few, costs as much as so long in a wrong zone."""
Confusion = Counter[tuple[str, str]]
"""Moments by (true, stored) zone; "" is none."""


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
class TrueCourse:
    """Where the carrier of one walk truly was, as columns; zones by code."""

    t_ns: npt.NDArray[np.int64]
    zone: npt.NDArray[np.int32]
    codes: Mapping[str, int]
    changes: int
    moments_per_s: float

    def score(self, played: Played) -> Score:
        """Return how well a store followed it."""
        live, soon, stored = (int(np.count_nonzero(self._zones(played, each) == self.zone)) for each in DELAYS_NS)
        wrong = abs(_moves(played.changes) - self.changes)
        return Score(len(self.t_ns), live, soon, stored, wrong, self.moments_per_s)

    def confusion(self, played: Played) -> Confusion:
        """Return how many moments of a true zone were stored as which zone."""
        names = {code: zone for zone, code in self.codes.items()}
        stored = self._zones(played, None)
        return Counter((names[true], names.get(found, "")) for true, found in zip(self.zone.tolist(), stored.tolist(), strict=True))

    def _zones(self, played: Played, delay_ns: int | None) -> npt.NDArray[np.int32]:
        """Return the zone of each moment, by what was known so much later at most; None: as it is stored. A lead counts until decided."""
        changes = played.changes
        known = [each.from_ns if delay_ns is None else max(each.from_ns, each.decided_ns - delay_ns) for each in changes]
        codes = np.array([-1, *(self.codes.get(each.zone, -1) for each in changes)], np.int32)
        found: npt.NDArray[np.int32] = codes[np.searchsorted(np.array(known, np.int64), self.t_ns, "right")]
        for lead in played.leads if delay_ns is not None else ():
            first, last = np.searchsorted(self.t_ns, [max(lead.from_ns - (delay_ns or 0), lead.since_ns), lead.to_ns - (delay_ns or 0)])
            found[first:last] = self.codes.get(lead.zone, -1)
        return found


def course_of(walk: Walk) -> TrueCourse:
    """Return the true course of a walk."""
    zones = [zone for _, zone in walk.truth]
    heard = (row.zone for row in walk.rows)
    codes = {zone: code for code, zone in enumerate(dict.fromkeys([*zones, *heard]))}
    t_ns = np.array([t for t, _ in walk.truth], np.int64)
    length_s = float(t_ns[-1] - t_ns[0]) / NS_PER_S if len(t_ns) > 1 else 0.0
    return TrueCourse(
        t_ns,
        np.array([codes[zone] for zone in zones], np.int32),
        codes,
        sum(a != b for a, b in pairwise(zones)),
        len(t_ns) / length_s if length_s else 1.0,
    )


def _moves(changes: Sequence[Change]) -> int:
    """Return how often the zone changed: who left and came back to the same zone has not moved."""
    return sum(a.zone != b.zone for a, b in pairwise(changes))
