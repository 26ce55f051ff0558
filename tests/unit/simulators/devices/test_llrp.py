"""The emulated LLRP reader answers as the standard requires: what it refuses, with which status, and what it reads."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from edge_agent.llrp.codec import HEADER, Codec, LlrpMessage, Parameter
from edge_agent.llrp.reports import TagReport, tag_reports
from edge_agent.llrp.setup import ROSPEC_ID, Capabilities, Inventory, add_rospec, read_capabilities, reader_config
from edge_agent.llrp.stream import Splitter
from edge_agent.llrp.tables import IMPINJ
from edge_agent.sources.source import Crossing, Sighting
from simulators.devices.llrp import LlrpReader
from simulators.devices.llrp_answers import Read, ReaderState
from tests.support.waiting import PATIENCE_S

CODEC = Codec(IMPINJ)
SPEC = {"ROSpecID": ROSPEC_ID}
EPC = bytes.fromhex("3074257bf7194e4000001a85")


def ask(state: ReaderState, message: LlrpMessage) -> LlrpMessage:
    answer = state.answer(CODEC.encode(message))
    assert answer is not None
    CODEC.check(answer)
    return CODEC.decode(CODEC.encode(answer))


def status(answer: LlrpMessage) -> int:
    found = answer.first("LLRPStatus")
    assert found is not None
    return found.number("StatusCode")


def reading(inventory: Inventory) -> ReaderState:
    state = ReaderState()
    capabilities = read_capabilities(ask(state, LlrpMessage("GET_READER_CAPABILITIES")))
    for message in (
        LlrpMessage("IMPINJ_ENABLE_EXTENSIONS"),
        reader_config(inventory),
        add_rospec(inventory, capabilities),
        LlrpMessage("ENABLE_ROSPEC", SPEC),
        LlrpMessage("START_ROSPEC", SPEC),
    ):
        assert status(ask(state, message)) == 0, message.name
    return state


def test_it_reports_what_it_can() -> None:
    found = read_capabilities(ask(ReaderState(), LlrpMessage("GET_READER_CAPABILITIES")))
    assert (found.antennas, found.has_utc, found.vendor, found.is_hopping, found.hop_table) == (4, True, 25882, True, 1)
    assert found.powers[81] == 3000


def test_it_reports_what_it_was_asked_for() -> None:
    state = reading(Inventory((1, 2)))
    reports = tag_reports(CODEC.encode(state.report([Read(EPC, 2, -47)], 1_700_000_000_000_000)))
    assert reports == [TagReport(EPC, 2, -47, None, 1_700_000_000_000_000, 1, None, 0x3000, -4700, 2048, None)]


def test_a_life_of_a_rospec() -> None:
    state = ReaderState()
    add = add_rospec(Inventory((1,), impinj=False), Capabilities())
    assert status(ask(state, LlrpMessage("START_ROSPEC", SPEC))) == 101
    assert status(ask(state, add)) == 0
    assert status(ask(state, add)) == 101
    assert status(ask(state, LlrpMessage("START_ROSPEC", SPEC))) == 101, "it is disabled"
    assert status(ask(state, LlrpMessage("ENABLE_ROSPEC", SPEC))) == 0
    assert state.active() == 0
    assert status(ask(state, LlrpMessage("START_ROSPEC", SPEC))) == 0
    assert (state.active(), state.reads(1), state.reads(2)) == (ROSPEC_ID, True, False)
    (spec,) = ask(state, LlrpMessage("GET_ROSPECS")).all("ROSpec")
    assert spec.number("CurrentState") == 2
    assert status(ask(state, LlrpMessage("STOP_ROSPEC", SPEC))) == 0
    assert state.active() == 0
    assert status(ask(state, LlrpMessage("DELETE_ROSPEC", {"ROSpecID": 0}))) == 0
    assert not list(ask(state, LlrpMessage("GET_ROSPECS")).all("ROSpec"))


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (LlrpMessage("ADD_ROSPEC"), 103),
        (LlrpMessage("SET_READER_CONFIG", {}, (Parameter("KeepaliveSpec"),) * 2), 104),
        (LlrpMessage("SET_READER_CONFIG", {}, (Parameter("ROSpec"),)), 102),
        (LlrpMessage("SET_READER_CONFIG", {}, (Parameter("GPIPortCurrentState", {"GPIPortNum": 9}),)), 301),
        (LlrpMessage("ADD_ACCESSSPEC"), 103),
        (LlrpMessage("GET_ACCESSSPECS"), 109),
        (add_rospec(Inventory((9,)), Capabilities()), 301),
        (add_rospec(Inventory((1,)), Capabilities(vendor=25882)), 209),
    ],
)
def test_what_it_refuses(message: LlrpMessage, code: int) -> None:
    assert status(ask(ReaderState(), message)) == code


def test_bytes_that_are_no_message_of_its_are_an_error_with_the_same_number() -> None:
    for body, type_, code in ((b"", 999, 109), (b"\0", 21, 100)):
        answer = ReaderState().answer(HEADER.pack(1 << 10 | type_, HEADER.size + len(body), 77) + body)
        assert answer is not None
        assert (answer.name, answer.message_id, status(answer)) == ("ERROR_MESSAGE", 77, code)


@pytest.fixture
def reader() -> Iterator[LlrpReader]:
    with LlrpReader(["reader.1"], doors=["main"]) as made:
        yield made


def greeting(connection: socket.socket) -> int:
    """The status of its ConnectionAttemptEvent."""
    splitter = Splitter()
    connection.settimeout(2.0)
    while True:
        for message in splitter.feed(connection.recv(4096)):
            (data,) = CODEC.decode(message).parameters
            event = data.first("ConnectionAttemptEvent")
            assert event is not None
            return event.number("Status")


def test_it_takes_one_client_and_refuses_the_next(reader: LlrpReader) -> None:
    with socket.create_connection(("127.0.0.1", reader.port)) as first:
        assert greeting(first) == 0
        with socket.create_connection(("127.0.0.1", reader.port)) as second:
            assert greeting(second) == 2
            assert second.recv(10) == b""
        assert greeting(first) == 4, "somebody else wanted it"
    assert reader.refused_total == 1


def test_what_nobody_listens_to_is_not_sent(reader: LlrpReader) -> None:
    reader.say(Sighting(0, "reader.1", "garment-tag", EPC.hex(), -50))
    reader.say(Crossing(0, "main", 1, 0))
    time.sleep(0.1)
    assert reader.said_total == 0


def test_what_it_cannot_send_is_a_value_error(reader: LlrpReader) -> None:
    for heard in (
        Sighting(0, "reader.9", "garment-tag", EPC.hex(), -50),
        Sighting(0, "reader.1", "x", "no hex", -50),
        Crossing(0, "x", 1, 0),
    ):
        with pytest.raises(ValueError, match=r"reader\.9|non-hex|'x'"):
            reader.say(heard)


def test_every_fault_is_harmless_without_a_client(reader: LlrpReader) -> None:
    for fault in reader.faults.values():
        fault()
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            with socket.create_connection(("127.0.0.1", reader.port), timeout=1.0) as connection:
                if greeting(connection) == 0:
                    break
        except (OSError, ValueError):
            pass
        assert time.monotonic() < deadline_s, "it never comes back"
        time.sleep(0.05)
