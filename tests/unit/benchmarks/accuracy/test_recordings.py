"""The recordings are scored with nothing fitted on what is scored; skipped where they are absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.accuracy import calibration, recordings
from edge_agent.sources.replay import read
from edge_agent.sources.replay_settings import ReplaySettings
from gateway.site import Site
from simulators.accuracy.counts import played_counts
from simulators.accuracy.recorded import TrueRecording


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


def test_every_figure_of_the_hall_is_there(at_hand: Path) -> None:
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


def test_a_tag_is_scored_with_areas_of_the_others(at_hand: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, float | None]] = []

    def fit(others: TrueRecording, memory_s: float | None) -> Site:
        seen.append((len(others.carried), memory_s))
        return recordings.loaded("itag").site()

    monkeypatch.setattr(calibration, "CALIBRATE", fit)
    values = {row.name: row.value for row in recordings.itag().rows}
    assert sorted(set(seen)) == [(3, 30.0), (5, 0.0), (5, 30.0)]
    assert len(seen) == 8 + 6 + 6
    assert all(values[name] is not None for name in ("itag-windows-memoryless", "itag-windows-30s-memory", "itag-moving-windows"))


def test_sums_of_the_building_are_exact_and_each_day_states_its_drift(at_hand: Path) -> None:
    settings = ReplaySettings("America/Los_Angeles")
    found = played_counts(list(read("calit2", [recordings.folder_of("calit2")], settings)), settings)
    assert (found.entered_stored, found.left_stored) == (found.entered, found.left) == (19_625, 18_806)
    assert (found.unexplained, found.least_inside) == (0, 0)
    assert len(found.days) > 100
    assert [day.drift for day in found.days] == [day.left - day.entered for day in found.days]
    assert sum(day.drift for day in found.days) == 18_806 - 19_625
