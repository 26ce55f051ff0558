"""What fans cost: links of a CRM imported and folded, and one fan's history from a ledger of millions of visits.

The command writes the journal while the gateway folds it, each in a process of its own: of both the CPU is measured, and the slower one
decides how long an import takes on two free cores.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.effort import Effort
from benchmarks.identity import AT_ONCE, folding
from benchmarks.results import Failed, Result, Target
from gateway.config import load_site
from gateway.fans.history import history_of
from gateway.fans.profile import profile_of
from gateway.fans.profile_settings import load_profile
from gateway.fans.reading import rows_of_fan
from gateway.fans.whose import person_of
from gateway.fold.store import DwellRow, TouchRow, VisitRow
from gateway.identity.facts import FOR_EVER_NS, Span, Standing
from gateway.state.ledger import Ledger
from gateway.state.ledger_reader import ledger_reader

LINKS: Final = 1_000_000
VISITS: Final = 3_000_000
VISITS_A_FAN: Final = 30
LINKS_A_FAN: Final = 3
ASKED: Final = 1_000
NOW_NS: Final = 1_780_000_000_000_000_000
DAY_NS: Final = 86_400_000_000_000
SECRET: Final = "reproducible, so good for nothing else but a benchmark"  # noqa: S105 # of nobody
SEED: Final = 7
NAMES: Final = ("links_import_cpu_s_1m", "fan_history_p99_ms_3m")


@dataclass(frozen=True, slots=True)
class Imported:
    """CPU a link of the command, and of the gateway that folds what it wrote, us."""

    command_us: float
    fold_us: float


def run(effort: Effort) -> list[Result]:
    """Return how long a million links take, and what a fan's history costs."""
    links, visits = effort.events(LINKS), effort.events(VISITS)
    with tempfile.TemporaryDirectory(prefix="footfall-bench.") as folder:
        imported = import_links(Path(folder), links)
    effort.say(f"{links:,} links: {imported.command_us:.1f} us each to import, {imported.fold_us:.1f} us to fold")
    with tempfile.TemporaryDirectory(prefix="footfall-bench.") as folder:
        p50_ms, p99_ms = histories(Path(folder) / "ledger.db", visits)
    slower_s = max(imported.command_us, imported.fold_us)
    import_note = (
        f"of the slower of two processes, by {links:,} links of three identifiers a fan: {imported.command_us:.1f} us a link to read, "
        f"compare and journal, {imported.fold_us:.1f} us to resolve and to store"
    )
    history_note = f"CPU, {visits:,} visits and as many dwells in the ledger, {VISITS_A_FAN} of the fan; p50 {p50_ms:.1f} ms"
    return [
        Result(NAMES[0], slower_s, "s", target=Target("value", "<=", 60), note=import_note),
        Result(NAMES[1], p99_ms, "ms", target=Target("value", "<=", 50), note=history_note),
    ]


def import_links(folder: Path, count: int) -> Imported:
    """Import links by the command, and fold its journal as the gateway does. Raise Failed if one is missing."""
    state = folder / "state"
    state.mkdir()
    (folder / "site.toml").write_text('brand = "bench"\n[[stores]]\nname = "s1"\n')
    (folder / "secret").write_text(SECRET)
    (folder / "gateway.toml").write_text('brand_secret_file = "secret"\n')
    (folder / "crm.csv").write_text("".join(_crm(count)))
    Ledger(state / "ledger.db").close()
    before_s = _children_s()
    command = [sys.executable, "-m", "footfall", "links", "import", str(folder / "crm.csv"), "--config", str(folder / "gateway.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    if f"{count:,} new" not in done.stdout:
        raise Failed(f"not all of {count:,} links were imported: {done.stdout}")
    return Imported((_children_s() - before_s) / count * 1e6, _fold_s(folder, count) / count * 1e6)


def _crm(count: int) -> Iterator[str]:
    yield "identifier_type,identifier,fan,from,source\n"
    kinds = ("member", "wx-mini", "customer.erp")
    for n in range(count):
        yield f"{kinds[n % LINKS_A_FAN]},M{n:09d},fan-{n // LINKS_A_FAN},2026-{n % 12 + 1:02d}-01T{n % 24:02d}:{n % 60:02d}:00+08:00,crm\n"


def _fold_s(folder: Path, count: int) -> float:
    """Return the CPU of resolving and storing what the journal has, s."""
    with folding(folder / "state", load_site(folder / "site.toml"), SECRET.encode()) as gateway:
        began_s, pos = time.process_time(), 0
        while records := gateway.journal.read(pos, AT_ONCE):
            gateway.fold(records)
            pos = records[-1].pos
        gateway.checkpoints.write(gateway.shard)
        spent_s = time.process_time() - began_s
        known = sum(1 for _ in gateway.ledger.names_with_standing())
    if known < count:
        raise Failed(f"of {count:,} links {known:,} names stand for somebody")
    return spent_s


def histories(path: Path, visits: int) -> tuple[float, float]:
    """Return the CPU of one fan's history and profile, p50 and p99 in ms, from a ledger of so many visits.

    Raise Failed if one is not whole.
    """
    fans = visits // VISITS_A_FAN
    write(path, fans)
    rng, spent_ms, settings = random.Random(SEED), list[float](), load_profile(None)
    with ledger_reader(path) as ledger:
        for _ in range(ASKED):
            began_s = time.process_time()
            person = person_of(ledger, f"fan-{rng.randrange(fans)}")
            profile = profile_of(history_of(rows_of_fan(ledger, person.fan)), FOR_EVER_NS, settings)
            spent_ms.append((time.process_time() - began_s) * 1e3)
            if profile.ever.visits != VISITS_A_FAN or not profile.ever.purchases:
                raise Failed(f"{person.fan} has {profile.ever.visits} visits, not {VISITS_A_FAN}")
    spent_ms.sort()
    return spent_ms[ASKED // 2], spent_ms[ASKED * 99 // 100]


def write(path: Path, fans: int) -> None:
    """Write a ledger of fans with VISITS_A_FAN visits and a sale each."""
    ledger = Ledger(path)
    ledger.save_visits(_visit(fan, nth) for fan in range(fans) for nth in range(VISITS_A_FAN))
    ledger.save_dwells(_dwell(fan, nth) for fan in range(fans) for nth in range(VISITS_A_FAN))
    ledger.save_touches(_sales(fans))
    ledger.save_standings(Standing(_subject(fan), 1, (Span(-FOR_EVER_NS, FOR_EVER_NS, f"fan-{fan}"),)) for fan in range(fans))
    ledger.checkpoint([])
    ledger.close()


def _subject(fan: int) -> str:
    return f"{fan * 0x9E3779B97F4A7C15 % (1 << 63):016x}"


def _visit(fan: int, nth: int) -> VisitRow:
    start_ns = NOW_NS + nth * 13 * DAY_NS + fan
    return VisitRow(_subject(fan), f"s{(fan + nth) % 200}", start_ns, "x", start_ns, start_ns + 1_800 * 10**9, 7, 0, 0, f"fan-{fan}", 0, "")


def _dwell(fan: int, nth: int) -> DwellRow:
    start_ns = NOW_NS + nth * 13 * DAY_NS + fan
    return DwellRow(_subject(fan), f"s{(fan + nth) % 200}", "shelf", start_ns, "x", start_ns, start_ns + 900 * 10**9, 0, 0, f"fan-{fan}")


def _sales(fans: int) -> Iterable[TouchRow]:
    keys = ("zone", "department", "channel", "campaign", "ref", "items", "fan")
    sale = dict.fromkeys(keys, "") | {"what": "transaction", "staff_id": "ann", "amount": 5.0, "types": ["member"]}
    for fan in range(fans):
        time_ns = NOW_NS + 5 * 13 * DAY_NS + fan
        body = json.dumps(sale | {"time_ns": time_ns, "subjects": [_subject(fan)]})
        yield TouchRow(f"s{fan % 200}", "till", fan, time_ns, time_ns, None, _subject(fan), f"fan-{fan}", "", 0, body)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
