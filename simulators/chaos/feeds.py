"""What is sent: a till's plain events over HTTP, and recordings that agents play.

A till repeats each request until it is answered 202, as tills do: what was answered so counts as sent, once, however often it was
sent. What a played recording makes of itself while its agent dies is in no list: there the agent's spool is asked.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from edge_agent.sources.recording import format_line
from edge_agent.sources.source import Crossing, Sighting
from footfall.units import NS_PER_S

ZONES: Final = ("entrance", "shelf", "checkout")
COUNTER_DOOR: Final = "counter"
TILL_DOOR: Final = "till"
MOST_AT_ONCE: Final = 200
ROWS_PER_CARRIER_S: Final = 0.45
"""Rows a second that one identifier makes: evidence every 5 s, and two rows at each change of zone."""
LEAVING_S: Final = 6
FAR_DBM: Final = -120
"""Heard so faintly everywhere for a few seconds everybody is gone, and agents have nothing more to say."""
_MS: Final = 1_000_000
_RETRY_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Counted:
    """One plain event: people through the till's door at a millisecond that no other event of its agent has."""

    number: int
    time_ms: int
    entered: int
    left: int

    def event(self, agent: str) -> dict[str, Any]:
        time_text = datetime.fromtimestamp(self.time_ms / 1000, UTC).isoformat(timespec="milliseconds")
        return {"kind": "count", "id": f"{agent}-{self.number}", "time": time_text, "door": TILL_DOOR, "in": self.entered, "out": self.left}


class Till(threading.Thread):
    """Posts `events` events over `over_s` seconds, and after that what `more` asks for, until `give_up`."""

    def __init__(self, agent: str, port: int, events: int, over_s: float) -> None:
        super().__init__(name=f"till-{agent}", daemon=True)
        self.agent: Final = agent
        self.accepted: Final[list[Counted]] = []
        self.repeated_total = 0
        self.failure = ""
        self._port: Final = port
        self._planned: Final = events
        self._quota = events
        self._pace: Final = events / over_s
        self._begun_ms = self._more_ms = 0
        self._giving_up: Final = threading.Event()

    def begin(self) -> None:
        self._begun_ms = time.time_ns() // _MS
        self.start()

    def more(self, events: int) -> None:
        """These as fast as a millisecond for each allows."""
        self._more_ms = max(time.time_ns() // _MS, self._time_ms(self._planned - 1) + 1)
        self._quota += events

    def give_up(self) -> None:
        self._giving_up.set()
        self.join()

    @property
    def is_done(self) -> bool:
        return len(self.accepted) >= self._quota

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20.0)
        while not self._giving_up.is_set() and not self.failure:
            batch = self._due()
            if batch:
                self._post(connection, batch)
            else:
                time.sleep(0.02)
        connection.close()

    def _due(self) -> list[Counted]:
        now_ms, sent = time.time_ns() // _MS, len(self.accepted)
        batch = (Counted(k, self._time_ms(k), 1 + k % 3, k % 2) for k in range(sent, min(self._quota, sent + MOST_AT_ONCE)))
        return [each for each in batch if each.time_ms <= now_ms]

    def _time_ms(self, number: int) -> int:
        """When the event happens: no other does in that millisecond."""
        if number < self._planned:
            return self._begun_ms + int(number / self._pace * 1000)
        return self._more_ms + number - self._planned

    def _post(self, connection: http.client.HTTPConnection, batch: list[Counted]) -> None:
        payload = json.dumps([each.event(self.agent) for each in batch])
        while not self._giving_up.is_set():
            try:
                connection.request("POST", "/events", payload)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
            else:
                if answer.status == 202:
                    self.accepted.extend(batch)
                    return
                if answer.status != 503:
                    self.failure = f"{self.agent} refused events: {answer.status} {text.decode(errors='replace')}"
                    return
            self.repeated_total += len(batch)
            time.sleep(_RETRY_S)


def write_recording(path: Path, seed: str, receivers: list[str], rows_per_s: float, over_s: float) -> None:
    """Sightings and crossings for `over_s` seconds, from which an agent makes about `rows_per_s` rows."""
    lines = sorted(_heard(random.Random(f"recording-{seed}"), receivers, rows_per_s, over_s), key=lambda heard: heard.t_boot_ns)
    path.write_text("".join(map(format_line, lines)), encoding="utf-8")


def _heard(rng: random.Random, receivers: list[str], rows_per_s: float, over_s: float) -> Iterator[Sighting | Crossing]:
    for number in range(max(2, round(rows_per_s / 2 / ROWS_PER_CARRIER_S))):
        profile, identifier = ("ibeacon", f"chaos:1:{number}") if number % 8 else ("ble-anonymous", f"02:00:00:00:00:{number % 256:02x}")
        receiver, t_s, stays_s = rng.choice(receivers), rng.random(), rng.uniform(4, 14)
        while t_s < over_s:
            yield Sighting(round(t_s * NS_PER_S), receiver, profile, identifier, -60 - rng.randrange(10))
            t_s += rng.uniform(0.8, 1.2)
            stays_s -= 1
            if stays_s < 0:
                receiver, stays_s = rng.choice(receivers), rng.uniform(4, 14)
        for more_s, each in itertools.product(range(LEAVING_S), receivers):
            yield Sighting(round((t_s + more_s) * NS_PER_S), each, profile, identifier, FAR_DBM)
    t_s = 0.0
    while t_s < over_s:
        entered, left = rng.choice(((1, 0), (0, 1), (2, 0), (1, 1)))
        yield Crossing(round(t_s * NS_PER_S), COUNTER_DOOR, entered, left)
        t_s += rng.expovariate(rows_per_s / 2 / 1.25)
