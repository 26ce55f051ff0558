"""Which names facts may bear, or standings may be of: most names that are new are certainly none of them, and cost no look-up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

FILTER_BYTES: Final = 1 << 22
"""Of a million facts, with three names each, a tenth of all other names are looked up in vain."""


class NameFilter:
    """A bit per hash of a name (Bloom 1970, one hash). What `fill` returns is taken when it is asked for the first time.

    The hash is the one that a string keeps, of this process: another costs more than the rest.
    """

    def __init__(self, fill: Callable[[], Iterable[str]], size_bytes: int = FILTER_BYTES) -> None:
        """`size_bytes`, a power of two: a filter too small costs look-ups, never an answer."""
        self._fill: Callable[[], Iterable[str]] | None = fill
        self._mask: Final = size_bytes - 1
        self._bits: Final = bytearray(size_bytes)

    def add(self, names: Iterable[str]) -> None:
        """Take names."""
        bits, mask = self._bits, self._mask
        for name in names:
            number = hash(name)
            bits[number >> 3 & mask] |= 1 << (number & 7)

    def among(self, names: Collection[str]) -> list[str]:
        """Return those of some names that were taken; others, too, but few."""
        if self._fill:
            fill, self._fill = self._fill, None
            self.add(fill())
        bits, mask = self._bits, self._mask
        return [name for name in names if bits[(number := hash(name)) >> 3 & mask] >> (number & 7) & 1]
