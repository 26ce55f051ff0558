"""What accept remembers where no journal does: in memory, and as bytes in the checkpoint of its shard."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

import msgpack

from footfall.boot_clock import UNKNOWN, Bounds
from footfall.frames import DecidedTime
from gateway.accept.decisions import Decision, Runs
from gateway.accept.memory import Mark

KEEP_IDS: Final = 1_000_000
"""Ids of plain events: some 100 MB. A busy store has 2,000 a day."""


class CheckpointedMemory:
    """The `Memory` of a shard that reads a log. Nothing is missed there, so there are no absences."""

    def __init__(self, journal_id: str, keep_ids: int = KEEP_IDS) -> None:
        """`journal_id` names the log in receipts; `keep_ids`: so many ids of events are remembered, the latest ones."""
        self.journal_id: Final = journal_id
        self._keep_ids: Final = keep_ids
        self._marks: dict[tuple[str, str], Mark] = {}
        self._bounds: dict[tuple[str, str], Bounds] = {}
        self._ids: OrderedDict[bytes, bytes] = OrderedDict()
        self._runs: dict[str, Runs] = {}
        self._histories: dict[str, int] = {}

    def mark(self, agent: str, epoch: str) -> Mark:
        return self._marks.get((agent, epoch), Mark())

    def set_mark(self, agent: str, epoch: str, mark: Mark) -> None:
        self._marks[agent, epoch] = mark

    def bounds(self, agent: str, boot: str) -> Bounds:
        return self._bounds.get((agent, boot), UNKNOWN)

    def set_bounds(self, agent: str, boot: str, bounds: Bounds) -> None:
        self._bounds[agent, boot] = bounds

    def sure_ns(self, agent: str) -> int:
        return max((mark.sure_ns for (name, _), mark in self._marks.items() if name == agent), default=0)

    def decisions(self, agent: str) -> Runs:
        return self._runs.get(agent, ())

    def set_decisions(self, agent: str, runs: Runs) -> None:
        self._runs[agent] = runs

    def knows(self, agent: str) -> bool:
        return any(name == agent for name, _ in self._bounds)

    def was_away(self, time_ns: int) -> bool:
        return False

    def back_ns(self) -> int:
        return 0

    def history_ns(self, store: str) -> int:
        return self._histories.get(store, 0)

    def set_history_ns(self, store: str, until_ns: int) -> None:
        self._histories[store] = until_ns

    def is_new_event(self, id_hash: bytes, earlier: bytes | None = None, content: bytes = b"") -> bool:
        if id_hash in self._ids or earlier in self._ids:
            return False
        self._ids[id_hash] = content
        if len(self._ids) > self._keep_ids:
            self._ids.popitem(last=False)
        return True

    def event_content(self, id_hash: bytes) -> bytes:
        return self._ids.get(id_hash, b"")

    def dump(self) -> bytes:
        """Return all of it, for `load`."""
        values = {
            "marks": [[*key, *mark] for key, mark in self._marks.items()],
            "bounds": [[*key, *bounds] for key, bounds in self._bounds.items()],
            "ids": list(self._ids),
            "contents": list(self._ids.values()),
            "runs": [[agent, [[*run[:4], *run.time, run.decided_ns] for run in runs]] for agent, runs in self._runs.items()],
            "histories": self._histories,
        }
        packed: bytes = msgpack.packb(values)
        return packed

    def load(self, dumped: bytes) -> None:
        """Go on from what `dump` returned, here or elsewhere."""
        values: dict[str, Any] = msgpack.unpackb(dumped)
        self._marks = {(agent, epoch): Mark(*mark) for agent, epoch, *mark in values["marks"]}
        self._bounds = {(agent, boot): Bounds(*bounds) for agent, boot, *bounds in values["bounds"]}
        ids = values["ids"]
        self._ids = OrderedDict(zip(ids, values.get("contents") or [b""] * len(ids), strict=True))
        self._runs = {agent: tuple(map(_decision, runs)) for agent, runs in values["runs"]}
        self._histories = values["histories"]


def _decision(values: list[Any]) -> Decision:
    n, epoch, first_seq, last_seq, offset_ns, width_ns, quality, decided_ns = values
    return Decision(n, epoch, first_seq, last_seq, DecidedTime(offset_ns, width_ns, quality), decided_ns)
