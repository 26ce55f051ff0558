"""Names as small numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final


class Codes:
    """Names to 0, 1, 2 … in the order in which they were first seen."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names: Final = list(names)
        self._codes: Final = {name: code for code, name in enumerate(self.names)}

    def of(self, name: str) -> int:
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = len(self.names)
            self.names.append(name)
        return code

    def __contains__(self, name: str) -> bool:
        return name in self._codes

    def __len__(self) -> int:
        return len(self.names)
