"""The reorder buffer: rows wait for their store's watermark, and leave it in the order of their times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.fold.reorder_buffer import Evidence, Ranks, ReorderBuffer, order_key

RANKS = Ranks(agent=np.array([0, 1], np.int32), zone=np.array([0, 1], np.int32))
ONE_STORE = np.zeros(10, np.int32)


def rows(times: Sequence[int], not_before: int = -1, slot: int = 0, **columns: int) -> Evidence:
    """Evidence at these times, from an agent that had got as far as `not_before`."""
    time_ns = np.array(times, np.int64)
    values = {
        "slot": slot,
        "zone": 0,
        "agent": 0,
        "rssi_dbm": -60,
        "kind": 1,
        "profile": 0,
        "mention": -1,
        "count": 1,
        "key_ns": 0,
    } | columns
    made = {name: np.full(len(times), value, Evidence.COLUMNS[name].dtype) for name, value in values.items()}
    return Evidence(time_ns=time_ns, order=order_key(time_ns, np.full(len(times), not_before, np.int64)), **made)


def released(buffer: ReorderBuffer, watermark: int, stores: np.ndarray = ONE_STORE) -> list[int]:
    found = buffer.release(stores, np.array([watermark, -(1 << 60)], np.int64), RANKS)
    return [] if found is None else found.time_ns.tolist()


def test_rows_wait_until_the_watermark_has_reached_their_time() -> None:
    buffer = ReorderBuffer()
    buffer.add(rows([10, 20, 30]))
    assert released(buffer, 9) == []
    assert released(buffer, 20) == [10, 20]
    assert len(buffer) == 1


def test_rows_of_several_agents_leave_in_the_order_of_their_times() -> None:
    buffer = ReorderBuffer()
    buffer.add(rows([10, 30], agent=0))
    buffer.add(rows([20, 25], agent=1))
    assert released(buffer, 100) == [10, 20, 25, 30]


def test_a_late_row_goes_where_its_agent_had_got_not_back_to_its_time() -> None:
    buffer = ReorderBuffer()
    buffer.add(rows([50, 60]))
    buffer.add(rows([10], not_before=55))
    assert released(buffer, 100) == [50, 10, 60]


def test_a_late_row_follows_the_row_at_whose_place_it_stands() -> None:
    buffer = ReorderBuffer()
    buffer.add(rows([10], not_before=50))
    buffer.add(rows([50]))
    assert released(buffer, 100) == [50, 10]


def test_rows_of_one_time_follow_each_other_by_agent_whichever_came_first() -> None:
    orders = []
    for first, second in ((0, 1), (1, 0)):
        buffer = ReorderBuffer()
        buffer.add(rows([10], agent=first))
        buffer.add(rows([10], agent=second))
        found = buffer.release(ONE_STORE, np.array([100], np.int64), RANKS)
        assert found is not None
        orders.append(found.agent.tolist())
    assert orders == [[0, 1], [0, 1]]


def test_agents_of_one_time_are_ranked_by_name_not_by_code() -> None:
    buffer = ReorderBuffer()
    buffer.add(rows([10], agent=0))
    buffer.add(rows([10], agent=1))
    found = buffer.release(ONE_STORE, np.array([100], np.int64), Ranks(np.array([1, 0], np.int32), RANKS.zone))
    assert found is not None
    assert found.agent.tolist() == [1, 0]


def test_another_store_s_watermark_releases_nothing() -> None:
    buffer = ReorderBuffer()
    buffer.add(rows([10], slot=1))
    assert released(buffer, 100, stores=np.array([0, 1], np.int32)) == []


def test_rows_leave_by_slot_first() -> None:
    buffer = ReorderBuffer()
    buffer.add(rows([10, 20], slot=1))
    buffer.add(rows([15, 25], slot=0))
    assert released(buffer, 100) == [15, 25, 10, 20]


def test_what_waits_is_kept_over_a_restart() -> None:
    buffer, again = ReorderBuffer(), ReorderBuffer()
    buffer.add(rows([10, 20]))
    again.load(buffer.dump())
    assert released(again, 15) == [10]
    assert len(again) == 1
