"""What follows a decoder: whatever it yields must fit the rows of a frame, or end as a planned refusal, never as the end of its agent."""

from __future__ import annotations

from typing import Final

from device_profiles.profile import Profile
from device_profiles.reading import Counted, Reading, RelayedTag, Seen
from device_profiles.registry import Registry
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.sources.source import Heard, Sighting, Tally
from footfall.frames import decode_body, encode_body

RECEIVER: Final = "fuzzed"
SLOTS: Final = 64
RSSI_DBM: Final = -50
STEP_NS: Final = 2_000_000_000


class HeardAgent:
    """An agent's core in memory: hears one reading at a time and makes a frame of it, which must be readable."""

    def __init__(self, registry: Registry) -> None:
        self._core: Final = Core("fuzz", {RECEIVER: "shelf"}, registry, SubjectKeys(), flush_s=0.0, max_slots=SLOTS)
        self._now_ns = STEP_NS

    def hear(self, reading: Reading, profile: Profile) -> None:
        """AssertionError or whatever else goes wrong on the way into a frame."""
        if heard := self._heard(reading, profile):
            self.take(heard)

    def take(self, heard: Heard) -> None:
        self._now_ns += STEP_NS
        self._core.hear(heard)
        for body in self._core.tick(Moment(self._now_ns, self._now_ns, True), flush=True):
            decode_body(encode_body(body))

    def _heard(self, reading: Reading, profile: Profile) -> Heard | None:
        match reading:
            case Seen():
                rssi_dbm = RSSI_DBM if reading.rssi_dbm is None else reading.rssi_dbm
                return Sighting(self._now_ns, RECEIVER, reading.profile or profile.name, reading.identifier, rssi_dbm, reading.t_wall_ns)
            case RelayedTag(epc, _, rssi_dbm, t_wall_ns):
                return Sighting(self._now_ns, RECEIVER, profile.name, epc.hex(), RSSI_DBM if rssi_dbm is None else rssi_dbm, t_wall_ns)
            case Counted():
                return Tally(self._now_ns, "fuzzed", "main", reading, profile.name)
            case _:
                return None
