"""Evidence in the order of its time: rows wait until their store's watermark says that nothing earlier is to be expected.

A store's watermark is the least progress over its agents that were heard within ten minutes; an agent that is behind, because it
drains a backlog, holds it back, so an outage neither splits visits nor confuses zones. Rows at or below the watermark come late and
are let through at once. The order is a function of the journal alone: of a row's time, and of the watermark when its record came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

HEARD_WITHIN_NS: Final = 600 * 1_000_000_000
GIVEN_UP_NS: Final = 24 * 3600 * 1_000_000_000
"""An agent that was not heard for so long is not waited for."""
GRACE_NS: Final = 10 * 1_000_000_000
"""So long after a store's first record its agents that were not heard yet hold the watermark back."""
NEVER_NS: Final = -(1 << 60)


@dataclass(slots=True)
class _Store:
    first_heard_ns: int
    heard: dict[int, tuple[int, int]]
    """agent -> (when it was heard last, its progress)"""
    watermark_ns: int = NEVER_NS


class Watermarks:
    """By store code. All times are the gateway's."""

    def __init__(self) -> None:
        self._stores: dict[int, _Store] = {}
        self.by_store: npt.NDArray[np.int64] = np.full(0, NEVER_NS, np.int64)
        self._heard_ns = self._latest_ns = self.by_store
        """By store: when any agent was heard last, and the furthest that any got."""

    def grow(self, stores: int) -> None:
        """Make room for the codes below `stores`."""
        missing = stores - len(self.by_store)
        if missing > 0:
            more = np.full(missing, NEVER_NS, np.int64)
            self.by_store = np.concatenate([self.by_store, more])
            self._heard_ns, self._latest_ns = np.concatenate([self._heard_ns, more]), np.concatenate([self._latest_ns, more])

    def hear(self, store: int, agent: int, received_ns: int, progress_ns: int, expected: frozenset[int]) -> int:
        """An agent got as far as `progress_ns`. The watermark before this."""
        known = self._stores.get(store)
        if known is None:
            known = self._stores[store] = _Store(received_ns, {})
        before = known.watermark_ns
        _, progress = known.heard.get(agent, (0, NEVER_NS))
        known.heard[agent] = (received_ns, max(progress, progress_ns))
        self._heard_ns[store] = received_ns
        self._latest_ns[store] = max(self._latest_ns[store], progress_ns)
        self._advance(store, known, received_ns, expected)
        return before

    def tick(self, received_ns: int, expected: Mapping[int, frozenset[int]]) -> None:
        """Time passed: agents that fell silent no longer hold their stores back."""
        for store, known in self._stores.items():
            self._advance(store, known, received_ns, expected.get(store, frozenset()))

    def closing_ns(self, now_ns: int) -> npt.NDArray[np.int64]:
        """By store: the time by which it is decided who has left.

        Where everybody is silent the watermark stands still, so that a backlog is still put in order when it comes; but people leave
        all the same. What is closed by this is opened again if a backlog says that they stayed.
        """
        silent_ns = now_ns - self._heard_ns
        return np.where(silent_ns > HEARD_WITHIN_NS, np.maximum(self.by_store, self._latest_ns + silent_ns), self.by_store)

    def told_ns(self, store: int, agent: int, now_ns: int) -> int:
        """Up to when an agent has told what it heard; until now, if it was given up."""
        heard_ns, progress_ns = self._stores[store].heard[agent]
        return progress_ns if now_ns - heard_ns <= GIVEN_UP_NS else now_ns

    def oldest_active_ns(self, since_ns: int) -> int | None:
        """The least watermark of the stores that were heard since then; None if none was."""
        active = [known.watermark_ns for known in self._stores.values() if any(heard >= since_ns for heard, _ in known.heard.values())]
        return min(active, default=None)

    def _advance(self, store: int, known: _Store, received_ns: int, expected: frozenset[int]) -> None:
        if received_ns - known.first_heard_ns < GRACE_NS and not expected <= known.heard.keys():
            return
        since = received_ns - HEARD_WITHIN_NS
        progress = [progress for heard, progress in known.heard.values() if heard >= since]
        # With everybody silent, time itself goes on: what they said last is all there was.
        least = min(progress) if progress else max((p for _, p in known.heard.values()), default=NEVER_NS) + HEARD_WITHIN_NS
        if least > known.watermark_ns:
            known.watermark_ns = least
            self.by_store[store] = least

    def dump(self) -> list[list[Any]]:
        return [[code, s.first_heard_ns, s.watermark_ns, [[a, *t] for a, t in s.heard.items()]] for code, s in self._stores.items()]

    def load(self, values: Iterable[list[Any]], stores: int) -> None:
        self.grow(stores)
        for code, first, watermark, heard in values:
            self._stores[code] = _Store(first, {agent: (at, progress) for agent, at, progress in heard}, watermark)
            self.by_store[code] = watermark
            if heard:
                self._heard_ns[code], self._latest_ns[code] = max(at for _, at, _ in heard), max(progress for _, _, progress in heard)


@dataclass(slots=True, eq=False)
class Evidence:
    """Rows about subjects, as columns. `order` sorts them: twice the time they count from, plus one if they came late."""

    slot: npt.NDArray[np.int32]
    order: npt.NDArray[np.int64]
    time_ns: npt.NDArray[np.int64]
    key_ns: npt.NDArray[np.int64]
    zone: npt.NDArray[np.int32]
    agent: npt.NDArray[np.int32]
    rssi_dbm: npt.NDArray[np.int16]
    kind: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.slot)

    def pick(self, which: npt.NDArray[Any]) -> Evidence:
        return Evidence(*[getattr(self, field.name)[which] for field in fields(self)])

    @staticmethod
    def joined(parts: list[Evidence]) -> Evidence:
        if len(parts) == 1:
            return parts[0]
        return Evidence(*[np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Evidence)])

    def dump(self) -> dict[str, bytes]:
        return {field.name: getattr(self, field.name).tobytes() for field in fields(self)}

    @staticmethod
    def load(values: Mapping[str, bytes]) -> Evidence:
        return Evidence(*[np.frombuffer(values[name], dtype) for name, dtype in EVIDENCE_DTYPES.items()])


EVIDENCE_DTYPES: Final = {
    "slot": "i4", "order": "i8", "time_ns": "i8", "key_ns": "i8", "zone": "i4", "agent": "i4", "rssi_dbm": "i2", "kind": "u1",
}  # fmt: skip


def order_key(time_ns: npt.NDArray[np.int64], watermark_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where rows stand in the order, given the watermark before their record."""
    late = time_ns <= watermark_ns
    key: npt.NDArray[np.int64] = 2 * np.maximum(time_ns, watermark_ns) + late
    return key


class Waiting:
    """Rows whose time has not come."""

    def __init__(self) -> None:
        self._parts: list[Evidence] = []

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def slots(self) -> npt.NDArray[np.int32]:
        return np.concatenate([part.slot for part in self._parts]) if self._parts else np.zeros(0, np.int32)

    def add(self, rows: Evidence) -> None:
        if len(rows):
            self._parts.append(rows)

    def release(self, store_of_slot: npt.NDArray[np.int32], watermark_ns: npt.NDArray[np.int64]) -> Evidence | None:
        """Rows at or below their store's watermark, by slot and then in order; the others go on waiting."""
        if not self._parts:
            return None
        rows = Evidence.joined(self._parts)
        due = rows.order <= 2 * watermark_ns[store_of_slot[rows.slot]] + 1
        if not due.any():
            self._parts = [rows]
            return None
        self._parts = [] if due.all() else [rows.pick(~due)]
        ready = rows.pick(due) if self._parts else rows
        return ready.pick(np.lexsort((ready.order, ready.slot)))

    def dump(self) -> dict[str, bytes] | None:
        return Evidence.joined(self._parts).dump() if self._parts else None

    def load(self, values: Mapping[str, bytes] | None) -> None:
        self._parts = [Evidence.load(values)] if values else []
