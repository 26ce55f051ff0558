"""The numbers of an epoch that the sender needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Epoch:
    """`last`: highest seq assigned; `mark`: highest receipted; `oldest`: lowest still spooled (`last + 1` if none is).

    `receipted`: highest seq ever receipted, by any journal. `boots_apart_ns`: the least time from the start of the epoch's boot to that
    of the present one; 0 for the present boot, or if nothing is known.
    """

    name: str
    last: int
    mark: int
    oldest: int
    receipted: int = 0
    boots_apart_ns: int = 0
