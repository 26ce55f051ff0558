"""The LLRP source against a reader on TCP: everything it hears, and every fault of a reader, recovered with a dated gap."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

import pytest

from device_profiles.registry import shipped
from edge_agent.clock import SystemClock
from edge_agent.config import AgentSettings
from edge_agent.llrp.stream import Splitter
from edge_agent.sources.llrp import Llrp, LlrpSource
from edge_agent.sources.llrp_connection import ReaderGarbled
from edge_agent.sources.source import AliveUntil, Crossing, Gap, Heard, RefusedReading, Sighting, Unexplained
from edge_agent.supervisor import Supervisor
from footfall.config import check
from footfall.errors import ConfigError
from simulators.devices.llrp import LlrpReader
from simulators.devices.llrp_answers import CODEC, Read, ReaderState
from simulators.devices.llrp_client import attempt, event
from tests.support.waiting import PATIENCE_S, Stopwatch

CLOCK = SystemClock()
EPC = "3074257bf7194e4000001a85"
ZONES = {"reader.1": "entrance", "reader.2": "fitting"}
QUICK = {"keepalive_s": 0.3, "answer_s": 1.0}
Kind = TypeVar("Kind")


def settings(reader: LlrpReader, **more: Any) -> Llrp:
    block = {"name": "reader", "receivers": ZONES, **reader.settings(), **QUICK, **more}
    checked = check({"store": "s", "agent": "a", "spool": {"path": "-"}, "sources": [block]}, AgentSettings, "agent.toml")
    (made,) = checked.sources
    assert isinstance(made, Llrp)
    return made


class Agent:
    """The supervisor with this source, and what it heard."""

    def __init__(self, source: LlrpSource) -> None:
        self.heard: list[Heard] = []
        self.supervisor = Supervisor([source], self.heard.append, CLOCK, backoff_s=0.1)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [heard for heard in self.heard if isinstance(heard, kind)]

    @property
    def state(self) -> str:
        return self.supervisor.health["reader"].state

    @property
    def detail(self) -> str:
        return self.supervisor.health["reader"].detail


@contextmanager
def agent_of(reader: LlrpReader, **more: Any) -> Iterator[Agent]:
    agent = Agent(settings(reader, **more).source(CLOCK, shipped()))
    stop = threading.Event()
    agent.supervisor.start(stop)
    try:
        yield agent
    finally:
        stop.set()
        until(lambda: not agent.supervisor.is_running(), PATIENCE_S, "the supervisor does not end")


@pytest.fixture
def reader() -> Iterator[LlrpReader]:
    with LlrpReader(list(ZONES), doors=["main"]) as made:
        yield made


def until(reached: Callable[[], object], seconds: float, what: str) -> None:
    deadline_s = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.01)


def read(identifier: str = EPC, receiver: str = "reader.1", rssi_dbm: int = -55) -> Sighting:
    return Sighting(0, receiver, "garment-tag", identifier, rssi_dbm)


def is_reading(reader: LlrpReader, agent: Agent) -> None:
    """Until the reader inventories for us."""
    until(lambda: agent.of(AliveUntil) and reader.state.active(), PATIENCE_S, f"it never begins: {agent.detail}")


def is_heard(agent: Agent, count: int) -> bool:
    return len(agent.of(Sighting)) == count


def are_heard(reader: LlrpReader, agent: Agent, tags: set[str]) -> bool:
    """Tags lie in the field: one whose read fell between two ROSpecs is read again, a second later."""

    def missing() -> set[str]:
        return tags - {sighting.identifier for sighting in agent.of(Sighting)}

    for tag in sorted(missing()):
        reader.say(read(tag))
    deadline_s = time.monotonic() + 1.0
    while missing() and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return not missing()


def noted(agent: Agent, details: set[str]) -> bool:
    details.add(agent.detail)
    return True


def exact(reader: LlrpReader, agent: Agent, count: int) -> None:
    """So many reads are reported, and each is heard once."""
    said, heard = reader.said_total, len(agent.of(Sighting))
    for n in range(count):
        reader.say(read(f"3074257bf7194e40{n:08x}"))
    until(lambda: reader.said_total == said + count, PATIENCE_S, f"{reader.said_total - said} of {count} are read")
    until(lambda: len(agent.of(Sighting)) - heard >= count, PATIENCE_S, f"{len(agent.of(Sighting)) - heard} of {count} are heard")
    time.sleep(0.1)
    assert len(agent.of(Sighting)) - heard == count


def test_a_read_is_a_sighting_by_its_antenna_with_the_readers_time(reader: LlrpReader) -> None:
    with agent_of(reader) as agent:
        is_reading(reader, agent)
        before_ns = time.time_ns() - 1000
        reader.say(read(EPC, "reader.1", -55))
        reader.say(read("3174257bf4499602d2000000", "reader.2", -61))
        until(lambda: len(agent.of(Sighting)) == 2, PATIENCE_S, "not heard")
    one, other = agent.of(Sighting)
    assert (one.receiver, one.profile, one.identifier, one.rssi_dbm) == ("reader.1", "garment-tag", EPC, -55)
    assert (other.receiver, other.profile, other.rssi_dbm) == ("reader.2", "logistic-unit", -61)
    assert before_ns <= one.t_wall_ns <= other.t_wall_ns <= time.time_ns()
    assert one.t_boot_ns <= CLOCK.boot_ns()
    assert reader.state.has_extensions, "an Impinj reader is asked for its own values"


def test_reads_of_an_epc_198_and_of_an_antenna_that_is_nobodys(reader: LlrpReader) -> None:
    long = "3674257bf6b7a659b2c2bf100000000000000000000000000000"
    with LlrpReader(["reader.1", "reader.2", "reader.3"]) as other, agent_of(other) as agent:
        is_reading(other, agent)
        other.say(read(long))
        until(lambda: agent.of(Sighting), PATIENCE_S, "not heard")
        assert agent.of(Sighting)[0].identifier == long
        other.say(read(EPC, "reader.3"))
        other.say(read(EPC, "reader.2"))
        until(lambda: len(agent.of(Sighting)) == 2, PATIENCE_S, "not heard")
        assert other.said_total == 2, "the third antenna is not switched on"


def test_reports_by_number_and_by_time(reader: LlrpReader) -> None:
    """Five tags with three in a report: the rest comes when the time is over; the ROSpec that ends is started again, and again."""
    with agent_of(reader, report_every=3, report_ms=150, keepalive_s=5.0, answer_s=10.0) as agent:
        is_reading(reader, agent)
        for first in (0, 5, 10):
            until(partial(are_heard, reader, agent, {f"{n:024x}" for n in range(first, first + 5)}), PATIENCE_S, "not all of them came")
            time.sleep(0.2)
        until(lambda: is_heard(agent, reader.said_total), PATIENCE_S, "not all that was reported came")
    assert not agent.of(Gap)


def test_light_barriers_on_gpi_ports_count_people(reader: LlrpReader) -> None:
    with agent_of(reader) as agent:
        is_reading(reader, agent)
        reader.say(Crossing(0, "main", 2, 1))
        until(lambda: len(agent.of(Crossing)) == 3, PATIENCE_S, "not all of them are counted")
        time.sleep(0.1)
    assert sum(c.entered for c in agent.of(Crossing)) == 2
    assert sum(c.left for c in agent.of(Crossing)) == 1
    assert {c.door for c in agent.of(Crossing)} == {"main"}


def test_keepalives_are_answered_and_report_that_a_quiet_reader_is_well(reader: LlrpReader) -> None:
    with agent_of(reader) as agent:
        until(lambda: reader.state.acks_total >= 3, PATIENCE_S, "keepalives are not answered")
        assert len(agent.of(AliveUntil)) >= 3
        assert agent.state == "ok"
    assert not agent.of(Gap)


def test_it_leaves_in_order(reader: LlrpReader) -> None:
    """The radio is off, and the next client finds the reader free."""
    with agent_of(reader) as agent:
        is_reading(reader, agent)
    until(lambda: not reader.state.active(), PATIENCE_S, "its ROSpec is still there")
    with agent_of(reader) as agent:
        is_reading(reader, agent)
        exact(reader, agent, 3)
    assert reader.refused_total == 0


FAULTS = {
    "drop": "ConnectionResetError",
    "reset": "ConnectionResetError",
    "stall": "ReaderSilent: no keepalive for 0.9 s",
    "half-message": "ReaderSilent: no keepalive for 0.9 s",
    "garbage": "ReaderGarbled: what it sends is no LLRP",
    "reboot": "Connection",
    "held": "ReaderBusy: another client holds the reader",
    "keepalives-missing": "ReaderSilent: no keepalive for 0.9 s",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_reported_dated_and_recovered_and_counts_are_exact_again(reader: LlrpReader, fault: str) -> None:
    details = set[str]()
    with agent_of(reader) as agent:
        is_reading(reader, agent)
        exact(reader, agent, 20)
        failed_ns = CLOCK.boot_ns()
        reader.faults[fault]()
        until(lambda: noted(agent, details) and agent.of(Gap), PATIENCE_S, f"no gap; {details}")
        until(lambda: noted(agent, details) and agent.state == "ok" and reader.state.active(), PATIENCE_S, f"not recovered; {details}")
        back_ns = CLOCK.boot_ns()
        exact(reader, agent, 20)
    assert any(detail.startswith(FAULTS[fault]) for detail in details), details
    gaps = agent.of(Gap)
    assert {gap.reason for gap in gaps} == {"source.fault"}
    assert abs(gaps[0].from_boot_ns - failed_ns) <= (3 if fault == "keepalives-missing" else 2) * 10**9, "it begins when it was last heard"
    assert gaps[-1].to_boot_ns <= back_ns <= failed_ns + 30 * 10**9
    assert EPC not in str(details)


def test_keepalives_that_are_missing_are_a_fault_whatever_else_comes(reader: LlrpReader) -> None:
    with agent_of(reader) as agent:
        is_reading(reader, agent)
        reader.faults["keepalives-missing"]()
        deadline_s = time.monotonic() + PATIENCE_S
        while agent.state != "fault":
            assert time.monotonic() < deadline_s, "reads hide that its keepalives are missing"
            reader.say(read())
            time.sleep(0.02)


def test_a_buffer_that_overflowed_is_a_gap_without_a_restart(reader: LlrpReader) -> None:
    with agent_of(reader) as agent:
        is_reading(reader, agent)
        exact(reader, agent, 5)
        reader.faults["buffer-overflow"]()
        until(lambda: agent.of(Gap), PATIENCE_S, "no gap")
        exact(reader, agent, 5)
        assert agent.supervisor.health["reader"].restarts_total == 0
    (gap,) = agent.of(Gap)
    assert gap.reason == "llrp.buffer-overflow"
    assert 0 < gap.to_boot_ns - gap.from_boot_ns < 5 * 10**9


def test_a_lost_antenna_is_a_gap_from_when_it_went_until_it_is_back(reader: LlrpReader) -> None:
    with agent_of(reader) as agent:
        is_reading(reader, agent)
        began_ns = CLOCK.boot_ns()
        reader.faults["antenna-lost"]()
        until(lambda: reader.state.lost_antennas, PATIENCE_S, "it is not lost")
        reader.say(read())
        reader.say(read(EPC, "reader.2"))
        until(lambda: agent.of(Gap), PATIENCE_S, "no gap")
        exact(reader, agent, 5)
    (gap,) = agent.of(Gap)
    assert gap.reason == "llrp.antenna-lost"
    assert began_ns <= gap.from_boot_ns <= began_ns + 2 * 10**9
    assert 600_000_000 < gap.to_boot_ns - gap.from_boot_ns < 5 * 10**9
    assert [s.receiver for s in agent.of(Sighting)][:1] == ["reader.2"]


def test_an_antenna_that_is_gone_from_the_start_is_a_hole_too(reader: LlrpReader) -> None:
    reader.state.lost_antennas.add(2)
    with agent_of(reader) as agent:
        is_reading(reader, agent)
        time.sleep(0.1)
    assert {gap.reason for gap in agent.of(Gap)} == {"llrp.antenna-lost"}


def test_messages_that_report_nothing_are_counted_and_it_goes_on(reader: LlrpReader) -> None:
    with agent_of(reader) as agent:
        is_reading(reader, agent)
        reader.faults["unreadable-messages"]()
        exact(reader, agent, 5)
        until(lambda: sum(u.total for u in agent.of(Unexplained)) == 2, PATIENCE_S, f"{agent.of(Unexplained)}")
    assert {u.reason for u in agent.of(Unexplained)} == {"llrp.message", "llrp.parameter"}
    assert not agent.of(Gap)


def test_a_rospec_that_ends_is_started_again(reader: LlrpReader) -> None:
    with agent_of(reader) as agent:
        is_reading(reader, agent)
        reader.faults["rospec-ended"]()
        time.sleep(0.1)
        until(reader.state.active, PATIENCE_S, "it reads nothing any more")
        exact(reader, agent, 5)
    assert not agent.of(Gap)


def test_a_readers_exception_is_handed_on(reader: LlrpReader) -> None:
    with agent_of(reader) as agent:
        is_reading(reader, agent)
        reader.faults["reader-exception"]()
        until(lambda: agent.of(RefusedReading), PATIENCE_S, "nothing is said")
    assert agent.of(RefusedReading)[0].reason == "llrp.reader-exception"
    assert b"too hot" in agent.of(RefusedReading)[0].data


def test_a_reader_that_refuses_names_what(reader: LlrpReader) -> None:
    with agent_of(reader, receivers={"reader.1": "a", "reader.9": "b"}, antennas={}) as agent:
        until(lambda: agent.state == "fault", PATIENCE_S, "it is taken")
        until(lambda: "there is no antenna 9" in agent.detail, 5.0, agent.detail)
        assert agent.detail.startswith("ReaderRefused: ADD_ROSPEC refused: 301")


def test_a_connection_that_ends_in_the_middle_of_a_message_is_a_fault() -> None:
    greeting = CODEC.encode(event(attempt(0)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: _send_and_close(listener, greeting[:20]))
        thread.start()
        source = at_port(listener).source(CLOCK, shipped())
        with pytest.raises(ReaderGarbled, match="ended after 20 bytes of a message"):
            source.run([].append, threading.Event())
        thread.join()


def _send_and_close(listener: socket.socket, data: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(data)


def at_port(listener: socket.socket) -> Llrp:
    port = listener.getsockname()[1]
    return Llrp.model_validate({"kind": "llrp", "name": "reader", "host": "127.0.0.1", "port": port, "receivers": ZONES, "answer_s": 30})


def test_reads_that_the_reader_kept_for_an_earlier_client_are_counted_and_not_heard_as_new() -> None:
    """They come with the greeting, before our ROSpec is there."""
    state = ReaderState()
    stale = CODEC.encode(state.report([Read(bytes.fromhex(EPC), 1, -50)] * 3, 1))

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        splitter = Splitter()
        with connection, suppress(OSError):
            connection.sendall(CODEC.encode(event(attempt(0))) + stale)
            while data := connection.recv(4096):
                answers = [state.answer(message) for message in splitter.feed(data)]
                connection.sendall(b"".join(CODEC.encode(answer) for answer in answers if answer))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        agent, stop = Agent(at_port(listener).source(CLOCK, shipped())), threading.Event()
        agent.supervisor.start(stop)
        until(lambda: agent.of(Unexplained), PATIENCE_S, "they are not counted")
        stop.set()
        until(lambda: not agent.supervisor.is_running(), PATIENCE_S, "the supervisor does not end")
    assert [(u.reason, u.total) for u in agent.of(Unexplained)] == [("llrp.stale", 3)]
    assert not agent.of(Sighting)


@pytest.mark.parametrize("greeting", [b"", CODEC.encode(event(attempt(0)))], ids=["nothing", "a connection attempt"])
def test_it_stops_while_nobody_answers(greeting: bytes) -> None:
    """The port takes connections; neither a greeting nor an answer is waited for when it is to stop."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop, source = threading.Event(), at_port(listener).source(CLOCK, shipped())
        thread = threading.Thread(target=source.run, args=([].append, stop))
        thread.start()
        connection, _ = listener.accept()
        with connection:
            connection.sendall(greeting)
            time.sleep(0.3)
            with Stopwatch() as watch:
                stop.set()
                thread.join(PATIENCE_S)
            assert watch.kept_up_s < 1.0


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ({"receivers": {"door": "a"}}, r"receivers.door: which antenna\?"),
        ({"receivers": {"reader.0": "a"}}, r"receivers.reader.0: which antenna\?"),
        ({"receivers": {"a.1": "a", "b.1": "b"}}, "two of them are the same antenna"),
        ({"receivers": {"a.1": "a"}, "antennas": {"b": 2}}, "antennas.b: is none of the receivers a.1"),
        ({"receivers": {}}, "at least 1"),
        ({"receivers": {"a.1": "a"}, "session": 4}, "session"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_by_key(block: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        check({"kind": "llrp", "name": "r", "host": "h", **block}, Llrp, "agent.toml")


def test_antennas_by_name_and_by_key() -> None:
    made = Llrp.model_validate(
        {"kind": "llrp", "name": "r", "host": "h", "receivers": {"reader.2": "a", "door": "b"}, "antennas": {"door": 1}}
    )
    assert made.antenna_of() == {"reader.2": 2, "door": 1}
    assert made.inventory().antennas == (1, 2)
