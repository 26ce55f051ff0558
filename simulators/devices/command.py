"""The command `footfall emulate`."""

from __future__ import annotations

import threading
import time
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from edge_agent.sources.source import Crossing, Sighting
from footfall.errors import ConfigError
from footfall.signals import when_asked_to_end
from footfall.units import NS_PER_HOUR
from simulators.devices.kinds import KINDS, source_block
from simulators.devices.play import Fault, Play
from simulators.files import toml_text
from simulators.people import Crowd
from simulators.plan import shop
from simulators.world import World

WARM_NS: Final = NS_PER_HOUR // 6
"""The play begins so long after the world: people are in the store by then."""
_TITLES: Final = "\n\n".join(f"[bold]{name}[/]: {kind.title}" for name, kind in KINDS.items())

_MORE_HELP: Final = f"""

{_TITLES}

It prints the block to paste into agent.toml and the faults it knows; Ctrl-C ends it.

[bold]Examples[/]

footfall emulate modbus

footfall emulate llrp --seed 3 --speed 10 --fault drop@20 --fault garbage@40
"""


def emulate(
    device: Annotated[str, typer.Argument(help=f"One of {', '.join(KINDS)}.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same people.")] = 7,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="So many times real time.")] = 1.0,
    busy: Annotated[float, typer.Option(min=0, max=50, help="How many come: 1 is some 25 visitors an hour.")] = 10.0,
    hours: Annotated[float, typer.Option(min=0.01, max=24, help="How much of the store's time is played.")] = 8.0,
    fault: Annotated[list[str] | None, typer.Option(help="NAME@SECONDS: make it fail so, then; may be given again.")] = None,
) -> None:
    """Be a device that is not at hand: speak its real protocol on loopback, and send what the people of a simulated store would cause."""
    if device not in KINDS:
        raise ConfigError(f"{device!r} is none of the devices that can be emulated: {', '.join(KINDS)}")
    kind = KINDS[device]
    world = World(seed, hours + WARM_NS / NS_PER_HOUR, plan=shop("store-0"), crowd=Crowd(busy=busy))
    faults = [Fault.parse(text) for text in fault or ()]
    stop = threading.Event()
    when_asked_to_end(stop.set)
    console = Console(highlight=False)
    with kind.emulator() as emulator, kind.practice(emulator):
        stream = kind.stream(world, kind.receivers, WARM_NS)
        play = Play(emulator, stream, from_ns=WARM_NS, speed=speed, faults=faults, on_fault=lambda due: _say_fault(due, console))
        console.print(f"[bold]{device}[/] of seed {seed}, until Ctrl-C. In agent.toml:\n")
        block = source_block(device, emulator, kind.receivers, kind.doors)
        console.print(escape(toml_text({"sources": [block]})), soft_wrap=True)
        for name, value in kind.environment(emulator).items():
            console.print(f"The agent's environment: {name}={value}", soft_wrap=True)
        if kind.practice_help:
            console.print(escape(kind.practice_help), soft_wrap=True)
        console.print(f"Faults: {', '.join(sorted(emulator.faults))}")
        _play(play, stop, console)
    console.print(f"{emulator.said_total:,} said and heard of {play.told_total:,}")


emulate.__doc__ = f"{emulate.__doc__}{_MORE_HELP}"


def _play(play: Play, stop: threading.Event, console: Console) -> None:
    """Play until it ends; a status line shows the last event sent."""
    began_s = time.monotonic()
    playing = threading.Thread(target=play.run, args=(stop, began_s), name="play", daemon=True)
    playing.start()
    with Live(console=console, refresh_per_second=4) as live:
        while playing.is_alive():
            playing.join(0.25)
            live.update(_line(play, time.monotonic() - began_s))
    if not console.is_terminal:
        console.print()


def _say_fault(fault: Fault, console: Console) -> None:
    console.print(f"[yellow]fault:[/] {fault.name} after {fault.at_s:g} s")


def _line(play: Play, seconds: float) -> Text:
    said = play.device.said_total
    deaf = "" if said >= play.told_total else f", {play.told_total - said:,} unheard"
    return Text(f"{seconds:6.0f} s  {said:,} said{deaf}  {_words(play.last)}", no_wrap=True, overflow="ellipsis")


def _words(heard: Sighting | Crossing | None) -> str:
    match heard:
        case None:
            return "nobody has come yet"
        case Sighting(_, receiver, profile, identifier, rssi_dbm):
            return f"{receiver} hears {profile} {identifier} at {rssi_dbm} dBm"
        case Crossing(_, door, entered, left):
            return f"door {door}: {entered} in, {left} out"
