"""The feed of the live page: what a new reader gets, and what becomes of a slow one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from serve import live
from serve.live import ARRIVALS_FIRST, BOARDS_QUEUED, Arrivals, EventStream, LiveReader, LiveReaders
from serve.views import View
from tests.support.live_chain import message
from tests.unit.serve.test_board import NOON_NS, TWO, site

S = 10**9


def counters(store: str, inside: int) -> bytes:
    return json.dumps({"kind": "counters", "store": store, "time_ns": inside, "fields": {"occupancy": inside}}).encode()


def arrival(number: int, store: str = "s1") -> bytes:
    return json.dumps({"kind": "arrival", "id": f"{store}/{number}/x", "store": store, "fan": f"f{number}", "time_ns": number}).encode()


class Clock:
    """Of the tests."""

    def __init__(self) -> None:
        self.now_ns = NOON_NS

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def feed(clock: Clock) -> LiveReaders:
    """Of a site with two stores, of which s1 has 5 people in and 2 inside."""
    made = LiveReaders(4, clock)
    made.board.use(site(*TWO), NOON_NS)
    made.publish(json.dumps(message("s1", "UTC", NOON_NS, {"in": 5, "occupancy": 2})).encode())
    return made


def waiting(reader: LiveReader) -> list[Any]:
    return [json.loads(str(reader.queue.get_nowait())) for _ in range(reader.queue.qsize())]


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


def test_readers_are_limited_and_a_slow_one_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "QUEUED", 100)
    feed = LiveReaders(1)
    with feed.listen() as found:
        assert found is not None
        with feed.listen() as other:
            assert other is None
        for n in range(101):
            feed.publish(counters("s1", n))
        assert feed.readers == 0
        assert found.queue.get_nowait() is None, "the end of its stream"
    assert feed.slow_readers_total == 1


@pytest.mark.parametrize("view", [None, View(), Arrivals(None)])
def test_a_stream_ends_before_the_next_message_when_its_reader_may_not_read_it_any_more(view: View | Arrivals | None) -> None:
    feed, may = LiveReaders(2), [True]
    with feed.listen(view, lambda: may[0]) as found, feed.listen(view) as other:
        assert found is not None
        assert other is not None
        feed.publish(arrival(1))
        may[0] = False
        feed.publish(arrival(2))
        feed.refresh()
        assert [found.queue.get_nowait() for _ in range(found.queue.qsize())] == [None], "nor has it what waited"
        assert feed.readers == 1


def test_a_stream_that_has_nothing_to_say_ends_within_a_second_too(feed: LiveReaders) -> None:
    may = [True]
    with feed.listen(Arrivals(None), lambda: may[0]) as found:
        assert found is not None
        feed.refresh()
        assert found.queue.empty()
        may[0] = False
        feed.refresh()
        assert found.queue.get_nowait() is None


def test_closing_ends_every_stream_and_lets_nobody_in() -> None:
    feed = LiveReaders(2)
    with feed.listen() as found:
        feed.close()
        assert found is not None
        assert found.queue.get_nowait() is None
    with feed.listen() as late:
        assert late is None


def test_a_page_has_its_view_at_once_and_again_only_when_it_changed(feed: LiveReaders, clock: Clock) -> None:
    with feed.listen(View()) as page:
        assert page is not None
        (first,) = map(json.loads, page.first)
        assert (first["kind"], first["now_ns"], first["sums"]["in"], first["matching"]) == ("board", NOON_NS, 5, 2)
        feed.refresh()
        assert waiting(page)[0]["sums"]["in"] == 5
        clock.now_ns += S
        feed.refresh()
        assert waiting(page) == [], "nothing changed"
        feed.publish(json.dumps(message("s2", "UTC", clock.now_ns, {"in": 7})).encode())
        assert waiting(page) == [], "messages of every store go to nobody's page"
        feed.refresh()
        assert [(each["now_ns"], each["sums"]["in"]) for each in waiting(page)] == [(clock.now_ns, 12)]


def test_a_page_shows_a_store_as_stale_by_time_alone(feed: LiveReaders, clock: Clock) -> None:
    with feed.listen(View()) as page:
        assert page is not None
        feed.refresh()
        waiting(page)
        clock.now_ns += 181 * S
        feed.refresh()
        ((found,),) = ([each["stores"][0] for each in waiting(page)],)
        assert (found["state"], "occupancy" in found["today"], found["today"]["in"]) == ("stale", False, 5)


def test_a_page_that_takes_nothing_is_sent_no_more_boards(feed: LiveReaders, clock: Clock) -> None:
    with feed.listen(View()) as page:
        assert page is not None
        for entered in range(10):
            feed.publish(json.dumps(message("s1", "UTC", clock.now_ns, {"in": entered})).encode())
            feed.refresh()
        assert page.queue.qsize() == BOARDS_QUEUED
        waiting(page)
        feed.refresh()
        assert waiting(page)[0]["sums"]["in"] == 9, "and then the latest"


def test_a_page_has_the_arrivals_below_its_path_those_before_it_too_each_once(feed: LiveReaders) -> None:
    for number in (1, 2, 2):
        feed.publish(arrival(number))
    feed.publish(arrival(3, "s2"))
    with feed.listen(View(path=("acme", "north"))) as page:
        assert page is not None
        assert [json.loads(text)["fan"] for text in page.first[1:]] == ["f1", "f2"]
        feed.publish(arrival(4))
        feed.publish(arrival(5, "s2"))
        assert [each["fan"] for each in waiting(page)] == ["f4"]


def test_a_stream_begins_with_the_latest_arrivals_of_its_own_stores_however_many_came_elsewhere(feed: LiveReaders) -> None:
    feed.publish(arrival(1))
    for number in range(2, 2 + ARRIVALS_FIRST + 5):
        feed.publish(arrival(number, "s2"))
    with feed.listen(Arrivals(frozenset({"s1"}))) as guide, feed.listen(View()) as page:
        assert guide is not None
        assert page is not None
        assert [json.loads(text)["fan"] for text in guide.first] == ["f1"]
        assert [json.loads(text)["fan"] for text in page.first[1:]] == [f"f{number}" for number in range(7, 7 + ARRIVALS_FIRST)]


def test_what_waits_is_sent_in_one_piece(feed: LiveReaders) -> None:
    sent: list[bytes] = []

    async def story() -> None:
        ends = asyncio.Event()

        async def receive() -> dict[str, str]:
            await ends.wait()
            return {"type": "http.disconnect"}

        async def send(piece: dict[str, Any]) -> None:
            sent.append(piece.get("body", b""))
            if len(sent) == 2:
                for number in range(300):
                    feed.publish(counters("s1", number))
            elif len(sent) == 3:
                feed.close()

        await EventStream(feed)({"state": {}}, receive, send)

    asyncio.run(story())
    assert [piece.count(b"data: ") for piece in sent] == [0, 1, 300, 0]


def fan_change(what: str, fan: str, old: str, new: str) -> bytes:
    return json.dumps({"kind": "fan", "id": "1", "what": what, "fan": fan, "old": old, "new": new, "facts": ["c"]}).encode()


def fans_of_a_new_page(feed: LiveReaders) -> list[str]:
    with feed.listen(View()) as found:
        assert found is not None
        return [each["fan"] for each in map(json.loads, found.first) if each["kind"] == "arrival"]


def test_a_page_that_is_opened_later_sees_nobody_who_withdrew_meanwhile(feed: LiveReaders) -> None:
    for number in (1, 2, 3):
        feed.publish(arrival(number))
    feed.publish(fan_change("withdrawn", "alias-of-f2", "f2", ""))
    assert fans_of_a_new_page(feed) == ["f1", "f3"]
    feed.publish(fan_change("granted", "f2", "", "f2"))
    assert fans_of_a_new_page(feed) == ["f1", "f3"]
    assert feed.refused_total == 0


@pytest.mark.parametrize("what", ["merged", "id_changed"])
def test_it_sees_those_whose_id_changed_under_the_new_one(feed: LiveReaders, what: str) -> None:
    feed.publish(arrival(1))
    feed.publish(fan_change(what, "f1", "f1", "f9"))
    assert fans_of_a_new_page(feed) == ["f9"]
    feed.publish(fan_change("withdrawn", "f9", "f9", ""))
    assert fans_of_a_new_page(feed) == []


def test_after_a_split_an_arrival_is_whose_it_was_or_nobody_s(feed: LiveReaders) -> None:
    for number in (1, 2, 3):
        feed.publish(arrival(number))
    for number in (1, 2):
        feed.publish(fan_change("merged", f"f{number}", f"f{number}", "f3"))
    assert fans_of_a_new_page(feed) == ["f3", "f3", "f3"]
    feed.publish(fan_change("split", "f1", "f3", "f1"))
    assert fans_of_a_new_page(feed) == ["f1", "f3"], "of f3 itself it is not known whether it came as the person of both"
    feed.publish(fan_change("split", "f2", "f3", "f2"))
    assert fans_of_a_new_page(feed) == ["f1", "f2"]


def test_an_arrival_is_forgotten_after_an_hour(feed: LiveReaders, clock: Clock) -> None:
    feed.publish(arrival(1))
    clock.now_ns += 3600 * S
    feed.publish(arrival(2))
    assert fans_of_a_new_page(feed) == ["f1", "f2"]
    clock.now_ns += 1
    assert fans_of_a_new_page(feed) == ["f2"]


def test_what_becomes_of_fans_is_sent_to_no_reader(feed: LiveReaders) -> None:
    with feed.listen() as found:
        assert found is not None
        feed.publish(fan_change("withdrawn", "f1", "f1", ""))
        assert waiting(found) == []
