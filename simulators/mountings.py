"""Receivers that fail, and hang elsewhere afterwards. Times are ns since the world began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from simulators.plan import Plan

_END_NS: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Outage:
    """`receiver` is down from `from_ns` until `to_ns`; then it hangs `x_m`, `y_m` further, and hears `offset_db` more than before."""

    receiver: str
    from_ns: int
    to_ns: int
    x_m: float = 0.0
    y_m: float = 0.0
    offset_db: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Mounting:
    """Where all receivers hang from `from_ns` until `to_ns`, which are `down`, and which hang elsewhere than in the span before."""

    from_ns: int
    to_ns: int
    x_m: npt.NDArray[np.float64]
    y_m: npt.NDArray[np.float64]
    offset_db: npt.NDArray[np.float64]
    down: npt.NDArray[np.bool_]
    moved: npt.NDArray[np.bool_]


def mountings(plan: Plan, outages: Sequence[Outage]) -> tuple[Mounting, ...]:
    """Return the spans between which nothing changes, in time order, from the beginning on without end."""
    borders = sorted({0, _END_NS, *(t_ns for outage in outages for t_ns in (outage.from_ns, outage.to_ns))})
    return tuple(_mounting(plan, outages, from_ns, to_ns) for from_ns, to_ns in pairwise(borders))


def _mounting(plan: Plan, outages: Sequence[Outage], from_ns: int, to_ns: int) -> Mounting:
    number = {receiver.name: k for k, receiver in enumerate(plan.receivers)}
    x_m, y_m = np.array([r.x_m for r in plan.receivers]), np.array([r.y_m for r in plan.receivers])
    offset_db, down, moved = np.zeros(len(number)), np.zeros(len(number), bool), np.zeros(len(number), bool)
    for outage in outages:
        k = number[outage.receiver]
        down[k] |= outage.from_ns <= from_ns < outage.to_ns
        if outage.to_ns <= from_ns:
            x_m[k], y_m[k], offset_db[k] = x_m[k] + outage.x_m, y_m[k] + outage.y_m, offset_db[k] + outage.offset_db
            moved[k] |= outage.to_ns == from_ns and bool(outage.x_m or outage.y_m)
    return Mounting(from_ns, to_ns, x_m, y_m, offset_db, down, moved)
