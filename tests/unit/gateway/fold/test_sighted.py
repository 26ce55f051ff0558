"""How often a subject was heard lately: the two latest minutes, the same for rows one by one and for columns."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from footfall.frames import Kind
from gateway.fold.decision_rules import Sighted
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.sighted import OwnersRows, count, count_many, sighted_alone, sighted_of
from gateway.fold.tables.tracks import Tracks
from gateway.fold.zone_rules import starts

S = 1_000_000_000


def tracks_of(slots: int) -> Tracks:
    tracks = Tracks()
    for slot in range(slots):
        tracks.add(100 + slot, 0, 0, False)
    return tracks


def heard(*times_s: float, sightings: int = 1) -> Sighted:
    """After rows at these times, of one slot."""
    tracks, last_s = tracks_of(1), times_s[0]
    for time_s in times_s[1:]:
        count(tracks, 0, round(time_s * S), round((time_s - last_s) * S), sightings)
        last_s = time_s
    return sighted_alone(tracks, 0)


def test_rows_of_a_minute_and_the_one_before_count() -> None:
    assert heard(0, 5, 10, 65, 70, sightings=3) == Sighted(70 * S, 12, 4)


def test_what_is_older_than_two_minutes_in_which_rows_came_is_forgotten() -> None:
    assert heard(0, 5, 65, 125, 130) == Sighted(125 * S, 3, 3)


def test_a_phone_that_slows_from_ten_times_a_second_to_once_in_five_seconds_is_known_to_within_two_minutes() -> None:
    fast, slow = [step / 10 for step in range(6000)], [600.0 + 5 * step for step in range(1, 25)]
    at_first, then = heard(*fast), heard(*fast, *slow)
    assert at_first.span_ns // at_first.sightings == S // 10
    assert then.span_ns // then.sightings == 5 * S


def test_a_silence_of_many_minutes_is_one_gap() -> None:
    assert heard(0, 30, 630) == Sighted(630 * S, 2, 2)


def test_what_an_earlier_release_had_counted_counts_for_another_minute() -> None:
    tracks = tracks_of(1)
    tracks.sighted_ns[0], tracks.sightings[0], tracks.sighted_rows[0] = 100 * S, 50, 20
    count(tracks, 0, 5000 * S, 5 * S, 1)
    assert sighted_alone(tracks, 0) == Sighted(105 * S, 51, 21)


rows_of_slots = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([0, 1, 5, 30, 59, 60, 61, 125, 400]),
        st.booleans(),
        st.sampled_from([Kind.ENTER, Kind.STAY, Kind.STAY, Kind.EXIT]),
        st.integers(1, 9),
    ),
    min_size=1,
    max_size=40,
)


@given(rows_of_slots, rows_of_slots)
def test_owners_rows_of_minutes_are_summed_up_as_one_by_one(
    earlier: list[tuple[int, int, bool, Kind, int]], then: list[tuple[int, int, bool, Kind, int]]
) -> None:
    """After a first batch that columns took; before each row of the second it is known how often its subject was heard."""
    alone, columns = tracks_of(3), tracks_of(3)
    last_s, last_own_s = dict.fromkeys(range(3), 1000), dict.fromkeys(range(3), 1000)
    for batch in (earlier, then):
        batch.sort(key=lambda row: row[0])
        times, silent, expected = [], [], []
        for slot, gap_s, own, kind, sightings in batch:
            last_s[slot] += gap_s
            times.append(last_s[slot] * S)
            silent.append((last_s[slot] - last_own_s[slot]) * S)
            expected.append(sighted_alone(alone, slot))
            if own:
                last_own_s[slot] = last_s[slot]
                if kind != Kind.ENTER:
                    count(alone, slot, times[-1], silent[-1], sightings)
        slots = np.array([row[0] for row in batch], np.int32)
        rows = evidence(slots, np.array(times, np.int64), [row[3] for row in batch], [row[4] for row in batch])
        owners = OwnersRows(columns, rows, np.array([row[2] for row in batch]), starts(slots)[0], np.array(silent, np.int64))
        assert [Sighted(*row) for row in zip(*[column.tolist() for column in owners.sighted()], strict=True)] == expected
        owners.apply()
        for name in (name for name in Tracks.COLUMNS if name.startswith(("sight", "earlier"))):
            assert getattr(columns, name)[:3].tolist() == getattr(alone, name)[:3].tolist()


@given(st.lists(st.tuples(st.sampled_from([1, 30, 59, 61, 400]), st.integers(1, 5)), min_size=1, max_size=10))
def test_a_row_of_each_of_several_slots_counts_as_alone(gaps: list[tuple[int, int]]) -> None:
    alone, many, slots = tracks_of(2), tracks_of(2), np.arange(2)
    time_s = np.array([1000, 1030])
    for gap_s, sightings in gaps:
        since_s = np.array([gap_s, 2 * gap_s])
        time_s = time_s + since_s
        count_many(many, slots, time_s * S, since_s * S, np.array([sightings, sightings]))
        for slot in (0, 1):
            count(alone, slot, int(time_s[slot]) * S, int(since_s[slot]) * S, sightings)
    assert [Sighted(*row) for row in zip(*[column.tolist() for column in sighted_of(many, slots)], strict=True)] == [
        sighted_alone(alone, slot) for slot in (0, 1)
    ]


def evidence(slot: np.ndarray, time_ns: np.ndarray, kind: list[Kind], sightings: list[int]) -> Evidence:
    zeros = np.zeros(len(slot), np.int64)
    known = {"slot": slot, "time_ns": time_ns, "kind": np.array(kind), "count": np.array(sightings, np.int64)}
    return Evidence(**{name: known.get(name, zeros) for name in Evidence.__dataclass_fields__})
