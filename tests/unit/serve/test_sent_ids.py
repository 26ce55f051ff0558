"""An id that was published comes again with the same content, or is known for another."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from footfall.events import AnyEvent, parse_event
from serve.sent_ids import REMEMBERED, SentIds

TILL, DOOR = ("s1", "till"), ("s1", "door")


def scan(**more: Any) -> AnyEvent:
    return parse_event({"kind": "touch", "what": "scan", "id": "t-1", **more})


def merge(*fans: str) -> AnyEvent:
    return parse_event({"kind": "fact", "fact": "merge", "id": "m-1", "fans": list(fans)})


def test_the_same_again_is_the_same_however_it_is_written() -> None:
    ids = SentIds()
    ids.keep(TILL, [scan(time="2026-11-21T10:00:00Z")])
    assert ids.contradicted(TILL, [scan(time="2026-11-21T18:00:00+08:00", zone=None)]) is None
    other = scan(time="2026-11-21T10:00:01Z")
    assert ids.contradicted(TILL, [scan(id="t-2"), other]) is other


def test_ids_are_each_publisher_s_own_and_those_of_facts_the_brand_s() -> None:
    ids = SentIds()
    ids.keep(TILL, [scan(), merge("a", "b")])
    assert ids.contradicted(DOOR, [scan(zone="a")]) is None
    assert ids.contradicted(DOOR, [merge("a", "c")]) is not None
    assert (ids.has(TILL, "t-1"), ids.has(DOOR, "t-1"), ids.has(TILL, "m-1")) == (True, False, False)


def test_no_more_than_so_many_are_remembered() -> None:
    ids = SentIds()
    ids.keep(TILL, [scan()])
    many = scan(id="x")
    ids.keep(TILL, (many.model_copy(update={"id": f"x-{n}"}) for n in range(REMEMBERED)))
    assert ids.contradicted(TILL, [scan(zone="a")]) is None


def test_of_requests_that_come_at_once_with_one_id_the_first_counts() -> None:
    ids = SentIds()

    async def send(event: AnyEvent) -> bool:
        async with ids.alone(TILL, [event]):
            if ids.contradicted(TILL, [event]):
                return False
            await asyncio.sleep(0)  # on its way to the broker
            ids.keep(TILL, [event])
            return True

    async def story() -> list[bool]:
        return await asyncio.gather(send(scan()), send(scan(zone="a")), send(scan()), send(scan(zone="b")))

    assert asyncio.run(story()) == [True, False, True, False]


def test_who_could_not_publish_leaves_the_id_to_who_waits_and_others_do_not_wait() -> None:
    ids = SentIds()

    async def story() -> str:
        first = asyncio.create_task(fails())
        await asyncio.sleep(0)
        waits = asyncio.create_task(next_one())
        async with ids.alone(TILL, [scan(id="t-3")]), ids.alone(DOOR, [scan()]):
            assert not first.done()
        with pytest.raises(OSError, match="broker"):
            await first
        return await waits

    async def fails() -> None:
        async with ids.alone(TILL, [scan(), scan(id="t-2")]):
            await asyncio.sleep(0)
            raise OSError("no broker")

    async def next_one() -> str:
        async with ids.alone(TILL, [scan(id="t-2", zone="a")]):
            return "went on"

    assert asyncio.run(story()) == "went on"
