"""Points about agents: gaps of records and of frames' rows, and messages that an agent refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.frames import Body, decode_body
from gateway.fold.agent_points import gap_of_record, gap_of_row, refusal_of_row
from gateway.records import OLD_KEYS, Record, RecordKind
from tests.support.journal_stories import Row, Story

S = 10**9
FROM_NS = 1_700_000_000 * S
KEYS_A_HALF = 500_000


def gap_record(**values: Any) -> Record:
    (record,) = Story().frame(0, []).records[-1:]
    body = json.dumps({"from_ns": FROM_NS, "to_ns": FROM_NS + S, "rows": 4, "reason": "spool full"}).encode()
    return record._replace(kind=RecordKind.GAP, body=body, **values)


def row_of(extra: dict[str, Any], **values: Any) -> tuple[Record, Body]:
    story = Story().frame(0, [Row(1, 7)])
    (record,) = story.records[-1:]
    body = decode_body(record.body)
    body.extra, body.first_row, body.t_wall_ns = {0: extra}, 20, None
    return record._replace(offset_ns=0, received_ns=FROM_NS + 60 * S, **values), body


def test_the_digits_of_a_gap_with_a_record_to_itself_are_its_key_base() -> None:
    assert gap_of_record(gap_record(key_base=77)).time_ns == FROM_NS + KEYS_A_HALF + 77


def test_a_gap_that_an_earlier_release_journaled_has_the_digits_of_its_position() -> None:
    assert gap_of_record(gap_record(key_base=OLD_KEYS, pos=9)).time_ns == FROM_NS + KEYS_A_HALF + 9


@pytest.mark.parametrize(("to_ns", "expected_ns"), [(FROM_NS + 5 * S, FROM_NS + 5 * S), (FROM_NS + 99 * S, FROM_NS + 60 * S),
                                                    (FROM_NS - S, FROM_NS)])  # fmt: skip
def test_a_gap_of_a_row_ends_between_its_start_and_its_receipt(to_ns: int, expected_ns: int) -> None:
    record, body = row_of({"to_boot_ns": to_ns, "rows": 3, "reason": "radio"})
    point = gap_of_row(record, body, 0, FROM_NS, FROM_NS)
    assert (point.from_ns, point.to_ns, point.rows, point.reason) == (FROM_NS, expected_ns, 3, "radio")


def test_a_message_that_an_agent_refused_is_one_row_without_length() -> None:
    record, body = row_of({"reason": "too long"})
    point = refusal_of_row(record, body, 0, FROM_NS, FROM_NS)
    assert (point.to_ns, point.rows, point.reason) == (FROM_NS, 1, "refused: too long")


def test_the_digits_of_a_gap_of_a_row_come_from_its_epoch() -> None:
    record, body = row_of({}, key_base=1000)
    assert gap_of_row(record, body, 0, FROM_NS, FROM_NS + 20).time_ns == FROM_NS + 1020
    record, body = row_of({}, key_base=OLD_KEYS)
    assert gap_of_row(record, body, 0, FROM_NS, FROM_NS + 20).time_ns == FROM_NS + 20
