"""Watermarks: up to when a store's agents have reported what they heard. All that comes until then is put in order first.

A store's watermark is the least progress over the agents that it waits for. It waits for an agent until that was silent for ten minutes
*of the store's own time*, which stands still while nobody is heard: after an outage of all, the first to come back does not drive the
watermark past what the others have still to report. Who owes a backlog, by its health or by how old its frames are, is waited for longer.
Who sent a recording to its end is not waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S

HEARD_WITHIN_NS: Final = 10 * NS_PER_MINUTE
"""So long a store waits for an agent that is silent while others are heard …"""
OWES_NS: Final = NS_PER_HOUR
"""… and so long for one that owes a backlog: one agent that is stuck must not hold its store back for ever."""
LONGEST_GAP_NS: Final = NS_PER_MINUTE
"""Of a longer time in which nobody of a store was heard only so much is its own time."""
GIVEN_UP_NS: Final = NS_PER_DAY
"""An agent that was not heard for so long is not waited for."""
GRACE_NS: Final = 10 * NS_PER_S
"""So long after a store's first record its agents that were not heard yet hold the watermark back."""
HELD_NS: Final = NS_PER_MINUTE
"""So long a watermark stands still before status says so."""
AWAY_NS: Final = NS_PER_MINUTE
"""A gateway that runs journals the time every two seconds: where so much is missing it was away, and heard nobody."""
NEVER_NS: Final = -(1 << 60)
NO_AGENTS: Final[frozenset[int]] = frozenset()


@dataclass(slots=True)
class _Agent:
    heard_ns: int
    progress_ns: int
    own_ns: int
    """The store's own time when it was heard last."""


@dataclass(slots=True)
class _Store:
    asked_ns: int = NEVER_NS
    """Since when all agents that the site names are waited for, heard before or not; NEVER_NS before the first frame."""
    asked_own_ns: int = 0
    is_asking: bool = True
    heard_ns: int = NEVER_NS
    own_ns: int = 0
    watermark_ns: int = NEVER_NS
    agents: dict[int, _Agent] = field(default_factory=dict)
    owing: set[int] = field(default_factory=set)
    recordings: set[int] = field(default_factory=set)
    """Agents whose latest frame is a recording's …"""
    gone: set[int] = field(default_factory=set)
    """… and those of them that said since that it was the last."""
    stood_ns: int = NEVER_NS
    """Since when the watermark has stood still while some agent was further, as far as this process has seen."""


_DUMPED: Final = ("asked_ns", "asked_own_ns", "is_asking", "heard_ns", "own_ns", "watermark_ns")
_DUMPED_SETS: Final = ("owing", "recordings", "gone")
"""Earlier releases knew of no recordings."""


class Reported(NamedTuple):
    """How far a frame's agent and its store were before the frame, ns; NEVER_NS if they were nowhere."""

    own_ns: int
    store_ns: int


class Held(NamedTuple):
    """Rows of the agents `further` wait for the agents `awaited`, which reported up to `until_ns`; codes."""

    store: int
    further: list[int]
    awaited: list[int]
    until_ns: int


class Watermarks:
    """By store code. All times are the gateway's, but for a store's own."""

    def __init__(self) -> None:
        self._stores: dict[int, _Store] = {}
        self.by_store: npt.NDArray[np.int64] = np.full(0, NEVER_NS, np.int64)
        self._heard_ns = self._latest_ns = self.by_store
        """By store: when any agent was heard last, and the furthest that any got."""
        self.back_ns = NEVER_NS
        """Since when the gateway is there again that was away."""

    def grow(self, stores: int) -> None:
        """Make room for the codes below `stores`."""
        missing = stores - len(self.by_store)
        if missing > 0:
            more = np.full(missing, NEVER_NS, np.int64)
            self.by_store = np.concatenate([self.by_store, more])
            self._heard_ns, self._latest_ns = np.concatenate([self._heard_ns, more]), np.concatenate([self._latest_ns, more])

    def hear(
        self, store: int, agent: int, received_ns: int, progress_ns: int, expected: frozenset[int], owes: bool = False,
        is_recording: bool = False,
    ) -> Reported:  # fmt: skip
        """An agent got as far as `progress_ns`. Return how far it and the watermark were before."""
        known = self._stores.get(store) or self._store(store)
        if known.asked_ns == NEVER_NS:
            known.asked_ns = received_ns
        if received_ns > known.heard_ns:
            if known.heard_ns != NEVER_NS:
                known.own_ns += min(received_ns - known.heard_ns, LONGEST_GAP_NS)
            known.heard_ns = received_ns
        mine = known.agents.get(agent)
        before = Reported(NEVER_NS if mine is None else mine.progress_ns, known.watermark_ns)
        if mine is None:
            known.agents[agent] = _Agent(received_ns, progress_ns, known.own_ns)
        else:
            mine.heard_ns, mine.own_ns = received_ns, known.own_ns
            mine.progress_ns = max(mine.progress_ns, progress_ns)
        if owes or known.owing:
            self.owes(store, agent, owes)
        if is_recording or known.recordings:
            (known.recordings.add if is_recording else known.recordings.discard)(agent)
            known.gone.discard(agent)
        self._heard_ns[store] = received_ns
        self._latest_ns[store] = max(self._latest_ns[store], progress_ns)
        self._advance(store, known, received_ns, expected)
        return before

    def owes(self, store: int, agent: int, owes: bool) -> None:
        """Take whether an agent has reported a backlog to come."""
        owing = self._store(store).owing
        if owes:
            owing.add(agent)
        else:
            owing.discard(agent)

    def leave(self, store: int, agent: int) -> None:
        """Take that the sender of a recording has nothing more to report; others that go come back, and are waited for."""
        known = self._store(store)
        if agent in known.recordings:
            known.gone.add(agent)

    def ask_again(self, store: int, received_ns: int) -> None:
        """Wait for each agent of the store: all are about to send again what they have."""
        known = self._store(store)
        known.asked_ns, known.asked_own_ns, known.is_asking = received_ns, known.own_ns, True

    def is_asking(self, store: int) -> bool:
        """Return whether agents of the store are waited for that were not heard yet."""
        return self._store(store).is_asking

    def tick(self, received_ns: int, expected: Mapping[int, frozenset[int]]) -> None:
        """Take a time that passed while nothing came."""
        for store, known in self._stores.items():
            self._advance(store, known, received_ns, expected.get(store, NO_AGENTS))

    def set_back(self, now_ns: int) -> None:
        """The clock was ahead and was set right: what agents seemed to have reported by a time that has not come, they have yet to report.

        Nothing that was stored is taken back; but nobody is late because of it, and no store waits for that time.
        """
        for store, known in self._stores.items():
            for agent in known.agents.values():
                agent.heard_ns = min(agent.heard_ns, now_ns)
                agent.progress_ns = agent.progress_ns if agent.progress_ns <= now_ns else now_ns - GIVEN_UP_NS
            known.heard_ns, known.asked_ns = min(known.heard_ns, now_ns), min(known.asked_ns, now_ns)
            if known.watermark_ns > now_ns:
                known.watermark_ns = min((agent.progress_ns for agent in known.agents.values()), default=NEVER_NS)
            self._show(store, known)

    def reported(self, store: int, agent: int) -> Reported:
        """Return how far an agent and the watermark are."""
        known = self._stores.get(store)
        if known is None:
            return Reported(NEVER_NS, NEVER_NS)
        mine = known.agents.get(agent)
        return Reported(NEVER_NS if mine is None else mine.progress_ns, known.watermark_ns)

    def closing_ns(self, now_ns: int, silent_for_ns: int = HEARD_WITHIN_NS) -> npt.NDArray[np.int64]:
        """Return, by store, the time by which it is decided who has left, ns.

        Where everybody is silent the watermark stands still, so that a backlog is still put in order when it comes; but people leave
        all the same, after so long. What is closed by this is opened again if a backlog shows that they stayed.
        """
        silent_ns = now_ns - self._heard_ns
        return np.where(silent_ns > silent_for_ns, np.maximum(self.by_store, self._latest_ns + silent_ns), self.by_store)

    def leaving_ns(self, now_ns: int) -> npt.NDArray[np.int64]:
        """Return the same for people. A gateway that was away itself gives its agents as long to come back as it waits for silent ones.

        Before they came back it may not even know that its own state is not the latest: then what it closes was closed otherwise already.
        """
        return self.by_store if now_ns - self.back_ns <= HEARD_WITHIN_NS else self.closing_ns(now_ns)

    def known(self, store: int) -> frozenset[int]:
        """Return the agents of which frames came."""
        return frozenset(self._stores[store].agents) if store in self._stores else NO_AGENTS

    def progress_ns(self, store: int, agent: int, now_ns: int) -> int:
        """Return up to when an agent has reported what it heard, ns; `now_ns` if it was given up."""
        known = self._stores[store].agents[agent]
        return now_ns if self._is_given_up(known.heard_ns, now_ns) else known.progress_ns

    def _is_given_up(self, heard_ns: int, now_ns: int) -> bool:
        """A gateway that was away itself gives its agents time to come back first."""
        return now_ns - heard_ns > GIVEN_UP_NS and now_ns - self.back_ns > HEARD_WITHIN_NS

    def oldest_active_ns(self, since_ns: int) -> int | None:
        """Return the least watermark of the stores that were heard since then, ns; None if none was."""
        return min((known.watermark_ns for known in self._stores.values() if known.heard_ns >= since_ns), default=None)

    def _store(self, store: int) -> _Store:
        known = self._stores.get(store)
        if known is None:
            known = self._stores[store] = _Store()
        return known

    def _advance(self, store: int, known: _Store, received_ns: int, expected: frozenset[int]) -> None:
        if known.asked_ns == NEVER_NS or (known.is_asking and self._asks(known, received_ns, expected)) or not known.agents:
            return
        if waited_for := self._waited_for(known, received_ns):
            least = min(known.agents[code].progress_ns for code in waited_for)
        else:
            least = max(agent.progress_ns for agent in known.agents.values())  # nobody will report more
        if least > known.watermark_ns:
            known.watermark_ns, known.stood_ns = least, received_ns
            self.by_store[store] = least
        elif known.stood_ns == NEVER_NS or self._latest_ns[store] <= known.watermark_ns:
            known.stood_ns = received_ns

    def _waited_for(self, known: _Store, received_ns: int) -> list[int]:
        if self._is_given_up(known.heard_ns, received_ns):
            return []
        since_ns, agents = known.own_ns - HEARD_WITHIN_NS, known.agents.items()
        found = [code for code, agent in agents if agent.own_ns >= since_ns or _is_owed(known, code, agent.own_ns)]
        return [code for code in found if code not in known.gone] if known.gone else found

    def held_back(self, now_ns: int) -> Iterator[Held]:
        """Yield the stores whose watermark has stood still for a minute though some agent got further."""
        for store, known in self._stores.items():
            if now_ns - known.stood_ns < HELD_NS or self._latest_ns[store] <= known.watermark_ns or known.is_asking:
                continue
            awaited = [code for code in self._waited_for(known, now_ns) if known.agents[code].progress_ns <= known.watermark_ns]
            further = [code for code, agent in known.agents.items() if agent.progress_ns > known.watermark_ns]
            if awaited:
                yield Held(store, further, awaited, known.watermark_ns)

    def _asks(self, known: _Store, received_ns: int, expected: frozenset[int]) -> bool:
        silent = [code for code in expected if code not in known.agents or known.agents[code].heard_ns < known.asked_ns]
        known.is_asking = bool(silent) and (
            received_ns - known.asked_ns < GRACE_NS or any(_is_owed(known, code, known.asked_own_ns) for code in silent)
        )
        return known.is_asking

    def dump(self) -> list[dict[str, Any]]:
        return [
            {
                "store": code,
                "agents": [[agent, a.heard_ns, a.progress_ns, a.own_ns] for agent, a in s.agents.items()],
                **{name: getattr(s, name) for name in _DUMPED},
                **{name: sorted(getattr(s, name)) for name in _DUMPED_SETS},
            }
            for code, s in self._stores.items()
        ]

    def load(self, values: Iterable[Any], stores: int) -> None:
        """Go on from what `dump` returned, here or in a release before stores had a time of their own."""
        self.grow(stores)
        for value in (each if isinstance(each, dict) else _as_now(*each) for each in values):
            agents = {code: _Agent(*agent) for code, *agent in value["agents"]}
            others: dict[str, Any] = {name: value[name] for name in _DUMPED} | {name: set(value.get(name, ())) for name in _DUMPED_SETS}
            known = _Store(agents=agents, **others)
            self._stores[value["store"]] = known
            self._show(value["store"], known)

    def _show(self, store: int, known: _Store) -> None:
        """In the columns, as the store has it."""
        self.by_store[store] = known.watermark_ns
        if known.agents:
            self._heard_ns[store] = max(agent.heard_ns for agent in known.agents.values())
            self._latest_ns[store] = max(agent.progress_ns for agent in known.agents.values())


def _as_now(store: int, first_ns: int, watermark_ns: int, heard: list[list[int]]) -> dict[str, Any]:
    """Of an older release: `heard` has (agent, when it was heard, its progress)."""
    latest_ns = max((heard_ns for _, heard_ns, _ in heard), default=NEVER_NS)
    return {
        "store": store,
        "asked_ns": first_ns,
        "asked_own_ns": 0,
        "is_asking": True,
        "heard_ns": latest_ns,
        "own_ns": 0,
        "watermark_ns": watermark_ns,
        "agents": [[agent, heard_ns, progress_ns, heard_ns - latest_ns] for agent, heard_ns, progress_ns in heard],
    }


def _is_owed(known: _Store, agent: int, since_own_ns: int) -> bool:
    return agent in known.owing and known.own_ns - since_own_ns <= OWES_NS
