"""What goes to the topic `live`: arrivals at once, counters retained, never more than a bound."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.topics import FANS
from gateway.fold.arrivals import Arrival, Place
from gateway.fold.awaited import Prompt
from gateway.fold.store_counters import LatestCounters
from gateway.pipeline import live_feed
from gateway.pipeline.live_feed import QUEUED, UNSENT_BYTES, LiveFeed, LiveMessage


class Source:
    """Counters of which only `occupancy` differs."""

    def __init__(self, **occupancy: int) -> None:
        self._changed = occupancy

    def take(self) -> list[LatestCounters]:
        return [
            LatestCounters(store, 60, {"occupancy": inside}, "2026-11-29", 0, 90, {"occupancy": inside})
            for store, inside in self._changed.items()
        ]


def message(store: str, inside: int) -> dict[str, Any]:
    return {
        "kind": "counters", "store": store, "time_ns": 60, "fields": {"occupancy": inside}, "day": "2026-11-29", "since_ns": 0,
        "as_of_ns": 90, "today": {"occupancy": inside}, "zones": {},
    }  # fmt: skip


def taken(feed: LiveFeed) -> list[tuple[str, dict[str, Any], bool]]:
    """What a new connection is given."""
    connection = Connection()
    feed._session = connection.session
    feed.send(connection)
    return [(topic, json.loads(payload), retain) for topic, payload, retain in connection.unsent]


def test_counters_are_retained_and_arrivals_are_not() -> None:
    feed = LiveFeed()
    feed.publish([Arrival("s1/7/x", "s1", "door", "fan-1", 7, Place(1, 0))], Source(s1=3))
    (arrival, counters) = taken(feed)
    assert arrival == (
        "footfall/1/s1/live",
        {"kind": "arrival", "id": "s1/7/x", "store": "s1", "zone": "door", "fan": "fan-1", "time_ns": 7},
        False,
    )
    assert counters == ("footfall/1/s1/live", message("s1", 3), True)


def test_counters_come_once_a_second_and_only_of_stores_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(live_feed.time, "monotonic", lambda: now_s)
    feed = LiveFeed()
    feed.publish([], Source(s1=1, s2=1))
    assert len(taken(feed)) == 2
    feed.publish([], Source(s1=2))
    assert taken(feed) == []
    now_s = 101.0
    feed.publish([], Source(s1=3))
    assert [found["fields"] for _, found, _ in taken(feed)] == [{"occupancy": 3}]


def test_of_counters_that_wait_the_latest_of_each_store_are_published(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(live_feed.time, "monotonic", lambda: now_s)
    feed = LiveFeed()
    for inside in range(5):
        feed.publish([], Source(s1=inside, s2=9))
        now_s += 1
    assert [found for _, found, _ in taken(feed)] == [message("s1", 4), message("s2", 9)]


def test_the_status_has_the_latest_minute_of_each_store() -> None:
    feed = LiveFeed()
    feed.publish([], Source(s1=4))
    assert feed.latest_minutes() == {"s1": {"occupancy": 4}}


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
    feed.publish([], Source(s1=1, s2=2))
    feed.send(connection)
    assert len(connection.read()) == 2
    feed.send(connection)
    assert connection.read() == [], "once a session"
    connection.session = 2
    feed.send(connection)
    assert sorted(connection.read()) == [("counters", "s1", True), ("counters", "s2", True)]


def test_without_a_connection_messages_wait_for_the_next() -> None:
    feed, connection = LiveFeed(), Connection()
    connection.session = 0
    feed.publish([Arrival("s1/7/x", "s1", "door", "fan-1", 7, Place(1, 0))], Source())
    feed.send(connection)
    assert connection.unsent == []
    connection.session = 5
    feed.send(connection)
    assert connection.read() == [("arrival", "s1", False)]


def test_a_broker_that_reads_nothing_is_handed_a_mebibyte_and_the_rest_waits_in_order() -> None:
    feed, connection = LiveFeed(), Connection()
    feed.publish([Arrival("s1/7/x", "s1", "door", "f" * 1000, n, Place(1, n)) for n in range(3000)], Source())
    largest = max(len(payload) for _, payload, *_ in feed.arrivals)
    feed.send(connection)
    assert UNSENT_BYTES <= connection.unsent_bytes() < UNSENT_BYTES + largest
    before = len(connection.read())
    assert len(feed.arrivals) == 3000 - before > 0
    assert json.loads(feed.arrivals[0].payload)["time_ns"] == before
    feed.send(connection)
    assert connection.unsent_bytes() >= UNSENT_BYTES, "it goes on once the broker has read"


def test_what_nobody_takes_is_bounded() -> None:
    feed = LiveFeed()
    feed.publish([Arrival("s1/7/x", "s1", "door", f"fan-{n}", n, Place(1, n)) for n in range(QUEUED + 5)], Source())
    assert len(feed.arrivals) == QUEUED
    assert json.loads(feed.arrivals[0].payload)["time_ns"] == 5, "the oldest are dropped"


def test_arrivals_of_fans_who_withdrew_are_not_sent_any_more() -> None:
    feed = LiveFeed()
    feed.publish([Arrival(f"s1/{number}/x", "s1", "door", f"fan-{number % 2}", number, Place(1, number)) for number in range(4)], Source())
    feed.queue(LiveMessage(FANS, b'{"kind":"fan","fan":"fan-1"}', retain=False))
    feed.forget({"fan-1"})
    assert [value["fan"] for _, value, _ in taken(feed)] == ["fan-0", "fan-0", "fan-1"]
    feed.forget({"fan-1"})


def test_an_arrival_that_was_sent_before_a_crash_is_not_sent_again() -> None:
    sent = {Place(1, 0)}
    feed = LiveFeed(lambda place: place not in sent)
    feed.publish([Arrival(f"s1/{n}/x", "s1", "door", f"fan-{n}", n, Place(1, n)) for n in range(2)], Source())
    assert [values["fan"] for _, values, _ in taken(feed)] == ["fan-1"]


def test_stores_whose_agents_are_to_be_asked_are_handed_on_once_and_are_awaited_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(live_feed.time, "monotonic", lambda: now_s)
    feed = LiveFeed()
    feed.prompt([Prompt("s1", 5), Prompt("s2", 6)])
    assert (feed.is_awaited, feed.take_prompts(), feed.take_prompts()) == (True, [Prompt("s1", 5), Prompt("s2", 6)], [])
    now_s += 10.0
    assert not feed.is_awaited
