from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.moments import moment, to_ns


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-21T10:02:03.5+08:00", "2026-11-21T02:02:03.500000+00:00"),
        ("2026-11-21T10:02:03+08", "2026-11-21T02:02:03+00:00"),
        ("2026-11-21T10:02:03+0800", "2026-11-21T02:02:03+00:00"),
        ("2026-11-21T10:02:03,25-03:30", "2026-11-21T13:32:03.250000+00:00"),
        ("2026-11-21T10:02:03\u221203:30", "2026-11-21T13:32:03+00:00"),
        ("2026-11-21 10:02Z", "2026-11-21T10:02:00+00:00"),
        ("2026-11-21t10z", "2026-11-21T10:00:00+00:00"),
        ("20261121T100203Z", "2026-11-21T10:02:03+00:00"),
        ("2026-11-21T24:00:00+08:00", "2026-11-21T16:00:00+00:00"),
        ("2026-12-31T24:00Z", "2027-01-01T00:00:00+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("2026-11-21T10:02:03.123456789Z", "2026-11-21T10:02:03.123456+00:00"),
    ],
)
def test_what_iso_8601_writes_is_read(text: str, same: str) -> None:
    assert moment(text) == datetime.fromisoformat(same)


@pytest.mark.parametrize(
    "value",
    [1_795_226_523, 1_795_226_523.0, True, None, "1795226523", "", "2026-11-21", "2026-11-21T10:02:03", "2026-11-21T25:00Z",
     "2026-11-21T24:00:01Z", "2026-11-21T10:60Z", "2026-11-21T10:00:61Z", "2026-02-29T10:00Z", "2026-1121T10:00Z", "9999-12-31T24:00Z",
     "2026-11-21T10:02:03+24:00", "2026-11-21T10:02:03Z ", "٢٠٢٦-11-21T10:02:03Z"],
)  # fmt: skip
def test_anything_else_is_none(value: object) -> None:
    with pytest.raises(ValueError, match=r"ISO 8601|offset|no time|no date"):
        moment(value)


@given(st.datetimes(), st.integers(-1439, 1439))
def test_what_python_writes_is_read_back(at: datetime, offset_min: int) -> None:
    aware = at.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    assert moment(aware.isoformat()) == aware


@given(st.datetimes())
def test_a_moment_keeps_its_microseconds(at: datetime) -> None:
    assert moment(at.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")).microsecond == at.microsecond


@given(st.text())
def test_no_text_does_anything_worse_than_be_refused(text: str) -> None:
    try:
        moment(text)
    except ValueError:
        return


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)), st.integers(-12 * 60, 14 * 60))  # noqa: DTZ001 # the zone is drawn
def test_nanoseconds_are_exact_to_the_microsecond(when: datetime, minutes: int) -> None:
    aware = when.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert to_ns(aware) == (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
