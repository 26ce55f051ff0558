"""Dwells as stays: the rule is that of zone_traffic, found here the slow way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.points.rows import DwellPoint
from gateway.query.stays import STAY_COLUMNS, stays_of
from tests.support.fan_stays import stays_of as slowly
from tests.support.query_rows import SATURDAY, table

S = 10**9


def dwell(
    who: int, from_s: float, seconds: float, *, zone: str = "a", fan: str = "f1", open_: bool = False, staff: bool = False
) -> DwellPoint:
    subject, length_s = f"{who:016x}", 0.0 if open_ else seconds
    return DwellPoint(SATURDAY + round(from_s * S) + who, "a1", "s1", zone, subject, fan, length_s, staff, open_, False, 1.0)


def lengths(*rows: DwellPoint) -> list[float]:
    found = stays_of(table("dwell", sorted(rows)))
    return found.numbers("seconds").tolist()


def test_several_devices_of_a_fan_at_once_are_one_stay() -> None:
    assert lengths(dwell(1, 0, 60), dwell(2, 20, 100)) == [120.0]
    assert lengths(dwell(1, 0, 60), dwell(2, 70, 100)) == [60.0, 100.0]
    assert lengths(dwell(1, 0, 60), dwell(2, 20, 100, zone="b")) == [60.0, 100.0]
    assert lengths(dwell(1, 0, 60, fan=""), dwell(2, 20, 100, fan="")) == [60.0, 100.0]


def test_a_dwell_within_one_of_another_device_elsewhere_is_no_stay() -> None:
    assert lengths(dwell(1, 0, 60), dwell(2, 20, 30, zone="b")) == [60.0]
    assert lengths(dwell(1, 0, 0, open_=True), dwell(2, 20, 30, zone="b")) == [0.0]
    assert lengths(dwell(1, 0, 60), dwell(2, 0, 60, zone="b")) == [60.0, 60.0], "nobody knows which is right"
    assert lengths(dwell(1, 0, 60), dwell(2, 20, 30, zone="b", fan="f2")) == [60.0, 30.0]
    assert lengths(dwell(1, 0, 60), dwell(2, 20, 30, zone="b"), dwell(2, 50, 50)) == [100.0]


def test_a_stay_is_open_while_one_device_is_heard() -> None:
    found = stays_of(table("dwell", [dwell(1, 0, 60), dwell(2, 20, 0, open_=True)]))
    assert (found.numbers("open").tolist(), found.numbers("seconds").tolist()) == ([True], [0.0])


def test_who_walks_through_does_not_stay_unless_another_device_shows_it() -> None:
    assert lengths(dwell(1, 0, 9.999), dwell(2, 100, 10)) == [10.0]
    assert lengths(dwell(1, 0, 6), dwell(2, 5, 6)) == [11.0]


rows = st.lists(
    st.builds(
        dwell, st.integers(1, 4), st.integers(0, 100), st.sampled_from([0.0, 4.0, 9.999, 10.0, 30.0]),
        zone=st.sampled_from("ab"), fan=st.sampled_from(["", "f1", "f2"]), open_=st.booleans(), staff=st.sampled_from([False, False, True]),
    ),
    max_size=10, unique_by=lambda row: row.time_ns,
)  # fmt: skip


@given(rows)
def test_stays_are_those_that_joining_pairs_finds(of: list[DwellPoint]) -> None:
    dwells = [row._asdict() for row in sorted(of)]
    expected = [row for row in slowly(row for row in dwells if not row["is_staff"]) if row["open"] or row["seconds"] >= 10]
    found = stays_of(table("dwell", sorted(of)))
    guests = found.where(~found.numbers("is_staff"))
    columns = [guests.values(name) for name in ("zone", "fan", "seconds", "open")]
    assert sorted(zip(*columns, strict=True)) == sorted((row["zone"], row["fan"], row["seconds"], row["open"]) for row in expected)
    assert set(STAY_COLUMNS) <= set(DwellPoint._fields)
