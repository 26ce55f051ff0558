"""The simulated month through the real gateway: accept, fold with its identity stage, SQLite; and its rows read back."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from footfall.topics import Topic
from footfall.units import NS_PER_MS
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Message
from gateway.sinks.kinds import sink_settings
from gateway.sinks.reader import PointReader
from gateway.state.files import LEDGER
from simulators.chain.gateway import CrashingGateway, InProcessGateway
from simulators.identity.brand_site import LATENCY_NS, Box, Heard, brand_site, heard, till_of
from simulators.identity.oracle_facts import ms_of
from simulators.identity.oracle_types import DAY_MS
from simulators.identity.world import HOUR_MS, START_MS, Sent, World

STEP_MS: Final = HOUR_MS
"""Boxes send what they heard so often."""
BEFORE_MS: Final = 26 * HOUR_MS
"""The gateway runs so long before the month, for what is known at its start."""
AFTER_MS: Final = 3 * HOUR_MS
"""And so long after the last event: then every visit is over."""
EVENTS_AT_ONCE: Final = 500
WRITE_POINTS: Final = 2000
"""So many points are written at once."""
SECRET: Final = b"the simulated month: reproducible, so good for nothing else"
DATABASE: Final = "month.db"
Key = str | tuple[str, int]
OnShare = Callable[[float], None]


class Month:
    """One month, or what of it one likes, through one gateway into a database in `folder`."""

    def __init__(self, world: World, folder: Path, keeps_ledger: bool = False, is_sparse: bool = False, crashing: bool = False) -> None:
        """`keeps_ledger`: in `folder` too, so that it can be asked; else it is in memory.

        `is_sparse`: boxes that hear nobody send nothing, which is cheap. `crashing`: events come one by one, and the gateway falls back to
        its last checkpoint after each.
        """
        self._world: Final = world
        self._is_sparse, self._at_once = is_sparse, 1 if crashing else EVENTS_AT_ONCE
        self._pseudonyms: Final = Pseudonymiser(SECRET)
        self._stores: Final = [f"store{number:02d}" for number in range(world.sizes.stores)]
        self._settings: Final = sink_settings(kind="sqlite", path=folder / DATABASE)
        self._sink: Final = self._settings.sink()
        self._events: Final = sorted(world.sent, key=lambda each: each.arrives_ms)
        self._now_ms = START_MS - BEFORE_MS
        self._boxes: Final = {store: Box(store, self._now_ms) for store in self._stores}
        self._rows: Final = self._heard()
        self._sent = 0
        self.site: Final = brand_site(self._stores)
        make = CrashingGateway if crashing else InProcessGateway
        self._gateway: Final = make(self.site, self._pseudonyms, [self._sink], WRITE_POINTS, folder / LEDGER if keeps_ledger else None)
        self._gateway.start(self._now_ms * NS_PER_MS, ())

    @property
    def end_ms(self) -> int:
        """Return when all has come and every visit is over."""
        return max(self._world.sizes.end_ms, self._events[-1].arrives_ms) + AFTER_MS

    def play(self, to_ms: int, on_share: OnShare) -> None:
        """Send what arrives until a time, in the order in which it arrives. Raise Refused if the gateway does not take it."""
        first_ms = self._now_ms
        for self._now_ms in range(first_ms + STEP_MS, to_ms, STEP_MS):
            upto = bisect_left(self._events, self._now_ms, lo=self._sent, key=lambda each: each.arrives_ms)
            taken = [*_messages(self._events[self._sent : upto], self._at_once), *self._frames()]
            self._sent = upto
            for first in range(0, len(taken), self._at_once):
                self._gateway.take(taken[first : first + self._at_once], self._now_ms * NS_PER_MS + LATENCY_NS)
            if self._now_ms % DAY_MS == 0:
                self._gateway.checkpoint()
                on_share((self._now_ms - first_ms) / (to_ms - first_ms))
        on_share(1.0)

    def flush(self) -> None:
        """Write what waits, so that it can be read."""
        self._gateway.checkpoint()
        self._gateway.flush()

    def close(self) -> None:
        """Write what waits, and end."""
        self._gateway.close()
        self._sink.close()

    def _heard(self) -> dict[str, list[Heard]]:
        found = defaultdict[str, list[Heard]](list)
        for presence in self._world.presences:
            subject = self._pseudonyms.subject(presence.identifier)
            found[presence.store] += heard(subject, presence.from_ms, presence.to_ms)
        return {store: sorted(some) for store, some in found.items()}

    def _frames(self) -> Iterator[Message]:
        """Yield a frame of each box that heard something, and a sign of life each hour."""
        for store, box in self._boxes.items():
            some = self._rows.get(store, [])
            upto = bisect_left(some, self._now_ms, key=lambda row: row.time_ms)
            if upto or (self._now_ms % HOUR_MS == 0 and not self._is_sparse) or self._is_last_of_day():
                yield box.frame(self._now_ms, some[:upto])
                del some[:upto]

    def _is_last_of_day(self) -> bool:
        return self._now_ms % DAY_MS == 0

    def names(self) -> dict[Key, str]:
        """Return whom the stored rows name, by the keys of the truth's rows. Void touches are left out."""
        with closing(self._settings.reader()) as reader:
            return {**self._of_touches(reader), **self._of_presences(reader)}

    def _of_touches(self, reader: PointReader) -> dict[Key, str]:
        ids: dict[tuple[str, str, int, float], str] = {}
        void = {each.event["of"] for each in self._world.sent if each.event["kind"] == "void"}
        for each in self._world.sent:  # a touch that was sent anew has time and amount of the one that was taken back
            if each.event["kind"] == "touch" and each.event["id"] not in void:
                ids[each.store, each.event["what"], ms_of(each.event["time"]), each.event.get("amount", 0.0)] = each.event["id"]
        names: dict[Key, str] = {}
        for store in self._stores:
            table = reader.rows("touch", store, 0, _END_NS, ("what", "fan", "amount"))
            columns = (table.time_ns.tolist(), *(table.values(name) for name in ("what", "fan", "amount")))
            for time_ns, what, fan, amount in zip(*columns, strict=True):
                names[ids[store, what, time_ns // NS_PER_MS, amount]] = fan
        return names

    def visit_names(self) -> dict[Key, str]:
        """Return whom the stored visits name, by the keys of presence; also of those that are one with the visit of another thing."""
        with closing(self._settings.reader()) as reader:
            return self._of_presences(reader, "visit")

    def _of_presences(self, reader: PointReader, measurement: str = "dwell") -> dict[Key, str]:
        """Return the fans of presence as its dwells, or visits, have them, which are stored by what was carried."""
        spans = defaultdict[tuple[str, str], list[tuple[int, int, str]]](list)
        for each in self._world.presences:
            subject = self._pseudonyms.hex_subject(each.identifier)
            spans[each.store, subject].append((each.from_ms, each.to_ms, each.identifier))
        names: dict[Key, str] = {}
        for store in self._stores:
            table = reader.rows(measurement, store, 0, _END_NS, ("subject", "fan"), void=measurement == "visit")
            for time_ns, subject, fan in zip(table.time_ns.tolist(), table.values("subject"), table.values("fan"), strict=True):
                time_ms = time_ns // NS_PER_MS
                for from_ms, to_ms, identifier in spans[store, subject]:
                    if from_ms <= time_ms <= to_ms:
                        names.setdefault((identifier, from_ms), fan)
        return names


_END_NS: Final = 1 << 62


def _messages(events: list[Sent], at_once: int) -> Iterator[Message]:
    """Yield the events of a step as tills send them: arrays of so many, each of a store, in their order."""
    by_store = defaultdict[str, list[str]](list)
    for each in events:
        by_store[each.store].append(json.dumps(each.event))
    for store, some in by_store.items():
        for first in range(0, len(some), at_once):
            yield Message(str(Topic(store, till_of(store), "events")), f"[{','.join(some[first : first + at_once])}]".encode())
