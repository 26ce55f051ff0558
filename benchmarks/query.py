"""What `footfall query traffic` costs, in CPU of the whole command, beside plain SQL that computes the same numbers in the same run.

    run(effort) -> results       # a year of 5 stores by the hour and by the day, 7,000 stores for one day

The stores are open for ten hours, and something happens in nine minutes of ten; some 120 visitors a day carry what can be heard. Each has
two agents, which are at work day and night, and a time zone with a change of clocks.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.effort import Effort
from benchmarks.machine import MEASURED, conditions, pinned
from benchmarks.plain_sql import COMPARED
from benchmarks.results import Failed, Result, Target
from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.points import SCHEMA, Coded, Points, from_columns
from gateway.sinks.sqlite.sink import SQLite

FIRST_NS: Final = 1_735_689_600 * 10**9
"""2025-01-01T00:00:00Z."""
OPENS_MINUTE, OPEN_MINUTES, BUSY = 9 * 60, 600, 0.9
VISITS_A_DAY: Final = 120
STORES_A_BATCH: Final = 50


@dataclass(frozen=True, slots=True)
class Case:
    """One question: `name` is that of the result, `limit_s` the CPU that it may cost."""

    name: str
    stores: int
    days: int
    interval: str
    interval_ns: int
    limit_s: float

    @property
    def arguments(self) -> list[str]:
        last = np.datetime64("2025-01-01") + self.days - 1
        return ["--from", "2025-01-01", "--to", str(last), "--interval", self.interval, "--format", "csv"]


CASES: Final = (
    Case("query_year_by_hour_s", 5, 365, "1h", NS_PER_HOUR, 0.8),
    Case("query_year_by_day_s", 5, 365, "1d", NS_PER_DAY, 0.6),
    Case("query_7000_stores_s", 7000, 1, "1d", NS_PER_DAY, 2.0),
)
_LEAST_ROWS: Final = 1000


def run(effort: Effort) -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="footfall-bench.") as folder:
        return [_measured(case, _database(Path(folder), case), effort) for case in CASES]


def _measured(case: Case, path: Path, effort: Effort) -> Result:
    asked = [sys.executable, "-m", "footfall", "query", "traffic", "--db", str(path), *case.arguments]
    plain = [sys.executable, "-m", "benchmarks.plain_sql", str(path), str(case.interval_ns)]
    ours, theirs = ([_cpu_of(command) for _ in range(effort.repeats(3))] for command in (asked, plain))
    found, expected = _totals(ours[0].output, case), json.loads(theirs[0].output)
    if not all(np.isclose(found[name], expected[name], rtol=1e-9) for name in COMPARED):
        raise Failed(f"{case.name}: footfall query has {found}, plain SQL {expected}")
    ours_s, theirs_s = (min(each.cpu_s for each in runs) for runs in (ours, theirs))
    effort.say(f"{case.name}: {ours_s:.2f} s, plain SQL {theirs_s:.2f} s; {conditions()}")
    note = f"{case.stores * case.days * OPEN_MINUTES * BUSY:,.0f} minutes with traffic, {expected['visits']:,} visits; best of {len(ours)}"
    return Result(case.name, ours_s, "s of CPU", "plain_sql", theirs_s, Target("value", "<=", case.limit_s), note)


# --- the databases ------------------------------------------------------------------------------------------------------------


def _database(folder: Path, case: Case) -> Path:
    """Return the file of so many stores and days; made once."""
    path = folder / f"{case.stores}-{case.days}.db"
    if path.exists():
        return path
    names = [f"s-{number:04d}" for number in range(case.stores)]
    with closing(SQLite(path)) as sink:
        for first in range(0, case.stores, STORES_A_BATCH):
            batch = [points for name in names[first : first + STORES_A_BATCH] for points in _points(name, case.days, first)]
            sink.write(batch)
    return path


def _points(store: str, days: int, seed: int) -> Iterator[Points]:
    rng = np.random.default_rng([seed, *store.encode()])
    minutes = (np.arange(days)[:, None] * 1440 + OPENS_MINUTE + np.arange(OPEN_MINUTES)).ravel()
    time_ns = FIRST_NS + minutes[rng.random(len(minutes)) < BUSY] * NS_PER_MINUTE
    counts = {name: rng.poisson(mean, len(time_ns)) for name, mean in _PER_MINUTE.items()}
    money = {name: np.round(counts[of] * rng.random(len(time_ns)) * most, 2) for name, (of, most) in _SUMS_OF.items()}
    yield filled("traffic", store, time_ns, counts | money)
    started_ns = np.sort(rng.choice(time_ns, min(len(time_ns), VISITS_A_DAY * days), replace=False))
    known, is_staff = rng.random(len(started_ns)) < 0.4, rng.random(len(started_ns)) < 0.05
    seconds = np.round(rng.exponential(600, len(started_ns)), 1)
    visit = {"agent": Coded.constant("ble-1", len(started_ns)), "known": known, "is_staff": is_staff, "seconds": seconds}
    visit |= {"started_ms": started_ns // 10**6, "subject": rng.integers(1, 2**63, len(started_ns))}
    yield filled("visit", store, started_ns, visit)
    yield from _described(store, days, rng)


_PER_MINUTE: Final = {
    "in": 0.8, "out": 0.8, "occupancy": 12, "drift": 0.1, "visits_started": 0.2, "visits_open": 4, "known_open": 1.5, "visits_closed": 0.2,
    "transactions": 0.15, "transactions_known": 0.05, "returns": 0.01, "touches": 0.3,
    "anonymous_started": 0.1, "anonymous_open": 2,
}  # fmt: skip
_SUMS_OF: Final = {"revenue": ("transactions", 80), "dwell_sum_s": ("visits_closed", 1200)}
"""A sum, the count that it is of, and the most for each."""


def _described(store: str, days: int, rng: np.random.Generator) -> Iterator[Points]:
    """What the gateway writes beside: the store itself, and which minutes its agents observed."""
    stated = {"title": store.upper(), "path": "eu/de", "timezone": "Europe/Berlin", "day_start": "04:00", "hours": "09:00-21:00"}
    yield filled("store", store, np.zeros(1, np.int64), stated)
    hours_ns = FIRST_NS + np.arange(-24, days * 24 + 24) * NS_PER_HOUR
    for agent, task, other in (("ble-1", "presence", "doors"), ("counter-1", "doors", "presence")):
        masks = np.where(rng.random(len(hours_ns)) < 0.99, _WHOLE_HOUR, rng.integers(0, _WHOLE_HOUR, len(hours_ns)))
        of_agent = {"agent": Coded.constant(agent, len(hours_ns)), task: masks, other: -1, "minutes": np.bitwise_count(masks)}
        yield filled("coverage", store, hours_ns, of_agent)


_WHOLE_HOUR: Final = (1 << 60) - 1


def filled(measurement: str, store: str, time_ns: Any, values: dict[str, Any]) -> Points:
    """Points with these values; every other field is 0 or empty."""
    empty = {name: "" if kind in ("text", "subject") else 0 for name, kind in SCHEMA[measurement].fields.items()}
    return from_columns(measurement, empty | values | {"time_ns": time_ns, "store": Coded.constant(store, len(time_ns))})


# --- what it costs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ran:
    output: str
    cpu_s: float


def _cpu_of(command: Sequence[str]) -> _Ran:
    """Run it on the measured core; user and system time of the whole process, its start and end as well.

    The first run compiles its modules, as their installation does.
    """
    keeps = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(pinned(MEASURED, command), capture_output=True, text=True, check=False, env=keeps)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return _Ran(done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _totals(answer: str, case: Case) -> dict[str, float]:
    """Return the sums of the answer's rows."""
    rows = list(csv.DictReader(answer.splitlines()))
    if len(rows) < min(_LEAST_ROWS, case.stores * case.days):
        raise Failed(f"{case.name}: {len(rows)} rows")
    return {name: sum(float(row[name] or 0) for row in rows) for name in COMPARED}
