"""Remembered: of the clusters that were read, the largest and the latest, so that what is stated of them next need not read them again."""

from __future__ import annotations

from typing import Final

from gateway.identity.around import Around
from gateway.identity.fact_store import FactStore
from gateway.identity.facts import Fact
from gateway.identity.growing import Growing, Grown

KEPT: Final = 16


class Remembered:
    """Clusters, none of which shares an identifier with another that was read."""

    def __init__(self) -> None:
        self._clusters: list[Growing] = []
        """The latest last."""

    def grown_by(self, fact: Fact, store: FactStore) -> Grown | None:
        """Return what a fact comes to that makes nothing be read; None of any other."""
        return next((each.grown_by(fact, store) for each in self._clusters if each.has_any(fact)), None)

    def take(self, around: Around, read: Growing | None) -> None:
        """Forget what was read again, and remember what was read."""
        self._clusters = [each for each in self._clusters if not each.is_read_in(around)]
        if read:
            self._clusters.append(read)
        if len(self._clusters) > KEPT:
            largest = max(self._clusters, key=len)
            self._clusters.remove(next(each for each in self._clusters if each is not largest))
