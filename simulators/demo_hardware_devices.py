"""The devices of `make demo-hardware`: what each hears in the store, how it fails, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from edge_agent.sources.source import Crossing, Sighting
from footfall.errors import ConfigError
from footfall.units import NS_PER_S
from simulators.demo_hardware_show import Figures
from simulators.devices.beams_agent import RemoteBeams
from simulators.devices.bluez_air import has_two_slots
from simulators.devices.emulator import Emulator
from simulators.devices.kinds import GARMENTS, KINDS, crossings, goods, people, source_block
from simulators.devices.play import Fault, Play
from simulators.goods import garments, moves
from simulators.parts.process import free_port
from simulators.parts.programs import AgentProcess
from simulators.stage import LIMIT_S
from simulators.world import World

READINGS: Final = 2
"""A counter shows totals: the second of its readings from now on began after what was shown by now."""
LOOK_S: Final = 0.1
BEAMS: Final = "beams"
BOX, RELAY = "box", "relay"
"""The agent in the store, and the one beside the gateway that reads what publishes by itself."""


@dataclass(frozen=True, slots=True)
class Part:
    """A device of the store. `fault` happens at the share `fault_at` of the live time."""

    name: str
    agent: str
    fault: str
    fault_at: float
    receivers: Mapping[str, str] = field(default_factory=dict)
    door: str = ""
    hears_goods: bool = False

    @property
    def doors(self) -> tuple[str, ...]:
        return (self.door,) if self.door else ()


PARTS: Final = (
    Part("bluez", BOX, "bluetoothd-restart", 0.25, {"radio-entrance": "entrance", "radio-checkout": "checkout"}),
    Part("llrp", BOX, "half-message", 0.35, KINDS["llrp"].receivers, hears_goods=True),
    Part("modbus", BOX, "stall", 0.45, door="main"),
    Part(BEAMS, BOX, "stick", 0.55, door="side"),
    Part("http-push", RELAY, "unplugged", 0.65, door="mall"),
    Part("xovis", RELAY, "replay", 0.7, door="north"),
    Part("vendor-mqtt", RELAY, "broker-gone", 0.75, KINDS["vendor-mqtt"].receivers),
)


def emulator_of(part: Part) -> AbstractContextManager[Emulator]:
    """Beams have no protocol: their pins are in the agent's process."""
    if part.name == BEAMS:
        return RemoteBeams(free_port())
    return KINDS[part.name].emulator(list(part.receivers), part.doors)


class EmulatedDevice:
    """A part with its emulator and what it will send."""

    def __init__(self, part: Part, world: World, live_s: float, emulator: Emulator) -> None:
        self.part: Final = part
        self.emulator: Final = emulator
        self.fault: Final = Fault(part.fault, round(part.fault_at * live_s, 1))
        antennas = {zone: antenna for antenna, zone in part.receivers.items()}
        self.moves: Final = len(moves(garments(world, GARMENTS), antennas, world.length_ns)) if part.hears_goods else None
        stream = list(self._stream(world))
        cards = {
            one.identifier for one in stream if isinstance(one, Sighting) and one.profile == "ibeacon" and has_two_slots(one.identifier)
        }
        self.two_slot_cards: Final = len(cards) if part.name == "bluez" else 0
        self.play: Final = Play(emulator, stream, faults=[self.fault], on_fault=self._note)
        self._failed_ns: int | None = None
        self._heard_total = 0

    def _stream(self, world: World) -> Sequence[Sighting | Crossing]:
        if self.part.door:
            return list(crossings(world, {self.part.door: ""}))
        return list((goods if self.part.hears_goods else people)(world, self.part.receivers))

    def block(self) -> Mapping[str, Any]:
        """Its `[[sources]]` in agent.toml."""
        return source_block(self.part.name, self.emulator, self.part.receivers, self.part.doors)

    def source(self, agents: Mapping[str, AgentProcess]) -> Mapping[str, Any]:
        """How its source is, by its agent."""
        found: Mapping[str, Any] = agents[self.part.agent].health().get("sources", {}).get(self.part.name, {})
        return found

    def _note(self, fault: Fault) -> None:
        self._failed_ns = time.time_ns()

    def heard_total(self, agents: Mapping[str, AgentProcess]) -> int:
        """Return how much its source has heard; what was known before, while its agent is too busy to answer."""
        self._heard_total = max(self._heard_total, self.source(agents).get("heard_total", 0))
        return self._heard_total

    def wait_heard(self, agents: Mapping[str, AgentProcess]) -> None:
        """Wait until its source has heard all that it was given and has sent. Raise ConfigError if that takes too long."""
        until_s = time.monotonic() + LIMIT_S
        try:
            self.emulator.wait_said(LIMIT_S)
        except TimeoutError as error:
            raise ConfigError(f"{self.part.name}: {error}") from None
        goal = self.heard_total(agents) + READINGS if self.shows_totals else self.emulator.said_total
        while (heard := self.heard_total(agents)) < goal:
            if time.monotonic() > until_s:
                raise ConfigError(
                    f"{self.part.name}: {heard:,} of {goal:,} are heard after {LIMIT_S:.0f} s; the logs in the folder say more"
                )
            time.sleep(LOOK_S)

    @property
    def shows_totals(self) -> bool:
        return bool(self.part.door) and self.part.name != BEAMS

    def is_ready(self, agents: Mapping[str, AgentProcess]) -> bool:
        """A counter that shows totals must have shown where its counting begins."""
        source = self.source(agents)
        return source.get("state") == "ok" and (not self.shows_totals or bool(source["heard_total"]))

    def state(self, agents: Mapping[str, AgentProcess]) -> str:
        """Return what it has sent and its source has heard, and how that is if it is not well."""
        source = self.source(agents)
        said = f"{self.part.name}: {self.emulator.said_total:,} said, {source.get('heard_total', 0):,} heard"
        return said if source.get("state") == "ok" else f"{said} [yellow]{source.get('state', '?')}[/]"

    def figures(self, agents: Mapping[str, AgentProcess], start_ns: int) -> Figures:
        """Return what it did in a world that began at `start_ns`; its fault may have come later than planned on a busy machine."""
        part, heard, zones = self.part, self.heard_total(agents), tuple(self.part.receivers.values())
        fault = self.fault if self._failed_ns is None else replace(self.fault, at_s=(self._failed_ns - start_ns) / NS_PER_S)
        return Figures(part.name, self.play.told_total, self.emulator.said_total, heard, zones, part.doors, self.moves, fault)
