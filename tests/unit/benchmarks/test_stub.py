"""The server that only counts must count exactly, or every figure is wrong: whole bodies, chunked ones, cut anywhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import urllib3

from benchmarks.stub import Stub
from tests.support.waiting import PATIENCE_S

LINES = (
    b'presence,agent=a,kind=stay f=1i 1\ndoor,agent=a in=1i,out=0i 2\ntraffic,store=s in=1i 3\npresence,agent=a,kind=exit s="presence," 4'
)


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stub]:
    folder = tmp_path_factory.mktemp("stub")
    with Stub(folder, keep=folder / "kept") as running:
        yield running


def test_counts_lines_events_and_bytes(stub: Stub) -> None:
    before = stub.counts()
    for body in (LINES, LINES + b"\n", b"touch,what=scan f=1i 5\n", b""):
        assert urllib3.request("POST", f"{stub.url}/api/v2/write?org=-", body=body).status == 204
    after = stub.counts()
    assert after.lines - before.lines == 9
    assert after.events - before.events == 7
    assert {name: n - before.by_measurement[name] for name, n in after.by_measurement.items()} == {"presence": 4, "door": 2, "touch": 1}
    assert after.octets - before.octets == 2 * len(LINES) + 1 + 23
    assert after.requests - before.requests == 3


def test_chunked_bodies_are_the_same_bodies(stub: Stub) -> None:
    before = stub.counts()
    answer = urllib3.request("POST", f"{stub.url}/write", body=iter([LINES[:7], LINES[7:40], LINES[40:]]))
    after = stub.counts()
    assert answer.status == 204
    assert (after.lines - before.lines, after.events - before.events, after.octets - before.octets) == (4, 3, len(LINES))


@pytest.mark.parametrize("step", [1, 2, 5, 17])
def test_requests_may_arrive_in_any_pieces_one_after_the_other(stub: Stub, step: int) -> None:
    plain = b"POST /write HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(LINES), LINES)
    chunked = b"POST /write HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(LINES), LINES)
    data, before = (plain + chunked) * 2, stub.counts()
    with socket.create_connection(("127.0.0.1", stub.port), timeout=PATIENCE_S) as connection:
        for at in range(0, len(data), step):
            connection.sendall(data[at : at + step])
        received = b""
        while received.count(b"204") < 4:
            received += connection.recv(4096) or pytest.fail("the stub closed the connection")
    after = stub.counts()
    assert (after.lines - before.lines, after.requests - before.requests) == (16, 4)
