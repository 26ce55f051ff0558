"""Fans as small numbers, and which of them are known: a provisional fan (`anon-…`) groups visits as any other, and counts as nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.fold.codes import Codes
from gateway.identity.facts import is_registered

_FIRST_ROOM: Final = 64


class FanCodes(Codes):
    """Codes of fans; `known` looks up columns of codes at once."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        super().__init__(names)
        self._known = np.zeros(_FIRST_ROOM, np.bool_)
        """By code. The last is nobody's, so that the code -1 finds it."""
        self._fill(0)

    def of(self, name: str) -> int:
        before = len(self.names)
        code = super().of(name)
        if len(self.names) > before:
            self._fill(before)
        return code

    def known(self, codes: Any) -> Any:
        """Return whether the fan of a code, or of each of a column, is registered with the brand; not of -1."""
        known = self._known[codes]
        return known if isinstance(known, np.ndarray) else bool(known)

    def _fill(self, first: int) -> None:
        """Take the names from a code on."""
        if len(self.names) >= len(self._known):
            grown: npt.NDArray[np.bool_] = np.zeros(2 * len(self.names) + _FIRST_ROOM, np.bool_)
            grown[:first] = self._known[:first]
            self._known = grown
        self._known[first : len(self.names)] = [is_registered(name) for name in self.names[first:]]
