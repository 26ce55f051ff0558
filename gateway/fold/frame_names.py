"""Columns of the names that rows of many frames point to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.points import Coded

FEW_NAMES: Final = 64
"""Of frames that name more on the average those names are left out that no row uses: that takes longer than keeping some."""


def coded(codes: npt.NDArray[Any], names: Sequence[str]) -> Coded:
    """Return a column of names. They may repeat: a frame's rows point at the frame's own."""
    return Coded(codes.astype(np.uint32), tuple(names))


def coded_names(codes: npt.NDArray[Any], lists: Sequence[tuple[str, ...]]) -> Coded:
    """Return the same of a list of names a frame."""
    names = [name for names in lists for name in names]
    return Coded.take(codes, names) if len(names) > FEW_NAMES * len(lists) else coded(codes, names)
