"""The stage of identity of a gateway: what an earlier release stored is worked out anew, once."""

from __future__ import annotations

import json
import sqlite3
import zlib
from itertools import permutations
from pathlib import Path
from typing import Any

import msgpack
import pytest

from footfall.frames import Kind
from footfall.sqlite import Schema, connect, migrate
from gateway.fold.state_version import KNOWS_STANDINGS
from gateway.identity.facts import Fact, Identifier, Link, Revoke
from gateway.identity.facts_json import encode_facts
from gateway.pipeline.identity_stage import identity_on, learn_of_earlier_release
from gateway.records import Record, RecordKind
from gateway.shard import Shard
from gateway.state.ledger import Ledger
from gateway.state.ledger_schema import SCHEMA, row_checksum
from gateway.state.sealed_rows import COLUMNS
from tests.support.journal_stories import Row, Rows, S, Story, new_fold, of, pairs, pseudonym, store
from tests.support.shards import shard_of

BEFORE = 6
"""So many steps had the schema of the release before there were standings."""
PHONE, CARD, BEACON, GONE = "a" * 15 + "1", "a" * 15 + "2", f"{5:016x}", "a" * 15 + "4"


def ledger_before(path: Path) -> None:
    """A ledger of that release: a visit of a linked beacon, two touches, links of both, and one of a touch that was forgotten."""
    story = Story().frame(0, [Row(Kind.STAY, int(BEACON, 16))]).end()
    fold = new_fold(Ledger(":memory:"))
    fold.apply(pairs(story.records))
    values = msgpack.unpackb(dict(fold.parts())["fold"], strict_map_key=False) | {"version": KNOWS_STANDINGS - 1}
    parts = {**dict(fold.parts()), "fold": msgpack.packb(values)}
    (visit,) = fold.state.ledger.visits_of(BEACON)
    db = connect(path)
    migrate(db, path, Schema(SCHEMA.kind, SCHEMA.table, SCHEMA.script, SCHEMA.steps[:BEFORE]))
    registered = {"subjects": [PHONE, CARD], "fan": "fan-1", "ref": "r1", "time_ns": story.now_ns}
    bought = {"subjects": [CARD], "fan": "", "ref": "r2", "time_ns": story.now_ns}
    for number, touched in enumerate((registered, bought), 1):
        body = {"what": "scan", "zone": "", "channel": "", "staff_id": "", "department": "", "campaign": "", "items": "", "stage": "",
                "amount": 0.0, "kind": "touch", **touched}  # fmt: skip
        row = ("s1", "x", number, story.now_ns, story.now_ns, f"t{number}", touched["subjects"][0], touched["fan"], touched["fan"], 0,
               json.dumps(body))  # fmt: skip
        insert(db, "touches", row)
    insert(db, "visits", visit)
    links = (BEACON, "fan-2", "crm"), (PHONE, "fan-1", "touch"), (GONE, "fan-3", "touch")
    for subject, fan, source in links:
        insert(db, "links", (subject, fan, 0, 1 << 62, source, 0.9))
    for name, part in parts.items():
        db.execute("INSERT INTO state (key, value, crc) VALUES (?,?,?)", (name, part, zlib.crc32(part)))
    db.close()


def insert(db: sqlite3.Connection, table: str, row: tuple[object, ...]) -> None:
    """Insert what a row had when the table had no more columns than it has now; later ones were added at the end."""
    there = {str(name) for (name,) in db.execute(f"SELECT name FROM pragma_table_info('{table}')")}
    columns = [name for name in COLUMNS[table].split(", ") if name in there]
    values = row[: len(columns)]
    marks = ", ".join("?" * (len(values) + 1))
    db.execute(f"INSERT INTO {table} ({', '.join(columns)}, crc) VALUES ({marks})", (*values, row_checksum(*values)))


def opened(path: Path) -> tuple[Ledger, Shard]:
    ledger = Ledger(path)
    shard = shard_of(new_fold().fresh(ledger), identity=identity_on(ledger, None))
    shard.resume(ledger.state())
    return ledger, shard


@pytest.fixture
def path(tmp_path: Path) -> Path:
    ledger_before(tmp_path / "ledger.db")
    return tmp_path / "ledger.db"


def test_links_and_touches_of_an_earlier_release_are_facts_once(path: Path) -> None:
    ledger, shard = opened(path)
    beats: list[int] = []
    learn_of_earlier_release(shard, ledger, lambda: beats.append(1))
    assert [ledger.subjects_of(fan) for fan in ("fan-1", "fan-2", "fan-3")] == [[PHONE, CARD], [BEACON], [GONE]]
    rows = store(shard.fold_alone([]).points, {})
    assert [(row["subject"], row["fan"]) for row in of(rows, "touch")] == [(CARD, "fan-1")], "only the first identifier counted before"
    assert [row.fan for row in ledger.visits_of(BEACON)] == ["fan-2"]
    assert beats
    shard.checkpoint({})
    ledger.close()
    ledger, shard = opened(path)
    assert shard.core.knows_standings
    ledger.close()


def test_without_a_checkpoint_it_is_done_again(path: Path) -> None:
    ledger, shard = opened(path)
    learn_of_earlier_release(shard, ledger, lambda: None)
    ledger.roll_back()
    shard.restart(ledger, ledger.state())
    assert not shard.core.knows_standings
    learn_of_earlier_release(shard, ledger, lambda: None)
    assert ledger.subjects_of("fan-2") == [BEACON]
    ledger.close()


SALE = {"kind": "touch", "what": "transaction", "id": "t1", "amount": 12.0, "identifiers": ["member:m1"], "ref": "r1"}
PAID = {"kind": "touch", "what": "payment", "id": "t2", "identifiers": ["wx-mini:o1"], "ref": "r1"}
MEMBER = Identifier("member", pseudonym("member:m1"))
OWNER = Link(id="link", learned_ns=0, source="crm", identifier=MEMBER, fan="f")


def told(*steps: Record) -> tuple[Ledger, dict[str, str]]:
    """Fold records one by one, the last with a crash before it; return the ledger, and the fan of each touch by what it is."""
    ledger = Ledger(":memory:")
    shard, rows = shard_of(new_fold().fresh(ledger), identity=identity_on(ledger, None)), Rows()
    for nth, record in enumerate([Story().records[0], *steps]):
        placed = [record._replace(pos=nth + 1, received_ns=Story().now_ns + nth * S)]
        if nth == len(steps):
            shard.fold_alone(pairs(placed))
            ledger.roll_back()
            shard.restart(ledger, ledger.state())
        store(shard.fold_alone(pairs(placed)).points, rows)
        shard.checkpoint({})
    return ledger, {row["what"]: row["fan"] for row in of(rows, "touch") if not row["void"]}


def event(value: dict[str, Any], **changed: Any) -> Record:
    """A plain event as it is journaled, but for `changed`."""
    record = Story().wait(1).event(0, value).records[-1]
    return record._replace(body=json.dumps(json.loads(record.body) | changed).encode())


def correction(of_id: str, **changed: Any) -> Record:
    return event({"kind": "void", "id": "c1", "of": of_id, "reason": "mistyped", "actor": "till"}, **changed)


def facts(*stated: Fact) -> Record:
    return Story().add(RecordKind.FACTS, encode_facts(stated)).records[-1]


@pytest.mark.parametrize(("steps", "fans"), [
    ([], {"transaction": "f", "payment": "f"}),
    ([correction("t2", kind="amend", set={"ref": "r2"})], {"transaction": "f", "payment": ""}),
    ([correction("t1")], {"payment": ""}),
    ([facts(Revoke(id="back", learned_ns=0, of=json.loads(event(SALE).body)["id"]))], {"transaction": "f", "payment": ""}),
])  # fmt: skip
def test_touches_that_state_no_more_than_a_reference_are_no_facts_and_meet_by_it_in_every_order(
    steps: list[Record], fans: dict[str, str]
) -> None:
    """Also once one of them is corrected, or taken back, which is found by what it was."""
    for order in permutations([event(SALE), event(PAID), facts(OWNER), *steps]):
        _, found = told(*(record._replace(seq=nth) for nth, record in enumerate(order)))
        assert found == fans
    ledger, _ = told(event(SALE), event(PAID)._replace(seq=2), facts(OWNER))
    assert list(ledger.facts_naming([MEMBER.subject])) == [OWNER]
