"""Voids that took nothing back, by publisher: what one names is not stored, so the mistake it was to mend still counts."""

from __future__ import annotations

from typing import Final, NamedTuple

from footfall.units import NS_PER_S

SHOWN_S: Final = 86_400
"""So long after the last one a publisher is named."""


class _Heard(NamedTuple):
    voids: int
    last_ns: int


class UnknownVoids:
    """Those since the gateway started. A restart forgets them."""

    def __init__(self) -> None:
        self._heard: Final[dict[tuple[str, str], _Heard]] = {}

    def hear(self, store: str, agent: str, received_ns: int) -> None:
        voids, _ = self._heard.get((store, agent), _Heard(0, 0))
        self._heard[store, agent] = _Heard(voids + 1, received_ns)

    def recent(self, now_ns: int) -> list[str]:
        """Return a text for each publisher whose last one came within the last day. Any thread may call it."""
        heard = sorted(self._heard.copy().items())
        return [f"{store}/{agent} ({each.voids:,})" for (store, agent), each in heard if now_ns - each.last_ns < SHOWN_S * NS_PER_S]
