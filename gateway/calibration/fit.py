"""Fits offsets by zone, margin, confirm time and stamp to walks, each walk judged by a fit of the others. Pure.

    fit_walks(walks, Settings(), stale_ns) -> Fit

Nothing is judged by what it was fitted to: `score` of a walk is that of settings found on all other walks. Settings are proposed only if
they win in that; else what is there is best.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import stdev
from typing import Final

from gateway.calibration.contest import Settings
from gateway.calibration.scoring import Score, Scorer
from gateway.calibration.walks import Walk

WIDEST_DB: Final = 24
COARSE_DB: Final = 2
AS_GOOD: Final = 0.002
"""Offsets whose values differ by less fit alike."""
MARGINS_DB: Final = (1.0, 2.0, 3.0)
CONFIRM_SHARES: Final = (1.0, 0.5)
"""Of the confirm time that holds today: what few walks do not show may still come, so it is halved at most."""
BACKS_S: Final = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
ROUNDS: Final = 2
LEAST_GAIN: Final = 0.01
"""So much better must a fit be, on walks that it was not fitted to, or it is not proposed."""
PARTS: Final = 5
"""One walk alone is cut into at most so many, each with a border crossed."""


@dataclass(frozen=True, slots=True)
class Fit:
    """`before` and `score` are by walk: as it is, and as it is with settings found on the other walks."""

    settings: Settings
    before: Mapping[str, Score]
    score: Mapping[str, Score]
    confusion: Mapping[tuple[str, str], int]
    """Moments by (true, stored) zone, each walk by the settings of the others."""

    @property
    def gain(self) -> float:
        """Return by how much the mean value of the walks is better."""
        return (sum(one.value for one in self.score.values()) - sum(one.value for one in self.before.values())) / max(len(self.score), 1)

    @property
    def wins(self) -> bool:
        """Return whether the settings are worth having: better on the whole, and on most walks no worse."""
        no_worse = sum(self.score[name].value >= self.before[name].value for name in self.score)
        return self.gain >= LEAST_GAIN and 2 * no_worse > len(self.score)

    def right(self, of: Mapping[str, Score]) -> float:
        """Return the share of all moments that are stored in the right zone."""
        return sum(one.stored for one in of.values()) / max(sum(one.moments for one in of.values()), 1)


def fit_walks(walks: Sequence[Walk], base: Settings, stale_ns: int) -> Fit:
    """Return the best settings for walks, of which there must be two at least (see `parts_of`). `base` is what holds today."""
    scorer = Scorer(walks, stale_ns)
    every = range(len(walks))
    before = {walk.name: scorer.of(number, base) for number, walk in enumerate(walks)}
    score, confusion = {}, Counter[tuple[str, str]]()
    for number, walk in enumerate(walks):
        found = best_settings(scorer, base, [other for other in every if other != number])
        score[walk.name] = scorer.of(number, found)
        confusion.update(scorer.confusion(number, found))
    return Fit(best_settings(scorer, base, every), before, score, confusion)


def best_settings(scorer: Scorer, base: Settings, which: Sequence[int]) -> Settings:
    """Return the settings that fit some walks best, by their numbers: of equal offsets those in the middle of what fits."""
    zones = _zones_of(scorer.walks[number] for number in which)
    found = base
    for _ in range(ROUNDS):
        for zone in zones[1:]:
            found = _best_offset(scorer, found, which, zone)
        found = _best_times(scorer, found, which, base)
    return replace(found, offset_db={zone: db for zone, db in found.offset_db.items() if db})


def parts_of(walk: Walk) -> list[Walk]:
    """Return a walk cut in the middle of stays into parts with a border in each; the walk itself if it has one border at most."""
    stays = [[t_ns for t_ns, _ in part] for _, part in groupby(walk.truth, key=lambda moment: moment[1])]
    if len(stays) < 3:
        return [walk]
    middles = [(times[0] + times[-1]) // 2 for times in stays[1:-1]]
    every = -(-(len(middles) + 1) // PARTS)
    cuts = [walk.truth[0][0] - 1, *middles[every - 1 :: every], walk.truth[-1][0]]
    return [_part(walk, f"{walk.name} {number}", *cut) for number, cut in enumerate(pairwise(cuts), 1)]


def _part(walk: Walk, name: str, after_ns: int, until_ns: int) -> Walk:
    return Walk(
        name, [row for row in walk.rows if after_ns < row.t_ns <= until_ns], [one for one in walk.truth if after_ns < one[0] <= until_ns]
    )


def _zones_of(walks: Iterable[Walk]) -> list[str]:
    """The zones that are heard, that with most time first: it is the one that others are set off against."""
    times: Counter[str] = Counter()
    heard: set[str] = set()
    for walk in walks:
        times.update(zone for _, zone in walk.truth)
        heard.update(row.zone for row in walk.rows)
    return [zone for zone, _ in times.most_common() if zone in heard]


def _best_offset(scorer: Scorer, settings: Settings, which: Sequence[int], zone: str) -> Settings:
    def value(db: int) -> float:
        return scorer.total(_with(settings, zone, db), which)

    coarse = {db: value(db) for db in range(-WIDEST_DB, WIDEST_DB + 1, COARSE_DB)}
    middle = _middle(coarse)
    return _with(settings, zone, _middle({db: value(db) for db in range(middle - COARSE_DB, middle + COARSE_DB + 1)}))


def _middle(values: Mapping[int, float]) -> int:
    """Return the middle of the offsets that are as good as the best, without a break; of two middles that nearer to 0."""
    offsets = sorted(values)
    best = max(offsets, key=lambda db: (values[db], -abs(db)))
    good = {db for db in offsets if values[db] >= values[best] - AS_GOOD}
    low = high = offsets.index(best)
    while low > 0 and offsets[low - 1] in good:
        low -= 1
    while high + 1 < len(offsets) and offsets[high + 1] in good:
        high += 1
    return min(offsets[(low + high) // 2], offsets[(low + high + 1) // 2], key=abs)


def _with(settings: Settings, zone: str, db: int) -> Settings:
    return replace(settings, offset_db={**settings.offset_db, zone: db})


def _best_times(scorer: Scorer, settings: Settings, which: Sequence[int], base: Settings) -> Settings:
    """The most cautious times within a standard error of the best: what a few walks do not show may still come."""
    candidates = [
        replace(settings, margin_db=margin_db, confirm_s=confirm_s, back_s=back_s)
        for margin_db in sorted({*MARGINS_DB, base.margin_db}, reverse=True)
        for confirm_s in sorted({base.confirm_s * share for share in CONFIRM_SHARES}, reverse=True)
        for back_s in BACKS_S
    ]
    best = max(candidates, key=lambda each: scorer.total(each, which))
    values = [scorer.of(number, best).value for number in which]
    least = sum(values) / len(values) - (stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0)
    cautious = max((each.confirm_s, each.margin_db) for each in candidates if scorer.total(each, which) >= least)
    return max((each for each in candidates if (each.confirm_s, each.margin_db) == cautious), key=lambda each: scorer.total(each, which))
