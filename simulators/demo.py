"""`make demo`: a store's day from devices to a database, in about a minute, with real processes.

Three agents were offline for eight hours, and spooled what they heard. Then they meet an embedded broker and a gateway, drain their
backlog, and go on live. In the end stands what the gateway made of it, beside what was true.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from edge_agent.clock import SystemClock
from footfall.errors import ConfigError, FootfallError
from footfall.receipts import DayKey
from gateway.config import load_site
from gateway.daykeys import DayKeys
from gateway.http.command import fetch
from simulators.estate import Settings, brand_secret, worlds, write_agent, write_configs, write_recording
from simulators.feed import Feed, till_of
from simulators.parts.influxdb import InfluxServer
from simulators.parts.process import Process, free_port
from simulators.send import fill_spool
from simulators.truth import played_until, read_truth, write_truth
from simulators.world import World

AHEAD_S: Final = 12.0
"""The backlog ends so long after the start of the demo, when the agents are ready to go on live."""
RECORDED_H: Final = 0.1
OPENING_HOUR: Final = 10
"""Local time when the backlog begins: the store lies wherever on Earth it is so late then."""
FLUSH_S: Final = 5.0
LIMIT_S: Final = 90.0
_MARKER: Final = ".footfall-demo"
_NS: Final = 1_000_000_000
_progress_of: Any = None
"""In the processes that fill spools: shares done, shared with the one that shows them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What this run simulates, and where. `live_ns`: when the agents are back, ns since 1970."""

    folder: Path
    settings: Settings
    live_ns: int

    @property
    def world(self) -> World:
        return worlds(self.settings)[0]


def main(
    folder: Annotated[Path, typer.Option(help="Everything is written here; a folder of an earlier demo is replaced.")] = Path("demo"),
    influx: Annotated[
        bool, typer.Option("--influx", help="Write into a real InfluxDB 1.8, started for the demo, instead of SQLite.")
    ] = False,
    live_s: Annotated[float, typer.Option(min=1, max=240, help="Seconds of live running after the backlog.")] = 20.0,
    hours: Annotated[float, typer.Option(min=0.1, max=12, help="How long the agents were offline.")] = 8.0,
    seed: Annotated[int, typer.Option(min=0)] = 7,
) -> None:
    """Show the whole way of an event, from three agents in a store to a table and a chart."""
    console = Console(highlight=False)
    try:
        run(folder.absolute(), influx, live_s, hours, seed, console)
    except FootfallError as error:
        console.print(f"[bold red]demo:[/] {error}")
        raise typer.Exit(2) from None


def run(folder: Path, influx: bool, live_s: float, hours: float, seed: int, console: Console) -> None:
    begun_s = time.monotonic()
    plan = _plan(_fresh(folder), hours, seed)
    console.print(f"[bold]A store in {plan.settings.timezone}[/]: its three agents were offline for {hours:g} hours. Seed {seed}.")
    with ExitStack() as stack, _bars(console) as bars:
        sink = _sink(stack, folder) if influx else {"kind": "sqlite", "path": "footfall.db"}
        broker_port, http_port = _free_pair(), free_port()
        write_configs(folder, plan.settings, sink, broker={"embedded": True, "port": broker_port}, http={"port": http_port})
        url = f"http://127.0.0.1:{http_port}"
        gateway = Process([*_footfall(), "gateway", "--config", str(folder / "gateway.toml")], folder / "gateway.log", lambda: _is_up(url))
        gateway.start()
        stack.callback(gateway.stop)
        _footfall_run("links", "import", str(folder / "links.csv"), "--config", str(folder / "gateway.toml"), "--quiet")
        rows = _fill(plan, _day_key(plan), broker_port, bars)
        _await(bars, "until they are back", lambda: (time.time_ns() - plan.live_ns) / _NS + AHEAD_S, AHEAD_S)
        agents = [_agent(stack, plan, agent) for agent in plan.world.plan.agents]
        _await(bars, "backlog: rows received", lambda: _balance(url)["in_total"], rows)
        until_ns = _live(plan, live_s, bars, url, rows)
        for agent in agents:
            agent.stop()
        balance = _settled(url)
        bars.stop()
        gateway.stop()
        truth = plan.folder / "truth.jsonl"
        write_truth(truth, played_until(read_truth(truth), until_ns))
        _report(plan, balance, console)
        console.print(f"[dim]{time.monotonic() - begun_s:.0f} s in all[/]")
        _next_steps(plan, sink, console)


def _plan(folder: Path, hours: float, seed: int) -> Plan:
    live_ns = time.time_ns() + round(AHEAD_S * _NS)
    start_ns = live_ns - round(hours * 3600 * _NS)
    ahead_h = OPENING_HOUR - datetime.fromtimestamp(start_ns / _NS, UTC).hour
    ahead_h += 24 if ahead_h < -12 else 0
    # POSIX signs: Etc/GMT-8 is eight hours ahead of UTC.
    timezone = f"Etc/GMT{-ahead_h:+d}" if ahead_h else "Etc/GMT"
    return Plan(folder, Settings(seed, hours + RECORDED_H, 1, start_ns, timezone), live_ns)


def _fresh(folder: Path) -> Path:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARKER).exists():
            raise ConfigError(f"{folder} is not empty and not of an earlier demo: choose another --folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARKER).touch()
    return folder


def _sink(stack: ExitStack, folder: Path) -> Mapping[str, Any]:
    server = stack.enter_context(InfluxServer("1.8", folder / "influxdb"))
    token = folder / "influxdb.token"
    token.write_text(server.token + "\n")
    return {"kind": "influxdb", "url": server.url, "bucket": server.bucket, "org": server.org, "token_file": token.name}


def _day_key(plan: Plan) -> DayKey:
    """The key that the agents were told before they went offline: the gateway's of this day."""
    store = plan.world.plan.store
    keys = DayKeys(plan.folder / "state" / "keys.db", load_site(plan.folder / "site.toml"))
    try:
        key = keys.current(store, plan.live_ns)
    finally:
        keys.close()
    if key is None:
        raise ConfigError(f"store {store} is not in site.toml")
    return key


def _fill(plan: Plan, day_key: DayKey, broker_port: int, bars: Progress) -> int:
    """Fills the agents' spools in a process each; returns the rows spooled."""
    agents = plan.world.plan.agents
    context = multiprocessing.get_context("spawn")
    done: Any = context.Array("d", len(agents))
    tasks = [bars.add_task(f"{agent} spools", total=1.0) for agent in agents]
    with ProcessPoolExecutor(len(agents), context, _share_progress, (done,)) as pool:
        running = [pool.submit(_fill_one, plan, agent, number, day_key, broker_port) for number, agent in enumerate(agents)]
        while not all(future.done() for future in running):
            time.sleep(0.1)
            for task, share in zip(tasks, done, strict=True):
                bars.update(task, completed=share)
        rows = sum(future.result() for future in running)
    for task in tasks:
        bars.update(task, completed=1.0)
    return rows


def _share_progress(done: Any) -> None:
    global _progress_of
    _progress_of = done


def _fill_one(plan: Plan, agent: str, number: int, day_key: DayKey, broker_port: int) -> int:
    """One agent's spool, its recording of what comes live, its configuration. Runs in a process of its own."""
    world, folder = plan.world, plan.folder
    backlog_ns = plan.live_ns - world.start_ns

    def on_time(t_ns: int) -> None:
        _progress_of[number] = t_ns / backlog_ns

    spool, recording = folder / f"{agent}.spool.db", folder / f"{agent}.live.jsonl.gz"
    feed = Feed(world, agent, brand_secret(plan.settings.seed), until_ns=backlog_ns, flush_s=FLUSH_S, day_key=day_key)
    _, rows = fill_spool(spool, feed, on_time)
    write_recording(recording, world, agent, backlog_ns)
    origin_boot_ns = SystemClock().boot_ns() - (time.time_ns() - world.start_ns)
    more: dict[str, Any] = {"spool": {"path": str(spool)}, "keys": {"file": str(folder / "keys.toml")}}
    if agent == till_of(world):
        more["intake"] = {"port": free_port()}
        (folder / "intake.json").write_text(json.dumps(more["intake"]))
    write_agent(folder, world, agent, {"path": str(recording), "origin_boot_ns": origin_boot_ns}, {"port": broker_port}, **more)
    return rows


def _agent(stack: ExitStack, plan: Plan, agent: str) -> Process:
    process = Process([*_footfall(), "agent", "--config", str(plan.folder / f"{agent}.toml")], plan.folder / f"{agent}.log", lambda: True)
    process.start()
    stack.callback(process.stop)
    return process


def _live(plan: Plan, live_s: float, bars: Progress, url: str, backlog_rows: int) -> int:
    """Lets it run, with the till's sales; returns when it ended, ns since 1970."""
    world = plan.world
    port = json.loads((plan.folder / "intake.json").read_text())["port"]
    sales = [sale for sale in world.purchases() if world.start_ns + sale.t_ns >= plan.live_ns]
    end_ns = time.time_ns() + round(live_s * _NS)
    task = bars.add_task("live", total=live_s)
    while (now_ns := time.time_ns()) < end_ns:
        while sales and world.start_ns + sales[0].t_ns <= now_ns:
            sale = sales.pop(0)
            _post(f"http://127.0.0.1:{port}/events", sale.event(world.start_ns + sale.t_ns))
        rows = _balance(url)["in_total"] - backlog_rows
        bars.update(task, completed=live_s - (end_ns - now_ns) / _NS, description=f"live: {rows:,} rows more")
        time.sleep(0.5)
    bars.update(task, completed=live_s)
    return end_ns


def _post(url: str, event: Mapping[str, Any]) -> None:
    request = urllib.request.Request(url, json.dumps(event).encode(), {"Content-Type": "application/json"})  # noqa: S310 # our own http
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 # likewise
        answer.read()


def _settled(url: str) -> dict[str, Any]:
    """The balance once nothing is on its way any more."""
    deadline_s = time.monotonic() + LIMIT_S
    before: dict[str, Any] = {}
    while (balance := _balance(url)) != before or balance["pending"]:
        if time.monotonic() > deadline_s:
            raise ConfigError(f"{balance['pending']} rows are still on their way after {LIMIT_S:.0f} s; gateway.log says more")
        before = balance
        time.sleep(1.0)
    return balance


def _balance(url: str) -> dict[str, Any]:
    status = fetch(url)
    if "balance" not in status:
        raise ConfigError(f"the gateway is gone: {status['problems'][0]['what']}; gateway.log says why")
    found: dict[str, Any] = status["balance"]
    return found


def _is_up(url: str) -> bool:
    return "balance" in fetch(url)


def _await(bars: Progress, what: str, reached: Callable[[], float], goal: float) -> None:
    task = bars.add_task(what, total=goal)
    deadline_s = time.monotonic() + LIMIT_S
    while (now := reached()) < goal:
        if time.monotonic() > deadline_s:
            raise ConfigError(f"{what}: {now:,.0f} of {goal:,.0f} after {LIMIT_S:.0f} s; the logs in the folder say more")
        bars.update(task, completed=now)
        time.sleep(0.2)
    bars.update(task, completed=goal)


def _report(plan: Plan, balance: Mapping[str, Any], console: Console) -> None:
    config = str(plan.folder / "gateway.toml")
    chart = plan.folder / "traffic.png"
    console.rule("hourly traffic")
    _footfall_run("query", "traffic", "--config", config, "--interval", "1h", "--chart", str(chart))
    console.rule("the score")
    _footfall_run("score", "--truth", str(plan.folder / "truth.jsonl"), "--config", config)
    console.rule("the balance")
    dropped = balance["dropped_total"]
    reasons = f" ({', '.join(f'{reason} {rows:,}' for reason, rows in sorted(dropped.items()))})" if dropped else ""
    console.print(
        f"in = written + quarantined + dropped: [bold]{balance['in_total']:,} = {balance['written_total']:,}"
        f" + {balance['quarantined_total']:,} + {sum(dropped.values()):,}[/]{reasons}"
    )


def _next_steps(plan: Plan, sink: Mapping[str, Any], console: Console) -> None:
    command, folder = _short(Path(_footfall()[0])), _short(plan.folder)
    where = f"{folder}/footfall.db" if sink["kind"] == "sqlite" else f"{folder}/influxdb (bucket {sink['bucket']}, {sink['url']})"
    console.print(f"chart: {folder}/traffic.png, database: {where}. Try next:")
    for arguments in ("query zones --interval 1h", "query visits --format csv", "query dwell"):
        console.print(f"  {command} {arguments} --config {folder}/gateway.toml", soft_wrap=True)
    if sink["kind"] != "sqlite":
        _hold(sink, console)


def _hold(sink: Mapping[str, Any], console: Console) -> None:
    """InfluxDB ends with the demo, so somebody who wants to look gets the time for it."""
    if sys.stdin.isatty():
        console.input(f"InfluxDB runs at {sink['url']} until you press Enter ")
    else:
        console.print("InfluxDB ends with the demo; in a terminal it stays until you press Enter.")


def _short(path: Path) -> str:
    """Relative to where we are, if it lies there."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _footfall() -> list[str]:
    return [str(Path(sys.executable).with_name("footfall"))]


def _footfall_run(*arguments: str) -> None:
    subprocess.run([*_footfall(), *arguments], check=True)


def _free_pair() -> int:
    """A free port whose next one is free too: the embedded broker listens on both."""
    while not _is_free((port := free_port()) + 1):
        pass
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def _bars(console: Console) -> Iterator[Progress]:
    columns = (TextColumn("{task.description:>28}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        yield bars


if __name__ == "__main__":
    typer.run(main)
