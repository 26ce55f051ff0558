"""What goes to the topic `live`: arrivals at once, counters retained, never more than a bound."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gateway.fold.arrivals import Arrival
from gateway.pipeline import live_feed
from gateway.pipeline.live_feed import QUEUED, UNSENT_BYTES, LiveFeed
from gateway.points import Coded, Points


def traffic(**occupancy: int) -> Points:
    stores = list(occupancy)
    return Points(
        "traffic",
        np.arange(len(stores)),
        {"store": Coded(np.arange(len(stores), dtype=np.uint32), tuple(stores))},
        {"occupancy": np.array(list(occupancy.values()))},
    )


def taken(feed: LiveFeed) -> list[tuple[str, dict[str, Any], bool]]:
    found = [(topic, json.loads(payload), retain) for topic, payload, retain in feed.waiting]
    feed.waiting.clear()
    return found


def test_counters_are_retained_and_arrivals_are_not() -> None:
    feed = LiveFeed()
    feed.publish([traffic(s1=3)], [Arrival("s1", "door", "fan-1", 7)])
    (arrival, counters) = taken(feed)
    assert arrival == ("footfall/1/s1/live", {"kind": "arrival", "store": "s1", "zone": "door", "fan": "fan-1", "time_ns": 7}, False)
    assert counters == ("footfall/1/s1/live", {"kind": "counters", "store": "s1", "time_ns": 0, "fields": {"occupancy": 3}}, True)


def test_counters_come_once_a_second_and_only_of_stores_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(live_feed.time, "monotonic", lambda: now_s)
    feed = LiveFeed()
    feed.publish([traffic(s1=1, s2=1)], [])
    assert len(taken(feed)) == 2
    feed.publish([traffic(s1=2)], [])
    feed.publish([traffic(s1=3)], [])
    assert taken(feed) == []
    now_s = 101.0
    feed.publish([], [])
    assert [message["fields"] for _, message, _ in taken(feed)] == [{"occupancy": 3}]


class Connection:
    """One to a broker that reads nothing until `unsent` is cleared."""

    def __init__(self) -> None:
        self.session = 1
        self.unsent: list[tuple[str, bytes, bool]] = []

    def unsent_bytes(self) -> int:
        return sum(len(payload) for _, payload, _ in self.unsent)

    def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        self.unsent.append((topic, payload, retain))

    def read(self) -> list[tuple[str, str, bool]]:
        """What the broker reads now: kind, store and retain."""
        messages = [(json.loads(payload), retain) for _, payload, retain in self.unsent]
        self.unsent.clear()
        return [(message["kind"], message["store"], retain) for message, retain in messages]


def test_in_a_new_session_the_counters_of_every_store_are_published_again() -> None:
    feed, connection = LiveFeed(), Connection()
    feed.publish([traffic(s1=1, s2=2)], [])
    feed.send(connection)
    assert len(connection.read()) == 4, "those that changed, and all in the first session"
    feed.send(connection)
    assert connection.read() == [], "once a session"
    connection.session = 2
    feed.send(connection)
    assert sorted(connection.read()) == [("counters", "s1", True), ("counters", "s2", True)]


def test_without_a_connection_messages_wait_for_the_next() -> None:
    feed, connection = LiveFeed(), Connection()
    connection.session = 0
    feed.publish([], [Arrival("s1", "door", "fan-1", 7)])
    feed.send(connection)
    assert connection.unsent == []
    connection.session = 5
    feed.send(connection)
    assert connection.read() == [("arrival", "s1", False)]


def test_a_broker_that_reads_nothing_is_handed_a_mebibyte_and_the_rest_waits_in_order() -> None:
    feed, connection = LiveFeed(), Connection()
    feed.publish([], [Arrival("s1", "door", "f" * 1000, n) for n in range(3000)])
    largest = max(len(payload) for _, payload, _ in feed.waiting)
    feed.send(connection)
    assert UNSENT_BYTES <= connection.unsent_bytes() < UNSENT_BYTES + largest
    before = len(connection.read())
    assert len(feed.waiting) == 3000 - before > 0
    assert json.loads(feed.waiting[0].payload)["time_ns"] == before
    feed.send(connection)
    assert connection.unsent_bytes() >= UNSENT_BYTES, "it goes on once the broker has read"


def test_what_nobody_takes_is_bounded() -> None:
    feed = LiveFeed()
    feed.publish([], [Arrival("s1", "door", f"fan-{n}", n) for n in range(QUEUED + 5)])
    found = taken(feed)
    assert len(found) == QUEUED
    assert found[0][1]["time_ns"] == 5, "the oldest are dropped"
