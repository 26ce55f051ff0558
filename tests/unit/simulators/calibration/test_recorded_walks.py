"""Trials of a calibration are what `footfall score` plays: zones, times, and figures live and in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.sources.replay_settings import ReplaySettings
from footfall.units import NS_PER_S
from gateway.calibration.scoring import course_of
from gateway.calibration.settings import Settings, calibrated, calibration_of
from gateway.calibration.trials import STEP_NS, Trial, play
from simulators.accuracy import playing
from simulators.accuracy.figures import figures
from simulators.accuracy.recorded import TrueRecording, played_courses, read_recording
from simulators.accuracy.recorded import play as play_recording
from simulators.accuracy.simulated import IDLE_S
from simulators.calibration.recorded_walks import walks_of, workshop
from tests.support.mapped_rooms import MAPPING as PLAIN_MAPPING

MAPPING = f'outside = ["yard"]\n{PLAIN_MAPPING}'
STAYS = [("hall", -58, -70), ("yard", -72, -57), ("hall", -64, -63), ("yard", -66, -62), ("hall", -57, -69)]


@pytest.fixture
def recording(tmp_path: Path) -> TrueRecording:
    """Levels wave by 3 dB, so that zones lead and fall behind."""
    lines = ["t,hall_dbm,yard_dbm,room"]
    for number, (zone, hall_dbm, yard_dbm) in enumerate(zone for zone in STAYS for _ in range(200)):
        wave_db = 3 * ((number // 7) % 3 - 1)
        lines.append(f"{1_700_000_000 + number / 10},{hall_dbm + wave_db},{yard_dbm - wave_db},{zone}")
    (tmp_path / "heard.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "columns.toml").write_text(MAPPING)
    return read_recording("csv", [tmp_path / "heard.csv"], ReplaySettings(mapping=tmp_path / "columns.toml"))


@pytest.mark.parametrize("settings", [None, Settings({"hall": -4}, 1.0, 1.0, 1.5), Settings({"yard": -6}, 3.0, 2.0, 0.0)])
def test_what_a_calibration_is_judged_by_is_what_score_gives(recording: TrueRecording, settings: Settings | None) -> None:
    site, tools = recording.site(), workshop()
    store = site.stores[0]
    if settings is not None:
        store = calibrated(store, calibration_of(recording.profile, settings, tools.profiles[recording.profile].presence))
    (walk,) = walks_of(recording)
    (played,) = play([Trial(store, 0)], [walk], recording.profile, tools)
    (course,) = played_courses(recording, play_recording(recording, site.model_copy(update={"stores": (store,)})), IDLE_S)
    assert [(each.zone, each.from_ns) for each in played.changes] == [(dwell.zone, dwell.from_ns) for dwell in course.dwells]
    decided_s = [(one.decided_ns - dwell.decided_ns) / NS_PER_S for one, dwell in zip(played.changes, course.dwells, strict=True)]
    assert decided_s == pytest.approx([0] * len(decided_s), abs=STEP_NS / NS_PER_S)
    found, score = figures([course], recording.outside), course_of(walk).score(played)
    shares = [score.live / score.moments, score.soon / score.moments, score.stored / score.moments]
    assert shares == pytest.approx([found.zones_right(delay) for delay in ("live", "2 s", "stored")], abs=0.003)


def test_both_play_in_steps_of_one_length() -> None:
    assert STEP_NS == playing.STEP_NS
