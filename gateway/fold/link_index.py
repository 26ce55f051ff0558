"""Who a subject was at a time, by the links that the fold was given.

The effect of a link depends on its span, never on when it came. Of the links that hold at a moment the most confident one wins, then
the one that began last, then the larger id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.pseudonyms import TOP_BIT, is_day_subject, to_hex
from footfall.units import NS_PER_MS
from gateway.fold.store import FoldStore, LinkRow
from gateway.identity.links import Link

_CACHED: Final = 50_000
FILTER_BYTES: Final = 1 << 21
"""For a whole brand: of 100,000 linked subjects 0.6 % of all others are looked up in vain."""


class LinkIndex:
    """Looks links up in the store; the latest look-ups stay in memory."""

    def __init__(self, store: FoldStore, filter_bytes: int = FILTER_BYTES) -> None:
        """`filter_bytes`, a power of two, is for all subjects that have a link; a filter too small costs look-ups, never an answer."""
        if filter_bytes < 8 or filter_bytes & (filter_bytes - 1):
            raise ValueError(f"the size of the filter must be a power of two of at least 8 bytes, not {filter_bytes}")
        self._store: Final = store
        self._cache: dict[str, list[Link]] = {}
        self._subjects: dict[str, list[str]] = {}
        """By fan."""
        self._mask: Final = filter_bytes - 1
        self._maybe: Final = bytearray(filter_bytes)
        """A bit per hash of a linked subject (Bloom 1970, one hash): most subjects are nobody's, and cost no look-up."""
        for subject in store.linked_subjects():
            self._mark(int(subject, 16))

    def fan_of(self, subject: int | str, time_ns: int) -> str:
        """Return the id of the fan, "" for nobody known. Day subjects are nobody, by design."""
        number = subject if isinstance(subject, int) else int(subject, 16)
        if is_day_subject(number) or not self._maybe[number >> 3 & self._mask] >> (number & 7) & 1:
            return ""
        if isinstance(subject, int):
            subject = to_hex(subject)
        links = self._cache.get(subject)
        if links is None:
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            links = self._cache[subject] = [Link(*row) for row in self._store.links_of(subject)]
        # To the millisecond, as times are stored: a link that begins with a visit's opening event holds for it.
        time_ms = time_ns // NS_PER_MS
        true_then = [(ln.confidence, ln.from_ns, ln.fan) for ln in links if ln.from_ns // NS_PER_MS <= time_ms < ln.to_ns // NS_PER_MS]
        return max(true_then)[2] if true_then else ""

    def may_be_linked(self, subjects: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Return for each subject whether `fan_of` may find a fan; most are certainly nobody's."""
        byte = np.frombuffer(self._maybe, np.uint8)[(subjects >> np.uint64(3)) & np.uint64(self._mask)]
        linked: npt.NDArray[np.bool_] = (byte >> (subjects & np.uint64(7)).astype(np.uint8)) & 1 == 1
        return linked & (subjects < np.uint64(TOP_BIT))

    def subjects_of(self, fan: str) -> list[str]:
        """Return every subject that was ever linked to the fan, in hex."""
        subjects = self._subjects.get(fan)
        if subjects is None:
            if len(self._subjects) >= _CACHED:
                self._subjects.clear()
            subjects = self._subjects[fan] = self._store.subjects_of(fan)
        return subjects

    def add(self, links: Sequence[Link]) -> None:
        """Store links. The same link again changes nothing, but for a greater confidence."""
        self._store.save_links([LinkRow(ln.subject, ln.fan, ln.from_ns, ln.to_ns, ln.source, ln.confidence) for ln in links])
        for link in links:
            self._cache.pop(link.subject, None)
            self._subjects.pop(link.fan, None)
            self._mark(int(link.subject, 16))

    def _mark(self, number: int) -> None:
        self._maybe[number >> 3 & self._mask] |= 1 << (number & 7)
