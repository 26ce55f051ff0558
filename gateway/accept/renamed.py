"""The memory of agents that were renamed: found under any of their names, stored under the present one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from footfall.boot_clock import UNKNOWN, Bounds
from gateway.site.index import Places

if TYPE_CHECKING:
    from gateway.accept.decisions import Runs
    from gateway.accept.memory import Mark, Memory


class Renamed:
    """A `Memory` by present names, which also looks under earlier ones."""

    def __init__(self, memory: Memory, places: Places) -> None:
        self._memory: Final = memory
        self._places: Final = places

    @property
    def journal_id(self) -> str:
        return self._memory.journal_id

    def _before(self, agent: str) -> tuple[str, ...]:
        return self._places.agent_before(agent)

    def mark(self, agent: str, epoch: str) -> Mark:
        mark = self._memory.mark(agent, epoch)
        if mark.seq:
            return mark
        return next((known for name in self._before(agent) if (known := self._memory.mark(name, epoch)).seq), mark)

    def set_mark(self, agent: str, epoch: str, mark: Mark) -> None:
        self._memory.set_mark(agent, epoch, mark)

    def bounds(self, agent: str, boot: str) -> Bounds:
        bounds = self._memory.bounds(agent, boot)
        if bounds != UNKNOWN:
            return bounds
        return next((known for name in self._before(agent) if (known := self._memory.bounds(name, boot)) != UNKNOWN), bounds)

    def set_bounds(self, agent: str, boot: str, bounds: Bounds) -> None:
        self._memory.set_bounds(agent, boot, bounds)

    def is_new_event(self, id_hash: bytes, earlier: bytes | None = None, content: bytes = b"") -> bool:
        return self._memory.is_new_event(id_hash, earlier, content)

    def event_content(self, id_hash: bytes) -> bytes:
        return self._memory.event_content(id_hash)

    def sure_ns(self, agent: str) -> int:
        return max(self._memory.sure_ns(name) for name in (agent, *self._before(agent)))

    def decisions(self, agent: str) -> Runs:
        runs, before = self._memory.decisions(agent), self._before(agent)
        return next(filter(None, map(self._memory.decisions, before)), ()) if before and not runs else runs

    def set_decisions(self, agent: str, runs: Runs) -> None:
        self._memory.set_decisions(agent, runs)
        for name in self._before(agent):
            if self._memory.decisions(name):
                self._memory.set_decisions(name, ())

    def knows(self, agent: str) -> bool:
        return any(self._memory.knows(name) for name in (agent, *self._before(agent)))

    def was_away(self, time_ns: int) -> bool:
        return self._memory.was_away(time_ns)

    def back_ns(self) -> int:
        return self._memory.back_ns()

    def history_ns(self, store: str) -> int:
        return self._memory.history_ns(store)

    def set_history_ns(self, store: str, until_ns: int) -> None:
        self._memory.set_history_ns(store, until_ns)
