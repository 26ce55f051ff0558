"""Whatever numbers a frame bears, it is taken or refused, journaled, folded and can be spelled: no number ends the gateway."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import ContractError
from footfall.frames import COLUMNS, Body, Kind, encode_body
from footfall.topics import Topic
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser
from gateway.records import DEVICE_FUTURE_NS, EARLIEST_NS, Record, RecordKind
from gateway.sinks.influxdb.line_protocol import encode
from gateway.site.index import Places
from gateway.state.journal import Journal
from tests.support.accept_inputs import NOW, SECRET, SITE, TOPIC, S, body, frame
from tests.support.journal_stories import Rows, new_fold, pairs, store
from tests.support.whole import examples

OWN_EVENTS = Topic("s1", "x", "events")
SCAN = b'{"kind":"touch","what":"scan"}'
MOST = (1 << 63) - 1
YEAR_2262 = MOST // S * S
near = [0, 1, S, 100 * S, NOW - S, NOW, NOW + S, 3 << 60, YEAR_2262, MOST - 10_000, MOST - 1, MOST]
huge = st.one_of(st.sampled_from(near), st.integers(0, MOST))
signed = st.one_of(st.sampled_from([*near, *[-each for each in near], -(1 << 63)]), st.integers(-(1 << 63), MOST))
seqs = st.one_of(st.integers(1, 3), st.sampled_from([MOST - 1, MOST]), huge)


@st.composite
def bodies(draw: Any) -> Body:
    n = draw(st.integers(0, 4))

    def column(name: str, values: st.SearchStrategy[Any]) -> np.ndarray[Any, Any]:
        return np.array(draw(st.lists(values, min_size=n, max_size=n)), COLUMNS.get(name, np.dtype("<i8")))

    kind = column("kind", st.sampled_from([Kind.ENTER, Kind.STAY, Kind.EXIT, Kind.IN, Kind.OUT, Kind.GAP]))
    gap = {"to_boot_ns": draw(huge), "rows": draw(huge), "reason": "away"}
    return Body(
        draw(st.sampled_from(["boot", "before"])), draw(huge), draw(huge), draw(st.booleans()), draw(huge), draw(huge),
        ("a", "d"), ("ibeacon",), kind, column("t_boot_ns", huge), column("subject", st.integers(0, (1 << 64) - 1)),
        ((kind == Kind.IN) | (kind == Kind.OUT)).astype("<u2"), column("profile", st.just(0)), column("rssi_dbm", st.integers(-128, 127)),
        column("count", st.sampled_from([0, 1, (1 << 31) - 1])), column("value", st.sampled_from([0.0, 1e-45, 3.4e38, -3.4e38])),
        draw(st.none() | st.just(column("t_wall_ns", signed))), {row: gap for row in range(n) if kind[row] == Kind.GAP},
    )  # fmt: skip


headers = st.fixed_dictionaries(
    {
        "epoch": st.sampled_from(["e", "-"]),
        "oldest": seqs | st.just(0),
        "boot": st.sampled_from(["boot", "before"]),
        "sent_boot_ns": huge,
        "sent_wall_ns": huge,
        "gateway_ns": huge,
        "heard_boot_ns": huge,
    }
)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.tuples(seqs, bodies(), headers, st.integers(0, 3) | st.just(10**6)), min_size=1, max_size=6))
def test_no_number_of_a_frame_ends_the_gateway(sent: Sequence[tuple[int, Body, dict[str, Any], int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.db")
        try:
            told(journal, sent)
        finally:
            journal.close()


def told(journal: Journal, sent: Sequence[tuple[int, Body, dict[str, Any], int]]) -> None:
    accept = Acceptor(Places(SITE), journal, Pseudonymiser(SECRET))
    site = Record(0, NOW, RecordKind.SITE, "", "", 0, 0, 0, 0, SITE.model_dump_json().encode())
    fold, now_ns = new_fold(), NOW
    rows: Rows = {}
    fold.apply([(site, None)])
    for seq, rows_of, more, waited_s in sent:
        now_ns += waited_s * S + 1
        more["oldest"] = more["oldest"] or seq  # so that most are taken
        for payload in (frame(seq, rows_of, **more), SCAN):
            try:
                made = accept.events(OWN_EVENTS, SCAN, now_ns) if payload is SCAN else accept.frame(TOPIC, payload, now_ns)
            except ContractError:
                continue
            records = journal.commit([(now_ns, entry) for entry in made.entries], {})
            assert journal.read(records[0].pos - 1, 9) == records if records else True
            for each in fold.apply(pairs(records)):
                encode(each)
                store([each], rows)
    tick = Record(journal.last_pos + 1, now_ns + 7200 * S, RecordKind.TICK, "", "", 0, 0, 0, 0, b"")
    for each in fold.apply([(tick, None), (tick._replace(pos=tick.pos + 1, received_ns=tick.received_ns + 60 * S), None)]):
        encode(each)
        store([each], rows)
    times = [key[1] for key in rows if key[0] in ("presence", "door", "visit", "dwell", "touch")]
    assert all(EARLIEST_NS <= time_ns <= now_ns + DEVICE_FUTURE_NS + S for time_ns in times)


@pytest.mark.parametrize(
    ("t_boot_ns", "t_wall_ns", "expected_ns"),
    [
        (MOST, 0, NOW + S),
        (YEAR_2262, 0, NOW + S),
        (0, 0, NOW - 100 * S),
        (50 * S, YEAR_2262, NOW + DEVICE_FUTURE_NS),
        (50 * S, S, NOW - 50 * S),
    ],
)
def test_a_time_that_cannot_be_is_the_nearest_that_can(t_boot_ns: int, t_wall_ns: int, expected_ns: int) -> None:
    """Received at NOW, made when the boot clock read 100 s; the sum of both may be past 2^63."""
    made = body(Kind.ENTER, t_wall_ns=np.array([t_wall_ns]))
    made.t_boot_ns[0] = t_boot_ns
    journal = [
        Record(1, NOW, RecordKind.SITE, "", "", 0, 0, 0, 0, SITE.model_dump_json().encode()),
        Record(2, NOW, RecordKind.FRAME, "s1", "x", 1, NOW - 100 * S, 0, 0, encode_body(made)),
    ]
    fold = new_fold()
    (row,) = [key for key in store(fold.apply(pairs(journal)), {}) if key[0] == "presence"]
    assert row[1] == expected_ns
    assert fold.state.counts["times_clamped_total"] == (expected_ns > NOW)
    assert fold.state.counts["times_unset_total"] == (t_wall_ns == S)


def test_a_device_whose_clock_was_never_set_overwrites_nothing() -> None:
    """Each run of its agent numbers rows anew: at one and the same moment they would be one point."""
    journal = [Record(1, NOW, RecordKind.SITE, "", "", 0, 0, 0, 0, SITE.model_dump_json().encode())]
    for run in range(3):
        made = encode_body(body(Kind.IN, t_wall_ns=np.array([S])))
        journal.append(Record(2 + run, NOW + 3600 * S * run, RecordKind.FRAME, "s1", "x", 1, NOW + (3600 * run - 100) * S, 0, 0, made))
    assert sum(key[0] == "door" for key in store(new_fold().apply(pairs(journal)), {})) == 3
