"""Which tracks still have something of a time that is over: a visit, a dwell or a pass that may still change. Pure.

The fold leaves what their subjects did as it is when a past day is folded once more, and who reads a checkpoint says so beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.fold.tables.hash_index import NO_CODE

Column = Callable[[str], NDArray[Any]]
"""Gives a column of `Tracks` by its name, all of the same slots."""


def are_live(column: Column, to_ns: int) -> NDArray[np.bool_]:
    """Return by slot whether a track still has a visit, dwell or pass that began before a time, also one that is over since a moment."""
    part_of_ns, pass_ns = column("v_part_of_ns"), column("pass_ns")
    visits = (column("v_state") != 0) & (np.where(part_of_ns != 0, part_of_ns, column("v_key_ns")) < to_ns)
    dwells = (column("d_state") != 0) & (column("d_key_ns") < to_ns)
    before = (column("p_zone") != NO_CODE) & (column("p_key_ns") < to_ns)
    found: NDArray[np.bool_] = visits | dwells | before | ((pass_ns > 0) & (pass_ns < to_ns))
    return found
