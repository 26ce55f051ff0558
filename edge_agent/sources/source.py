"""What sources of an agent emit, and the contract between a source and its supervisor."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from device_profiles.reading import Counted
from footfall.frames import Kind

ObservationTask = Literal["", "doors", "presence"]
"""What a source observes for: people who pass doors, or who is present; "": both, or it is not known."""


@dataclass(slots=True)  # one is made for each sighting: frozen would cost four times as much
class Sighting:
    """One receiver heard one identifier once. `identifier` is raw: it is held in memory only, until it becomes a subject."""

    t_boot_ns: int
    receiver: str
    profile: str
    identifier: str
    rssi_dbm: int
    t_wall_ns: int = 0
    """The device's own time, ns since 1970; 0 without one."""


@dataclass(slots=True)
class Reported(Sighting):
    """A row of presence as an agent once reported it: the level is a zone's, and is not filtered again."""

    kind: Kind = Kind.STAY
    sightings: int = 1
    age_ns: int = 0
    """How much older than its report the row is."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """`entered` and `left` people passed `door` since its last crossing."""

    t_boot_ns: int
    door: str
    entered: int
    left: int
    profile: str = "door-counter"
    t_wall_ns: int = 0
    event_id: str = ""
    """Of a recorded count: it is sent as a plain event of this id, which is stored once."""
    seconds: int = 0
    """Over how long a recorded count was made, from its time on; 0: not stated."""


@dataclass(frozen=True, slots=True)
class Tally:
    """A counter's reading or report, unchanged. `edge_agent.counters` turns it into crossings, with a state that outlives the agent.

    `device` identifies the counter at this agent, the same at every start: the source's name, and what distinguishes its devices.
    """

    t_boot_ns: int
    device: str
    door: str
    counted: Counted
    profile: str

    @property
    def t_wall_ns(self) -> int:
        return self.counted.t_wall_ns


@dataclass(frozen=True, slots=True)
class Observed:
    """A sensor sees so many people in a zone now; of one that does not count, 1 if somebody is there."""

    t_boot_ns: int
    zone: str
    sensor: str
    people: int
    counted: bool
    t_wall_ns: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing was observed from `from_boot_ns` to `to_boot_ns`."""

    from_boot_ns: int
    to_boot_ns: int
    reason: str
    rows: int = 0
    source: str = ""
    """The source, set by the supervisor; "": the agent itself."""
    task: ObservationTask = ""
    """What was not observed; the supervisor sets it for a source."""


@dataclass(frozen=True, slots=True)
class RefusedReading:
    """Input that could not be read. `data` only if no identifier can be in it."""

    t_boot_ns: int
    reason: str
    where: str
    data: bytes = b""
    t_wall_ns: int = 0
    why: str = field(default="", compare=False)
    """Of a line of a file: what to look at, and what is wrong there. It is shown, and not sent."""


@dataclass(frozen=True, slots=True)
class AliveUntil:
    """The source will emit nothing older than this. For replayed files, whose time is not the clock's."""

    t_boot_ns: int
    t_wall_ns: int = 0


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A number of messages that no profile explains, for `reason`: counted, and a sign of life of the device."""

    t_boot_ns: int
    reason: str
    total: int = 1
    t_wall_ns: int = 0
    fault: str = field(default="", compare=False)
    """What is wrong with the first of them, for people; no part of a message is in it."""


Recorded = Sighting | Crossing | Gap | RefusedReading | AliveUntil
"""What a recording can contain: events that need no earlier state."""
Heard = Recorded | Tally | Observed | Unexplained


class Source(Protocol):
    """A supervised reader of one device, bus or file.

    `run` blocks and calls `emit` for each thing heard; `emit` blocks while the agent is full. It returns within a second once `stop` is
    set, or when the input has ended for good. Any exception is a fault: the supervisor reports a gap and runs it again with back-off.
    So is silence longer than `silence_s` (None: silence is normal).
    """

    name: str
    silence_s: float | None

    def run(self, emit: Callable[[Heard], None], stop: threading.Event) -> None: ...
