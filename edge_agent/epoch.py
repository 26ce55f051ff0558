"""An epoch as its sender sees it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Epoch:
    """`last`: highest seq given out; `mark`: highest receipted; `oldest`: lowest still spooled (`last + 1` if none is).

    `receipted`: highest seq ever receipted, by whatever journal. `boots_apart_ns`: of an epoch of an earlier boot, the least time from
    that boot's beginning to the present one's; 0 of the present boot, or if nothing is known.
    """

    name: str
    last: int
    mark: int
    oldest: int
    receipted: int = 0
    boots_apart_ns: int = 0
