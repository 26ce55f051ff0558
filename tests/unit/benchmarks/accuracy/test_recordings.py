"""The recordings are scored with nothing fitted on what is scored; skipped where they are absent.

In small their first minutes, or days, stand for the whole, which `make accuracy` plays, too.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pytest

from benchmarks.accuracy import calibration, recordings
from benchmarks.accuracy.splicing import SEGMENT_S
from benchmarks.accuracy.suite import PARTS
from edge_agent.sources.replay import read
from edge_agent.sources.replay_settings import ReplaySettings
from edge_agent.sources.source import Crossing, Sighting
from footfall.units import NS_PER_DAY, NS_PER_S
from gateway.site import Site
from simulators.accuracy.counts import played_counts
from simulators.accuracy.recorded import TrueRecording
from tests.support.whole import small_or_whole


@pytest.fixture
def at_hand(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOOTFALL_REAL_DATA", str(real_data))
    return real_data


def test_a_site_is_fitted_on_the_other_runs_alone(at_hand: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []

    def fit(others: TrueRecording, memory_s: float | None) -> Site:
        assert memory_s is None
        seen.append({run.name for run in others.runs})
        assert {carried.run for carried in others.carried} == seen[-1]
        return others.site()

    monkeypatch.setattr(calibration, "CALIBRATE", fit)
    hall = recordings.loaded("pa-ble")
    names = [run.name for run in hall.runs]
    found = recordings.calibrated(hall)
    assert found is not None
    assert [course.name for course in found] == names
    assert seen == [set(names) - {name} for name in names]


def test_cars_at_the_door_are_calibrated_and_the_hall_is_not_since_offsets_of_its_walks_win_nothing(at_hand: Path) -> None:
    cars = recordings.loaded("sal-rb")
    names = {run.name for run in cars.runs if run.name.startswith("car")}
    site = calibration.site_for({min(names)}, cars.only(names))
    hall = recordings.loaded("pa-ble")
    plain = calibration.site_for({hall.runs[0].name}, hall)
    assert site is not None
    assert plain is not None
    (found,) = site.stores[0].calibrations
    assert 10 <= found.offset_db.get("outside", 0) - found.offset_db.get("inside", 0) <= 14
    assert plain.stores[0].calibrations == ()


def test_every_figure_of_the_hall_is_there(at_hand: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In small nothing is fitted to its other runs, as the test above does for one of them."""
    monkeypatch.setattr(calibration, "CALIBRATE", small_or_whole(lambda others, memory_s: others.site(), calibration.CALIBRATE))
    found = recordings.pa_ble()
    first = found.rows[0]
    assert first.name == "pa-ble-rows-3s"
    assert first.value is not None
    assert first.value > 0.7
    assert set(first.baseline) == {"reelyActive", "habluetooth", "ESPresense", "Bermuda", "EdgeX"}
    assert [picture.name for picture in found.pictures] == ["pa-ble"]


def test_rows_in_which_a_car_stands_in_the_door_can_be_left_out(at_hand: Path) -> None:
    every, clear = recordings.loaded("sal-rb"), recordings.loaded("sal-rb", {"raw_photosensor_door": "0"})
    count = [sum(len(carried.rows) for carried in each.carried if carried.run.startswith("car")) for each in (every, clear)]
    assert count == [8937, 7805]


def opening(recording: TrueRecording, seconds: int) -> TrueRecording:
    """Return what was heard up to so many seconds after its beginning, and the truth of that."""
    end_ns = min(carried.rows[0][0] for carried in recording.carried) + seconds * NS_PER_S
    heard = [[one for one in run.heard if isinstance(one, Sighting) and one.t_wall_ns < end_ns] for run in recording.runs]
    runs = [replace(run, heard=some) for run, some in zip(recording.runs, heard, strict=True)]
    return replace(
        recording, runs=runs, carried=[each._replace(rows=[row for row in each.rows if row[0] < end_ns]) for each in recording.carried]
    )


def test_a_tag_is_scored_with_areas_of_the_others(at_hand: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, float | None]] = []
    tags = recordings.loaded("itag")
    # In small to the first change of zone of those that are spliced.
    played = small_or_whole(opening(tags, SEGMENT_S + 25), tags)

    def fit(others: TrueRecording, memory_s: float | None) -> Site:
        seen.append((len(others.carried), memory_s))
        return tags.site()

    monkeypatch.setattr(recordings, "loaded", lambda name: played)
    monkeypatch.setattr(calibration, "CALIBRATE", fit)
    part = next(part for part in PARTS if part.name == "itag")
    values = {row.name: row.value for row in part.rows([job.call(*job.arguments) for job in part.jobs]).rows}
    assert sorted(set(seen)) == [(3, 30.0), (5, 0.0), (5, 30.0)]
    assert len(seen) == 8 + 6 + 6
    assert all(values[name] is not None for name in ("itag-windows-memoryless", "itag-windows-30s-memory", "itag-moving-windows"))


def test_sums_of_the_building_are_exact_and_each_day_states_its_drift(at_hand: Path) -> None:
    settings = ReplaySettings("America/Los_Angeles")
    heard = [one for one in read("calit2", [recordings.folder_of("calit2")], settings) if isinstance(one, Crossing)]
    assert (sum(one.entered for one in heard), sum(one.left for one in heard)) == (19_625, 18_806)
    end_ns = heard[0].t_wall_ns + small_or_whole(14, 366) * NS_PER_DAY
    found = played_counts(list(takewhile(lambda one: one.t_wall_ns < end_ns, heard)), settings)
    assert (found.entered_stored, found.left_stored) == (found.entered, found.left)
    assert (found.unexplained, found.least_inside) == (0, 0)
    assert len(found.days) >= small_or_whole(14, 100)
    assert [day.drift for day in found.days] == [day.left - day.entered for day in found.days]
    assert sum(day.drift for day in found.days) == found.left - found.entered
