"""Devices' own times, to the nanosecond."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.decoders.timestamps import TimeForm, to_ns
from footfall.errors import ProfileError


@pytest.mark.parametrize(
    ("value", "form", "t_ns"),
    [
        ("2018-06-14T00:15:54.36879Z", "iso8601", 1528935354_368790000),
        ("2018-06-14T00:15:54.373293Z", "iso8601", 1528935354_373293000),
        ("2024-11-21T13:20:53.319-0600", "iso8601", 1732216853_319000000),
        ("2024-11-21T13:20:53+0545", "iso8601", 1732174553_000000000),
        ("2026-07-31T23:12:00-00:00", "iso8601", 1785539520_000000000),
        ("2022/12/20 18:15:52 +08", "iso8601", 1671531352_000000000),
        ("2016-12-31T23:59:60.5Z", "iso8601", 1483228800_500000000),
        ("1970-01-01T00:00:00.123456789Z", "iso8601", 123456789),
        (1706119203123456, "unix_us", 1706119203123456000),
        (1708900000000, "unix_ms", 1708900000000000000),
        ("1708900000000", "unix_ms", 1708900000000000000),
        (1684315357.5, "unix_s", 1684315357500000000),
        ("2018-06-14T00:15:54.36879Z", "any", 1528935354_368790000),
        (1773314700, "any", 1773314700_000000000),
        (1773314700000, "any", 1773314700_000000000),
        ("1773314700000", "any", 1773314700_000000000),
        (1773314700000001, "any", 1773314700_000001000),
        (1773314700000000001, "any", 1773314700_000000001),
    ],
)
def test_forms(value: Any, form: TimeForm, t_ns: int) -> None:
    assert to_ns(value, form) == t_ns


def test_a_text_without_a_zone_needs_one() -> None:
    assert to_ns("2022-12-20 18:15:52", "iso8601", "+08:00") == 1671531352 * 10**9
    with pytest.raises(ProfileError, match="no time"):
        to_ns("2022-12-20 18:15:52", "iso8601")


@pytest.mark.parametrize(
    "value",
    ["", "now", "2022-13-01T00:00:00Z", "2022-01-32T00:00:00Z", "2022-01-01T24:00:00Z", "1969-12-31T23:59:59Z", "2263-01-01T00:00:00Z",
     "2022-01-01T00:00:00+25:0", "２０22-01-01T00:00:00Z", 5, None, True, [], "0000-01-01T00:00:00Z"],
)  # fmt: skip
def test_what_is_no_time(value: Any) -> None:
    with pytest.raises(ProfileError) as caught:
        to_ns(value, "iso8601")
    assert caught.value.reason == "feed.time"


@given(st.integers(2 * 86_400 * 10**9, 7_258_118_400 * 10**9), st.integers(-14 * 60, 14 * 60), st.integers(0, 9))
def test_every_zone_reports_the_same_instant(t_ns: int, offset_min: int, digits: int) -> None:
    t_ns -= t_ns % 10 ** (9 - digits)
    local = datetime.fromtimestamp(t_ns // 10**9 + offset_min * 60, UTC)
    fraction = f".{t_ns % 10**9:09d}"[: digits + 1] if digits else ""
    sign, minutes = "-" if offset_min < 0 else "+", abs(offset_min)
    text = f"{local:%Y-%m-%dT%H:%M:%S}{fraction}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    assert to_ns(text, "iso8601") == t_ns


@pytest.mark.parametrize("value", [1.7e299, -1.7e299, 1e18, float("inf"), float("nan"), 10**400, "9" * 19])
@pytest.mark.parametrize("form", ["unix_s", "unix_ms", "unix_us"])
def test_numbers_beyond_every_time(value: Any, form: TimeForm) -> None:
    with pytest.raises(ProfileError, match="no time"):
        to_ns(value, form)


ANYTHING = st.one_of(st.text(max_size=40), st.integers(), st.floats(), st.booleans(), st.none())


@given(ANYTHING, st.sampled_from(["iso8601", "unix_s", "unix_ms", "unix_us"]))
def test_anything_is_a_time_or_a_profile_error(value: Any, form: TimeForm) -> None:
    reason = ""
    try:
        assert 0 <= to_ns(value, form) < 1 << 63
    except ProfileError as error:
        reason = error.reason
    assert reason in ("", "feed.time")


@pytest.mark.parametrize("form", ["any", "unix_s", "unix_ms", "iso8601"])
@pytest.mark.parametrize("value", [10**400, -(10**400), "9" * 400, float("inf"), float("nan")])
def test_a_number_beyond_a_double_is_no_time(value: object, form: TimeForm) -> None:
    with pytest.raises(ProfileError, match="no time of the form"):
        to_ns(value, form)
