"""Whether frames were receipted by a gateway whose state is not here: then points derived up to then are its work, not ours. Pure.

An agent's header has the highest number of its epoch in any receipt, and the time of its latest receipt. If the mark is lower, that
receipt came from a state that this one does not continue, in two cases: it was given while this journal accepted nothing, or this
journal has never received anything from the agent.

The time of a receipt is by the clock of the gateway that gave it, and agents keep the highest. A time in the future is ignored: then
the history of another state ends when this one began again.
"""

from __future__ import annotations

import json
from typing import Final, Protocol

from footfall.frames import Header
from footfall.units import NS_PER_MINUTE

SKEW_NS: Final = NS_PER_MINUTE
"""The most that the clocks of two gateways of one store are taken to differ."""


class Histories(Protocol):
    """The journal's own past."""

    def knows(self, agent: str) -> bool:
        """Whether any message of the agent was ever accepted."""
        ...

    def was_away(self, time_ns: int) -> bool:
        """Whether nothing was accepted at that time: no receipt of that time is this journal's."""
        ...

    def back_ns(self) -> int:
        """Return since when messages are accepted without a pause; 0 if there never was one."""
        ...

    def history_ns(self, store: str) -> int:
        """Return up to when the store's history is another's; 0: all of it is this journal's."""
        ...

    def set_history_ns(self, store: str, until_ns: int) -> None: ...


def foreign_until_ns(memory: Histories, header: Header, received_ns: int) -> int:
    """Return up to when the sender's history was made elsewhere; 0 if it was not. The mark is below `header.receipted`."""
    until_ns = min(header.receipted_ns, received_ns)
    if not memory.knows(header.agent):
        return until_ns
    if header.receipted_ns > received_ns + SKEW_NS:
        return memory.back_ns()
    return until_ns if memory.was_away(until_ns) else 0


def grown(memory: Histories, store: str, until_ns: int) -> bytes | None:
    """Return the record's body; None if the store's history reached as far before."""
    if until_ns <= memory.history_ns(store):
        return None
    memory.set_history_ns(store, until_ns)
    return json.dumps({"until_ns": until_ns}).encode()
