"""Whether frames were receipted by a gateway whose state is not here: then what was derived up to then is its work, not ours. Pure.

An agent's header says the highest number of its epoch that anybody receipted, and when any receipt was given last. Where the mark is
lower, that receipt was given by a state which this one does not go on from: if it was given while this journal took nothing, or if
this journal has never heard of the agent.

When it was given is said by the clock of the gateway that gave it, and agents keep the highest. A time that has not come is no time:
then a state of which something was receipted elsewhere, and which began again since, goes on from there for all that is known.
"""

from __future__ import annotations

import json
from typing import Final, Protocol

from footfall.frames import Header
from footfall.units import NS_PER_MINUTE

SKEW_NS: Final = NS_PER_MINUTE
"""The clocks of two gateways of one store hardly differ by more."""


class Histories(Protocol):
    """What the journal knows of its own past."""

    def knows(self, agent: str) -> bool:
        """Whether any message of the agent was ever taken."""
        ...

    def was_away(self, time_ns: int) -> bool:
        """Whether nothing was taken at that time: no receipt of then is this journal's."""
        ...

    def back_ns(self) -> int:
        """Since when messages are taken without a pause; 0 if there never was one."""
        ...

    def history_ns(self, store: str) -> int:
        """Up to when the store's history is another's; 0: all of it is this journal's."""
        ...

    def set_history_ns(self, store: str, until_ns: int) -> None: ...


def foreign_until_ns(memory: Histories, header: Header, received_ns: int) -> int:
    """Up to when the sender's history was made elsewhere; 0 if it was not. The mark is below `header.receipted`."""
    until_ns = min(header.receipted_ns, received_ns)
    if not memory.knows(header.agent):
        return until_ns
    if header.receipted_ns > received_ns + SKEW_NS:
        return memory.back_ns()
    return until_ns if memory.was_away(until_ns) else 0


def grown(memory: Histories, store: str, until_ns: int) -> bytes | None:
    """The record's body, where that says something new of the store."""
    if until_ns <= memory.history_ns(store):
        return None
    memory.set_history_ns(store, until_ns)
    return json.dumps({"until_ns": until_ns}).encode()
