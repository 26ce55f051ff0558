"""The feed of the live page: what a new reader gets, and what becomes of a slow one."""

from __future__ import annotations

import json

import pytest

from serve.live import QUEUED, LiveReaders


def counters(store: str, inside: int) -> bytes:
    return json.dumps({"kind": "counters", "store": store, "time_ns": inside, "fields": {"occupancy": inside}}).encode()


def test_a_new_reader_has_the_latest_counters_of_every_store() -> None:
    feed = LiveReaders(2)
    for store, inside in (("s1", 1), ("s2", 5), ("s1", 2)):
        feed.publish(counters(store, inside))
    feed.publish(b'{"kind": "arrival", "store": "s1", "zone": "door", "fan": "f", "time_ns": 1}')
    with feed.listen() as found:
        assert found is not None
        assert [json.loads(text)["fields"]["occupancy"] for text in found.first] == [2, 5]
        assert found.queue.empty(), "who arrived before is past"


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b'{"kind": "x", "store": "s"}', b'{"kind": "arrival"}', b"[" * 60_000, b" " * 70_000]
)
def test_what_is_no_live_message_is_counted(payload: bytes) -> None:
    feed = LiveReaders(1)
    with feed.listen() as found:
        feed.publish(payload)
        assert found is not None
        assert found.queue.empty()
    assert feed.refused_total == 1


def test_a_message_is_one_line_whatever_its_publisher_wrote() -> None:
    feed = LiveReaders(1)
    feed.publish(b'{\n"kind": "counters",\n"store": "a\\nb"\n}')
    with feed.listen() as found:
        assert found is not None
        assert "\n" not in found.first[0]


def test_readers_are_limited_and_a_slow_one_is_dropped() -> None:
    feed = LiveReaders(1)
    with feed.listen() as found:
        assert found is not None
        with feed.listen() as other:
            assert other is None
        for n in range(QUEUED + 1):
            feed.publish(counters("s1", n))
        assert feed.readers == 0
        assert found.queue.get_nowait() is None, "the end of its stream"
    assert feed.slow_readers_total == 1


def test_closing_ends_every_stream_and_lets_nobody_in() -> None:
    feed = LiveReaders(2)
    with feed.listen() as found:
        feed.close()
        assert found is not None
        assert found.queue.get_nowait() is None
    with feed.listen() as late:
        assert late is None
