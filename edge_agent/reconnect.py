"""How long to wait before the next connection, and what lost ones show. Pure.

    reconnect = Reconnect(client_id)
    reconnect.connected(now_ns); reconnect.answered()
    reconnect.lost(code, is_small, now_ns) -> float      # seconds to wait
    reconnect.problems(now_ns) -> dict[str, str]

Waits double until a receipt came: a broker that accepts a connection proves nothing. An agent that is disconnected because another
connected under its id waits longer each time, or the two would disconnect each other for ever.
"""

from __future__ import annotations

from typing import Final

from footfall.backoff import Backoff
from footfall.lost_connections import TAKEN_OVER
from footfall.units import NS_PER_S

FIRST_BACKOFF_S: Final = 0.5
LONGEST_BACKOFF_S: Final = 30.0
FIRST_TRUCE_S: Final = 5.0
LONGEST_TRUCE_S: Final = 60.0
SHORT_NS: Final = 10 * NS_PER_S
"""A working connection that ended sooner was taken over."""
SHORT_LIVES: Final = 3
"""Takeovers in a row that are no accident."""
REMEMBERED_NS: Final = 600 * NS_PER_S


class Reconnect:
    """The waits between connections. `client_id` is for the texts of problems."""

    def __init__(self, client_id: str) -> None:
        self._client_id: Final = client_id
        self._backoff: Final = Backoff(FIRST_BACKOFF_S, LONGEST_BACKOFF_S)
        self._connected_ns = 0
        self._was_answered = False
        self._short_lives = 0
        self._rivals = 0
        self._rival_ns = -REMEMBERED_NS

    def connected(self, now_ns: int) -> None:
        self._connected_ns = now_ns
        self._was_answered = False

    def answered(self) -> None:
        self._was_answered = True
        self._backoff.reset()

    def lost(self, code: int, is_small: bool, now_ns: int) -> float:
        """Return how many seconds to wait. `code`: the broker's, if any. `is_small`: no packet on its way may be too large."""
        was_short = self._was_answered and now_ns - self._connected_ns < SHORT_NS
        self._short_lives = self._short_lives + 1 if was_short and is_small else 0
        self._was_answered = False
        if code == TAKEN_OVER or self._short_lives >= SHORT_LIVES:
            self._rivals = self._rivals + 1 if now_ns - self._rival_ns < REMEMBERED_NS else 1
            self._rival_ns = now_ns
        wait_s = self._backoff.next_s()
        if self._rival_ns == now_ns:
            wait_s = max(wait_s, min(FIRST_TRUCE_S * 2 ** (self._rivals - 1), LONGEST_TRUCE_S))
        return wait_s

    def problems(self, now_ns: int) -> dict[str, str]:
        if now_ns - self._rival_ns >= REMEMBERED_NS:
            return {}
        return {"two_agents": f"the connection was taken away {self._rivals} times: another process connects as {self._client_id}"}
