"""What one checkpoint holds stands or falls together. What the ledger answers, `tests/conformance/test_fold_store.py` holds it to."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from footfall.sqlite import Schema, connect, migrate
from gateway.fold.store import CountRow, TouchRow, VisitRow
from gateway.identity.facts import Span, Standing
from gateway.state import identity_tables
from gateway.state.ledger import Ledger
from gateway.state.ledger_schema import SCHEMA, row_checksum
from gateway.state.sealed_rows import StandingRow, insert
from tests.support.identity_facts import link, name

CHECKPOINTING = """
import sys
from pathlib import Path
from gateway.state.ledger import Ledger
from gateway.state.ledger_schema import SCHEMA, row_checksum
ledger = Ledger(Path(sys.argv[1]))
n = int(ledger.state().get("n", b"0"))
while True:
    n += 1
    ledger.save_visits([("s%d" % n, "store", n, "x", n, n, 1, 0, 0, "", 0, "", "", 0)])
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


def test_readers_see_checkpoints_only(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = Ledger(path)
    ledger.save_visits([VisitRow("a" * 16, "s", 1, "x", 1, 2, 1, 0, 0, "", 0, "")])
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    assert reader.execute("SELECT count(*) FROM visits").fetchone() == (0,)
    ledger.checkpoint([])
    assert reader.execute("SELECT count(*) FROM visits").fetchone() == (1,)
    ledger.save_visits([VisitRow("a" * 16, "s", 2, "x", 2, 3, 1, 0, 0, "", 0, "")])
    ledger.close()
    assert reader.execute("SELECT count(*) FROM visits").fetchone() == (1,)


def test_a_count_of_an_earlier_release_keeps_its_checksum_and_is_of_a_door_of_which_nothing_more_is_known(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    before = Schema(SCHEMA.kind, SCHEMA.table, SCHEMA.script, SCHEMA.steps[:4])
    db = connect(path)
    migrate(db, path, before)
    values = ("c1", "s", "x", "d", 5, 4, 1)
    db.execute("INSERT INTO counts VALUES (?,?,?,?,?,?,?,?)", (*values, row_checksum(*values)))
    db.close()
    ledger = Ledger(path)
    assert ledger.count_by_id("c1") == CountRow(*values, inner=-1)
    ledger.save_count(CountRow(*values, inner=1))
    assert ledger.count_by_id("c1") == CountRow(*values, inner=1)
    ledger.close()


def test_touches_of_an_earlier_release_are_found_by_all_that_they_name(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    db = connect(path)
    migrate(db, path, Schema(SCHEMA.kind, SCHEMA.table, SCHEMA.script, SCHEMA.steps[:6]))
    first, second = "a" * 16, "b" * 16
    body = json.dumps({"subjects": [first, second], "ref": "r1", "fan": "f1"})
    values = ("s", "x", 1, 10, 10, "id1", first, "f1", "f1", 0, body)
    damaged = ("s", "x", 2, 20, 20, "id2", first, "", "", 0, "no JSON")
    insert = "INSERT INTO touches VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
    db.executemany(insert, [(*values, row_checksum(*values)), (*damaged, 7)])
    db.close()
    ledger = Ledger(path)
    assert [ledger.touches_of(name) for name in (second, "ref:r1", "fan:f1")] == [[TouchRow(*values)]] * 3
    ledger.close()


def test_touches_that_an_earlier_release_kept_in_the_order_of_their_key_answer_as_they_did(tmp_path: Path) -> None:
    path, (first, second) = tmp_path / "ledger.db", ("a" * 16, "b" * 16)
    db = connect(path)
    migrate(db, path, Schema(SCHEMA.kind, SCHEMA.table, SCHEMA.script, SCHEMA.steps[:10]))
    touches = [TouchRow("s", "x", row, row, row, f"id{row}", first, fan, "", 0, "{}") for row, fan in ((1, ""), (2, "f"), (3, "f"))]
    db.executemany(f"INSERT INTO touches VALUES ({','.join('?' * 12)})", [(*row, row_checksum(*row) + (row.row == 3)) for row in touches])
    db.close()
    ledger = Ledger(path)
    assert ledger.drop_damaged() == {"touches": 1}, "one that was damaged stays so"
    assert (ledger.touches_of(first), ledger.touches_since("f", 0)) == (touches[:2], touches[1:2])
    assert (ledger.touch_by_id("id1"), ledger.touch_by_key("s", "x", 2)) == (touches[0], touches[1])
    changed = touches[0]._replace(subject=second, fan="g")
    ledger.save_touches([changed])
    assert (ledger.touches_of(first), ledger.touches_of(second)) == ([touches[1]], [changed]), "one row a key"
    ledger.close()


def test_of_touches_that_have_one_id_the_same_one_answers_whichever_was_written_last() -> None:
    ledger = Ledger(":memory:")
    touches = [TouchRow("s", agent, 1, 1, 1, "id", "", "", "", 0, "{}") for agent in ("x", "y")]
    ledger.save_touches(touches[::-1])
    ledger.save_touches([touches[0]])
    assert ledger.touch_by_id("id") == touches[0]
    ledger.close()


def test_a_standing_of_an_earlier_release_holds_in_the_stores_that_it_named(tmp_path: Path) -> None:
    """It had a store of each span; now each of these stores stands apart."""
    ledger, tag = Ledger(tmp_path / "ledger.db"), name("tag:1")
    stored = (tag, 3, 20, 0, '[[0,9,"a"],[9,20,"b"],[20,30,"c"]]', '[0,20,[0,"s1"],[9,"s2"]]', "")
    ledger._db.execute(insert(StandingRow), (*stored, row_checksum(*stored)))
    standing = ledger.standing(tag)
    assert standing is not None
    held = {store: [span.fan for span in standing.within(store).spans] for store in ("s1", "s2", "s3")}
    assert held == {"s1": ["a", "c"], "s2": ["b", "c"], "s3": ["c"]}
    assert (standing.lent, standing.within("s1").lent, standing.within("s2").lent) == ((20,), (0, 20), (20,))
    ledger.close()


def test_names_that_wait_to_be_written_are_found_and_go_with_what_is_rolled_back(tmp_path: Path) -> None:
    ledger, before, after = Ledger(tmp_path / "ledger.db"), link("member:1", "A"), link("member:1", "B")
    ledger.add([before], [])
    ledger.save_standings([Standing(name("member:1"), 1)])
    assert (list(ledger.facts_naming(["claims:A"])), ledger.standing(name("member:1"))) == ([before], Standing(name("member:1"), 1))
    ledger.checkpoint([])
    ledger.add([after], [])
    ledger.save_standings([Standing(name("member:1"), 2)])
    assert set(ledger.facts_naming([name("member:1")])) == {before, after}
    ledger.roll_back()
    assert (list(ledger.facts_naming([name("member:1")])), ledger.standing(name("member:1"))) == ([before], Standing(name("member:1"), 1))
    ledger.close()


def test_so_many_names_are_written_before_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity_tables, "WRITTEN_AT_ONCE", 4)
    ledger, facts = Ledger(tmp_path / "ledger.db"), [link(f"member:{n}", "A") for n in range(9)]
    for fact in facts:
        ledger.add([fact], [])
        ledger.save_standings([Standing(fact.identifier.subject, 1, (Span(0, 1, "A"),))])
    assert sorted(each.id for each in ledger.facts_naming(["claims:A"])) == [each.id for each in facts]
    assert ledger.subjects_of("A") == sorted(each.identifier.subject for each in facts)
    ledger.close()


def test_no_page_is_kept_in_a_file_of_its_own_while_a_statement_of_many_rows_runs(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    assert ledger._db.execute("PRAGMA temp_store").fetchone() == (2,), "in memory"
    ledger.close()
