"""Accept's memory in a shard's checkpoint: all of it goes on elsewhere, and ids take no more room than they may."""

from __future__ import annotations

import msgpack

from footfall.boot_clock import Bounds
from footfall.frames import DecidedTime
from gateway.accept.checkpointed_memory import CheckpointedMemory
from gateway.accept.decisions import Decision
from gateway.accept.memory import Mark


def test_a_shard_goes_on_elsewhere_with_all_that_accept_remembered() -> None:
    memory, again = CheckpointedMemory("log"), CheckpointedMemory("log")
    mark, bounds = Mark(7, 30, 5, 123, 4), Bounds(1, 2, 3, 1)
    runs = (Decision(1, "e", 2, 5, DecidedTime(10, 20, 1), 99), Decision(2, "f", 1, 1, DecidedTime(11, 21, 2), 100))
    memory.set_mark("x", "e", mark)
    memory.set_bounds("x", "boot", bounds)
    memory.set_decisions("x", runs)
    memory.set_history_ns("s1", 8)
    assert memory.is_new_event(b"1" * 16, None, b"content1")
    again.load(memory.dump())
    assert (again.event_content(b"1" * 16), again.event_content(b"2" * 16)) == (b"content1", b"")
    assert (again.mark("x", "e"), again.bounds("x", "boot"), again.decisions("x"), again.history_ns("s1")) == (mark, bounds, runs, 8)
    assert (again.knows("x"), again.knows("y"), again.sure_ns("x")) == (True, False, 4)
    assert not again.is_new_event(b"1" * 16)
    assert again.dump() == memory.dump()


def test_the_latest_ids_are_remembered_up_to_a_number() -> None:
    memory = CheckpointedMemory("log", keep_ids=2)
    assert [memory.is_new_event(name) for name in (b"1", b"2", b"3", b"3", b"2", b"1")] == [True, True, True, False, False, True]


def test_an_id_of_an_earlier_release_is_recognised() -> None:
    memory = CheckpointedMemory("log")
    memory.is_new_event(b"old")
    assert not memory.is_new_event(b"new", b"old")


def test_a_checkpoint_of_a_release_that_knew_no_contents_is_read() -> None:
    memory = CheckpointedMemory("log")
    memory.is_new_event(b"1" * 16, None, b"content1")
    values = msgpack.unpackb(memory.dump())
    del values["contents"]
    memory.load(msgpack.packb(values))
    assert not memory.is_new_event(b"1" * 16)
    assert memory.event_content(b"1" * 16) == b""
