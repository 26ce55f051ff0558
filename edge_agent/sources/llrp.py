"""UHF RFID readers by LLRP 1.0.1: one source is one reader, each of its antennas a receiver.

    [[sources]]
    kind = "llrp"
    name = "reader1"
    host = "192.0.2.8"
    receivers = { "reader1.1" = "entrance", "reader1.2" = "fitting" }      # the number after the last dot is the antenna
    # antennas = { door = 1 }             # of receivers that are not named so
    power_dbm = 27.0
    gpi = [{ port = 1, door = "main", direction = "in" }]                  # a light barrier on a GPI port: one pulse is one person

A reader serves one client. Any fault ends the connection, and the supervisor opens a new one, which replaces the reader's ROSpecs by ours.
The identifier is the EPC as lower-case hex; profiles decide whose it is.

Keepalives are requested and answered; three missing ones are a fault, whatever else arrives. Each one shows that the reader works. So a
gap begins no earlier, and a store without tags is not a silent one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, model_validator

from device_profiles.devices.epc import Epc, TagRead
from device_profiles.reading import Seen
from device_profiles.registry import Registry
from edge_agent.clock import Clock
from edge_agent.sources.border import refusal
from edge_agent.sources.llrp_gpi import Gpi
from edge_agent.sources.settings import AnyReceiver, SourceSettings
from edge_agent.sources.source import Heard, ObservationTask
from footfall.events import Name
from footfall.server_settings import Host

if TYPE_CHECKING:  # an agent without readers does not hold the messages of LLRP in memory
    from edge_agent.llrp.setup import Inventory

REMEMBERED: Final = 32_768
"""EPCs whose profile is cached, the least recently read forgotten first; some 10 MB."""
UNKNOWN: Final = "epc.unknown"
"""Reason: no profile matches."""


class LlrpSource:
    """Supervised; every run is a connection of its own."""

    def __init__(self, settings: Llrp, clock: Clock, profiles: Registry) -> None:
        from edge_agent.sources.llrp_reader import Task

        self.name = settings.name
        self.silence_s = settings.silence_s
        self._host: Final = (settings.host, settings.port)
        self._clock: Final = clock
        self._task: Final = Task(
            name=settings.name,
            receivers={antenna: receiver for receiver, antenna in settings.antenna_of().items()},
            inventory=settings.inventory(),
            keepalive_s=settings.keepalive_s,
            answer_s=settings.answer_s,
            gpi=settings.gpi,
            whose=lru_cache(REMEMBERED)(lambda epc, pc: whose(profiles, epc, pc)),
        )

    def run(self, emit: Callable[[Heard], None], stop: threading.Event) -> None:
        """Read until `stop`. Raise OSError if the reader or the connection fails."""
        from edge_agent.sources.llrp_connection import ReaderConnection, Stopped
        from edge_agent.sources.llrp_reader import LlrpSession

        with suppress(Stopped), closing(ReaderConnection(*self._host, self._task.answer_s, self._clock, stop)) as connection:
            reader = LlrpSession(self._task, self._clock, connection, emit)
            try:
                reader.begin(stop)
                reader.listen(stop)
            finally:
                reader.end(stop.is_set())


def whose(profiles: Registry, epc: bytes, pc: int | None) -> tuple[str, str]:
    """Return (profile, identifier) of a tag; ("", reason) if no profile matches."""
    read = TagRead(epc, pc)
    try:
        profile = profiles.best("epc", read)
        if profile is None or not isinstance(profile.device, Epc):
            return "", UNKNOWN
        seen = next(reading for reading in profile.device.decode(read) if isinstance(reading, Seen))
    except Exception as error:  # whatever one tag does, the others are read
        return "", refusal(error).reason
    return seen.profile or profile.name, seen.identifier


class Llrp(SourceSettings):
    """`[[sources]] kind = "llrp"`."""

    kind: Literal["llrp"]
    host: Host
    port: Annotated[int, Field(ge=1, le=65_535)] = 5084
    receivers: Annotated[dict[Name, AnyReceiver], Field(min_length=1)]
    """Each antenna: the zone it reads."""
    antennas: dict[Name, Annotated[int, Field(ge=1, le=65_535)]] = Field(default_factory=dict)
    """The antenna of each receiver whose name does not end in a dot and its number."""
    power_dbm: Annotated[float, Field(ge=0, le=40)] | None = None
    """Transmit power of each antenna, rounded down to a level of the reader; without it, the reader's own."""
    session: Annotated[int, Field(ge=0, le=3)] = 1
    """Gen2 session: how long a tag stays quiet once read. 0: not at all; 1: half to five seconds; 2 and 3: until it has left."""
    population: Annotated[int, Field(ge=1, le=65_535)] = 32
    """Expected number of tags in the field."""
    mode: Annotated[int, Field(ge=0, le=65_535)] | None = None
    """One of the reader's RF modes; without it, its present one."""
    report_every: Annotated[int, Field(ge=1, le=65_535)] = 1
    """Tags in one report."""
    report_ms: Annotated[int, Field(ge=50, le=60_000)] | None = None
    """Longest time between reports, each tag once per report; with `report_every` at 1, reports come only then."""
    keepalive_s: Annotated[float, Field(ge=0.05, le=300)] = 5.0
    answer_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    impinj: bool = True
    """Whether to ask an Impinj reader for finer RSSI and phase."""
    gpi: tuple[Gpi, ...] = ()

    @model_validator(mode="after")
    def _an_antenna_each(self) -> Llrp:
        if unknown := sorted(set(self.antennas) - set(self.receivers)):
            raise ValueError(f"antennas.{unknown[0]}: is none of the receivers {', '.join(self.receivers)}")
        numbers = list(self.antenna_of().values())
        if len(set(numbers)) < len(numbers):
            raise ValueError("receivers: two of them are the same antenna")
        return self

    def antenna_of(self) -> dict[str, int]:
        """Return the antenna of each receiver. Raise ValueError if its name has none."""
        found = {}
        for receiver in self.receivers:
            number = receiver.rpartition(".")[2]
            if receiver not in self.antennas and not (number.isdecimal() and 0 < int(number) < 1 << 16):
                raise ValueError(f"receivers.{receiver}: which antenna? Name it such as reader1.1, or add antennas = {{ {receiver} = 1 }}")
            found[receiver] = self.antennas[receiver] if receiver in self.antennas else int(number)
        return found

    def inventory(self) -> Inventory:
        from edge_agent.llrp.setup import Inventory

        return Inventory(
            antennas=tuple(sorted(self.antenna_of().values())),
            power_dbm=self.power_dbm,
            session=self.session,
            population=self.population,
            mode=self.mode,
            report_every=self.report_every,
            report_ms=self.report_ms,
            keepalive_ms=round(self.keepalive_s * 1000),
            gpi_ports=tuple(sorted({gpi.port for gpi in self.gpi})),
            impinj=self.impinj,
        )

    @property
    def task(self) -> ObservationTask:
        return "" if self.gpi else "presence"

    def source(self, clock: Clock, profiles: Registry) -> LlrpSource:
        return LlrpSource(self, clock, profiles)
