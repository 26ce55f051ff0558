"""`make demo-hardware`: one store whose people, goods and doors are heard by emulated devices, each over its real protocol.

Two agents read them as they would read hardware, into a broker, a gateway and a database. In the middle each device fails, one after
the other. At the end it prints, by device: what it sent, what its source heard, what is stored, and the hole that its fault left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from edge_agent.keys import write_keys
from edge_agent.sources.source import Crossing, Sighting
from footfall.errors import ConfigError, FootfallError
from footfall.units import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S
from gateway.query.source import open_reader
from simulators.demo_hardware_show import Figures, devices_table, read_found, two_slots_text
from simulators.devices.beams_agent import COMMAND, RemoteBeams
from simulators.devices.bluez_air import has_two_slots
from simulators.devices.emulator import Emulator
from simulators.devices.kinds import GARMENTS, KINDS, crossings, goods, people, source_block
from simulators.devices.play import Fault, Play
from simulators.estate import Settings, brand_secret, worlds, write_known
from simulators.feed import ID_TYPES
from simulators.goods import garments, moves
from simulators.parts.process import free_port
from simulators.parts.programs import FOOTFALL, AgentProcess
from simulators.people import Crowd
from simulators.plan import Door, Plan, Receiver, shop
from simulators.stage import LIMIT_S, Stage, Till, fresh, show_balance, show_next_steps, show_score, stage, where_it_is
from simulators.truth import Link, Record, Store, Truth, Visit, read_truth, truth_of, write_truth
from simulators.truth_cuts import closed_at, played_until
from simulators.world import World

AHEAD_S: Final = 5.0
AS_LONG_AS_REHEARSED: Final = 5.0
"""The store opens so long after everything runs, when the brand's links are imported."""
HOUR: Final = 16
ARRIVALS_PER_H: Final = 1800.0
LINGER: Final = 0.12
"""Visitors have little time, so that many have come and gone within a minute; and the shop is small."""
SCALE: Final = 0.7
CLOSING_S: Final = 3.0
"""What was said last is heard, and retried where it was not."""
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


def layout(store: str, timezone: str) -> Plan:
    """A small shop with a door for each counter; the radios that hear its zones belong to different devices."""
    usual = shop(store, timezone)
    agents = {zone: part.agent for part in PARTS if not part.hears_goods for zone in part.receivers.values()}
    zones = tuple(replace(zone, area=zone.area.scaled(SCALE)) for zone in usual.zones)
    radios = tuple(Receiver(f"r-{zone.name}", f"{store}-{agents[zone.name]}", zone.name, *zone.area.at(0.5, 0.5)) for zone in zones)
    counters, entrance = [part for part in PARTS if part.door], zones[0].area
    doors = [Door(part.door, f"{store}-{part.agent}", *entrance.at((n + 0.5) / len(counters), 0.0)) for n, part in enumerate(counters)]
    return replace(usual, zones=zones, receivers=radios, doors=tuple(doors))


def main(
    folder: Annotated[Path, typer.Option(help="Everything is written here; a folder of an earlier demo is replaced.")] = Path("demo"),
    influx: Annotated[
        bool, typer.Option("--influx", help="Write into a real InfluxDB 1.8, started for the demo, instead of SQLite.")
    ] = False,
    live_s: Annotated[float, typer.Option(min=10, max=600, help="Seconds that the store is open.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0)] = 7,
) -> None:
    """Let every kind of device hear one store over its real protocol, fail, and come back."""
    console = Console(highlight=False)
    try:
        run(folder.absolute(), influx, live_s, seed, console)
    except FootfallError as error:
        console.print(f"[bold red]demo:[/] {error}")
        raise typer.Exit(2) from None


def run(folder: Path, influx: bool, live_s: float, seed: int, console: Console) -> None:
    begun_s = time.monotonic()
    now_ns = time.time_ns()
    crowd = Crowd(arrivals=(ARRIVALS_PER_H,) * 24, linger=LINGER)
    settings = Settings(seed, live_s * NS_PER_S / NS_PER_HOUR, 1, now_ns, where_it_is(HOUR, now_ns), crowd, layout)
    names = ", ".join(part.name for part in PARTS)
    console.print(f"[bold]A store whose devices are all emulated[/]: {names}. Seed {seed}.")
    with stage(fresh(folder), settings, influx, console) as on, ExitStack() as stack:
        devices = [_Device(part, worlds(settings)[0], live_s, stack.enter_context(_emulator(part))) for part in PARTS]
        agents = _start_agents(on, worlds(settings)[0], devices)
        on.wait("sources ready", lambda: float(sum(device.is_ready(agents) for device in devices)), len(devices))
        world = _opened(on, settings)
        opened_s = time.monotonic() - (time.time_ns() - world.start_ns) / NS_PER_S
        _live(devices, agents, Till(world, f"http://127.0.0.1:{agents[BOX].intake_port}"), opened_s, live_s, on)
        silent_ns = time.time_ns()
        figures = [device.figures(agents) for device in devices]
        on.stop_agents()
        balance = on.settled()
        on.bars.stop()
        on.gateway.stop()
        truth = folder / "truth.jsonl"
        write_truth(truth, _judged(read_truth(truth), world, silent_ns))
        show_score(folder, console)
        with closing(open_reader(None, None, "", None, folder / "gateway.toml")) as reader:
            console.print(devices_table(figures, read_found(reader, world.plan.store, world.start_ns)))
        console.print(two_slots_text(sum(device.two_slot_cards for device in devices)))
        show_balance(balance, console)
        console.print(f"[dim]{time.monotonic() - begun_s:.0f} s in all[/]")
        show_next_steps(on, ("query doors --interval 15m", "query gaps", "query visits --format csv"), console)


def _emulator(part: Part) -> AbstractContextManager[Emulator]:
    """Beams have no protocol: their pins are in the agent's process."""
    if part.name == BEAMS:
        return RemoteBeams(free_port())
    return KINDS[part.name].emulator(list(part.receivers), part.doors)


def _opened(on: Stage, settings: Settings) -> World:
    """The world, which begins on return: what happens in it does not depend on when. Links name its times: they are imported before."""
    ahead_s = max(AHEAD_S, AS_LONG_AS_REHEARSED * _rehearsed_s(on))
    start_ns = time.time_ns() + round(ahead_s * NS_PER_S)
    (world,) = worlds(replace(settings, start_ns=start_ns))
    write_known(on.folder, _of_visitors(world))
    on.import_links()
    if time.time_ns() > start_ns:
        raise ConfigError("this machine is too busy: the links took too long to import")
    on.wait("until it opens", lambda: ahead_s + (time.time_ns() - start_ns) / NS_PER_S, ahead_s)
    return world


def _rehearsed_s(on: Stage) -> float:
    """How long this machine takes to import links, as busy as it is now: none of them."""
    began_s = time.monotonic()
    write_known(on.folder, [])
    on.import_links()
    return time.monotonic() - began_s


def _of_visitors(world: World) -> list[Record]:
    """The truth, with the links of those alone who come: the brand has many more fans, and there is little time."""
    records = list(truth_of(world))
    fans = {record.fan for record in records if isinstance(record, Visit)}
    return [record for record in records if not isinstance(record, Link) or record.fan in fans]


def _judged(truth: Truth, world: World, silent_ns: int) -> Iterator[Record]:
    """Traffic is stored by the minute, so the minute after the end is judged too; nobody is there any more.

    Devices of a busy machine say the last of it late: who was there at the end may be heard until `silent_ns`.
    """
    until_ns = (world.end_ns // NS_PER_MINUTE + 2) * NS_PER_MINUTE
    for record in closed_at(played_until(truth, world.end_ns), world.end_ns, until_ns):
        if isinstance(record, Visit):
            carried = tuple(replace(one, to_ns=silent_ns) if one.to_ns == world.end_ns else one for one in record.carried)
            yield replace(record, carried=carried)
        else:
            yield replace(record, end_ns=until_ns) if isinstance(record, Store) else record


class _Device:
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
        self.play: Final = Play(emulator, stream, faults=[self.fault])

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

    @property
    def shows_totals(self) -> bool:
        return bool(self.part.door) and self.part.name != BEAMS

    def is_ready(self, agents: Mapping[str, AgentProcess]) -> bool:
        """A counter that shows totals must have shown where its counting begins."""
        source = self.source(agents)
        return source.get("state") == "ok" and (not self.shows_totals or bool(source["heard_total"]))

    def figures(self, agents: Mapping[str, AgentProcess]) -> Figures:
        part, heard = self.part, self.source(agents).get("heard_total", 0)
        zones = tuple(part.receivers.values())
        return Figures(part.name, self.play.told_total, self.emulator.said_total, heard, zones, part.doors, self.moves, self.fault)


def _start_agents(on: Stage, world: World, devices: Sequence[_Device]) -> dict[str, AgentProcess]:
    keys = on.folder / "keys.toml"
    keys.write_text(write_keys(brand_secret(world.seed), (*ID_TYPES, "epc")), encoding="utf-8")
    agents = {}
    for name in dict.fromkeys(device.part.agent for device in devices):
        values = {
            "store": world.plan.store,
            "agent": f"{world.plan.store}-{name}",
            "spool": {"path": f"{name}.spool.db"},
            "keys": {"file": keys.name},
            "broker": {"port": on.broker_port},
            "sources": [device.block() for device in devices if device.part.agent == name],
        }
        pins = [str(device.emulator.port) for device in devices if device.part.agent == name and isinstance(device.emulator, RemoteBeams)]
        agents[name] = agent = AgentProcess(on.folder, free_port(), values, (*COMMAND, *pins) if pins else (FOOTFALL, "agent"))
        agent.process.start()
        on.stack.callback(agent.process.stop)
        on.agents[name] = agent.process
    return agents


def _live(devices: Sequence[_Device], agents: Mapping[str, AgentProcess], till: Till, opened_s: float, live_s: float, on: Stage) -> None:
    """The store is open: each device plays its stream in a thread of its own.

    `opened_s`, of `time.monotonic`, is when the world began: a busy machine comes here later, and catches up.
    """
    stop = threading.Event()
    playing = [threading.Thread(target=device.play.run, args=(stop, opened_s), daemon=True) for device in devices]
    for thread in playing:
        thread.start()
    bars = [on.bars.add_task(device.part.name, total=live_s) for device in devices]
    while (passed_s := time.monotonic() - opened_s) < live_s + CLOSING_S:
        till.sell_until(time.time_ns())
        for device, bar in zip(devices, bars, strict=True):
            source = device.source(agents)
            said = f"{device.part.name}: {device.emulator.said_total:,} said, {source.get('heard_total', 0):,} heard"
            state = "" if source.get("state") == "ok" else f" [yellow]{source.get('state', '?')}[/]"
            on.bars.update(bar, completed=min(live_s, passed_s), description=said + state)
        time.sleep(0.5)
    for bar in bars:
        on.bars.update(bar, completed=live_s)
    stop.set()
    for thread in playing:
        thread.join(LIMIT_S)
        if thread.is_alive():
            raise ConfigError("a device does not stop speaking")


if __name__ == "__main__":
    typer.run(main)
