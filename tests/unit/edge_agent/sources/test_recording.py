"""The project's own file of things heard."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.recording import format_line, parse_line, read_recording
from edge_agent.sources.source import AliveUntil, Crossing, Gap, RefusedReading, Sighting
from footfall.errors import ContractError

times = st.integers(0, 1 << 62)
text = st.text(min_size=1, max_size=200)
heard = st.one_of(
    st.builds(Sighting, times, text, text, text, st.integers(-127, 20)),
    st.builds(Crossing, times, text, st.integers(0, 1000), st.integers(0, 1000), text),
    st.builds(Crossing, times, st.just("main"), st.integers(0, 9), st.just(0), text, st.just(0), st.just("c1"), st.integers(1, 86_400)),
    st.builds(Gap, times, times, text, st.integers(0, 1000)),
    st.builds(AliveUntil, times),
)


@given(heard)
def test_what_is_written_is_read(one: Sighting | Crossing | Gap | AliveUntil) -> None:
    line = format_line(one)
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert parse_line(line.encode()) == one


def test_short_forms() -> None:
    assert parse_line(b'{"t_ns":1,"door":"main","in":2}') == Crossing(1, "main", 2, 0)
    assert parse_line(b'{"t_ns":1,"door":"main","in":2,"id":"c1","seconds":60}') == Crossing(1, "main", 2, 0, event_id="c1", seconds=60)
    assert parse_line(b'{"t_ns":1,"to_ns":5,"gap":"reset"}') == Gap(1, 5, "reset")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b"{}",
        b'{"receiver":"r"}',
        b'{"t_ns":1.5,"progress":true}',
        b'{"t_ns":true,"progress":true}',
        b'{"t_ns":1,"door":""}',
        b'{"t_ns":1,"door":7}',
        b'{"t_ns":1,"door":"main","in":2,"id":7}',
        b'{"t_ns":1,"door":"main","in":-2,"id":"c1"}',
        b'{"t_ns":1,"door":"main","out":-2}',
        b'{"t_ns":1,"receiver":"r","profile":"p","identifier":"x","rssi_dbm":127}',
        b'{"t_ns":1,"receiver":"r","profile":"p","identifier":"x","rssi_dbm":-128}',
        b'{"t_ns":1,"door":"main","in":1000001}',
        b'{"t_ns":1,"door":"main","in":2,"id":"c1","seconds":90000}',
        b'{"t_ns":1,"door":"\xff"}',
        b"[" * 100_000,
    ],
)
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(ContractError) as caught:
        parse_line(line)
    assert caught.value.reason == "recording.line"


@given(st.binary(max_size=200))
def test_no_bytes_break_it(line: bytes) -> None:
    try:
        parse_line(line)
    except ContractError as error:
        assert error.reason == "recording.line"  # noqa: PT017 # either outcome is right


def test_a_file_is_read_on_past_what_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "heard.jsonl.gz"
    with gzip.open(path, "wb") as file:
        file.write(format_line(AliveUntil(5)).encode() + b'{"identifier":"aa:bb"\r\n' + format_line(AliveUntil(9)).encode())
    assert list(read_recording(path)) == [AliveUntil(5), RefusedReading(5, "recording.line", "heard.jsonl.gz:2"), AliveUntil(9)]


def test_why_a_line_cannot_be_read_is_kept_for_people(tmp_path: Path) -> None:
    path = tmp_path / "heard.jsonl"
    path.write_text('2025,1,2\n{"t_ns":"1","door":"main"}\n{"door":"main"}\n{"t_ns":1,"door":"Main","id":"x","in":1}\n')
    whys = [one.why for one in read_recording(path) if isinstance(one, RefusedReading)]
    assert whys[:3] == ["line: is no JSON object", "line: the value of 't_ns' has another type than it needs", "line: has no 't_ns'"]
    assert whys[3] == "line: count.door: must be 1 to 64 of a-z, 0-9, '.', '_' and '-': no capitals, no blanks"
