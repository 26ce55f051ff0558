"""To which campaigns touches of a store belong: that of the plan, others that go on all the time, several at once."""

from __future__ import annotations

from typing import Final

from simulators.chain.chain import Chain, ChainStore
from simulators.chain.people import Doing

OTHERS: Final = ("members-day", "app-only")
OTHER: Final = 0.12
"""Of touches: they belong to one of OTHERS, too."""
BOTH: Final = 0.5
"""Of these: to both."""


class Promoting:
    """One store's, touch by touch, in order, with random numbers of its own: nothing else depends on it."""

    def __init__(self, chain: Chain, store: ChainStore) -> None:
        self._planned: Final = chain.plan.campaign.name
        self._random: Final = chain.random("promoting", store.name)

    def campaigns(self, doing: Doing) -> tuple[str, ...]:
        """Return the campaigns of a touch, in the order in which the till states them: a return has none."""
        found = [self._planned] if doing.is_tagged else []
        if doing.what != "return" and self._random.random() < OTHER:
            found += OTHERS if self._random.random() < BOTH else OTHERS[:1]
        self._random.shuffle(found)
        return tuple(found)
