"""Doors whose counters fell silent for longer than is usual."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from footfall.frames import Kind
from footfall.moments import to_ns
from footfall.units import NS_PER_HOUR, NS_PER_MINUTE
from gateway.fold.door_watch import DoorWatch, silence_text
from gateway.site.recorded import RecordedSite
from tests.support.journal_stories import Row, Story, new_fold, pairs

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = datetime(2026, 11, 2, tzinfo=ZONE)


def site(*doors: str, **more: Any) -> RecordedSite:
    store = {"name": "s1", "timezone": "Asia/Shanghai", "opens": "10:00", "closes": "20:00", "doors": doors, **more}
    return RecordedSite.model_validate({"brand": "b", "stores": [store]})


def at(day: int, hour: float) -> int:
    return to_ns(FIRST + timedelta(days=day, hours=hour))


def watched(days: int = 6, every_min: int = 20, *doors: str) -> DoorWatch:
    """Somebody passes every so often, in opening hours; at noon of each day nobody for three times as long."""
    watch = DoorWatch()
    watch.apply(site(*(doors or ("main",))), at(0, 9))
    for day in range(days):
        for minute in range(0, 600, every_min):
            if not 120 < minute < 120 + 3 * every_min:
                watch.count("s1", "main", at(day, 10 + minute / 60))
    return watch


def test_a_silence_is_named_once_it_is_twice_as_long_as_usual() -> None:
    watch = watched()
    assert watch.silent(at(6, 10) + 59 * NS_PER_MINUTE) == []
    (silence,) = watch.silent(at(6, 10) + 121 * NS_PER_MINUTE)
    assert (silence.store, silence.door, silence.usual_ns) == ("s1", "main", 60 * NS_PER_MINUTE)
    assert silence_text(silence) == "s1/main for 2 h of opening hours (usually at most 60 min)"


def test_nights_and_closed_days_are_no_silence() -> None:
    watch = watched()
    assert watch.silent(at(5, 20) + 14 * NS_PER_HOUR) == []
    watch.apply(site("main", closed=["2026-11-08"]), at(5, 21))
    assert watch.silent(at(7, 9)) == []


def test_a_door_that_counts_again_is_silent_no_more_and_its_outage_is_not_usual() -> None:
    watch = watched()
    watch.count("s1", "main", at(8, 12))
    assert watch.silent(at(8, 12.5)) == []
    (silence,) = watch.silent(at(8, 14.5))
    assert silence.usual_ns == 60 * NS_PER_MINUTE


def test_a_busy_door_is_silent_for_an_hour_before_it_is_named() -> None:
    watch = watched(6, 2)
    last = at(5, 10 + 598 / 60)
    assert watch.silent(last + 2 * NS_PER_MINUTE + 14 * NS_PER_HOUR + 57 * NS_PER_MINUTE) == []
    assert len(watch.silent(last + 2 * NS_PER_MINUTE + 14 * NS_PER_HOUR + 62 * NS_PER_MINUTE)) == 1


def test_a_door_that_never_counted_has_a_day_to_be_heard() -> None:
    watch = watched(1, 20, "main", "side")
    assert [each.door for each in watch.silent(at(0, 17.9))] == []
    (silence,) = watch.silent(at(0, 18.1))
    assert silence_text(silence) == "s1/side for 8 h of opening hours, and never since it is in site.toml (what is usual is not known yet)"


def test_what_is_not_in_the_estate_any_more_is_not_named() -> None:
    watch = watched()
    watch.apply(site("other"), at(6, 9))
    assert [each.door for each in watch.silent(at(6, 19))] == ["other"]
    watch.count("s1", "main", at(6, 19))
    assert [each.door for each in watch.silent(at(6, 19))] == ["other"]


def test_what_is_late_or_of_a_recording_is_no_silence_of_now() -> None:
    watch = DoorWatch()
    watch.apply(site("main"), at(0, 12))
    watch.count("s1", "main", at(-300, 12))
    assert watch.silent(at(0, 13)) == []
    watch.count("s1", "main", at(0, 13))
    watch.count("s1", "main", at(0, 11))
    assert watch.silent(at(0, 14)) == []


def test_the_state_goes_on_as_if_it_had_not_been_stored() -> None:
    watch = watched()
    again = DoorWatch()
    again.apply(site("main"), 0)
    again.load(watch.dump(), at(6, 9))
    assert (again.silent(at(6, 13)), again.dump()) == (watch.silent(at(6, 13)), watch.dump())


@pytest.mark.parametrize("stored", [[], [["s1", "gone", 0, 0, []]]])
def test_a_door_that_an_earlier_release_did_not_watch_is_watched_from_now_on(stored: list[list[Any]]) -> None:
    watch = DoorWatch()
    watch.apply(site("main"), 0)
    watch.load(stored, at(0, 10))
    assert watch.silent(at(0, 17)) == []
    assert len(watch.silent(at(0, 19))) == 1


def test_frames_and_events_of_people_are_what_a_door_is_watched_by() -> None:
    for story in (
        Story().frame(0, [Row(Kind.IN, profile=2, count=1)]),
        Story().event(0, {"kind": "count", "id": "c1", "door": "d", "in": 1}),
    ):
        fold = new_fold()
        fold.apply(pairs(story.wait(5).tick().records))
        ((store, door, _, last_ns, days),) = [each for each in fold.state.doors.dump() if each[0] == "s1"]
        assert (store, door, len(days)) == ("s1", "d", 1)
        assert last_ns > 0
    fold = new_fold()
    fold.apply(pairs(Story().event(0, {"kind": "count", "id": "c1", "door": "d", "in": 0}).wait(5).tick().records))
    assert [last_ns for _, _, _, last_ns, _ in fold.state.doors.dump()] == [0, 0], "a report that nobody passed is no sign of a lens"
