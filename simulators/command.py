"""The commands `footfall simulate` and `footfall score`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from footfall.broker import Broker
from footfall.config import read_secret
from footfall.errors import ConfigError
from footfall.moments import to_ns
from gateway.query.source import open_reader
from simulators import sal_rb, show
from simulators.chain.command import chain
from simulators.estate import MQTT_PORT, Settings, brand_secret, worlds, write_agent, write_configs, write_recording, write_sales
from simulators.feed import Feed, till_of
from simulators.files import address
from simulators.people import Crowd, iso
from simulators.score import score as judge
from simulators.send import Sender
from simulators.stored import dwells, read_stored
from simulators.truth import read_truth
from simulators.world import DEFAULT_START_NS, World

OnShare = Callable[[float], None]
simulate = typer.Typer(invoke_without_command=True)
simulate.command("chain")(chain)


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
    speed: Annotated[float, typer.Option(min=0, help="With --publish: so many times real time; 0 sends as fast as it can.")] = 0.0,
    protocol: Annotated[str, typer.Option(help="With --publish: MQTT 5 or 3.1.1.")] = "5",
) -> None:
    """Make stores full of people, with the truth about them.

    [bold]Examples[/]

    footfall simulate --seed 7 --hours 8 --out world

    footfall gateway --config world/gateway.toml    # then, in another terminal:

    footfall links import world/links.csv --config world/gateway.toml

    footfall simulate --seed 7 --hours 8 --publish 127.0.0.1:1883 --speed 600

    footfall score --truth world/truth.jsonl --config world/gateway.toml

    footfall simulate chain --stores 24 --weeks 10 --db chain.db    # no radio, but a whole chain
    """
    if asked.invoked_subcommand is not None:
        return
    if out is None and publish is None:
        raise ConfigError("say what to do: --out FOLDER writes files, --publish HOST:PORT sends frames; both are fine")
    settings = Settings(seed, hours, stores, _moment_ns(start), timezone, Crowd(busy=busy))
    console = Console(stderr=True)
    with _progress(console) as progress:
        if out is not None:
            _write(out, settings, progress)
        sent = _publish(publish, settings, speed, protocol, progress) if publish is not None else None
    Console().print(show.world_table(worlds(settings), sent, out))


def score(
    truth: Annotated[Path | None, typer.Option(help="The truth file that `footfall simulate --out` wrote.")] = None,
    sal_rb_folder: Annotated[Path | None, typer.Option("--sal-rb", help="The recording sal-rb, after `footfall replay` sent it.")] = None,
    db: Annotated[Path | None, typer.Option(help="The gateway's SQLite file.")] = None,
    influx: Annotated[str | None, typer.Option(help="InfluxDB's address, such as http://localhost:8086.")] = None,
    bucket: Annotated[str, typer.Option(help="InfluxDB's bucket; for 1.8 database/retention-policy.")] = "footfall",
    token_file: Annotated[Path | None, typer.Option(help="A file with InfluxDB's token (1.8: user:password).")] = None,
    config: Annotated[Path | None, typer.Option(help="gateway.toml: asks the gateway's own sink.")] = None,
    secret_file: Annotated[Path | None, typer.Option(help="The brand's secret, if it is not brand.secret beside the truth file.")] = None,
    store: Annotated[str | None, typer.Option(help="With --sal-rb: the store it was replayed into; default: the only one.")] = None,
    until: Annotated[str | None, typer.Option(help="Judge up to this time only (ISO 8601); default: the end of the world.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Compare what the gateway stored with what was true.

    [bold]Examples[/]

    footfall score --truth world/truth.jsonl --db world/footfall.db

    footfall score --sal-rb recordings/sal-rb --config gateway.toml --store lab
    """
    if (truth is None) == (sal_rb_folder is None):
        raise ConfigError("say what to compare with: --truth FILE of a simulated world, or --sal-rb FOLDER; one of them")
    with closing(open_reader(db, influx, bucket, token_file, config)) as reader:
        if sal_rb_folder is not None:
            runs = sal_rb.read_runs(sal_rb_folder)
            stored = dwells(reader, _only(store, reader.stores(), reader.where), *sal_rb.span(runs))
            scores = sal_rb.score_runs(runs, stored)
            _say(json_, show.sal_rb_values(scores), lambda: Console().print(show.sal_rb_table(scores)))
            return
        assert truth is not None  # noqa: S101 # for mypy: one of the two is given
        known = read_truth(truth)
        if not known.stores:
            raise ConfigError(f"{truth}: says nothing of any store")
        secret = read_secret(secret_file or truth.parent / "brand.secret")
        from_ns = min(world.start_ns for world in known.stores)
        until_ns = known.end_ns if until is None else _moment_ns(until)
        found = judge(known, read_stored(reader, [world.store for world in known.stores], from_ns, until_ns), secret, from_ns, until_ns)
    _say(json_, show.score_values(found), lambda: Console().print(show.score_table(found)))


def _write(out: Path, settings: Settings, progress: Progress) -> None:
    write_configs(out, settings)
    for world in worlds(settings):
        write_sales(out / f"{till_of(world)}.events.jsonl", world)
        for agent in world.plan.agents:
            name = f"{agent}.jsonl.gz"
            write_agent(out, world, agent, {"path": name}, {"port": MQTT_PORT})
            write_recording(out / name, world, agent, on_share=_bar(progress, name))


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


def _say(as_json: bool, values: object, show_it: Callable[[], None]) -> None:
    if as_json:
        print(json.dumps(values))
    else:
        show_it()


def _only(asked: str | None, stores: list[str], where: str) -> str:
    if asked is not None:
        return asked
    if len(stores) != 1:
        raise ConfigError(f"{where} has {len(stores)} stores: say which one with --store")
    return stores[0]


def _moment_ns(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no ISO 8601 time, such as 2026-11-21T10:00:00+08:00") from None
    if moment.tzinfo is None:
        raise ConfigError(f"{text!r} has no offset: write it as 2026-11-21T10:00:00+08:00")
    return to_ns(moment)
