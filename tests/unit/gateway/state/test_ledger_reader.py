"""Another process reads one state of the ledger, while the gateway writes the next."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from footfall.errors import ConfigError
from footfall.sqlite import DamagedFile
from gateway.fold.store import TouchRow, VisitRow
from gateway.fold.touch_names import name_rows
from gateway.state.ledger import Ledger
from gateway.state.ledger_reader import ledger_reader

VISIT = VisitRow("05".zfill(16), "s1", 10, "x", 10, 20, 1, 0, 0, "f", 0, "")


def test_all_is_of_one_checkpoint(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.save_visits([VISIT])
    ledger.checkpoint([("fold", b"\x81\xa3pos\x07")])
    with ledger_reader(tmp_path / "ledger.db") as reader:
        assert (reader.pos, reader.as_of_s) == (7, 0)
        ledger.save_visits([VISIT._replace(key_ns=30)])
        ledger.checkpoint([])
        assert reader.visits_of(VISIT.subject) == [VISIT]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader._db.execute("DELETE FROM visits")  # that it cannot write is the point
    with ledger_reader(tmp_path / "ledger.db") as reader:
        assert len(reader.visits_of(VISIT.subject)) == 2


def test_a_ledger_before_its_first_checkpoint_knows_nothing(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.db").close()
    with ledger_reader(tmp_path / "ledger.db") as reader:
        assert (reader.pos, reader.as_of_s, reader.part("slots"), reader.subjects_of("f")) == (0, 0, b"", [])


def test_what_only_a_touch_states_is_a_fact_to_readers(tmp_path: Path) -> None:
    ledger, body = Ledger(tmp_path / "ledger.db"), {"subjects": [VISIT.subject], "types": ["member"], "fan": "", "ref": "r1", "time_ns": 10}
    ledger.save_touches([TouchRow("s1", "x", number, 10, 10, event_id, VISIT.subject, "", "", 0, json.dumps(body)) for number, event_id in
                         ((1, "t1"), (2, None))])  # fmt: skip
    ledger.checkpoint([])
    with ledger_reader(tmp_path / "ledger.db") as reader:
        assert reader.identifier_type(VISIT.subject) == "member"
        assert {fact.id for fact in reader.facts_naming([VISIT.subject])} == {"t1", "s1/x/2/10"}
        assert [fact.id for fact in reader.facts_naming(["fact:t1"])] == ["t1"]
        assert [fact.id for fact in reader.facts_naming(["fact:s1/x/2/10"])] == ["s1/x/2/10"]


def test_touches_are_found_by_the_reference_that_they_have_now_and_by_their_place(tmp_path: Path) -> None:
    def touch(row: int, ref: str) -> TouchRow:
        body = json.dumps({"subjects": [], "fan": "", "ref": ref, "shared_by": "fan-2"})
        return TouchRow("s1", "x", row, 10_000_000, 10_500_000 + row, f"t{row}", "", "", "", 0, body)

    ledger, mended = Ledger(tmp_path / "ledger.db"), touch(2, "r2")
    for row in (touch(1, "r1"), touch(2, "r1"), mended):  # the second was amended
        ledger.save_touches([row], name_rows(row, json.loads(row.body)))
    ledger.checkpoint([])
    with ledger_reader(tmp_path / "ledger.db") as reader:
        assert len(reader.touches_of("ref:r1")) == 2
        assert reader.touches_by_name(["ref:r1", "ref:r2", "ref:r3"]) == {"ref:r1": [touch(1, "r1")], "ref:r2": [mended]}
        assert len(reader.touches_by_name(["fan:fan-2"])["fan:fan-2"]) == 2
        assert reader.touch_by_key("s1", "x", 10_500_002) == mended
        assert [reader.touch_by_key(*other) for other in (("s2", "x", 10_500_002), ("s1", "x", 10_500_003), ("s1", "x", 9_500_002))] == [
            None
        ] * 3


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.checkpoint([("fold", b"\x81\xa3pos\x07")])
    ledger.close()
    with sqlite3.connect(tmp_path / "ledger.db") as db:
        db.execute("UPDATE state SET value=?", (b"\x81\xa3pos\x08",))
    with ledger_reader(tmp_path / "ledger.db") as reader, pytest.raises(DamagedFile, match="in its part 'fold'"):
        reader.part("fold")


def test_a_file_that_is_no_ledger_of_this_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no ledger yet"), ledger_reader(tmp_path / "ledger.db"):
        pass
    Ledger(tmp_path / "ledger.db").close()
    with sqlite3.connect(tmp_path / "ledger.db") as db:
        db.execute("PRAGMA user_version=1")
    with pytest.raises(ConfigError, match="of another release"), ledger_reader(tmp_path / "ledger.db"):
        pass
    (tmp_path / "ledger.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigError, match=r"ledger\.db"), ledger_reader(tmp_path / "ledger.db"):
        pass
