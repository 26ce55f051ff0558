from __future__ import annotations

import pytest
from hypothesis import given

from footfall.errors import ContractError
from gateway.points import Points, from_rows
from gateway.points.line_reader import count_raw, read_line
from gateway.sinks.influxdb.line_protocol import encode
from tests.support.random_points import points


@given(points())
def test_every_line_that_is_written_reads_back_as_the_same_line(made: Points) -> None:
    for line in filter(None, encode(made).split(b"\n")):
        read = read_line(line)
        assert encode(from_rows(read.measurement, [read.row()])) == line


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"presence",
        b"presence,agent=a",
        b"presence,agent=a 17",
        b"presence,agent=a x=1i",
        b"presence,agent=a x= 17",
        b"strange,agent=a x=1i 17",
        b"presence,agent=a x=1i 99999999999999999999",
        b"\xff\xfe",
    ],
)
def test_what_is_no_point_of_ours_is_refused(line: bytes) -> None:
    with pytest.raises(ContractError) as refused:
        read_line(line)
    assert refused.value.reason == "sink.line"


def test_a_line_of_an_earlier_release_gets_the_fields_that_it_did_not_know() -> None:
    read = read_line(b'presence,agent=a,kind=enter,store=s,zone=z subject="00000000000000ff",rssi_dbm=-61i 1770000000000000000')
    assert (read.fields["rssi_dbm"], read.fields["time_width_ms"], read.fields["profile"]) == (-61, -1, "")


def test_which_lines_are_rows_of_the_balance() -> None:
    assert count_raw(b"presence,a=b x=1i 1\ntraffic,a=b x=1i 1\ndoor,a=b x=1i 1\ntouch,a=b x=1i 1\nvisit,a=b x=1i 1") == 3
