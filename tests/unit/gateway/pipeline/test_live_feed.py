"""What goes to the topic `live`: arrivals at once, counters retained, never more than a bound."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gateway.fold.arrivals import Arrival
from gateway.pipeline import live_feed
from gateway.pipeline.live_feed import QUEUED, LiveFeed
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


def test_after_a_reconnect_all_counters_are_published_again() -> None:
    feed = LiveFeed()
    feed.publish([traffic(s1=1, s2=2)], [])
    taken(feed)
    feed.publish_again()
    assert sorted((message["store"], retain) for _, message, retain in taken(feed)) == [("s1", True), ("s2", True)]


def test_what_nobody_takes_is_bounded() -> None:
    feed = LiveFeed()
    feed.publish([], [Arrival("s1", "door", f"fan-{n}", n) for n in range(QUEUED + 5)])
    found = taken(feed)
    assert len(found) == QUEUED
    assert found[0][1]["time_ns"] == 5, "the oldest are dropped"
