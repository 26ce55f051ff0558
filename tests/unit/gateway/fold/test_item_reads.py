"""When antennas read anything last."""

from __future__ import annotations

import numpy as np

from footfall.frames import Kind
from gateway.fold.item_reads import NEVER_NS, ItemReads
from gateway.fold.reorder_buffer import Evidence


def rows(*of: tuple[int, int, int, Kind]) -> Evidence:
    """(place, time, zone, kind) of each."""
    place, time, zone, kind = (np.array(column, np.int64) for column in zip(*of, strict=True))
    zeros = np.zeros(len(of), np.int32)
    return Evidence(
        slot=zeros, order=place * 2, time_ns=time, key_ns=time, zone=zone.astype(np.int32), agent=zeros, rssi_dbm=zeros.astype(np.int16),
        kind=kind.astype(np.uint8), profile=zeros, mention=zeros, count=zeros,
    )  # fmt: skip


def test_what_is_read_counts_for_rows_whose_place_is_later() -> None:
    reads = ItemReads()
    reads.take(rows((30, 25, 7, Kind.STAY), (10, 9, 7, Kind.ENTER), (20, 3, 7, Kind.STAY), (15, 15, 8, Kind.STAY)))
    assert [reads.as_of(7, place) for place in (10, 11, 21, 30, 31)] == [NEVER_NS, 9, 9, 9, 25]
    assert [reads.as_of(8, 16), reads.as_of(9, 99)] == [15, NEVER_NS]


def test_an_exit_is_no_read() -> None:
    reads = ItemReads()
    reads.take(rows((10, 9, 7, Kind.EXIT)))
    assert reads.as_of(7, 99) == NEVER_NS


def test_batches_of_any_size_and_a_state_in_between_give_the_same() -> None:
    all_rows = [(place, place - place % 7, 5 + place % 3, Kind.STAY) for place in range(10, 60)]
    whole = ItemReads()
    whole.take(rows(*all_rows))
    for cut in (1, 20, 49):
        first, then = ItemReads(), ItemReads()
        first.take(rows(*all_rows[:cut]))
        then.load(first.dump())
        for reads in (first, then):
            reads.take(rows(*all_rows[cut:]))
            assert [reads.as_of(zone, 60) for zone in (5, 6, 7)] == [whole.as_of(zone, 60) for zone in (5, 6, 7)]
        assert first.dump() == whole.dump()
