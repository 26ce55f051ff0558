"""What `make test` does in small and `make test-whole` in full: the same tests, with all seeds, longer days and more examples.

    SEEDS: Final = small_or_whole((1, 2), range(1, 21))
    @settings(max_examples=examples(60))

Small finds at once what breaks a rule broadly. Whole is for what one world in hundreds has: before a release, after a change of the fold.
"""

from __future__ import annotations

import os
from typing import Final, TypeVar

TIMES: Final = int(os.environ.get("FOOTFALL_WHOLE") or 0)
"""How often the whole number of examples; 0: in small."""
_SHARE: Final = 4
_FEWEST: Final = 3
_T = TypeVar("_T")


def small_or_whole(small: _T, whole: _T) -> _T:
    """Return `whole` where everything is to be tried, else `small`."""
    return whole if TIMES else small


def examples(whole: int) -> int:
    """Return how many examples a costly property draws: in small a quarter of `whole`, three at least."""
    return whole * TIMES or max(_FEWEST, whole // _SHARE)
