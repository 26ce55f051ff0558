"""The rows with which dwells and visits begin."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Begun(NamedTuple):
    """One a slot, as columns."""

    slot: npt.NDArray[Any]
    zone: npt.NDArray[np.int32]
    time_ns: npt.NDArray[np.int64]
    key_ns: npt.NDArray[np.int64]
    agent: npt.NDArray[np.int32]

    def take(self, which: npt.NDArray[np.bool_]) -> Begun:
        """Return some of them."""
        return Begun(self.slot[which], self.zone[which], self.time_ns[which], self.key_ns[which], self.agent[which])
