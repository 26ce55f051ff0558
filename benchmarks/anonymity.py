"""What `footfall query anonymity` costs: a month of a chain, in CPU of the process that answers.

    run(effort) -> results       # 200 stores, 30 days, a million visits and orders

A store has 120 visits a day, most of phones whose address changes, and 50 orders, of which half are paid by an account and a third show
nothing. Every other store asks nobody at the till, so that there is something to promise.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.effort import Effort
from benchmarks.query import FIRST_NS, OPEN_MINUTES, OPENS_MINUTE, filled
from benchmarks.results import Failed, Result, Target
from footfall.pseudonyms import TOP_BIT
from footfall.units import NS_PER_DAY, NS_PER_MINUTE
from gateway.fans.anonymity import anonymity_of
from gateway.fold.store import TouchRow
from gateway.fold.touch_names import name_rows
from gateway.identity.facts import FOR_EVER_NS, Identifier, Link, Span, Standing
from gateway.points import Coded, Points, record_key_ns
from gateway.query.answer import Request
from gateway.sinks.sqlite.sink import SQLite
from gateway.state.ledger import Ledger

STORES: Final = 200
DAYS: Final = 30
OF_THE_DAY, OWN, LENT = 70, 30, 20
"""Visits of a store's day: of phones whose address changes, of a guest's own beacon, and of a tag that is lent."""
SHOWN, PAID, NOTHING = 10, 25, 15
"""Orders of a store's day: something was shown at the till, it was paid by an account, and neither."""
ROWS_A_DAY: Final = OF_THE_DAY + OWN + LENT + SHOWN + PAID + NOTHING
PEOPLE, TAGS = 400, 40
"""Of a store. Every other one of them is known."""
NAMES: Final = ("anonymity_month_s",)


def run(effort: Effort) -> list[Result]:
    """Return what the question costs of a month, by the rows of fewer stores where there is little time."""
    stores = effort.events(STORES)
    with tempfile.TemporaryDirectory(prefix="footfall-bench.") as folder:
        config = written(Path(folder), stores, DAYS)
        spent_s = min(asked(config, stores, DAYS) for _ in range(effort.repeats(2)))
    rows = stores * DAYS * ROWS_A_DAY
    note = f"{stores} stores, {DAYS} days, {rows:,} visits and orders: {spent_s:.1f} s of CPU, {rows / spent_s:,.0f} rows/s"
    effort.say(note)
    return [Result(NAMES[0], spent_s * STORES / stores, "s of CPU", target=Target("value", "<=", 30), note=note)]


def asked(config: Path, stores: int, days: int) -> float:
    """Return the CPU of the answer, s. Raise Failed if it has not all rows."""
    last = np.datetime64("2025-01-01") + days - 1
    request = Request("anonymity", from_="2025-01-01", to=str(last), by=("store",), timezone="UTC")
    began_s = time.process_time()
    answer = anonymity_of(config, request, FIRST_NS + days * NS_PER_DAY)
    spent_s = time.process_time() - began_s
    anonymous = {among: count for _, among, _, count, _ in answer.totals}
    expected = {"visits": stores * days * (OF_THE_DAY + (OWN + LENT) // 2), "orders": stores * days * (PAID + NOTHING)}
    if any(not 0.9 * count < anonymous[among] <= count + stores * days * SHOWN for among, count in expected.items()):
        raise Failed(f"anonymous are {anonymous}, and should be about {expected}")
    return spent_s


def written(folder: Path, stores: int, days: int) -> Path:
    """Write a database and a ledger; return the gateway.toml of them."""
    names = [f"s-{number:04d}" for number in range(stores)]
    ledger, standings = Ledger(folder / "ledger.db"), list[Standing]()
    with closing(SQLite(folder / "points.db")) as sink:
        for number, name in enumerate(names):
            store = _Store(name, number, days, np.random.default_rng([7, number]))
            sink.write(list(store.points()))
            touches = store.touches
            ledger.save_touches(touches, [row for touch in touches for row in name_rows(touch, json.loads(touch.body))])
            standings += store.standings()
            ledger.add(store.facts(), [])
    ledger.save_standings(standings)
    ledger.checkpoint([])
    ledger.close()
    site = "".join(f'[[stores]]\nname = "{name}"\ntimezone = "UTC"\n' for name in names)
    (folder / "site.toml").write_text(f'brand = "bench"\n{site}')
    config = folder / "gateway.toml"
    config.write_text('site = "site.toml"\nstate_dir = "."\n[sink]\nkind = "sqlite"\npath = "points.db"\n')
    return config


@dataclass
class _Store:
    """A store's month."""

    name: str
    number: int
    days: int
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.touches = [*self._orders(SHOWN, "shown"), *self._orders(PAID, "paid"), *self._orders(NOTHING, "")]

    def subject(self, kind: int, nth: int) -> int:
        """Return the subject of something that lasts: of a beacon (1), a tag (2), a card (3) or an account (4)."""
        return (self.number * 10_000 + kind * 1000 + nth) * 0x9E3779B97F4A7C15 % TOP_BIT

    def hex(self, kind: int, nth: int) -> str:
        """Return the same in hex."""
        return f"{self.subject(kind, nth):016x}"

    def fan(self, nth: int) -> str:
        """Return a fan's id."""
        return f"fan-{self.number}-{nth}"

    def points(self) -> Iterator[Points]:
        """Yield what the database has."""
        stated = {"title": self.name, "path": "eu/de", "timezone": "UTC", "day_start": "04:00", "hours": "09:00-21:00"}
        yield filled("store", self.name, np.zeros(1, np.int64), stated)
        yield filled("traffic", self.name, np.array([FIRST_NS]), {})
        own, lent = (self.rng.integers(0, many, count * self.days) for many, count in ((PEOPLE, OWN), (TAGS, LENT)))
        lasting = [self.subject(1, nth) for nth in own.tolist()] + [self.subject(2, nth) for nth in lent.tolist()]
        of_the_day = self.rng.integers(TOP_BIT, 1 << 64, OF_THE_DAY * self.days, np.uint64)
        fans = ["" if nth % 2 else self.fan(nth) for nth in own.tolist()]
        fans += ["" if nth % 2 else self.fan(int(self.rng.integers(PEOPLE))) for nth in lent.tolist()]
        fans = [""] * len(of_the_day) + fans
        known = np.array([bool(fan) for fan in fans])
        time_ns = np.sort(self._times(len(known)))
        seconds = np.round(self.rng.exponential(600, len(known)), 1)
        visit = {
            "agent": Coded.constant("ble-1", len(known)),
            "fan": Coded.of(fans),
            "known": known,
            "seconds": seconds,
            "started_ms": time_ns // 10**6,
        }
        yield filled("visit", self.name, time_ns, visit | {"subject": np.concatenate([of_the_day, np.array(lasting, np.uint64)])})
        touches = sorted(self.touches, key=lambda touch: touch.key_ns)
        bodies = [json.loads(touch.body) for touch in touches]
        touch = {"agent": Coded.constant("till", len(touches)), "fan": Coded.of([touch.fan for touch in touches])}
        touch |= dict.fromkeys(("channel", "zone"), Coded.constant("", len(touches)))
        touch |= {name: Coded.of([body[name] for body in bodies]) for name in ("what", "ref")}
        subjects = np.array([int(touch.subject or "0", 16) for touch in touches], np.uint64)
        yield filled("touch", self.name, np.array([touch.key_ns for touch in touches]), touch | {"subject": subjects})

    def _times(self, count: int) -> Any:
        minutes = self.rng.integers(0, self.days, count) * 1440 + OPENS_MINUTE + self.rng.integers(0, OPEN_MINUTES, count)
        return FIRST_NS + minutes * NS_PER_MINUTE

    def _orders(self, a_day: int, kind: str) -> Iterator[TouchRow]:
        for time_ns in self._times(a_day * self.days).tolist():
            nth, asks = int(self.rng.integers(PEOPLE)), self.number % 2 == 1
            ref = f"r{self.number}-{self.rng.integers(1 << 62)}" if kind else ""
            shown = [("member", self.hex(3, nth))] if kind == "shown" and asks else []
            yield self._touch("transaction", time_ns, shown, ref, self.fan(nth) if shown and nth % 2 == 0 else "")
            if kind == "paid":
                yield self._touch("payment", time_ns + NS_PER_MINUTE, [("alipay", self.hex(4, nth))], ref, "")

    def _touch(self, what: str, time_ns: int, shown: list[tuple[str, str]], ref: str, fan: str) -> TouchRow:
        row, subject = int(self.rng.integers(1 << 40)), shown[0][1] if shown else ""
        body: dict[str, Any] = dict.fromkeys(("zone", "department", "campaign", "items", "fan", "channel", "staff_id"), "")
        body |= {"what": what, "ref": ref, "amount": 9.5, "subjects": [each for _, each in shown], "types": [kind for kind, _ in shown]}
        key_ns, event_id = record_key_ns(time_ns, row), f"t{self.number}-{row}"
        return TouchRow(self.name, "till", row, time_ns, key_ns, event_id, subject, fan, "", 0, json.dumps(body))

    def standings(self) -> Iterator[Standing]:
        """Yield whose things are."""
        for _, subject, fan in self._known():
            yield Standing(subject, 1, (Span(-FOR_EVER_NS, FOR_EVER_NS, fan),))

    def facts(self) -> list[Link]:
        """Return what was stated of them."""
        return [
            Link(id=subject, learned_ns=1, source="crm", identifier=Identifier(id_type, subject), fan=fan)
            for id_type, subject, fan in self._known()
        ]

    def _known(self) -> Iterator[tuple[str, str, str]]:
        """Yield the type and subject of what is a known fan's, and the fan: every other thing is."""
        for kind, id_type, many in ((1, "ibeacon", PEOPLE), (2, "tag", TAGS), (3, "member", PEOPLE)):
            yield from ((id_type, self.hex(kind, nth), self.fan(nth)) for nth in range(0, many, 2))
