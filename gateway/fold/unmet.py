"""What waits for something that is not stored yet, by publisher: a void for its event, a return for its sale.

If it never comes, what was mistyped still counts; status names whose it is.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from footfall.units import NS_PER_S

MET_WITHIN_S: Final = 60
"""So long that which is waited for may take: nobody is named for it."""
SHOWN_S: Final = 86_400
"""So long after it came what waits is shown."""
_MOST: Final = 10_000
"""Beyond these, the one that has waited longest is not shown any more."""


class _Waiting(NamedTuple):
    store: str
    agent: str
    since_ns: int


class Unmet:
    """What still waits of that which came since the gateway started. A restart forgets it."""

    def __init__(self) -> None:
        self._waiting: Final[dict[str, _Waiting]] = {}

    def __contains__(self, name: str) -> bool:
        """Return whether anything waits for what is called so."""
        return name in self._waiting

    def hear(self, name: str, store: str, agent: str, received_ns: int) -> None:
        """Note what waits for something of this name."""
        self._waiting.pop(name, None)
        self._waiting[name] = _Waiting(store, agent, received_ns)
        if len(self._waiting) > _MOST:
            del self._waiting[next(iter(self._waiting))]

    def met(self, name: str) -> None:
        """Forget what waited for something that has come."""
        self._waiting.pop(name, None)

    def recent(self, now_ns: int) -> list[str]:
        """Return a text for each publisher of what has waited for a minute to a day. Any thread may call it."""
        heard: Counter[tuple[str, str]] = Counter()
        for each in self._waiting.copy().values():
            heard[each.store, each.agent] += MET_WITHIN_S * NS_PER_S <= now_ns - each.since_ns < SHOWN_S * NS_PER_S
        return [f"{store}/{agent} ({n:,})" for (store, agent), n in sorted(heard.items()) if n]
