"""Who is killed when: a function of the seed. Pure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

BROKER: Final = "broker"
GATEWAY: Final = "gateway"
DATABASE: Final = "influxd"
AGENT: Final = "agent"
KINDS: Final = (BROKER, GATEWAY, DATABASE, AGENT)
TOGETHER: Final = 0.2
"""Share of the moments at which two die at once."""
AGAIN: Final = 0.2
"""Share of the strikes after which the victim is killed once more while it starts."""
LONGEST_DOWN_S: Final = 2.5
LONGEST_START_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Strike:
    """`victim` dies `at_s` after the begin, is started `down_s` later, and may die again `again_s` after that start."""

    at_s: float
    victim: str
    down_s: float
    again_s: float | None

    @property
    def kills(self) -> int:
        return 1 if self.again_s is None else 2


def strikes(seed: int, kills: int, over_s: float, agents: Sequence[str]) -> list[Strike]:
    """`kills` kills spread over `over_s` seconds, as even between the four kinds as can be, in random order."""
    rng = random.Random(f"chaos-{seed}")
    kinds = _decks(rng)
    groups: list[list[Strike]] = []
    left = kills
    while left:
        together = 2 if left > 1 and rng.random() < TOGETHER else 1
        group: list[Strike] = []
        while len(group) < together and left:
            kind = next(kinds)
            victim = rng.choice(list(agents)) if kind == AGENT else kind
            again_s = rng.uniform(0.1, LONGEST_START_S) if left > 1 and rng.random() < AGAIN else None
            group.append(Strike(0.0, victim, rng.uniform(0.05, LONGEST_DOWN_S), again_s))
            left -= group[-1].kills
        groups.append(group)
    moments = sorted(rng.uniform(0.0, over_s) for _ in groups)
    return [
        Strike(moment, strike.victim, strike.down_s, strike.again_s)
        for moment, group in zip(moments, groups, strict=True)
        for strike in group
    ]


def kind_of(victim: str) -> str:
    return victim if victim in KINDS else AGENT


def by_kind(planned: Sequence[Strike]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for strike in planned:
        counts[kind_of(strike.victim)] += strike.kills
    return counts


def _decks(rng: random.Random) -> Iterator[str]:
    """All four kinds in a random order, then all four again."""
    while True:
        yield from rng.sample(KINDS, len(KINDS))
