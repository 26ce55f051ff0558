"""The command `footfall simulate`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from footfall.broker import Broker
from footfall.errors import ConfigError
from gateway.query.spans import time_zone
from simulators import show
from simulators.chain.command import HELP as CHAIN_HELP
from simulators.chain.command import chain
from simulators.estate import MQTT_PORT, Settings, brand_secret, worlds, write_agent, write_configs, write_recording, write_sales
from simulators.feed import Feed, till_of
from simulators.files import address, moment_ns
from simulators.people import Crowd, iso
from simulators.send import Sender
from simulators.troubles import rates_of
from simulators.world import DEFAULT_START_NS, World
from simulators.written_folder import written_whole

OnShare = Callable[[float], None]
HELP: Final = """\
Make stores full of people, with the truth about them.

[bold]Examples[/]

footfall simulate --seed 7 --hours 8 --out world

footfall gateway --config world/gateway.toml    # then, in another terminal:

footfall links import world/links.csv --config world/gateway.toml

footfall simulate --seed 7 --hours 8 --publish 127.0.0.1:1883 --speed 600

footfall score --truth world/truth.jsonl --config world/gateway.toml

footfall simulate --seed 7 --with pockets=0.5 --with re-entries=0.15 --out world

footfall simulate --scene store-hard --seed 7 --out world

footfall simulate chain --stores 24 --weeks 10 --db chain.db    # no radio, but a whole chain
"""
simulate = typer.Typer(invoke_without_command=True, help=HELP)
simulate.command("chain", help=CHAIN_HELP)(chain)
_OF_A_SCENE: Final = {"hours": "hours", "stores": "one store", "start": "a start", "timezone": "a time zone", "busy": "people"}


@simulate.command("scenes")
def _scenes() -> None:
    """List the named scenes, and the troubles with their usual rates."""
    console = Console()
    console.print(show.scenes_table())
    console.print(show.troubles_table())


@simulate.callback()
def _simulate(
    asked: typer.Context,
    out: Annotated[Path | None, typer.Option(help="Write configurations, recordings, truth and links into this folder.")] = None,
    publish: Annotated[str | None, typer.Option(help="HOST:PORT of a broker: send the frames to the gateway behind it.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same world, byte by byte.")] = 7,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 366, help="How long the world lasts.")] = 8.0,
    stores: Annotated[int, typer.Option(min=1, max=999)] = 1,
    start: Annotated[str, typer.Option(help="When it begins, ISO 8601 with offset.")] = iso(DEFAULT_START_NS),
    timezone: Annotated[str, typer.Option(help="IANA time zone of the stores: people come by local hours.")] = "Asia/Shanghai",
    busy: Annotated[float, typer.Option(min=0, max=50, help="How many come: 1 is some 25 visitors an hour.")] = 1.0,
    scene: Annotated[str, typer.Option(help="A named scene, with its own store, hours and people: see `footfall simulate scenes`.")] = "",
    with_: Annotated[
        list[str] | None, typer.Option("--with", help="NAME=RATE of a trouble, such as pockets=0.5: see `footfall simulate scenes`.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0, help="With --publish: so many times real time; 0 sends as fast as it can.")] = 0.0,
    protocol: Annotated[str, typer.Option(help="With --publish: MQTT 5 or 3.1.1.")] = "5",
) -> None:
    """Make stores full of people, with the truth about them."""
    if asked.invoked_subcommand is not None:
        return
    if out is None and publish is None:
        raise ConfigError("say what to do: --out FOLDER writes files, --publish HOST:PORT sends frames; both are fine")
    given = [name for name in _OF_A_SCENE if getattr(asked.get_parameter_source(name), "name", "") == "COMMANDLINE"]
    if scene and given:
        raise ConfigError(f"--scene {scene} has {_OF_A_SCENE[given[0]]} of its own: leave out --{given[0]}")
    rates = rates_of(with_ or ())
    time_zone(timezone)
    settings = Settings(seed, hours, stores, moment_ns(start), timezone, Crowd(busy=busy), scene=scene, troubles=rates)
    console = Console(stderr=True)
    with _progress(console) as progress:
        if out is not None:
            _write(out, settings, progress)
        sent = _publish(publish, settings, speed, protocol, progress) if publish is not None else None
    Console().print(show.world_table(worlds(settings), sent, out))


def _write(out: Path, settings: Settings, progress: Progress) -> None:
    with written_whole(out, "truth.jsonl") as (folder, check_same):
        write_configs(folder, settings)
        check_same()
        for world in worlds(settings):
            write_sales(folder / f"{till_of(world)}.events.jsonl", world)
            for agent in world.plan.agents:
                name = f"{agent}.jsonl.gz"
                write_agent(folder, world, agent, {"path": name}, {"port": MQTT_PORT})
                write_recording(folder / name, world, agent, on_share=_bar(progress, name))


def _publish(broker: str, settings: Settings, speed: float, protocol: str, progress: Progress) -> tuple[int, int]:
    """Every agent sends at the same time; frames and rows of all."""
    host, port = address(broker)
    to = Broker.model_validate({"host": host, "port": port, "protocol": protocol})
    agents = [(world, agent) for world in worlds(settings) for agent in world.plan.agents]

    def send(world: World, agent: str, on_share: OnShare) -> tuple[int, int]:
        feed = Feed(world, agent, brand_secret(settings.seed), flush_s=max(1.0, speed / 60))
        return Sender(feed, Path(folder), to).run(speed, lambda t_ns: on_share(t_ns / world.length_ns))

    with tempfile.TemporaryDirectory(prefix="footfall-simulate-") as folder, ThreadPoolExecutor(len(agents)) as pool:
        running = [pool.submit(send, world, agent, _bar(progress, agent)) for world, agent in agents]
        sent = [future.result() for future in running]
    return sum(frames for frames, _ in sent), sum(rows for _, rows in sent)


def _bar(progress: Progress, name: str) -> OnShare:
    task = progress.add_task(name, total=1.0)
    return lambda share: progress.update(task, completed=share)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description:>24}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)
