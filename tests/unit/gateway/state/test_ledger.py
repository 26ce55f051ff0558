"""What one checkpoint says stands or falls together; the ledger answers by person, place and time."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.fold.store import LinkRow
from gateway.state.ledger import Ledger

CHECKPOINTING = """
import sys
from pathlib import Path
from gateway.state.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
n = int(ledger.state().get("n", b"0"))
while True:
    n += 1
    ledger.save_visits([("s%d" % n, "store", n, "x", n, n, 1, 0, 0, "", 0, "")])
    ledger.save_cells("traffic", [(0, n, [float(n)])])
    ledger.save_touches([("store", "x", n, n, n, "id%d" % n, "", "", "", 0, "{}")])
    ledger.change_outbox(n - 3, [(n, 1, b"points")])
    if n % 4 == 0:
        ledger.checkpoint([("n", b"%d" % n)])
        print(n, flush=True)
"""


def test_kill_9_at_any_moment_leaves_one_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    for kill in range(5):
        process = subprocess.Popen([sys.executable, "-c", CHECKPOINTING, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        told = int(process.stdout.readline())
        time.sleep(0.01 + 0.02 * kill)
        process.send_signal(signal.SIGKILL)
        told = max([told, *(int(line) for line in process.stdout.read().split("\n")[:-1] if line)])
        process.wait()
        ledger = Ledger(path)
        n = int(ledger.state()["n"])
        assert n >= told
        assert len(ledger.visits_of(f"s{n}")) == 1
        assert ledger.visits_of(f"s{n + 1}") == []
        assert ledger.load_cell("traffic", 0, n) == [float(n)]
        assert ledger.load_cell("traffic", 0, n + 1) is None
        assert ledger.touch_by_id(f"id{n}") is not None
        assert ledger.touch_by_id(f"id{n + 1}") is None
        assert [row[0] for row in ledger.outbox()] == [n - 2, n - 1, n]
        ledger.close()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(":memory:")


def visit(key: int, start: int, last: int, subject: str = "a" * 16, **more: Any) -> tuple[Any, ...]:
    values = {"store": "s", "agent": "x", "zones": 1, "staff": 0, "open": 0, "fan": "", "grouped": 0, "counted": ""} | more
    return (
        subject,
        values["store"],
        key,
        values["agent"],
        start,
        last,
        *[values[name] for name in ("zones", "staff", "open", "fan", "grouped", "counted")],
    )


def test_a_visit_is_replaced_by_its_later_version(ledger: Ledger) -> None:
    ledger.save_visits([visit(5, 5, 9)])
    ledger.save_visits([visit(5, 5, 20, fan="f")])
    assert ledger.visits_of("a" * 16) == [visit(5, 5, 20, fan="f")]


def test_visits_that_touch_a_span_both_ends_included(ledger: Ledger) -> None:
    ledger.save_visits([visit(10, 10, 20), visit(30, 30, 40), visit(50, 50, 60), visit(11, 11, 21, store="other")])
    found = {
        span: [row[2] for row in ledger.visits("a" * 16, "s", *span)]
        for span in ((0, 9), (0, 10), (20, 30), (21, 29), (35, 36), (60, 99), (61, 99))
    }
    assert found == {(0, 9): [], (0, 10): [10], (20, 30): [10, 30], (21, 29): [], (35, 36): [30], (60, 99): [50], (61, 99): []}


def test_how_long_a_dwell_covers_a_time(ledger: Ledger) -> None:
    ledger.save_dwells([("a" * 16, "s", "z", key, "x", key, key + 10, 0, 0, "") for key in (100, 105, 200)])
    assert [ledger.dwell_end("a" * 16, "s", time_ns) for time_ns in (99, 100, 107, 115, 116, 210)] == [0, 110, 115, 115, 0, 210]


def test_a_link_told_twice_counts_with_its_greater_confidence(ledger: Ledger) -> None:
    for confidence in (0.5, 1.0, 0.7):
        ledger.save_links([LinkRow("a" * 16, "f", 0, 9, "crm", confidence)])
    assert ledger.links_of("a" * 16) == [("a" * 16, "f", 0, 9, "crm", 1.0)]
    ledger.save_links([LinkRow("b" * 16, "f", 0, 9, "crm", 1.0)])
    assert ledger.subjects_of("f") == ["a" * 16, "b" * 16]


def test_cells_and_the_nearest_before_them(ledger: Ledger) -> None:
    ledger.save_cells("traffic", [(1, minute, [float(minute)]) for minute in (5, 7, 9)])
    ledger.save_cells("zone", [(1, 8, [8.0])])
    assert ledger.load_cell_before("traffic", 1, 9) == (7, [7.0])
    assert ledger.load_cell_before("traffic", 1, 5) is None
    assert ledger.load_cell_before("traffic", 2, 9) is None
    assert sorted(ledger.cell_minutes("traffic", 1, 5, 8)) == [5, 7]


def test_voided_touches_belong_to_no_fan(ledger: Ledger) -> None:
    rows = [("s", "x", n, 10 * n, 10 * n, f"id{n}", "", "f", "", int(n == 2), "{}") for n in (1, 2, 3)]
    ledger.save_touches(rows)
    assert ledger.touches_of_fan("f", "s", 10, 30) == [rows[0], rows[2]]
    assert ledger.touches_of_fan("f", "s", 11, 29) == []
    assert ledger.touches_of_fan("f", "other", 0, 99) == []


def test_touches_that_were_just_saved_are_seen(ledger: Ledger) -> None:
    row = ("s", "x", 1, 10, 10, "id1", "a" * 16, "", "", 0, "{}")
    ledger.save_touches([row])
    assert ledger.touch_by_id("id1") == row
    assert ledger.touches_of("a" * 16) == [row]


def test_prune_forgets_what_ended_before(ledger: Ledger) -> None:
    minute = 60_000_000_000
    ledger.save_visits([visit(1, 1, minute), visit(2, 2, 9 * minute)])
    ledger.save_dwells([("a" * 16, "s", "z", key, "x", key, key, 0, 0, "") for key in (1, 9 * minute)])
    ledger.save_touches([("s", "x", n, n * minute, n * minute, None, "a" * 16, "", "", 0, "{}") for n in (1, 9)])
    ledger.save_cells("traffic", [(1, n, [1.0]) for n in (1, 9)])
    ledger.save_links([LinkRow("a" * 16, "f", 0, 1, "crm", 1.0)])
    ledger.prune(5 * minute)
    assert [row[2] for row in ledger.visits_of("a" * 16)] == [2]
    assert [row[3] for row in ledger.dwells_of("a" * 16)] == [9 * minute]
    assert [row[2] for row in ledger.touches_of("a" * 16)] == [9]
    assert ledger.cell_minutes("traffic", 1, 0, 99) == [9]
    assert len(ledger.links_of("a" * 16)) == 1, "who is who is not forgotten"


def test_readers_see_checkpoints_only(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = Ledger(path)
    ledger.save_visits([visit(1, 1, 2)])
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    assert reader.execute("SELECT count(*) FROM visits").fetchone() == (0,)
    ledger.checkpoint([])
    assert reader.execute("SELECT count(*) FROM visits").fetchone() == (1,)
    ledger.save_visits([visit(2, 2, 3)])
    ledger.close()
    assert reader.execute("SELECT count(*) FROM visits").fetchone() == (1,)
