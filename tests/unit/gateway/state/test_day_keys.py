"""A key for each store's day: in force at every moment, never the same twice, gone for good when its day is over."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.site import Site, Store
from gateway.state.day_keys import DayKeys, day_of

S = 1_000_000_000
HOUR = 3600 * S
ZONES = (
    "UTC",
    "Asia/Shanghai",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Africa/Casablanca",
)


def ns(year: int, month: int, day: int, hour: int = 0, minute: int = 0, zone: str = "UTC", fold: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone), fold=fold).timestamp()) * S


def store(zone: str, day_start: time = time(4)) -> Store:
    return Store(name="s1", timezone=zone, day_start=day_start)


def site(*stores: Store) -> Site:
    return Site(brand="b", stores=stores)


@given(st.integers(ns(2026, 1, 1), ns(2028, 1, 1)), st.sampled_from(ZONES), st.integers(0, 23), st.sampled_from([0, 30]))
@example(ns(2026, 3, 8, 3, 10, "America/New_York"), "America/New_York", 2, 30)  # a day that begins in the hour that is skipped
@example(ns(2026, 11, 1, 1, 10, "America/New_York", fold=1), "America/New_York", 1, 30)  # … in the hour that comes twice
@example(ns(2026, 11, 1, 1, 40, "America/New_York", fold=1), "America/New_York", 1, 30)
@example(ns(2026, 4, 5, 1, 50, "Australia/Lord_Howe", fold=1), "Australia/Lord_Howe", 1, 30)
def test_days_tile_time(now_ns: int, zone: str, hour: int, minute: int) -> None:
    where = store(zone, time(hour, minute))
    day, begin, end = day_of(where, now_ns)
    assert begin <= now_ns < end
    assert 22 * HOUR <= end - begin <= 26 * HOUR
    assert day_of(where, begin) == day_of(where, end - 1) == (day, begin, end)
    assert day_of(where, end)[:2] == (day + 1, end)
    assert day_of(where, begin - 1)[::2] == (day - 1, begin)


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 8, 23), (3, 7, 24), (11, 1, 25), (11, 2, 24)])
def test_days_of_23_and_25_hours(month: int, day: int, hours: int) -> None:
    midnight = store("America/New_York", time(0))
    _, begin, end = day_of(midnight, ns(2026, month, day, 12, zone="America/New_York"))
    assert (begin, end - begin) == (ns(2026, month, day, zone="America/New_York"), hours * HOUR)


def test_a_key_is_in_force_for_its_day_and_no_other(tmp_path: Path) -> None:
    keys = DayKeys(tmp_path / "keys.db", site(store("Asia/Shanghai")))
    noon = ns(2026, 11, 21, 12, zone="Asia/Shanghai")
    key = keys.current("s1", noon)
    assert key is not None
    assert (key.from_ns, key.until_ns) == (ns(2026, 11, 21, 4, zone="Asia/Shanghai"), ns(2026, 11, 22, 4, zone="Asia/Shanghai"))
    assert keys.current("s1", key.until_ns - 1) == key
    later = keys.current("s1", key.until_ns)
    assert later is not None
    assert later.secret != key.secret
    assert len({later.key_id, key.key_id, 0}) == 3
    assert keys.current("elsewhere", noon) is None


def test_a_restart_keeps_the_key_of_the_day(tmp_path: Path) -> None:
    noon = ns(2026, 11, 21, 12)
    keys = DayKeys(tmp_path / "keys.db", site(store("UTC")))
    key = keys.current("s1", noon)
    keys.close()
    assert DayKeys(tmp_path / "keys.db", site(store("UTC"))).current("s1", noon + HOUR) == key


def test_stores_have_keys_of_their_own(tmp_path: Path) -> None:
    stores = [Store(name=f"s{n}", timezone=zone) for n, zone in enumerate(ZONES)]
    keys = DayKeys(tmp_path / "keys.db", site(*stores))
    now = ns(2026, 11, 21, 12)
    drawn = [keys.current(each.name, now) for each in stores]
    assert len({key.secret for key in drawn if key}) == len(ZONES)
    assert all(key and key.from_ns <= now < key.until_ns for key in drawn)


def test_nothing_is_left_of_a_key_when_its_day_is_over(tmp_path: Path) -> None:
    """Not in the file, nor in what SQLite keeps beside it: whoever takes the disk cannot undo yesterday's pseudonyms."""
    keys = DayKeys(tmp_path / "keys.db", site(store("UTC"), Store(name="s2", timezone="Asia/Shanghai")))
    noon = ns(2026, 11, 21, 12)
    old = [keys.current(name, noon) for name in ("s1", "s2")]
    assert all(key and on_disk(tmp_path, key.secret) for key in old), "else this test would show nothing"
    keys.current("s1", noon + 24 * HOUR)
    keys.erase(noon + 24 * HOUR)
    assert not any(key and on_disk(tmp_path, key.secret) for key in old)


def test_a_key_is_erased_though_nobody_asks_for_the_next(tmp_path: Path) -> None:
    keys = DayKeys(tmp_path / "keys.db", site(store("UTC")))
    key = keys.current("s1", ns(2026, 11, 21, 12))
    assert key is not None
    keys.erase(key.until_ns - 1)
    assert on_disk(tmp_path, key.secret)
    keys.erase(key.until_ns)
    assert not on_disk(tmp_path, key.secret)


def test_a_clock_that_was_a_day_ahead_for_a_while_erases_no_key(tmp_path: Path) -> None:
    """Whoever was heard before it is the same person after it; and no id means two secrets."""
    keys = DayKeys(tmp_path / "keys.db", site(store("UTC")))
    noon = ns(2026, 11, 21, 12)
    today, tomorrow = keys.current("s1", noon), keys.current("s1", noon + 24 * HOUR)
    assert keys.current("s1", noon + 60 * S) == today
    assert DayKeys(tmp_path / "keys.db", site(store("UTC"))).current("s1", noon + 60 * S) == today, "nor does a restart"
    assert keys.current("s1", noon + 24 * HOUR) == tomorrow
    keys.erase(noon + 24 * HOUR)
    anew = keys.current("s1", noon)
    assert anew is not None
    assert today is not None
    assert anew.secret != today.secret
    assert anew.key_id != today.key_id, "where it was erased all the same"


@pytest.mark.parametrize("change", ["secret = zeroblob(32)", "from_ns = from_ns - 1", "until_ns = until_ns + 1", "key_id = 1", "crc = 7"])
def test_a_key_that_is_not_what_was_drawn_is_erased_and_another_drawn(tmp_path: Path, change: str) -> None:
    noon = ns(2026, 11, 21, 12)
    before = DayKeys(tmp_path / "keys.db", site(store("UTC"))).current("s1", noon)
    db = sqlite3.connect(tmp_path / "keys.db")
    db.execute(f"UPDATE keys SET {change}")
    db.commit()
    after = DayKeys(tmp_path / "keys.db", site(store("UTC"))).current("s1", noon)
    assert before is not None
    assert after is not None
    assert after.key_id not in (before.key_id, 1)
    assert db.execute("SELECT count(*) FROM keys").fetchone() == (1,)


def on_disk(folder: Path, secret: bytes) -> bool:
    return any(secret in path.read_bytes() for path in folder.iterdir())


def test_times_are_in_utc() -> None:
    assert day_of(store("UTC", time(0)), 0)[1:] == (0, 24 * HOUR)
    assert day_of(store("UTC", time(0)), 0)[0] == datetime(1970, 1, 1, tzinfo=UTC).toordinal()
