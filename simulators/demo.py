"""`make demo`: a store's day from devices to a database, in about a minute, with real processes.

Three agents were offline for eight hours, and spooled what they heard. Then they meet an embedded broker and a gateway, drain their
backlog, and go on live. In the end stands what the gateway made of it, beside what was true.
"""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from edge_agent.clock import SystemClock
from footfall.errors import ConfigError, FootfallError
from footfall.receipts import DayKey
from footfall.units import NS_PER_MINUTE, NS_PER_S
from gateway.config import load_site
from gateway.state.day_keys import DayKeys
from simulators.demo_arrivals import (
    Parts,
    arrivals_of,
    end_with_ctrl_c,
    evening_of,
    parts,
    play_evening,
    show_arrivals,
    stays_by_itself,
)
from simulators.estate import Settings, brand_secret, worlds, write_agent, write_recording
from simulators.feed import Feed, till_of
from simulators.identity.story import play_story, story_table
from simulators.parts.process import free_port
from simulators.send import fill_spool
from simulators.stage import Stage, Till, fresh, run_footfall, short, show_balance, show_next_steps, show_score, stage, where_it_is
from simulators.truth import read_truth, write_truth
from simulators.truth_cuts import played_until
from simulators.world import World

AHEAD_S: Final = 12.0
"""The backlog ends so long after the start of the demo, when the agents are ready to go on live."""
RECORDED_H: Final = 0.1
OPENING_HOUR: Final = 10
"""Local time when the backlog begins: the store lies wherever on Earth it is so late then."""
FLUSH_S: Final = 5.0
NEXT: Final = ("query zones --interval 1h", "query visits --format csv", "query dwell", "query inferred")
"""What to ask next."""
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
    stay: Annotated[
        bool | None, typer.Option(help="Keep the page in the end, and let fans go on coming, until ctrl-c; by default at a terminal.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Of the page; 0 takes any that is free.")] = 0,
) -> None:
    """Show the whole way of an event, from three agents in a store to a table, a chart and the arrivals on a page."""
    console = Console(highlight=False)
    try:
        run(folder.absolute(), influx, live_s, hours, seed, stays_by_itself() if stay is None else stay, port, console)
    except FootfallError as error:
        console.print(f"[bold red]demo:[/] {error}")
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        console.print(f"demo: ended before its end; what it wrote is in {short(folder.absolute())}")
        raise typer.Exit(130) from None


def run(folder: Path, influx: bool, live_s: float, hours: float, seed: int, stays: bool, port: int, console: Console) -> None:
    begun_s = time.monotonic()
    plan = _plan(fresh(folder), hours, seed)
    console.print(f"[bold]A store in {plan.settings.timezone}[/]: its three agents were offline for {hours:g} hours. Seed {seed}.")
    with stage(folder, plan.settings, influx, console, port) as on:
        on.import_links()
        rows = _fill(plan, _day_key(plan), on)
        on.wait("until they are back", lambda: (time.time_ns() - plan.live_ns) / NS_PER_S + AHEAD_S, AHEAD_S)
        for agent in plan.world.plan.agents:
            on.agent(agent)
        on.wait("backlog: rows received", lambda: on.balance()["in_total"], rows)
        until_ns = _live(plan, live_s, on, rows)
        on.stop_agents()
        balance = on.settled()
        on.bars.stop()
        arrived = arrivals_of(on.page)
        with parts(folder, evening_of(plan.world)) as evening:
            first = evening.make(0) if stays else None
            if not stays:
                on.gateway.stop()
            _report(plan, until_ns, balance, console)
            show_arrivals(arrived, on.page, stays, console)
            console.print(f"[dim]{time.monotonic() - begun_s:.0f} s in all[/]")
            show_next_steps(on, (*NEXT, *(f"fan {each['fan']}" for each in arrived[-1:])), console, stays)
            if first is not None:
                _stay(plan, evening, first, on, console)


def _report(plan: Plan, until_ns: int, balance: Mapping[str, Any], console: Console) -> None:
    """Print what the gateway made of it, beside what was true."""
    folder = plan.folder
    truth, config = folder / "truth.jsonl", str(folder / "gateway.toml")
    write_truth(truth, played_until(read_truth(truth), until_ns))
    console.rule("one fan")
    (folder / "fan").mkdir()
    console.print(story_table(play_story(folder / "fan")))
    console.rule("hourly traffic")
    # Up to the minute that the score ends with: whoever passes later, while this is printed, would be in one of the two alone.
    to = datetime.fromtimestamp(until_ns // NS_PER_MINUTE * 60, ZoneInfo(plan.settings.timezone))
    span = ("--interval", "1h", "--to", f"{to:%Y-%m-%dT%H:%M}")
    run_footfall("query", "traffic", "--config", config, *span, "--chart", str(folder / "traffic.png"))
    show_score(folder, console)
    show_balance(balance, console)
    console.rule("who is anonymous, and why")
    run_footfall("query", "anonymity", "--config", config)


def _stay(plan: Plan, evening: Parts, first: Future[None], on: Stage, console: Console) -> None:
    """Let fans go on coming until ctrl-c."""
    console.print(f"[bold]The evening goes on: watch its fans come at {on.page}/arrivals[/]", soft_wrap=True)
    console.print("Ctrl-C ends it; with STAY=0 it ends by itself.")
    try:
        play_evening(evening, first, on, partial(_write_agent, plan, on.broker_port), _till_url(plan))
    except KeyboardInterrupt:
        console.print("Ended.")


def _plan(folder: Path, hours: float, seed: int) -> Plan:
    live_ns = time.time_ns() + round(AHEAD_S * NS_PER_S)
    start_ns = live_ns - round(hours * 3600 * NS_PER_S)
    return Plan(folder, Settings(seed, hours + RECORDED_H, 1, start_ns, where_it_is(OPENING_HOUR, start_ns)), live_ns)


def _day_key(plan: Plan) -> DayKey:
    """Return the day key that the agents received before they went offline."""
    store = plan.world.plan.store
    keys = DayKeys(plan.folder / "state" / "keys.db", load_site(plan.folder / "site.toml"))
    try:
        key = keys.current(store, plan.live_ns)
    finally:
        keys.close()
    if key is None:
        raise ConfigError(f"store {store} is not in site.toml")
    return key


def _fill(plan: Plan, day_key: DayKey, on: Stage) -> int:
    """Fills the agents' spools in a process each; returns the rows spooled."""
    agents, bars = plan.world.plan.agents, on.bars
    context = multiprocessing.get_context("spawn")
    done: Any = context.Array("d", len(agents))
    tasks = [bars.add_task(f"{agent} spools", total=1.0) for agent in agents]
    with ProcessPoolExecutor(len(agents), context, _share_progress, (done,)) as pool:
        running = [pool.submit(_fill_one, plan, agent, number, day_key, on.broker_port) for number, agent in enumerate(agents)]
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
    end_with_ctrl_c()
    _progress_of = done


def _fill_one(plan: Plan, agent: str, number: int, day_key: DayKey, broker_port: int) -> int:
    """One agent's spool, its recording of what comes live, its configuration. Runs in a process of its own."""
    world, folder = plan.world, plan.folder
    backlog_ns = plan.live_ns - world.start_ns

    def on_time(t_ns: int) -> None:
        _progress_of[number] = t_ns / backlog_ns

    spool, recording = _spool(folder, agent), folder / f"{agent}.live.jsonl.gz"
    feed = Feed(world, agent, brand_secret(plan.settings.seed), until_ns=backlog_ns, flush_s=FLUSH_S, day_key=day_key)
    _, rows = fill_spool(spool, feed, on_time)
    write_recording(recording, world, agent, backlog_ns)
    if agent == till_of(world):
        (folder / "intake.json").write_text(json.dumps({"port": free_port()}))
    _write_agent(plan, broker_port, agent, recording, SystemClock().boot_ns() - (time.time_ns() - world.start_ns))
    return rows


def _write_agent(plan: Plan, broker_port: int, agent: str, recording: Path, zero_boot_ns: int) -> None:
    """Write the configuration of an agent that plays a recording, whose zero is then on CLOCK_BOOTTIME."""
    folder, world = plan.folder, plan.world
    more = {"spool": {"path": str(_spool(folder, agent))}, "keys": {"file": str(folder / "keys.toml")}}
    if agent == till_of(world):
        more["intake"] = json.loads((folder / "intake.json").read_text())
    write_agent(folder, world, agent, {"path": str(recording), "origin_boot_ns": zero_boot_ns}, {"port": broker_port}, **more)


def _spool(folder: Path, agent: str) -> Path:
    return folder / f"{agent}.spool.db"


def _till_url(plan: Plan) -> str:
    return f"http://127.0.0.1:{json.loads((plan.folder / 'intake.json').read_text())['port']}"


def _live(plan: Plan, live_s: float, on: Stage, backlog_rows: int) -> int:
    """Lets it run, with the till's sales; returns when it ended, ns since 1970."""
    world = plan.world
    till = Till(world, _till_url(plan), plan.live_ns - world.start_ns)
    end_ns = time.time_ns() + round(live_s * NS_PER_S)
    task = on.bars.add_task("live", total=live_s)
    while (now_ns := time.time_ns()) < end_ns:
        till.sell_until(now_ns)
        rows = on.balance()["in_total"] - backlog_rows
        on.bars.update(task, completed=live_s - (end_ns - now_ns) / NS_PER_S, description=f"live: {rows:,} rows more")
        time.sleep(0.5)
    on.bars.update(task, completed=live_s)
    return end_ns


if __name__ == "__main__":
    typer.run(main)
