from __future__ import annotations

import pytest

from gateway.sinks.influxdb.conflicts import Conflict, alike_in, conflict_in, has_conflict

V1 = 'partial write: field type conflict: input field "rssi_dbm" on measurement "presence" is type integer, already exists as type string'
CONFLICT = Conflict("presence", "rssi_dbm", "integer")
LINE = b'presence,agent=a,kind=enter,store=s,zone=z subject="1",profile="x, rssi_dbm=1.5",rssi_dbm=-61i,dwell_s=0.0 1770000000000000000'


@pytest.mark.parametrize("words", [V1, f"failure writing points to database: {V1} dropped=1", V1.replace('"', '\\"')])
def test_a_conflict_is_read_from_either_servers_words(words: str) -> None:
    assert conflict_in(words) == CONFLICT


def test_other_words_are_no_conflict() -> None:
    assert conflict_in("partial write: points beyond retention policy dropped=1") is None


@pytest.mark.parametrize(
    ("line", "is_it"),
    [
        (LINE, True),
        (LINE.replace(b"rssi_dbm=-61i", b"rssi_dbm=-61.0"), False),
        (LINE.replace(b"rssi_dbm=-61i", b'rssi_dbm="-61i"'), False),
        (LINE.replace(b"rssi_dbm=-61i,", b""), False),
        (LINE.replace(b"presence,", b"presence2,"), False),
        (LINE.replace(b'subject="1"', b'subject="a\\" rssi_dbm=2i \\""').replace(b"rssi_dbm=-61i", b"rssi_dbm=t"), False),
    ],
)
def test_which_lines_have_the_field_with_that_type(line: bytes, is_it: bool) -> None:
    assert has_conflict(line, CONFLICT) is is_it


def test_lines_are_alike_by_the_hour_and_few_are_halved_instead() -> None:
    lines = [
        LINE.replace(b"1770000000000000000", b"%d" % (1_770_000_000_000_000_000 + n * 3_600_000_000_000)) for n in (0, 1) for _ in range(16)
    ]
    assert [len(group) for group in alike_in(lines, CONFLICT)] == [16, 16]
    assert alike_in(lines[:31], CONFLICT) == []
