"""Exponential back-off: each wait is twice the one before, up to a longest."""

from __future__ import annotations

from typing import Final


class Backoff:
    """The waits between attempts, in seconds. `reset` after an attempt that succeeded."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s: Final = first_s
        self._longest_s: Final = longest_s
        self._next_s = first_s
        self._has_failed = False

    def next_s(self) -> float:
        """Return how long to wait before the next attempt."""
        wait_s, self._has_failed = self._next_s, True
        self._next_s = min(2 * wait_s, self._longest_s)
        return wait_s

    @property
    def coming_s(self) -> float:
        """Return the wait that `next_s` would return."""
        return self._next_s

    @property
    def has_failed(self) -> bool:
        """Return whether an attempt has failed since the last that succeeded."""
        return self._has_failed

    def reset(self) -> None:
        """Begin again with the shortest wait."""
        self._next_s, self._has_failed = self._first_s, False
