from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.points import SCHEMA, Coded, Points, from_rows
from gateway.sinks.influxdb import line_columns as columns
from gateway.sinks.influxdb import line_protocol as lines
from gateway.sinks.stored_text import stored_tag, stored_text
from tests.support.line_parser import Line, parse
from tests.support.random_points import HOSTILE, points

GOLDEN = (
    (
        "presence",
        (1_770_000_000_000_000_007, "a1", "exit", "s1", "", 255, "ibeacon", -61, 12.5, "measured", 3, 40),
        b'presence,agent=a1,kind=exit,store=s1 subject="00000000000000ff",profile="ibeacon",rssi_dbm=-61i,dwell_s=12.5,'
        b'time_quality="measured",time_width_ms=3i,lag_ms=40i 1770000000000000007',
    ),
    ("door", (-1, "a 1", "d,1=", "s1", 0, -(1 << 63)), rb"door,agent=a\ 1,door=d\,1\=,store=s1 in=0i,out=-9223372036854775808i -1"),
    (
        "gap",
        (5, "a\nb", "s\\", 1, 2, 3, 'say "no\\yes"\n'),
        'gap,agent=a␊b,store=s＼ from_ns=1i,to_ns=2i,rows=3i,reason="say \\"no\\\\yes\\"␊" 5'.encode(),
    ),
)


def expected(made: Points) -> list[Line]:
    schema = SCHEMA[made.measurement]
    tags = {name: list(map(stored_tag, made.tags[name].texts())) for name in schema.tags}
    fields = {}
    for name, column in made.fields.items():
        if isinstance(column, Coded):
            fields[name] = list(map(stored_text, column.texts()))
        else:
            fields[name] = [f"{value:016x}" if schema.fields[name] == "subject" else value for value in column.tolist()]
    return [
        Line(
            made.measurement,
            {name: column[i] for name, column in tags.items() if column[i]},
            {name: column[i] for name, column in fields.items()},
            time_ns,
        )
        for i, time_ns in enumerate(made.time_ns.tolist())
    ]


@pytest.mark.parametrize(("measurement", "row", "line"), GOLDEN)
def test_lines_are_spelled_as_ever(measurement: str, row: tuple[object, ...], line: bytes) -> None:
    assert lines.encode(from_rows(measurement, [row])) == line
    assert lines.encode(from_rows(measurement, [row] * 100)) == b"\n".join([line] * 100)


@given(points())
def test_every_point_reads_back(made: Points) -> None:
    assert parse(lines.encode(made)) == expected(made)


@given(points(min_size=1))
def test_both_ways_of_encoding_give_the_same_bytes(made: Points) -> None:
    assert columns.squeeze(list(lines._pieces(made)), len(made)) == lines._encode_few(made)


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=1))
def test_integers_of_any_size_are_spelled_in_decimal(numbers: list[int]) -> None:
    assert [text.decode() for text in spelled(columns.integers(np.array(numbers, np.int64)), len(numbers))] == [str(n) for n in numbers]


@given(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 19), st.lists(st.integers(0, 1 << 62), min_size=1))
def test_numbers_that_begin_alike_keep_their_zeros(base: int, places: int, offsets: list[int]) -> None:
    """As times do: the beginning is the same text for all, and what differs has leading zeros."""
    numbers = [min(base // 10**places * 10**places + offset % 10**places, (1 << 63) - 1) for offset in offsets if base // 10**places]
    numbers = [max(number, -(1 << 63)) for number in numbers] or [0]
    assert [text.decode() for text in spelled(columns.integers(np.array(numbers, np.int64)), len(numbers))] == [str(n) for n in numbers]


@given(st.lists(st.integers(-(10**15) + 1, 10**15 - 1).map(lambda n: n / 1000) | st.just(-0.0), min_size=1))
def test_decimals_of_three_places_are_spelled_as_repr_does(numbers: list[float]) -> None:
    assert [text.decode() for text in spelled(columns.floats(np.array(numbers)), len(numbers))] == [repr(n) for n in numbers]


def spelled(pieces: object, n: int) -> list[bytes]:
    return columns.squeeze([*pieces, b"\n"], n).split(b"\n")  # type: ignore[misc] # an iterator of columns


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("rows", [1, 100])
def test_what_is_no_number_is_an_error_of_its_maker(value: float, rows: int) -> None:
    made = from_rows("item", [(n, "a", "moved", "s", "z", "epc", "sku", "from", value if n == 0 else 1.0) for n in range(rows)])
    with pytest.raises(ValueError, match="NaN or infinity"):
        lines.encode(made)


def test_a_table_of_many_names_costs_only_those_that_occur() -> None:
    names = tuple(f"a{n}" for n in range(30_000))
    tags = {"agent": Coded(np.full(100, 29_999, np.uint32), names), "door": Coded.constant("d", 100), "store": Coded.constant("s", 100)}
    made = Points("door", np.arange(100), tags, {"in": np.zeros(100, np.int64), "out": np.zeros(100, np.int64)})
    assert lines.encode(made).split(b"\n")[7] == b"door,agent=a29999,door=d,store=s in=0i,out=0i 7"


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_stored_is_stored_as_it_is(text: str) -> None:
    assert stored_text(stored_text(text)) == stored_text(text)
    assert stored_tag(stored_text(text)) == stored_tag(text)
    assert not any(ord(sign) < 32 or sign == "\\" for sign in stored_tag(text))
    assert stored_text("\ud800") == "\ufffd"


def test_one_long_text_among_many_rows_does_not_multiply() -> None:
    made = from_rows("gap", [(n, "a", "s", 0, 0, 0, "x" * 100_000 if n == 50 else "") for n in range(1000)])
    assert len(lines.encode(made)) < 200_000


def test_names_that_repeat_and_names_that_break_lines_are_spelled_as_a_few_rows_are() -> None:
    names = ("shelf", "", "a\nb", "shelf", 'say "no"', "\ud800", "never", "shelf")
    codes = Coded(np.array([0, 1, 2, 3, 4, 5, 7] * 30, np.uint32), names)
    n = len(codes)
    tags = {"agent": codes, "kind": codes, "store": codes, "zone": Coded.constant("", n)}
    texts = dict.fromkeys(("epc", "sku", "from_zone"), codes)
    made = Points("item", np.arange(n), tags, {**texts, "seconds": np.full(n, -0.0)})
    assert lines.encode(made) == lines._encode_few(made)


def test_no_points_are_no_bytes() -> None:
    assert lines.encode(from_rows("door", [])) == b""
