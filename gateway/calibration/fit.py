"""Fits offsets by zone, margin, confirm time and stamp to walks, each walk judged by a fit of the others. Pure.

    fit_walks(scorer, settings_of(presence)) -> Fit

Nothing is judged by what it was fitted to: `score` of a walk is that of settings found on all other walks. Settings are proposed only if
they win in that; else what is there is best. What is tried is played by the fold's own rule (`trials.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import stdev
from typing import Final

from gateway.calibration.borders import are_all_settable, settable
from gateway.calibration.scorer import Scorer
from gateway.calibration.scoring import Confusion, Score, course_of
from gateway.calibration.settings import Settings
from gateway.calibration.trials import Played
from gateway.calibration.walks import Walk

WIDEST_DB: Final = 24
COARSE_DB: Final = 2
AS_GOOD: Final = 0.002
"""Offsets whose values differ by less fit alike."""
NEAR_DB: Final = 4
"""So far from the end of what fits an offset is taken, where what fits has one end only: as much as bodies and shelves stray."""
MARGINS_DB: Final = (1.0, 2.0, 3.0)
CONFIRM_SHARES: Final = (1.0, 0.5)
"""Of the profile's confirm time: what few walks do not show may still come, so it is halved at most."""
BACKS_S: Final = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
ROUNDS: Final = 2
LEAST_GAIN: Final = 0.01
"""So much better must a fit be, on walks that it was not fitted to, or it is not proposed."""
PARTS: Final = 5
"""One walk alone is cut into at most so many, each with a border crossed."""
Numbers = Sequence[int]


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of walks, by the name of each."""

    scores: Mapping[str, Score]
    confusion: Confusion

    @property
    def value(self) -> float:
        """Return the mean value of the walks."""
        return sum(one.value for one in self.scores.values()) / max(len(self.scores), 1)

    @property
    def right(self) -> float:
        """Return the share of all moments that are stored in the right zone."""
        return sum(one.stored for one in self.scores.values()) / max(sum(one.moments for one in self.scores.values()), 1)

    @property
    def live(self) -> float:
        """Return the share of all moments whose zone is right by what was known at the moment."""
        return sum(one.live for one in self.scores.values()) / max(sum(one.moments for one in self.scores.values()), 1)

    def wins_over(self, other: Judged) -> bool:
        """Return whether it is worth having: better on the whole by `LEAST_GAIN`, and on most walks no worse."""
        no_worse = sum(self.scores[name].value >= other.scores[name].value for name in self.scores)
        return self.value - other.value >= LEAST_GAIN and 2 * no_worse > len(self.scores)


@dataclass(frozen=True, slots=True)
class Fit:
    """`before` is as it is, `after` as it is with settings that were found on the other walks. `settings` are found on all."""

    settings: Settings
    before: Judged
    after: Judged


def fit_walks(scorer: Scorer, base: Settings, confirm_s: float | None = None) -> Fit:
    """Return the best settings for walks, of which there must be two at least (see `parts_of`).

    `base` is what holds today; `confirm_s` is the profile's confirm time, that of `base` by default.
    """
    every = range(len(scorer.walks))
    groups = [[other for other in every if other != number] for number in every]
    *found, settings = _Search(scorer, base, [*groups, list(every)], base.confirm_s if confirm_s is None else confirm_s).settings()
    return Fit(settings, judged(scorer, [base] * len(scorer.walks)), judged(scorer, found))


def judged(scorer: Scorer, settings: Sequence[Settings]) -> Judged:
    """Return what becomes of each walk with the settings in its place."""
    scorer.play((each, [number]) for number, each in enumerate(settings))
    return judged_as([scorer.played(number, each) for number, each in enumerate(settings)], scorer.walks)


def judged_as(played: Sequence[Played], walks: Sequence[Walk]) -> Judged:
    """Return the scores of walks, of which each was played once."""
    confusion: Confusion = Counter()
    courses = [course_of(walk) for walk in walks]
    for course, each in zip(courses, played, strict=True):
        confusion.update(course.confusion(each))
    return Judged({walk.name: course.score(each) for walk, course, each in zip(walks, courses, played, strict=True)}, confusion)


class _Search:
    """Looks for the best settings of several groups of walks at once: what all of them need next is played together."""

    def __init__(self, scorer: Scorer, base: Settings, groups: Sequence[Numbers], confirm_s: float) -> None:
        self._scorer: Final = scorer
        self._groups: Final = groups
        self._base: Final = base
        self._found = [base] * len(groups)
        zones = settable(scorer.walks)
        self._shifts: Final = are_all_settable(scorer.walks, zones)
        self._zones: Final = zones[1:] if self._shifts and len(zones) == 2 else zones
        self._margins_db: Final = sorted({*MARGINS_DB, base.margin_db}, reverse=True)
        self._confirms_s: Final = sorted({base.confirm_s, *(confirm_s * share for share in CONFIRM_SHARES)}, reverse=True)

    def settings(self) -> list[Settings]:
        """Return the settings that fit each group best: of equal offsets those in the middle of what fits."""
        if not settable(self._scorer.walks):
            return self._found
        for _ in range(ROUNDS):
            before = [each.key for each in self._found]
            for zone in self._zones:
                self._find_offset(zone)
            self._found = self._best(self._times, _most_cautious)
            if before == [each.key for each in self._found]:
                break
        return [self._unshifted(each) for each in self._found]

    def _unshifted(self, settings: Settings) -> Settings:
        """Where a shift of all zones is none, the middle one has no offset: so that of one receiver which hangs badly is its own."""
        offsets = settings.offset_db
        shift_db = sorted(offsets.values())[len(offsets) // 2] if self._shifts and len(offsets) > 2 else 0
        return replace(settings, offset_db={zone: db - shift_db for zone, db in offsets.items() if db != shift_db})

    def _find_offset(self, zone: str) -> None:
        """Of all offsets first, and then around the best."""
        coarse = range(-WIDEST_DB, WIDEST_DB + 1, COARSE_DB)
        self._found = self._best(lambda each: [_with(each, zone, db) for db in coarse], _middle_of(zone, self._base))
        fine = range(-COARSE_DB, COARSE_DB + 1)
        self._found = self._best(lambda each: [_with(each, zone, each.offset_db[zone] + db) for db in fine], _middle_of(zone, self._base))

    def _times(self, settings: Settings) -> list[Settings]:
        return [
            replace(settings, margin_db=margin_db, confirm_s=confirm_s, back_s=back_s)
            for margin_db in self._margins_db
            for confirm_s in self._confirms_s
            for back_s in BACKS_S
        ]

    def _best(
        self, tried: Callable[[Settings], list[Settings]], choose: Callable[[Scorer, list[Settings], Numbers], Settings]
    ) -> list[Settings]:
        candidates = [tried(each) for each in self._found]
        self._scorer.play((each, group) for group, its in zip(self._groups, candidates, strict=True) for each in its)
        return [choose(self._scorer, its, group) for group, its in zip(self._groups, candidates, strict=True)]


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


def _middle_of(zone: str, before: Settings) -> Callable[[Scorer, list[Settings], Numbers], Settings]:
    before_db = before.offset_db.get(zone, 0)

    def choose(scorer: Scorer, tried: list[Settings], which: Numbers) -> Settings:
        values = {each.offset_db[zone]: scorer.total(each, which) for each in tried}
        best = _middle(values, before_db)
        return next(each for each in tried if each.offset_db[zone] == best)

    return choose


def _middle(values: Mapping[int, float], before_db: int) -> int:
    """Return the middle of the offsets that are as good as the best, without a break; of two middles that nearer to 0.

    Where they go on to the widest offset there is no other side to be in the middle of: the nearest to what holds today is taken then,
    by a margin on the near side.
    """
    offsets = sorted(values)
    best = max(offsets, key=lambda db: (values[db], -abs(db - before_db)))
    good = {db for db in offsets if values[db] >= values[best] - AS_GOOD}
    low = high = offsets.index(best)
    while low > 0 and offsets[low - 1] in good:
        low -= 1
    while high + 1 < len(offsets) and offsets[high + 1] in good:
        high += 1
    if offsets[low] <= -WIDEST_DB or offsets[high] >= WIDEST_DB:
        inside = [db for db in offsets[low : high + 1] if min(db - offsets[low], offsets[high] - db) >= NEAR_DB or db == before_db]
        return min(inside or offsets[low : high + 1], key=lambda db: abs(db - before_db))
    return min(offsets[(low + high) // 2], offsets[(low + high + 1) // 2], key=abs)


def _with(settings: Settings, zone: str, db: int) -> Settings:
    return replace(settings, offset_db={**settings.offset_db, zone: db})


def _most_cautious(scorer: Scorer, tried: list[Settings], which: Numbers) -> Settings:
    """Of margins and confirm times the most cautious that is not clearly worse than the best: what few walks do not show may still come.

    Clearly worse is more than a standard error of the differences, walk by walk.
    """
    best = max(tried, key=lambda each: scorer.total(each, which))

    def is_clearly_worse(one: Settings) -> bool:
        lost = [scorer.of(number, best).value - scorer.of(number, one).value for number in which]
        return sum(lost) / len(lost) > (stdev(lost) / len(lost) ** 0.5 if len(lost) > 1 else 0.0)

    cautious = max((each.confirm_s, each.margin_db) for each in tried if not is_clearly_worse(each))
    return max((each for each in tried if (each.confirm_s, each.margin_db) == cautious), key=lambda each: scorer.total(each, which))
