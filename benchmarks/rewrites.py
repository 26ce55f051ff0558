"""How soon a thousand rows have another fan in the database: after a fact that names them, and after one that dissolves what joined them.

The gateway is the real one, with SQLite. A few browsers touch something a thousand times; each was named once beside one account. A link of
the account names all of that. A second link, of somebody else, is more than an account may have: it dissolves, and the rows are nobody's.
"""

from __future__ import annotations

import json
import socket
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.effort import Effort
from benchmarks.machine import Meter
from benchmarks.results import Failed, Result, Target
from benchmarks.under_test import GatewayUnderTest, broker
from gateway.site import Agent, Site, Store, Zone
from simulators import mqtt

ROWS: Final = 1_000
BROWSERS: Final = 5
"""So many of one type may be beside an account."""
ACCOUNT: Final = "alipay.app:hub"
NAMES: Final = ("identity_named_1000_rows_s", "identity_dissolved_1000_rows_s")
POLL_S: Final = 0.01
LOST_S: Final = 120.0
_SITE: Final = Site(brand="bench", stores=(Store(name="s", zones=(Zone(name="z"),), agents=(Agent(name="a", receivers={"r": "z"}),)),))


@dataclass(frozen=True, slots=True)
class Rewritten:
    """From publishing a fact until the database has the last row: by the clock, and the gateway's CPU time, s."""

    wall_s: float
    cpu_s: float


def run(effort: Effort) -> list[Result]:
    """Return how soon rows are rewritten, the best of some runs."""
    runs = [measure() for _ in range(effort.repeats(3))]
    found = []
    for name, what, some in zip(NAMES, ("named by a link", "dissolved by a second fan's"), zip(*runs, strict=True), strict=True):
        best = min(some, key=lambda rewritten: rewritten.wall_s)
        note = f"1,000 touches {what}, in SQLite behind the real gateway: {best.cpu_s:.2f} s of its CPU; best of {len(runs)} by the clock"
        found.append(Result(name, best.wall_s, "s", target=Target("value", "<=", 2), note=note))
        effort.say(f"{name}: {best.wall_s:.2f} s by the clock, {best.cpu_s:.2f} s of CPU")
    return found


def measure(rows: int = ROWS) -> tuple[Rewritten, Rewritten]:
    """Return what a fact that names rows took, and what dissolving took. Raise Failed if a row is not rewritten."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footfall-bench.")))
        mosquitto = broker(folder, max_queued_messages=0)
        stack.callback(mosquitto.stop)
        sink = {"kind": "sqlite", "path": str(folder / "footfall.db")}
        gateway = stack.enter_context(GatewayUnderTest(folder, _SITE, mosquitto.port, sink))
        sender = _Sender(stack.enter_context(mqtt.connect("127.0.0.1", mosquitto.port, "till")))
        database = folder / "footfall.db"
        sender.publish(_touch(n, [f"web:b{n}", ACCOUNT]) for n in range(BROWSERS))
        sender.publish(_touch(n, [f"web:b{n % BROWSERS}"]) for n in range(BROWSERS, rows))
        _wait_until(database, rows, "fan <> 'f-1'")
        named = _rewritten(gateway, sender, "f-1", lambda: _wait_until(database, rows, "fan = 'f-1'"))
        dissolved = _rewritten(gateway, sender, "f-2", lambda: _wait_until(database, rows, "fan NOT LIKE 'f-%'"))
        return named, dissolved


class _Sender:
    def __init__(self, connection: socket.socket) -> None:
        self._mqtt: Final = connection
        self._sent = 0

    def publish(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Publish events, in one message."""
        self._sent += 1
        self._mqtt.sendall(mqtt.publish("footfall/1/s/a/events", self._sent, json.dumps(list(events)).encode()))


def _touch(number: int, identifiers: list[str]) -> dict[str, Any]:
    time_ = datetime.now(UTC) - timedelta(seconds=ROWS - number)
    return {
        "kind": "touch",
        "what": "scan",
        "id": f"t{number}",
        "time": time_.isoformat(timespec="milliseconds"),
        "identifiers": identifiers,
    }


def _rewritten(gateway: GatewayUnderTest, sender: _Sender, fan: str, wait: Callable[[], None]) -> Rewritten:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    fact = {"kind": "fact", "fact": "link", "id": f"link-{fan}", "learned": now, "source": "crm", "identifier": ACCOUNT, "fan": fan}
    meter, began_s = Meter(*gateway.pids), time.monotonic()
    sender.publish([fact])
    wait()
    return Rewritten(time.monotonic() - began_s, meter.cpu_s())


def _wait_until(database: Path, rows: int, condition: str) -> None:
    """Wait until the database has so many touches of which a condition holds."""
    until_s = time.monotonic() + LOST_S
    while (found := _count(database, condition)) < rows:
        if time.monotonic() > until_s:
            raise Failed(f"{found} of {rows} touches have {condition}")
        time.sleep(POLL_S)


def _count(database: Path, condition: str) -> int:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
            return int(db.execute(f"SELECT count(*) FROM touch WHERE {condition}").fetchone()[0])
    except sqlite3.OperationalError:  # there is none yet
        return 0
