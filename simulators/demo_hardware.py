"""`make demo-hardware`: one store whose people, goods and doors are heard by emulated devices, each over its real protocol.

Two agents read them as they would read hardware, into a broker, a gateway and a database. In the middle each device fails, one after
the other, once all that it has sent is heard: what is lost afterwards was lost by the fault, on a slow machine, too. At the end it prints,
by device: what it sent, what its source heard, what is stored, and the hole that its fault left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from edge_agent.keys import write_keys
from footfall.errors import ConfigError, FootfallError
from footfall.units import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S
from gateway.query.source import open_reader
from simulators.demo_hardware_devices import BOX, PARTS, EmulatedDevice, emulator_of
from simulators.demo_hardware_show import devices_table, read_found, two_slots_text
from simulators.devices.beams_agent import COMMAND, RemoteBeams
from simulators.estate import Settings, brand_secret, worlds, write_known
from simulators.feed import ID_TYPES
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
        devices = [EmulatedDevice(part, worlds(settings)[0], live_s, stack.enter_context(emulator_of(part))) for part in PARTS]
        agents = _start_agents(on, worlds(settings)[0], devices)
        on.wait("sources ready", lambda: float(sum(device.is_ready(agents) for device in devices)), len(devices))
        world = _opened(on, settings)
        opened_s = time.monotonic() - (time.time_ns() - world.start_ns) / NS_PER_S
        _live(devices, agents, Till(world, f"http://127.0.0.1:{agents[BOX].intake_port}"), opened_s, live_s, on)
        for device in devices:
            device.wait_heard(agents)
        silent_ns = time.time_ns()
        figures = [device.figures(agents, world.start_ns) for device in devices]
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


def _start_agents(on: Stage, world: World, devices: Sequence[EmulatedDevice]) -> dict[str, AgentProcess]:
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


def _live(
    devices: Sequence[EmulatedDevice], agents: Mapping[str, AgentProcess], till: Till, opened_s: float, live_s: float, on: Stage
) -> None:
    """The store is open: each device plays its stream in a thread of its own.

    `opened_s`, of `time.monotonic`, is when the world began: a busy machine comes here later, and catches up.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(len(devices)) as pool:
        playing = [pool.submit(device.play.run, stop, opened_s, partial(device.wait_heard, agents)) for device in devices]
        bars = [on.bars.add_task(device.part.name, total=live_s) for device in devices]
        try:
            while (passed_s := time.monotonic() - opened_s) < live_s or not all(each.done() for each in playing):
                if passed_s > live_s + LIMIT_S:
                    raise ConfigError(f"this machine is too busy: what devices say is {LIMIT_S:.0f} s late")
                till.sell_until(time.time_ns())
                for device, bar in zip(devices, bars, strict=True):
                    on.bars.update(bar, completed=min(live_s, passed_s), description=device.state(agents))
                time.sleep(0.5)
        finally:
            stop.set()
    for bar in bars:
        on.bars.update(bar, completed=live_s)
    for each in playing:
        each.result()


if __name__ == "__main__":
    typer.run(main)
