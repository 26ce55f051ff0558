"""Scores stores on walks, many at once, and remembers what was played: a fit asks for the same again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from gateway.calibration.scoring import Score, course_of
from gateway.calibration.settings import Key, Settings, calibrated, calibration_of
from gateway.calibration.trials import Played, Trial, Workshop, play
from gateway.calibration.walks import Walk
from gateway.site import Store


class Scorer:
    """Of one profile in one store: each setting is a store of its own, in which walks are played."""

    def __init__(self, walks: Sequence[Walk], store: Store, profile: str, workshop: Workshop) -> None:
        self.walks: Final = walks
        self.store: Final = store
        self.profile: Final = profile
        self.workshop: Final = workshop
        self._presence: Final = workshop.profiles[profile].presence
        self._courses: Final = [course_of(walk) for walk in walks]
        self._stores: Final[dict[Key, Store]] = {}
        self._played: Final[dict[tuple[Key, int], Played]] = {}
        self._scores: Final[dict[tuple[Key, int], Score]] = {}

    def play(self, settings: Iterable[tuple[Settings, Sequence[int]]]) -> None:
        """Play settings on walks, by their numbers, all at once; what was played before is known."""
        wanted = {(each.key, walk): each for each, which in settings for walk in which}
        new = {place: each for place, each in wanted.items() if place not in self._played}
        trials = [Trial(self._store(each), walk) for (_, walk), each in new.items()]
        self._played.update(zip(new, play(trials, self.walks, self.profile, self.workshop), strict=True))

    def total(self, settings: Settings, which: Sequence[int]) -> float:
        """Return the mean value of some walks, by their numbers."""
        return float(np.mean([self.of(number, settings).value for number in which]))

    def of(self, number: int, settings: Settings) -> Score:
        """Return the score of one walk."""
        place = settings.key, number
        if place not in self._scores:
            self._scores[place] = self._courses[number].score(self.played(number, settings))
        return self._scores[place]

    def played(self, number: int, settings: Settings) -> Played:
        """Return what becomes of one walk."""
        self.play([(settings, [number])])
        return self._played[settings.key, number]

    def _store(self, settings: Settings) -> Store:
        if settings.key not in self._stores:
            self._stores[settings.key] = calibrated(self.store, calibration_of(self.profile, settings, self._presence))
        return self._stores[settings.key]
