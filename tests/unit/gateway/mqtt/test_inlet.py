"""What waits while nothing can be taken: in order, bounded, and none of it twice."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.config import GatewayBroker
from gateway.mqtt import inlet
from gateway.mqtt.connection import BrokerMessage, Connection
from gateway.mqtt.inlet import Inlet, InletMessage


class Spied(Inlet):
    """Without a broker: what is acknowledged, and which connections are alive."""

    def __init__(self) -> None:
        super().__init__(GatewayBroker(), lambda: None)
        self.acknowledged: list[int] = []
        self.closed: list[Connection] = []
        for connection in (self.frames, self.events):
            spied: Any = connection
            spied.is_current = lambda message: message.connection == 1
            spied.acknowledge = lambda messages: self.acknowledged.extend(message.mid for message in messages)
            spied.close = lambda connection=connection: self.closed.append(connection)


def message(connection: Connection, mid: int, size: int = 10, generation: int = 1) -> InletMessage:
    return InletMessage(connection, BrokerMessage("t", b"x" * size, False, mid, generation))


def mids(taken: list[InletMessage]) -> list[int]:
    return [each.message.mid for each in taken]


def test_what_waits_is_taken_first_in_parts_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inlet, "AT_ONCE_BYTES", 20)
    spied = Spied()
    spied.leave([message(spied.frames, 1), message(spied.events, 2), message(spied.frames, 3)])
    assert mids(spied.next([message(spied.frames, 4)])) == [1, 2]
    assert mids(spied.next([])) == [3, 4]
    assert mids(spied.next([message(spied.frames, 5)])) == [5]
    assert spied.acknowledged == []


def test_what_could_not_be_taken_after_all_comes_first_again() -> None:
    spied = Spied()
    spied.put_back([message(spied.frames, 1), message(spied.frames, 2)])
    assert mids(spied.next([message(spied.frames, 3)])) == [1, 2, 3]


def test_what_came_by_an_earlier_connection_comes_again_and_is_not_taken_twice() -> None:
    spied = Spied()
    spied.leave([message(spied.events, 1, generation=0), message(spied.events, 2)])
    assert mids(spied.next([])) == [2]


def test_beyond_the_bound_frames_are_their_agents_and_events_the_brokers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inlet, "HELD_BYTES", 15)
    spied = Spied()
    spied.leave([message(spied.events, 1), message(spied.events, 2)])
    spied.leave([message(spied.frames, 3), message(spied.events, 4)])
    assert spied.acknowledged == [3], "an event that nobody has is never acknowledged"
    assert spied.closed == [spied.events]
    assert spied.left_frames_total == 1
    assert spied.error == "not yet", "that it rests is no trouble, that frames are not there is"
    assert spied.next([]) == [], "what the broker has again is forgotten here"
