"""Coverage: which minutes of each hour every agent observed wholly, of its tasks: doors and presence.

An agent numbers its frames in an epoch, one run of it. So between two frames of one epoch it was at work, and what it could not observe
then it reports as gaps, which may name one task. Before its first frame, between its runs, and after its last frame nothing was observed.
A point of an hour is written again whenever more is known of it: for an agent that keeps up, every few minutes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from footfall.frames import Body, Kind
from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S
from gateway.fold.hour_masks import FIELDS, HourFields, HourMasks, MaskColumn
from gateway.fold.minute_points import is_unsure
from gateway.fold.state import State
from gateway.fold.watermarks import Watermarks
from gateway.points.rows import CoveragePoint, GapPoint
from gateway.records import Record

DOORS, PRESENCE = 1, 2
_MASK_OF: Final = {DOORS: MaskColumn.NO_DOORS, PRESENCE: MaskColumn.NO_PRESENCE}
_TASKS: Final[Mapping[str, int]] = {"doors": DOORS, "presence": PRESENCE}
_EVERY_TASK: Final = DOORS | PRESENCE
_KINDS: Final = {DOORS: frozenset({Kind.IN, Kind.OUT}), PRESENCE: frozenset({Kind.ENTER, Kind.STAY, Kind.EXIT})}
"""The kinds of rows that show a task."""
_NO_NEWS: Final = {
    tasks: bytes(set(range(256)) - frozenset[int]().union(*(kinds for task, kinds in _KINDS.items() if not tasks & task)))
    for tasks in range(_EVERY_TASK + 1)
}
"""By what is known of an agent, the kinds of rows that show no other task."""
_EVENTS: Final = bytes([Kind.EVENT, Kind.REFUSED])
NO_TASK: Final = -1
"""The mask of a task that the agent never did, as far as was known then."""
RESTART: Final = "agent.restart"
"""The reason of a gap between two runs of an agent. Runs show as much; and where two boxes took turns, the other one was at work."""
EVERY_MINUTES: Final = 5
"""An hour that goes on is written once so many minutes of it are new, or so long after something changed."""
LONGEST_PAUSE_NS: Final = 2 * NS_PER_HOUR
"""An agent that sends no frame for longer, not even an empty one, is not taken for alive meanwhile."""
LONGEST_SPAN_NS: Final = 40 * NS_PER_DAY
"""No spool holds more, so a longer recording or gap comes of a clock; its end counts."""
EPOCHS: Final = 3
"""So many epochs of an agent are remembered: a frame that is replayed from quarantine may be of an earlier one."""
TASK_KNOWN_BACK_H: Final = 24
"""For so many hours before the first row of a task its hours are written again: nobody passed, but somebody would have been counted."""


@dataclass(slots=True)
class _EpochSpan:
    """An epoch, and the time of which its frames are known."""

    boot: str
    key_base: int
    since_ns: int
    until_ns: int


@dataclass(slots=True)
class _CoveredAgent:
    """An agent in a store, by their codes."""

    store: int
    agent: int
    phase: int
    """Agents take turns, so that not all are written in the same second."""
    tasks: int = 0
    runs: list[_EpochSpan] = field(default_factory=list)
    changed: tuple[int, ...] = ()
    """The hours that are to be written."""


class Coverage:
    """Takes frames and gaps as they come; `emit` at the end of each batch."""

    def __init__(self, state: State, watermarks: Watermarks) -> None:
        self._state: Final = state
        self._watermarks: Final = watermarks
        self._masks: Final = HourMasks(state.ledger)
        self._agents: list[_CoveredAgent] = []
        self._owners: dict[tuple[int, int], int] = {}
        """The place in `_agents` of a store's agent."""
        self._waiting: dict[int, int] = {}
        """Owners with changed hours, and when the first of these changed, s since 1970; in the order of that."""
        self._due: dict[int, None] = {}
        self._now_s = 0

    def hear(self, store: int, agent: int, record: Record, body: Body, progress_ns: int) -> None:
        """Take a frame: its agent got as far as `progress_ns`."""
        if is_history(body):
            return  # its counts state what they observed
        owner = self._owners.get((store, agent))
        if owner is None:
            owner = self._owner(store, agent)
        mine = self._agents[owner]
        if news := body.kind.tobytes().strip(_NO_NEWS[mine.tasks]):
            self._learn_tasks(owner, mine, news, progress_ns)
        run = mine.runs[-1] if mine.runs else None
        if run is None or run.key_base != record.key_base or run.boot != body.boot:
            run = self._run(mine, record, body, progress_ns)
        elif progress_ns - run.until_ns > (LONGEST_PAUSE_NS if body.made_boot_ns else LONGEST_SPAN_NS):
            run.since_ns = run.until_ns = progress_ns
        if progress_ns > run.until_ns:
            self._extend(owner, mine, run, progress_ns)

    def _extend(self, owner: int, mine: _CoveredAgent, run: _EpochSpan, until_ns: int) -> None:
        """The minutes that end between the run's frame before and this one, and began in it, were observed."""
        known, end = run.until_ns // NS_PER_MINUTE, until_ns // NS_PER_MINUTE
        run.until_ns = until_ns
        if known < end and (first := max(known, -(-run.since_ns // NS_PER_MINUTE))) < end:
            self._change(owner, self._masks.set(owner, first, end, (MaskColumn.ALIVE,)))
            if (end + mine.phase) // EVERY_MINUTES != (first + mine.phase) // EVERY_MINUTES:
                self._due[owner] = None

    def gap(self, store: int, agent: int, gap: GapPoint, task: str = "") -> None:
        """Take a span that the agent did not observe; `task`: doors or presence, anything else means both."""
        if gap.reason == RESTART:
            return
        owner, from_ns, to_ns = self._owner(store, agent), gap.from_ns, gap.to_ns
        first = max(from_ns, to_ns - LONGEST_SPAN_NS) // NS_PER_MINUTE
        end = max(-(-to_ns // NS_PER_MINUTE), first + 1)
        tasks = _TASKS.get(task, _EVERY_TASK)
        self._change(owner, self._masks.set(owner, first, end, [mask for each, mask in _MASK_OF.items() if each & tasks]))

    def counted(self, store: int, agent: int, from_ns: int, seconds: int) -> None:
        """Take a count of doors that states over how long it was made: that time was observed.

        The frames of an agent that sends any show when it was at work, and no more can be known of it.
        """
        owner = self._owner(store, agent)
        mine = self._agents[owner]
        if mine.runs:
            return
        if not mine.tasks:
            self._learn_tasks(owner, mine, bytes([Kind.IN]), from_ns)
        first, end = -(-from_ns // NS_PER_MINUTE), (from_ns + seconds * NS_PER_S) // NS_PER_MINUTE
        if first < end:
            self._change(owner, self._masks.set(owner, first, end, (MaskColumn.ALIVE,)))
            if seconds >= EVERY_MINUTES * 60:
                self._due[owner] = None

    def touch(self, store: int, agent: int, time_ns: int) -> None:
        """Emit an hour again at the end of the batch."""
        owner = self._owner(store, agent)
        self._change(owner, [time_ns // NS_PER_HOUR])
        self._due[owner] = None

    def emit(self, now_s: int) -> None:
        """Emit the hours that are due by `now_s`, the second of the record that ends the batch."""
        self._now_s = now_s
        for owner, since_s in self._waiting.items():
            if abs(now_s - since_s) < EVERY_MINUTES * 60:
                break
            self._due[owner] = None
        due, self._due = self._due, {}
        for owner in due:
            mine = self._agents[owner]
            if is_unsure(self._state, self._watermarks, mine.store):
                self._due[owner] = None
                continue
            self._waiting.pop(owner, None)
            hours, mine.changed = mine.changed, ()
            for hour in hours:
                self._emit_hour(owner, mine, hour)

    def _emit_hour(self, owner: int, mine: _CoveredAgent, hour: int) -> None:
        masks, estate = self._masks.get(owner, hour), self._state.estate
        alive = masks[MaskColumn.ALIVE]
        if not alive:
            return
        of_task = {task: alive & ~masks[column] for task, column in _MASK_OF.items()}
        point = CoveragePoint(
            time_ns=hour * NS_PER_HOUR, agent=estate.agents.names[mine.agent], store=estate.stores.names[mine.store],
            presence=of_task[PRESENCE] if mine.tasks & PRESENCE else NO_TASK, doors=of_task[DOORS] if mine.tasks & DOORS else NO_TASK,
            minutes=self._wholly(mine, masks).bit_count(),
        )  # fmt: skip
        before = self._masks.write(owner, hour, point[-FIELDS:])
        self._state.emit(point, CoveragePoint(*point[:-FIELDS], *before) if before else None)

    @staticmethod
    def _wholly(mine: _CoveredAgent, masks: HourFields) -> int:
        """The minutes in which all tasks were observed."""
        wholly = masks[MaskColumn.ALIVE]
        for task, column in _MASK_OF.items():
            if mine.tasks & task or not mine.tasks:
                wholly &= ~masks[column]
        return wholly

    def _owner(self, store: int, agent: int) -> int:
        owner = self._owners.get((store, agent))
        if owner is None:
            owner = self._owners[store, agent] = len(self._agents)
            self._agents.append(_CoveredAgent(store, agent, _phase(self._state.estate.agents.names[agent])))
        return owner

    def _learn_tasks(self, owner: int, mine: _CoveredAgent, kinds: bytes, progress_ns: int) -> None:
        """Take the kinds of rows of which some show a task that was not known."""
        for task, of_task in _KINDS.items():
            if kinds.strip(bytes(set(range(256)) - set(of_task))):
                mine.tasks |= task
        hour = progress_ns // NS_PER_HOUR
        self._change(owner, self._masks.hours(owner, hour - TASK_KNOWN_BACK_H, hour))

    def _run(self, mine: _CoveredAgent, record: Record, body: Body, progress_ns: int) -> _EpochSpan:
        """The run of a frame that is not of the latest: one that is remembered, or a new one that begins with it."""
        found = next((run for run in mine.runs if (run.boot, run.key_base) == (body.boot, record.key_base)), None)
        if found is None:
            begin_ns = _begin_ns(body, progress_ns)
            found = _EpochSpan(body.boot, record.key_base, begin_ns, begin_ns)
            mine.runs = mine.runs[1 - EPOCHS :]
            mine.runs.append(found)
        return found

    def _change(self, owner: int, hours: Iterable[int]) -> None:
        mine = self._agents[owner]
        new = [hour for hour in hours if hour not in mine.changed]
        if new:
            mine.changed = (*mine.changed, *new)
            self._waiting.setdefault(owner, self._now_s)

    def minutes(self, store: int, first_hour: int, last_hour: int) -> dict[int, dict[int, int]]:
        """Return how many minutes were observed wholly in each hour of a span, both ends included, by agent and hour."""
        return {
            mine.agent: {hour: self._wholly(mine, self._masks.get(owner, hour)).bit_count()
                         for hour in self._masks.hours(owner, first_hour, last_hour)}
            for owner, mine in enumerate(self._agents) if mine.store == store
        }  # fmt: skip

    def retire(self) -> None:
        """Move what is settled to the store."""
        self._masks.retire()

    def dump(self) -> dict[str, Any]:
        """Return the state; `load` takes it back."""
        return {
            "agents": [
                [mine.store, mine.agent, mine.tasks, [[run.boot, run.key_base, run.since_ns, run.until_ns] for run in mine.runs],
                 mine.changed]
                for mine in self._agents
            ],
            "waiting": list(self._waiting.items()),
            "due": list(self._due),
            "masks": self._masks.dump(),
        }  # fmt: skip

    def load(self, values: Mapping[str, Any] | None, now_s: int) -> None:
        """Go on from what `dump` returned; None of a release that had no coverage: nothing is known of what was before."""
        self._now_s = now_s
        if values is None:
            return
        names = self._state.estate.agents.names
        self._agents = [
            _CoveredAgent(store, agent, _phase(names[agent]), tasks, [_EpochSpan(*run) for run in runs], tuple(changed))
            for store, agent, tasks, runs, changed in values["agents"]
        ]
        self._owners = {(mine.store, mine.agent): owner for owner, mine in enumerate(self._agents)}
        self._waiting = dict(values["waiting"])
        self._due = dict.fromkeys(values["due"])
        self._masks.load(values["masks"])


def _phase(agent: str) -> int:
    return zlib.crc32(agent.encode()) % EVERY_MINUTES


def is_history(body: Body) -> bool:
    """Return whether a frame relays plain events of a recording, and nothing else: it shows nothing of its agent's present."""
    return not body.made_boot_ns and len(body) > 0 and not body.kind.tobytes().strip(_EVENTS)


def _begin_ns(body: Body, progress_ns: int) -> int:
    """Since when a run observed, by its first frame. A recording has its file's times, from its first row on."""
    if body.made_boot_ns or body.t_wall_ns is None or not len(body):
        return progress_ns
    return max(min(int(body.t_wall_ns.min()), progress_ns), progress_ns - LONGEST_SPAN_NS)
