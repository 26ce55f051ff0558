"""Voids and amends whose event is not stored, by publisher: if it never comes, the mistake they were to mend still counts."""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from footfall.units import NS_PER_S

MET_WITHIN_S: Final = 60
"""So long an event may take that its correction came before: nobody is named for it."""
SHOWN_S: Final = 86_400
"""So long after it came a correction is shown."""
_MOST: Final = 10_000
"""Beyond these, the one that has waited longest is not shown any more."""


class _Waiting(NamedTuple):
    store: str
    agent: str
    since_ns: int


class UnknownVoids:
    """Those since the gateway started that still wait. A restart forgets them."""

    def __init__(self) -> None:
        self._waiting: Final[dict[str, _Waiting]] = {}

    def hear(self, event_id: str, store: str, agent: str, received_ns: int) -> None:
        """Note a correction that waits for an event."""
        self._waiting.pop(event_id, None)
        self._waiting[event_id] = _Waiting(store, agent, received_ns)
        if len(self._waiting) > _MOST:
            del self._waiting[next(iter(self._waiting))]

    def met(self, event_id: str) -> None:
        """Forget what waited for an event that has come."""
        self._waiting.pop(event_id, None)

    def recent(self, now_ns: int) -> list[str]:
        """Return a text for each publisher with corrections that have waited for a minute to a day. Any thread may call it."""
        heard: Counter[tuple[str, str]] = Counter()
        for each in self._waiting.copy().values():
            heard[each.store, each.agent] += MET_WITHIN_S * NS_PER_S <= now_ns - each.since_ns < SHOWN_S * NS_PER_S
        return [f"{store}/{agent} ({n:,})" for (store, agent), n in sorted(heard.items()) if n]
