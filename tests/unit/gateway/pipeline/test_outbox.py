"""Points wait in order, bounded, each batch until the database has it; a checkpoint keeps what waits."""

from __future__ import annotations

import random
import threading

from hypothesis import given
from hypothesis import strategies as st

from gateway.pipeline.outbox import MAX_ROWS_AT_ONCE, Outbox, SentCounts
from gateway.points import Points, from_rows
from tests.support.waiting import PATIENCE_S

MIB = 1 << 20


def points(n: int = 1, at: int = 0) -> list[Points]:
    return [from_rows("gap", [(at + i, "x", "s1", 0, 1, 2, "why") for i in range(n)])]


def test_batches_leave_in_order_and_stay_until_done() -> None:
    outbox = Outbox(MIB)
    for at in range(5):
        outbox.put(points(at=at), 1)
    first = outbox.peek(0.0)
    assert [int(batch.points[0].time_ns[0]) for batch in first] == [0, 1, 2, 3, 4]
    assert [batch.id for batch in outbox.peek(0.0)] == [batch.id for batch in first]
    outbox.done(2, 0)
    assert [int(batch.points[0].time_ns[0]) for batch in outbox.peek(0.0)] == [2, 3, 4]
    assert outbox.sent == SentCounts(2, 2, 0)


def test_not_more_than_the_sink_takes_at_once_but_always_something() -> None:
    outbox = Outbox(1 << 30)
    for n in (MAX_ROWS_AT_ONCE + 1, MAX_ROWS_AT_ONCE - 1, 1, 1):
        outbox.put(points(n), 1)
    assert len(outbox.peek(0.0)) == 1
    outbox.done(1, 0)
    assert len(outbox.peek(0.0)) == 2


def test_rows_are_written_or_refused() -> None:
    outbox = Outbox(MIB)
    outbox.put(points(), 10)
    outbox.put(points(), 5)
    outbox.done(2, 3)
    assert outbox.sent == SentCounts(2, 12, 3)


def test_a_full_outbox_makes_the_fold_wait_until_there_is_room() -> None:
    outbox = Outbox(1000)
    assert outbox.wait_for_room(0.0)
    while outbox.wait_for_room(0.0):
        outbox.put(points(), 1)
    batches, size = outbox.load()
    assert size >= 1000
    threading.Timer(0.1, lambda: outbox.done(batches, 0)).start()
    assert outbox.wait_for_room(10 * PATIENCE_S), "woken: the test is not given so long"
    assert outbox.load() == (0, 0)


def test_the_sink_wakes_when_something_comes() -> None:
    outbox = Outbox(MIB)
    threading.Timer(0.1, lambda: outbox.put(points(), 1)).start()
    assert len(outbox.peek(10 * PATIENCE_S)) == 1
    assert Outbox(MIB).peek(0.01) == []


def test_empty_is_waited_for() -> None:
    outbox = Outbox(MIB)
    assert outbox.wait_empty(0.0)
    outbox.put(points(), 1)
    assert not outbox.wait_empty(0.01)
    outbox.done(1, 0)
    assert outbox.wait_empty(0.0)


def test_a_checkpoint_stores_each_waiting_batch_once() -> None:
    outbox = Outbox(MIB)
    outbox.put(points(at=1), 1)
    outbox.put(points(at=2), 1)
    outbox.done(1, 0)
    sent, new = outbox.to_store()
    assert (sent.up_to, [batch.id for batch in new]) == (1, [2])
    outbox.put(points(at=3), 1)
    assert [batch.id for batch in outbox.to_store()[1]] == [3]
    assert outbox.to_store()[1] == []


@given(st.lists(st.sampled_from(["put", "send", "checkpoint", "crash"]), max_size=60), st.integers(0, 2**32))
def test_whatever_happens_every_batch_is_sent_and_counted_once(steps: list[str], seed: int) -> None:
    """A crash goes back to the last checkpoint: what was put since is put again, what was sent since may be sent again."""
    rng = random.Random(seed)
    outbox, stored, kept = Outbox(MIB), SentCounts(), {}  # what the ledger has
    put = stored_put = 0
    arrived: list[int] = []
    for step in [*steps, "crash", "send", "send"]:
        if step == "put":
            put += 1
            outbox.put(points(at=put), 1)
        elif step == "send" and (batches := outbox.peek(0.0)):
            count = rng.randint(1, len(batches))
            arrived += [int(batch.points[0].time_ns[0]) for batch in batches[:count]]
            outbox.done(count, 0)
        elif step == "checkpoint":
            stored, new = outbox.to_store()
            kept = {batch_id: batch for batch_id, batch in kept.items() if batch_id > stored.up_to} | {batch.id: batch for batch in new}
            stored_put = put
        elif step == "crash":
            outbox = Outbox(MIB)
            outbox.start_from(stored)
            for batch_id, batch in sorted(kept.items()):
                outbox.restore(batch_id, batch.rows, batch.points)
            while stored_put < put:
                stored_put += 1
                outbox.put(points(at=stored_put), 1)
            stored_put = put
            stored, new = outbox.to_store()
            kept = {batch_id: batch for batch_id, batch in kept.items() if batch_id > stored.up_to} | {batch.id: batch for batch in new}
    while batches := outbox.peek(0.0):
        arrived += [int(batch.points[0].time_ns[0]) for batch in batches]
        outbox.done(len(batches), 0)
    assert set(arrived) == set(range(1, put + 1))
    assert outbox.sent.written_rows == put
    last_seen = {at: index for index, at in enumerate(arrived)}
    assert [at for at, _ in sorted(last_seen.items(), key=lambda item: item[1])] == list(range(1, put + 1)), "the last version comes last"
