"""What fans of a store share, and who comes by it: codes that later touches bear."""

from __future__ import annotations

from typing import Final, NamedTuple

from simulators.chain.chain import MS_PER_MINUTE, Chain, ChainStore
from simulators.chain.people import Doing

SHARES_A_DAY: Final = 3
FOLLOWED: Final = 0.3
"""Of the touches with a card: they bear the code of a share, or name who shared."""
CODED: Final = 0.7
"""Of these: they bear the code."""


class Shared(NamedTuple):
    """A fan (a number) shares at a time, with a code."""

    time_ms: int
    fan: int
    code: str


class Sharing:
    """One store's, day by day, in order, with random numbers of its own: nothing else depends on it."""

    def __init__(self, chain: Chain, store: ChainStore) -> None:
        self._store: Final = store
        self._fans: Final = chain.plan.people.fans
        self._random: Final = chain.random("sharing", store.name)
        self._shared: list[Shared] = []

    def of_day(self, day: int) -> list[Shared]:
        """Return what is shared on a day of which there was nothing before: half an hour apart, from the store's opening on."""
        opens_ms, _ = self._store.hours_ms(day)
        found = []
        for n in range(SHARES_A_DAY):
            fan = self._random.randrange(self._fans)
            found.append(Shared(opens_ms + (30 * n + 7) * MS_PER_MINUTE, fan, f"{self._store.name}-{fan:03d}"))
        self._shared += found
        return found

    def followed(self, doing: Doing, fan: int) -> Shared | None:
        """Return by whose share a fan comes who shows a card, if any; it may be the fan's own."""
        before = [each for each in self._shared if each.time_ms < doing.time_ms]
        if not doing.shows_card or fan < 0 or not before or self._random.random() >= FOLLOWED:
            return None
        return self._random.choice(before)

    def by_code(self) -> bool:
        """Return whether who comes by a share bears its code, rather than naming who shared."""
        return self._random.random() < CODED
