"""The rules by which a sale, or a visit, is shared out among those who contributed to it. Pure.

A rule gives each contribution a whole number as weight; `shares.shared_out` makes parts of these that add up exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from footfall.units import NS_PER_DAY

NOBODY: Final = ""
"""The value under which stands what nobody contributed."""
OWNER: Final = "owner"
"""The rule that looks at whose the fan is, and not at touches."""
_WHOLE: Final = 1 << 40
"""The weight of one who contributed at the moment itself, under `decayed`."""


@dataclass(frozen=True, slots=True)
class ContributionSettings:
    """`half_life_ns`: under `decayed`, after which time a contribution weighs half. `window_ns`: how long before a sale one counts.

    `position`: percent of the first, of all between, and of the last, under the rule of that name.
    """

    half_life_ns: int = 7 * NS_PER_DAY
    window_ns: int = 30 * NS_PER_DAY
    position: tuple[int, int, int] = (40, 20, 40)

    @classmethod
    def of(cls, half_life_days: float, window_days: int, first: int, between: int, last: int) -> ContributionSettings:
        """Return what an estate states; `first`, `between` and `last` in percent."""
        return cls(round(half_life_days * NS_PER_DAY), window_days * NS_PER_DAY, (first, between, last))


Weigh = Callable[[Sequence[int], ContributionSettings], list[int]]
"""Given how long before the sale each contribution was, ns, the earliest first: the weight of each."""


def _first(ages_ns: Sequence[int], settings: ContributionSettings) -> list[int]:
    return [int(age_ns == ages_ns[0]) for age_ns in ages_ns]


def _last(ages_ns: Sequence[int], settings: ContributionSettings) -> list[int]:
    return [int(age_ns == ages_ns[-1]) for age_ns in ages_ns]


def _equal(ages_ns: Sequence[int], settings: ContributionSettings) -> list[int]:
    return [1] * len(ages_ns)


def _decayed(ages_ns: Sequence[int], settings: ContributionSettings) -> list[int]:
    # Beyond 40 half-lives everything weighs alike, and nothing weighs nothing: what stands alone gets all.
    return [max(1, round(_WHOLE * 2.0 ** -min(age_ns / settings.half_life_ns, 40.0))) for age_ns in ages_ns]


def _position(ages_ns: Sequence[int], settings: ContributionSettings) -> list[int]:
    """Of two there is nobody between: they share by what the first and the last have."""
    first, between, last = settings.position
    others = len(ages_ns) - 2
    weights = [first * max(others, 1), *[between] * others, last * max(others, 1)] if others >= 0 else [1]
    return weights if any(weights) else [1] * len(ages_ns)


WEIGHING: Final[Mapping[str, Weigh]] = {
    "first": _first, "last": _last, "equal": _equal, "decayed": _decayed, "position": _position,
}  # fmt: skip
"""By rule: those that weigh touches."""
RULES: Final = (*WEIGHING, OWNER)
DEFAULT_RULE: Final = "last"


def check_rule(name: str) -> str:
    """Return the name of a rule. Raise ConfigError, with the nearest one, if there is none of this name."""
    if name not in RULES:
        raise ConfigError(unknown(f"there is no rule {name[:80]!r}", name, RULES, f"contributions go by {', '.join(RULES)}"))
    return name
