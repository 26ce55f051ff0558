"""The end of `make demo`: where the arrivals of its fans are watched, and an evening in which they go on coming until somebody ends it.

The evening is a world of its own, in the same store with the same fans: whoever was there today has that as the last visit.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import urllib3
from rich.console import Console

from edge_agent.clock import SystemClock
from footfall.errors import ConfigError
from footfall.units import NS_PER_HOUR
from simulators.estate import write_recording
from simulators.people import Crowd
from simulators.stage import LIMIT_S, Stage, Till
from simulators.world import World

PART_H: Final = 0.25
"""So much of the evening is made at once, while the part before it is played."""
EVENING_H: Final = 12.0
MEMBERS: Final = Crowd(
    arrivals=(240.0,) * 24, linger=0.5, carries=(("beacon", 0.7), ("two", 0.1), ("phone", 0.1), ("nothing", 0.1)), member_shown=1.0
)
"""An evening for members: a fan every 20 seconds, so that nobody waits long for an arrival."""
_LOOK_S: Final = 0.5

WriteAgent = Callable[[str, Path, int], None]
"""Writes the configuration of an agent that plays a recording, whose zero is then on CLOCK_BOOTTIME, ns."""


def stays_by_itself() -> bool:
    """Return whether somebody sits at a terminal, who can end it."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def arrivals_of(page: str) -> list[dict[str, Any]]:
    """Return the arrivals with which the stream of a page begins, the oldest first. Raise ConfigError: it does not answer."""
    url = f"{page}/api/arrivals"
    try:
        answer = urllib3.request("GET", url, preload_content=False, timeout=LIMIT_S, retries=False)
        try:
            first = next(answer.read_chunked(), b"")
        finally:
            answer.close()
    except urllib3.exceptions.HTTPError as error:
        raise ConfigError(f"{url} does not answer: {error}") from None
    if answer.status != HTTPStatus.OK:
        raise ConfigError(f"{url} answers {answer.status}; gateway.log says more")
    return [json.loads(line.removeprefix("data: ")) for line in first.decode().splitlines() if line.startswith("data: ")]


def show_arrivals(found: Sequence[Mapping[str, Any]], page: str, stays: bool, console: Console) -> None:
    """Print where arrivals are watched, or were, and the last one that came."""
    console.rule("who comes in")
    now, then = ("are", "") if stays else ("were", "; STAY=1 keeps the page")
    console.print(f"{len(found)} arrivals of its fans {now} at {page}/arrivals, as a guide sees them{then}", soft_wrap=True)
    console.print(f"the same for a program, as it happens: {page}/api/arrivals", soft_wrap=True)
    if found:
        console.print(f"the last: {_told(found[-1])}")


def _told(arrival: Mapping[str, Any]) -> str:
    """Return an arrival in words."""
    liked = ", ".join(f"{each['zone']} {each['seconds'] / 60:.0f} min" for each in arrival["interests"]["zones"][:3])
    last = next((f", the last {each['start'][:16]}Z for {each['seconds'] / 60:.0f} min" for each in arrival["last_visits"]), "")
    visits = f"{arrival['visits']} visits before{last}" if arrival["visits"] else "here for the first time"
    stage = "; ".join(f"{word} {arrival[word]}" for word in ("stage", "proposal") if arrival.get(word))
    return f"{arrival['fan']}, {arrival['zone']}: {'; '.join(filter(None, (visits, liked, stage)))}"


# The evening


def evening_of(day: World) -> World:
    """Return the evening after a day: other people's turn, by another seed, of the same fans."""
    return replace(day, seed=day.seed + 1, hours=EVENING_H, crowd=replace(MEMBERS, members=day.crowd.fans))


@dataclass(frozen=True, slots=True)
class Parts:
    """Makes recordings of parts of an evening in a process of its own."""

    folder: Path
    evening: World
    pool: ProcessPoolExecutor

    def make(self, number: int) -> Future[None]:
        """Begin to make the part `number`."""
        return self.pool.submit(_write_part, self.folder, self.evening, number)


@contextmanager
def parts(folder: Path, evening: World) -> Iterator[Parts]:
    """Yield the maker of an evening's parts."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), end_with_ctrl_c) as pool:
        try:
            yield Parts(folder, evening, pool)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def end_with_ctrl_c() -> None:
    """Let ctrl-c end a process of a pool in silence: the one that started it has something to print."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _write_part(folder: Path, evening: World, number: int) -> None:
    from_ns = round(number * PART_H * NS_PER_HOUR)
    for agent in evening.plan.agents:
        write_recording(_recording(folder, agent, number), replace(evening, hours=(number + 1) * PART_H), agent, from_ns)


def _recording(folder: Path, agent: str, number: int) -> Path:
    return folder / f"{agent}.evening-{number % 2}.jsonl.gz"


def play_evening(made: Parts, first: Future[None], on: Stage, write_agent: WriteAgent, till_url: str) -> None:
    """Let the agents of a stage, which stand still, play an evening until it is over; `first`: its part 0."""
    first.result()
    evening = replace(made.evening, start_ns=time.time_ns())
    till = Till(evening, till_url, name="evening-")
    for number in range(round(EVENING_H / PART_H)):
        zero_ns = SystemClock().boot_ns() - (time.time_ns() - evening.start_ns)
        for agent, process in on.agents.items():
            write_agent(agent, _recording(made.folder, agent, number), zero_ns)
            process.start()
        _sell(till, _until_ns(evening, number + 0.5))
        following = made.make(number + 1)
        _sell(till, _until_ns(evening, number + 1))
        following.result()
        on.stop_agents()


def _until_ns(evening: World, parts: float) -> int:
    """Return when so many parts of an evening are over, ns since 1970."""
    return evening.start_ns + round(parts * PART_H * NS_PER_HOUR)


def _sell(till: Till, until_ns: int) -> None:
    while (now_ns := time.time_ns()) < until_ns:
        till.sell_until(now_ns)
        time.sleep(_LOOK_S)
