"""Where device times repeat, and where plain events meet: every row has a point, whatever the clock of its device shows."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.frames import Kind, Offset, encode_body
from gateway.fold import keys
from gateway.points import KEYS_A_HALF, key_base
from gateway.records import OLD_KEYS, Record, RecordKind
from gateway.state.ledger import Ledger
from tests.support.accept_inputs import EVENTS, NOW, SITE, TOPIC, Memory, S, acceptor, body, frame
from tests.support.journal_stories import Rows, folded, new_fold, of, pairs, store

MS = 1_000_000
SITE_RECORD = Record(1, NOW, RecordKind.SITE, "", "", 0, 0, 0, 0, SITE.model_dump_json().encode())


def passed(epoch: str, n: int = 100, first_row: int = 0, time_ns: int = NOW - 60 * S, pos: int = 2, base: int | None = None) -> Record:
    """`n` crossings that a device dates to one moment; the count distinguishes them."""
    made = body(*[Kind.IN] * n, first_row=first_row, t_wall_ns=np.full(n, time_ns))
    made.count = np.arange(1, n + 1, dtype=np.int32)
    digits = key_base("x", epoch) if base is None else base
    return Record(pos, NOW + pos, RecordKind.FRAME, "s1", "x", 1, NOW - 100 * S, 0, 0, encode_body(made), digits)


def doors(records: Sequence[Record]) -> list[dict[str, Any]]:
    return of(folded([SITE_RECORD, *records]), "door")


def test_rows_of_two_epochs_with_the_same_device_time_are_all_stored() -> None:
    stored = doors([passed("e1"), passed("e2", pos=3)])
    assert len(stored) == 200
    assert {row["time_ns"] // MS for row in stored} == {(NOW - 60 * S) // MS}
    assert all(row["time_ns"] % MS < KEYS_A_HALF for row in stored)


def test_rows_that_an_earlier_release_journaled_keep_their_places() -> None:
    stored = doors([passed("e1", 3, first_row=7, base=OLD_KEYS)])
    assert sorted(row["time_ns"] - (NOW - 60 * S) for row in stored) == [7, 8, 9]


def test_what_finds_its_place_taken_is_moved_on_and_counted() -> None:
    fold = new_fold()
    records = [SITE_RECORD, passed("e1", 4, base=10), passed("e2", 4, base=12, pos=3)]
    assert len(of(store(fold.apply(pairs(records)), {}), "door")) == 8
    assert fold.state.counts["keys_moved_total"] == 2


def test_the_same_frame_again_is_the_same_points() -> None:
    """As from quarantine after a crash."""
    fold = new_fold()
    records = [SITE_RECORD, passed("e1", 5), passed("e1", 5, pos=3)]
    assert len(of(store(fold.apply(pairs(records)), {}), "door")) == 5
    assert fold.state.counts["keys_moved_total"] == 0


def test_rows_whose_time_is_their_agent_s_are_numbered_as_ever() -> None:
    made = encode_body(body(Kind.IN, Kind.IN, first_row=40))
    stored = doors([Record(2, NOW + 2, RecordKind.FRAME, "s1", "x", 1, NOW - 100 * S, 0, 0, made, key_base("x", "e"))])
    assert sorted(row["time_ns"] % MS for row in stored) == [40, 41]


def gap_of(epoch: str, pos: int, base: int | None = None) -> Record:
    """The first row of an epoch: a gap from one moment on."""
    made = encode_body(body(Kind.GAP, extra={0: {"to_boot_ns": 50 * S, "rows": pos, "reason": "agent.restart"}}))
    digits = key_base("x", epoch) if base is None else base
    return Record(pos, NOW + pos, RecordKind.FRAME, "s1", "x", 1, NOW - 100 * S, 0, 0, made, digits)


def test_gaps_of_two_epochs_from_the_same_moment_are_both_stored() -> None:
    """A spoiled frame of an epoch, and the gap after it that the next epoch reports, begin at the same time."""
    records = [SITE_RECORD, gap_of("e1", 2), gap_of("e2", 3)]
    assert sorted(row["rows"] for row in of(folded(records), "gap")) == [2, 3]
    old = [SITE_RECORD, gap_of("e1", 2, OLD_KEYS)]
    assert [row["time_ns"] % MS for row in of(folded(old), "gap")] == [0]


def test_gaps_that_are_sent_again_to_a_gateway_that_knows_nothing_are_the_same_points() -> None:
    """Those that the agent reports, and those that accept finds; the frame has its own date."""
    said = {"to_boot_ns": 99 * S, "rows": 4, "reason": "agent.restart"}
    made = body(Kind.GAP, Kind.GAP, first_row=12, extra={0: said, 1: said}, offset=Offset(NOW - 100 * S, 2 * MS))
    stored = []
    for received_ns in (NOW, NOW + 3600 * S + 77):
        outcome = acceptor(Memory()).frame(TOPIC, frame(5, made, oldest=5, sent_boot_ns=100 * S), received_ns)
        records = [
            Record(pos, received_ns, e.kind, e.store, e.agent, e.seq, e.offset_ns, e.time_quality, e.clock_width_ns, e.body, e.key_base)
            for pos, e in enumerate(outcome.entries, 2)
        ]
        stored.append(of(folded([SITE_RECORD, *records]), "gap"))
    assert len(stored[0]) == 3
    assert stored[0] == stored[1]


clashing = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 6), st.integers(0, 1)), min_size=1, max_size=8)


@given(clashing, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_whatever_clashes_lies_the_same_in_batches_of_any_size_and_after_restarts(said: list[tuple[int, int, int]], seed: int) -> None:
    records = [SITE_RECORD]
    records += [passed("", n, time_ns=NOW - 60 * S + at, pos=pos, base=base) for pos, (base, n, at) in enumerate(said, 2)]
    expected, rng = folded(records), random.Random(seed)
    fold, rows = new_fold(), Rows()
    at = 0
    while at < len(records):
        size = rng.randint(1, 3)
        if rng.random() < 0.4:
            fold.checkpoint({})
            ledger, fold = fold.state.ledger, new_fold(fold.state.ledger)
            fold.load(ledger.state())
        store(fold.apply(pairs(records[at : at + size])), rows)
        at += size
    assert rows == expected


def test_after_a_crash_the_same_points_are_moved_to_the_same_places(tmp_path: Path) -> None:
    records = [SITE_RECORD, passed("e1", 4, base=10), passed("e2", 4, base=12, pos=3), passed("e3", 4, base=11, pos=4)]
    ledger = Ledger(tmp_path / "ledger.db")
    fold = new_fold(ledger)
    rows = store(fold.apply(pairs(records[:2])), {})
    fold.checkpoint({})
    store(fold.apply(pairs(records[2:])), rows)
    ledger.close()
    ledger = Ledger(tmp_path / "ledger.db")
    again = new_fold(ledger)
    again.load(ledger.state())
    store(again.apply(pairs(records[2:])), rows)
    ledger.close()
    assert rows == folded(records)


def test_only_the_latest_claims_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "KEEP_CLAIMS", 6)
    fold = new_fold()
    records = [SITE_RECORD, *[passed("", 4, time_ns=NOW - 60 * S + MS * pos, pos=pos, base=1) for pos in range(2, 10)]]
    fold.apply(pairs(records))
    fold.state.keys.forget(fold.state.counts)
    ledger = fold.state.ledger
    owner = keys.owner_of("s1", "x")
    kept = [pos for pos in range(2, 10) if ledger.claimed(owner, (NOW - 60 * S + MS * pos) // MS * MS + 1)]
    assert kept == [9]


# Plain events


def events(payloads: Sequence[dict[str, Any]], memory: Memory | None = None) -> list[Record]:
    made = acceptor(memory).events(EVENTS, json.dumps(list(payloads)).encode(), NOW)
    return [Record(pos, NOW + pos, entry.kind, *entry[1:4], 0, 0, 0, entry.body) for pos, entry in enumerate(made.entries, 2)]


SALE = {"kind": "touch", "what": "transaction", "id": "pos-1", "amount": 5.0, "time": "2026-09-21T12:00:00+00:00"}
SCAN = {"kind": "touch", "what": "scan", "ref": "R1", "time": "2026-09-21T12:00:00+00:00"}


def touches(records: Sequence[Record]) -> set[int]:
    return {row["time_ns"] for row in of(folded([SITE_RECORD, *records]), "touch")}


def test_an_event_has_the_same_point_from_a_gateway_that_has_counted_others_before() -> None:
    other = Memory()
    events([SALE | {"id": f"before-{n}"} for n in range(5)], other)
    for event in (SALE, SCAN):
        assert touches(events([event])) == touches(events([event], other))


def test_two_events_without_id_that_are_alike_are_two() -> None:
    assert len(touches(events([SCAN, SCAN, SCAN]))) == 3


def test_an_event_that_an_earlier_release_journaled_keeps_its_place() -> None:
    (record,) = events([SALE])
    values = json.loads(record.body)
    del values["key"]
    assert touches([record._replace(seq=7, body=json.dumps(values).encode())]) == {values["time_ns"] // MS * MS + KEYS_A_HALF + 7}


def test_an_event_that_came_through_an_agent_is_named_by_its_row() -> None:
    """Sent again to a gateway that lost its state, it is the same, also beside others that it took meanwhile."""
    made = body(
        Kind.EVENT, Kind.EVENT, extra={0: {"event": '{"kind":"touch","what":"scan"}'}, 1: {"event": '{"kind":"touch","what":"scan"}'}}
    )
    first, other = Memory(), Memory()
    acceptor(other).events(TOPIC, b'{"kind":"touch","what":"scan"}', NOW)
    keys_of = [
        [
            json.loads(entry.body)["key"]
            for entry in acceptor(memory).frame(TOPIC, frame(1, made), NOW).entries
            if entry.kind == RecordKind.EVENT
        ]
        for memory in (first, other)
    ]
    assert keys_of[0] == keys_of[1]
    assert len(set(keys_of[0])) == 2


def test_health_and_gaps_go_by_when_they_came_not_by_their_position() -> None:
    health = json.dumps({"uptime_s": 1.5, "spool_frames": 2, "sightings_total": 3, "dropped_total": 4}).encode()
    gap = json.dumps({"from_ns": NOW - S, "to_ns": NOW, "rows": 7, "reason": "spool_full"}).encode()
    for kind, data, measurement in ((RecordKind.HEALTH, health, "agent"), (RecordKind.GAP, gap, "gap")):
        record = Record(2, NOW + 2, kind, "s1", "x", 0, 0, 0, 0, data, 123_456)
        told = [of(folded([SITE_RECORD, record._replace(pos=pos)]), measurement)[0]["time_ns"] for pos in (2, 900)]
        assert told[0] == told[1]
        assert told[0] % MS == KEYS_A_HALF + 123_456
