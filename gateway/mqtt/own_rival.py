"""Whether the gateway's own two connections push each other out. Pure: what they saw of a broker, in seconds of one clock.

On the port of agents a broker takes the certificate's name as client id, so that nobody can push another off. The gateway has two
connections with one certificate: there they are one client, and each ends the other for ever.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

AT_ONCE_S: Final = 1.5
"""So soon after the one is accepted, the other is lost."""
TIMES: Final = 2
STAYS_S: Final = 60.0


class Connected(Protocol):
    """When a connection was last accepted, and last lost."""

    connected_s: float
    lost_s: float


class OwnRival:
    """Look every second or so; `text` is "" while nothing speaks for it."""

    def __init__(self, where: str) -> None:
        self.text = ""
        self._words: Final = agents_port(where)
        self._lost: Final[deque[float]] = deque(maxlen=TIMES)

    def look(self, one: Connected, other: Connected, now_s: float) -> None:
        """Take note of the latest loss of either, if the other was accepted just before it. Forget them once both stay."""
        for lost, came in ((one, other), (other, one)):
            if 0 <= lost.lost_s - came.connected_s <= AT_ONCE_S and lost.lost_s not in self._lost:
                self._lost.append(lost.lost_s)
        if self._lost and now_s - self._lost[-1] > STAYS_S and min(one.connected_s, other.connected_s) > self._lost[-1]:
            self._lost.clear()
        self.text = self._words if len(self._lost) == TIMES else ""


def agents_port(where: str) -> str:
    """Return what is wrong with a broker's port that takes the name in the certificate for the client id."""
    return (
        f"{where} is the agents' port: there the broker takes the name in the certificate as client id, and the gateway's two"
        " connections push each other out. Set [broker] port to the gateway's own listener, 8884 in deploy/mosquitto"
    )
