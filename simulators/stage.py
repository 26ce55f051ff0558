"""What demos share: a folder of their own, a gateway with its broker and database, bars, and the end: score and balance.

with stage(folder, settings, influx, console) as on:
    on.agent("store-0-front")          # its configuration lies in the folder
    on.wait("rows received", lambda: on.balance()["in_total"], 1000)
    balance = on.settled()
report_…(…)
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from footfall.addresses import open_url
from footfall.errors import ConfigError
from gateway.cli.status import fetch
from simulators.estate import Settings, write_configs
from simulators.parts.influxdb import InfluxServer
from simulators.parts.process import Process, free_port
from simulators.parts.programs import FOOTFALL
from simulators.world import World

LIMIT_S: Final = 90.0
_AGAIN_S: Final = 0.5
_MARKER: Final = ".footfall-demo"


@dataclass(frozen=True)
class Stage:
    """A running gateway in `folder`; agents are started on it by name, and end with it."""

    folder: Path
    sink: Mapping[str, Any]
    broker_port: int
    url: str
    """Where the gateway has its status."""
    page: str
    """The live page."""
    bars: Progress
    gateway: Process
    stack: ExitStack
    agents: dict[str, Process] = field(default_factory=dict)

    def agent(self, name: str, command: tuple[str, ...] = (FOOTFALL, "agent")) -> Process:
        """Starts the agent that `{name}.toml` describes."""
        process = Process([*command, "--config", str(self.folder / f"{name}.toml")], self.folder / f"{name}.log", lambda: True)
        process.start()
        self.stack.callback(process.stop)
        self.agents[name] = process
        return process

    def import_links(self) -> None:
        """What the brand knows: which beacon is which fan's."""
        run_footfall("links", "import", str(self.folder / "links.csv"), "--config", str(self.folder / "gateway.toml"), "--quiet")

    def stop_agents(self) -> None:
        """As on a graceful stop: everybody leaves, what was heard is spooled and sent."""
        for agent in self.agents.values():
            agent.stop()

    def balance(self) -> dict[str, Any]:
        found: dict[str, Any] = self._status()["balance"]
        return found

    def settled(self) -> dict[str, Any]:
        """The balance once nothing is on its way any more."""
        deadline_s = time.monotonic() + LIMIT_S
        before: dict[str, Any] = {}
        while (balance := self.balance()) != before or balance["pending"]:
            if time.monotonic() > deadline_s:
                raise ConfigError(f"{balance['pending']} rows are still on their way after {LIMIT_S:.0f} s; gateway.log says more")
            before = balance
            time.sleep(1.0)
        return balance

    def wait(self, what: str, reached: Callable[[], float], goal: float) -> None:
        """Show a bar until `reached` returns `goal`."""
        task = self.bars.add_task(what, total=goal)
        deadline_s = time.monotonic() + LIMIT_S
        while (now := reached()) < goal:
            if time.monotonic() > deadline_s:
                raise ConfigError(f"{what}: {now:,.0f} of {goal:,.0f} after {LIMIT_S:.0f} s; the logs in the folder say more")
            self.bars.update(task, completed=now)
            time.sleep(0.2)
        self.bars.update(task, completed=goal)

    def _status(self) -> dict[str, Any]:
        status = fetch(self.url)
        if "balance" not in status:
            raise ConfigError(f"the gateway is gone: {status['problems'][0]['what']}; gateway.log says why")
        return status


@contextmanager
def stage(folder: Path, settings: Settings, influx: bool, console: Console, port: int = 0) -> Iterator[Stage]:
    """Writes the estate of `settings` into `folder` and runs its gateway, with the live page on `port`; 0: any that is free."""
    if port and not _is_free(port):
        raise ConfigError(f"port {port} is taken: end what listens there, or choose another --port (make demo PORT=…); 0 takes any")
    with ExitStack() as stack, _bars(console) as bars:
        sink = _sink(stack, folder) if influx else {"kind": "sqlite", "path": "footfall.db"}
        broker_port, http_port, page_port = _free_pair(), free_port(), port or free_port()
        ports = {"http": {"port": http_port}, "serve": {"port": page_port}}
        write_configs(folder, settings, sink, broker={"embedded": True, "port": broker_port}, **ports)
        url, page = f"http://127.0.0.1:{http_port}", f"http://127.0.0.1:{page_port}"
        config = str(folder / "gateway.toml")
        gateway = Process([FOOTFALL, "gateway", "--config", config], folder / "gateway.log", lambda: "balance" in fetch(url))
        gateway.start()
        stack.callback(gateway.stop)
        console.print(f"The live page, while this runs: {page}/")
        yield Stage(folder, sink, broker_port, url, page, bars, gateway, stack)


class Till:
    """Posts the sales of `world` to an agent's intake, those from `from_ns` of the world on. `name` tells them from another world's."""

    def __init__(self, world: World, url: str, from_ns: int = 0, name: str = "") -> None:
        self._name: Final = name
        self._world: Final = world
        self._url: Final = f"{url}/events"
        self._sales: Final = [sale for sale in world.purchases() if sale.t_ns >= from_ns]

    def sell_until(self, now_ns: int) -> None:
        """`now_ns` since 1970."""
        while self._sales and self._world.start_ns + self._sales[0].t_ns <= now_ns:
            sale = self._sales.pop(0)
            of_sale = sale.event(self._world.start_ns + sale.t_ns)
            event = json.dumps(of_sale | {"id": self._name + of_sale["id"]}).encode()
            request = urllib.request.Request(self._url, event, {"Content-Type": "application/json"})  # noqa: S310 # our own http
            _post_until_taken(request)


def _post_until_taken(request: urllib.request.Request) -> None:
    """Send the same again while it is answered 503, as a till does: an agent that has heard no gateway yet keeps no identifiers."""
    for _ in range(round(LIMIT_S / _AGAIN_S)):
        try:
            with open_url(request, 20.0) as answer:
                answer.read()
            return
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            time.sleep(_AGAIN_S)
    raise ConfigError(f"{request.full_url} answers 503 for {LIMIT_S:.0f} s")


def where_it_is(hour: int, start_ns: int) -> str:
    """A time zone in which it is that hour at `start_ns`; there are those from 12 hours behind UTC to 14 hours ahead."""
    ahead_h = (hour - datetime.fromtimestamp(start_ns / 1e9, UTC).hour + 12) % 24 - 12
    # POSIX signs: Etc/GMT-8 is eight hours ahead of UTC.
    return f"Etc/GMT{-ahead_h:+d}" if ahead_h else "Etc/GMT"


def fresh(folder: Path) -> Path:
    """The folder, empty; ConfigError if something else than an earlier demo is in it."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARKER).exists():
            raise ConfigError(f"{folder} is not empty and not of an earlier demo: choose another --folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARKER).touch()
    return folder


def show_score(folder: Path, console: Console) -> None:
    console.rule("the score")
    run_footfall("score", "--truth", str(folder / "truth.jsonl"), "--config", str(folder / "gateway.toml"))


def show_balance(balance: Mapping[str, Any], console: Console) -> None:
    console.rule("the balance")
    dropped = balance["dropped_total"]
    reasons = f" ({', '.join(f'{reason} {rows:,}' for reason, rows in sorted(dropped.items()))})" if dropped else ""
    console.print(
        f"in = written + quarantined + dropped: [bold]{balance['in_total']:,} = {balance['written_total']:,}"
        f" + {balance['quarantined_total']:,} + {sum(dropped.values()):,}[/]{reasons}"
    )


def show_next_steps(on: Stage, queries: tuple[str, ...], console: Console, stays: bool = False) -> None:
    """Where it lies, and what to ask it; a database that ends with a demo that does not stay is held for somebody who wants to look."""
    command, folder, sink = short(Path(FOOTFALL)), short(on.folder), on.sink
    where = f"{folder}/footfall.db" if sink["kind"] == "sqlite" else f"{folder}/influxdb (bucket {sink['bucket']}, {sink['url']})"
    chart = f"chart: {folder}/traffic.png, " if (on.folder / "traffic.png").exists() else ""
    console.print(f"{chart}database: {where}. Try next:")
    for arguments in queries:
        console.print(f"  {command} {arguments} --config {folder}/gateway.toml", soft_wrap=True)
    if not stays:
        console.print(f"  {command} gateway --config {folder}/gateway.toml  # the live page again", soft_wrap=True)
    if sink["kind"] != "sqlite" and not stays:
        _hold(sink, console)


def short(path: Path) -> str:
    """Relative to where we are, if it lies there."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def run_footfall(*arguments: str) -> None:
    subprocess.run([FOOTFALL, *arguments], check=True)


def _sink(stack: ExitStack, folder: Path) -> Mapping[str, Any]:
    server = stack.enter_context(InfluxServer("1.8", folder / "influxdb"))
    token = folder / "influxdb.token"
    token.write_text(server.token + "\n")
    return {"kind": "influxdb", "url": server.url, "bucket": server.bucket, "org": server.org, "token_file": token.name}


def _hold(sink: Mapping[str, Any], console: Console) -> None:
    if sys.stdin.isatty():
        console.input(f"InfluxDB runs at {sink['url']} until you press Enter ")
    else:
        console.print("InfluxDB ends with the demo; in a terminal it stays until you press Enter.")


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
