"""A recording is played through agent and gateway: what a tag beside one receiver does is stored, and when that was decided is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.playback import Recording
from edge_agent.sources.replay_settings import ReplaySettings
from footfall.errors import ConfigError
from footfall.pseudonyms import to_hex
from simulators.accuracy.course import Course, course_of_rows
from simulators.accuracy.doubts import doubtful, doubts_of
from simulators.accuracy.figures import figures
from simulators.accuracy.recorded import TrueRecording, notes_of, play, played_courses, read_recording, replayed_subjects
from simulators.calibration.recorded_walks import walks_of

HEADER = "superframe,O-E,I-E,Label\n"


def rows(since: int, until: int, out_dbm: int, in_dbm: int, label: int) -> str:
    return "".join(f"{k},{out_dbm},{in_dbm},{label}\n" for k in range(since, until))


def door(folder: Path) -> TrueRecording:
    """30 s outside, 40 s inside, 30 s outside, heard ten times a second without doubt."""
    text = HEADER + rows(0, 300, -50, -90, 0) + rows(300, 700, -90, -50, 1) + rows(700, 1000, -50, -90, 0)
    (folder / "tag_measurement_1.csv").write_text(text)
    return read_recording("sal-rb", [folder], ReplaySettings())


def courses(recording: TrueRecording) -> list[Course]:
    return played_courses(recording, play(recording), 1800.0)


def test_what_is_beyond_doubt_is_stored_right(tmp_path: Path) -> None:
    recording = door(tmp_path)
    found = figures(courses(recording), recording.outside)
    assert (found.transitions.true, found.transitions.paired[10]) == (2, 2)
    assert found.zones_right("stored") > 0.9
    assert found.right["live"] <= found.right["3 s"] <= found.right["stored"]
    assert (found.visits.true, found.visits.stored, found.visits.paired) == (1, 1, 1)


def test_nothing_is_decided_before_it_was_heard(tmp_path: Path) -> None:
    (course,) = courses(door(tmp_path))
    begun_ns = course.span.from_ns
    inside = next(dwell for dwell in course.dwells if dwell.zone == "inside")
    assert inside.decided_ns - begun_ns > 29 * 10**9
    assert inside.decided_ns - begun_ns < 45 * 10**9
    assert all(dwell.decided_ns >= begun_ns for dwell in course.dwells)


def test_what_leads_is_known_before_it_is_decided(tmp_path: Path) -> None:
    (course,) = courses(door(tmp_path))
    inside = next(dwell for dwell in course.dwells if dwell.zone == "inside")
    lead = next(lead for lead in course.leads if lead.zone == "inside")
    assert lead.from_ns < lead.to_ns == inside.decided_ns, "it led until it was decided"
    assert lead.since_ns == inside.from_ns
    decided = replace(course, leads=())
    assert figures([course]).right["live"] > figures([decided]).right["live"]


def test_a_profile_that_has_no_zones_is_refused(tmp_path: Path) -> None:
    recording = replace(door(tmp_path), profile="ruuvi")
    with pytest.raises(ConfigError, match="'ruuvi' is of class asset, which has no zones"):
        played_courses(recording, play(recording), 1800.0)


def test_a_true_zone_that_no_receiver_hears_is_named(tmp_path: Path) -> None:
    recording = door(tmp_path)
    assert notes_of(recording) == []
    assert doubts_of(recording) == []
    deaf = replace(recording, receivers={"i-e": "inside"})
    (doubt,) = doubts_of(deaf)
    assert doubt.text == "No receiver hears outside: only a --site with areas can tell it from other zones."
    (course,) = courses(recording)
    assert doubtful(course, "tag", [doubt]).mean() == pytest.approx(0.6), "60 of 100 s were outside"
    assert doubts_of(deaf, {"outside"}) == [], "somebody is stored there: areas tell it"


def test_rows_and_time_are_counted(tmp_path: Path) -> None:
    recording = door(tmp_path)
    played = play(recording)
    assert played.seconds == pytest.approx(100, abs=1)
    assert 50 < played.rows < 1000
    assert len(played.subjects) == 1


def test_files_of_one_recording_are_runs_of_their_own(tmp_path: Path) -> None:
    door(tmp_path)
    (tmp_path / "tag_measurement_2.csv").write_text(HEADER + rows(0, 200, -90, -50, 2))
    recording = read_recording("sal-rb", [tmp_path], ReplaySettings())
    assert play(recording).seconds == pytest.approx(120, abs=1), "the hour between them is not counted"
    first, second = courses(recording)
    assert (first.name, second.name) == ("tag_measurement_1", "tag_measurement_2")
    assert second.dwells[-1].zone == "inside"
    (only,) = courses(recording.only({"tag_measurement_2"}))
    assert only.zones == second.zones
    assert [dwell.zone for dwell in only.dwells] == [dwell.zone for dwell in second.dwells]


def test_walks_of_one_name_in_two_folders_stay_apart(tmp_path: Path) -> None:
    folders = [tmp_path / "monday", tmp_path / "tuesday"]
    for folder, label in zip(folders, (0, 1), strict=True):
        folder.mkdir()
        (folder / "tag_measurement_1.csv").write_text(HEADER + rows(0, 300, -50 - 40 * label, -90 + 40 * label, label))
    recording = read_recording("sal-rb", folders, ReplaySettings())
    found = courses(recording)
    assert [course.name for course in found] == ["monday/tag_measurement_1.csv", "tuesday/tag_measurement_1.csv"]
    assert [set(course.zones) for course in found] == [{"outside"}, {"inside"}]
    walks = walks_of(recording)
    assert len({walk.name for walk in walks}) == 2
    assert [{zone for _, zone in walk.truth} for walk in walks] == [{"outside"}, {"inside"}]


def test_a_recording_without_truth_or_without_a_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[time]\ncolumn = "t"\nunit_s = 1\n[receivers]\n"R*" = "hall"\n')
    (tmp_path / "a.csv").write_text("t,R1\n1,-60\n")
    with pytest.raises(ConfigError, match="no truth to compare with"):
        read_recording("csv", [tmp_path], ReplaySettings(mapping=tmp_path / "a.toml"))
    silent = tmp_path / "silent"
    silent.mkdir()
    (silent / "x_measurement_1.csv").write_text(HEADER + rows(0, 5, -100, -100, 0))
    with pytest.raises(ConfigError, match="nothing was heard"):
        read_recording("sal-rb", [silent], ReplaySettings())
    commas = tmp_path / "commas"
    commas.mkdir()
    (commas / "b.csv").write_text("t;R1;zone\n1;;hall\n2;-60,5;hall\n")
    (commas / "b.toml").write_text((tmp_path / "a.toml").read_text() + '[truth]\ncolumn = "zone"\n')
    with pytest.raises(ConfigError, match=r"nothing was heard: .*1 line cannot be read .* '-60,5' is no number; see `decimal`"):
        read_recording("csv", [commas], ReplaySettings(mapping=commas / "b.toml"))
    with pytest.raises(ConfigError, match="no truth of zones"):
        read_recording("jsonl", [tmp_path], ReplaySettings())


def test_the_truth_of_a_file_of_its_own_goes_on_while_the_radio_is_silent(tmp_path: Path) -> None:
    columns = 'receiver = "gw"\nlevel = "rssi"\n[time]\ncolumn = "t"\nunit_s = 1\n[identifier]\ncolumn = "tag"\n'
    truth = '[receivers]\nhall = "hall"\nyard = "yard"\n[truth]\ncolumn = "room"\nfile = "{stem}.labels.txt"\n'
    (tmp_path / "columns.toml").write_text(columns + truth)
    (tmp_path / "heard.csv").write_text("t,tag,gw,rssi\n" + "".join(f"{1000 + k},x,hall,-50\n" for k in (*range(100), *range(400, 500))))
    (tmp_path / "heard.labels.txt").write_text("t,room\n900,hall\n1200,cellar\n1300,hall\nsoon,yard\n")
    recording = read_recording("csv", [tmp_path / "heard.csv"], ReplaySettings(mapping=tmp_path / "columns.toml"))
    (course,) = courses(recording)
    assert [(stay.zone, (stay.to_ns - stay.from_ns) // 10**9) for stay in course.stays] == [("hall", 200), ("cellar", 100), ("hall", 199)]
    assert len(course.zones) == 500
    assert [t_ns // 10**9 for t_ns, _ in course.changes()] == [1200, 1300]
    lost, hole = notes_of(recording)[-2:]
    assert hole.startswith("1 time nothing is recorded for long, or the clock jumps on, at most by 301 s (heard.csv:102)")
    assert lost == (
        "Of the truth 1 line cannot be read and was left out; the first is heard.labels.txt:5: 'soon,yard': a time that is no number:"
        " what it may have changed lowers the confidence."
    )
    (course,) = courses(replace(recording, runs=[replace(run, jumps=[]) for run in recording.runs]))
    assert figures([course]).confidence == pytest.approx(1 - 200 / 500), "it may have been about all after 1300"


def test_a_clock_that_jumps_is_stated_and_what_is_near_is_uncertain(tmp_path: Path) -> None:
    text = HEADER + rows(0, 1000, -50, -90, 0) + rows(900, 1900, -51, -90, 0) + "x\n"
    (tmp_path / "tag_measurement_1.csv").write_text(text)
    recording = read_recording("sal-rb", [tmp_path], ReplaySettings())
    lines, jump, left_out = notes_of(recording)
    assert left_out.startswith("200 rows of the truth are of times that the clock had twice: nothing is judged there")
    assert lines == "1 line cannot be read and was left out; the first is tag_measurement_1.csv:2002: 'x': a time that is no number."
    assert jump == "1 time the clock jumps back, at most by 9.9 s (tag_measurement_1.csv:1002): figures near it are uncertain."
    found = figures(courses(recording), recording.outside)
    assert 0.5 < found.confidence < 0.75
    quiet = replace(recording, runs=[replace(run, jumps=[]) for run in recording.runs])
    assert figures(courses(quiet), recording.outside).confidence == pytest.approx(1 - 200 / 2000, abs=0.001)


def test_a_clock_that_is_set_back_cuts_the_run_in_two_and_mixes_no_times(tmp_path: Path) -> None:
    (tmp_path / "tag_measurement_1.csv").write_text(HEADER + rows(0, 6000, -50, -90, 0) + rows(3000, 9000, -90, -50, 1))
    recording = read_recording("sal-rb", [tmp_path], ReplaySettings())
    course = course_of_rows("r", recording.carried[0].rows, (), (), frozenset(), 0, unclear=recording.carried[0].unclear)
    begun_ns = course.span.from_ns
    assert [(stay.zone, (stay.from_ns - begun_ns) // 10**8, (stay.to_ns - begun_ns) // 10**8) for stay in course.stays] == [
        ("outside", 0, 2999),
        ("inside", 6000, 8999),
    ]
    assert course.changes() == []
    assert recording.carried[0].left_out == 6000


def test_the_real_recordings_score_as_they_are_stored(real_data: Path) -> None:
    recording = read_recording("pa-ble", [real_data / "pa-ble-rssi"], ReplaySettings())
    found = figures(courses(recording), recording.outside)
    assert (found.courses, found.moments, found.transitions.true) == (5, 6173, 8)
    assert found.zones_right("stored") > 0.7


def test_what_is_open_in_a_database_ends_with_what_was_heard_last(tmp_path: Path) -> None:
    recording = door(tmp_path)
    assert recording.span()[1] // 10**6 - max(t_ns for carried in recording.carried for t_ns, _ in carried.rows) // 10**6 == 1


def test_the_subjects_of_a_replay_without_keys_are_known(tmp_path: Path) -> None:
    recording = door(tmp_path)
    sent = Recording.read("sal-rb", [tmp_path], ReplaySettings(), "lab", "lab-replay")
    stored = {to_hex(subject) for body in sent.bodies for subject in body.subject.tolist() if subject}
    assert set(replayed_subjects(recording, [tmp_path / "tag_measurement_1.csv"]).values()) == stored


def test_tags_that_are_heard_under_different_profiles_are_all_scored(tmp_path: Path) -> None:
    """One is heard five times a second and one every three, so each has a profile, and a subject by it."""
    (tmp_path / "m.toml").write_text(
        'receiver = "gw"\nlevel = "rssi"\n[time]\ncolumn = "t"\nunit_s = 1.0\n[identifier]\ncolumn = "tag"\n'
        '[receivers]\n"a" = "hall"\n[truth]\ncolumn = "room"\n'
    )
    heard = [(1_750_000_000 + k / 5, tag) for k in range(300) for tag in ("often", "seldom") if tag == "often" or k % 15 == 0]
    (tmp_path / "heard.csv").write_text("t,gw,tag,rssi,room\n" + "".join(f"{t_s:.1f},a,{tag},-60,hall\n" for t_s, tag in heard))
    settings = ReplaySettings(mapping=tmp_path / "m.toml")
    recording = read_recording("csv", [tmp_path / "heard.csv"], settings)
    assert recording.profiles() == {"often": "ble-tag", "seldom": "ibeacon"}
    assert [len(course.dwells) for course in courses(recording)] == [1, 1]
    sent = Recording.read("csv", [tmp_path / "heard.csv"], settings, "lab", "lab-replay")
    stored = {to_hex(subject) for body in sent.bodies for subject in body.subject.tolist() if subject}
    assert set(replayed_subjects(recording, [tmp_path / "heard.csv"]).values()) == stored
    assert all(walk.rows for walk in walks_of(recording))


@pytest.mark.parametrize(("pause_s", "lost"), [(540, 5400), (7200, 6000)])
def test_a_hole_of_all_receivers_lowers_the_confidence_by_its_share(tmp_path: Path, pause_s: int, lost: int) -> None:
    later = 400 + 10 * pause_s
    (tmp_path / "tag_measurement_1.csv").write_text(HEADER + rows(0, 400, -50, -90, 0) + rows(later, later + 400, -50, -90, 0))
    recording = read_recording("sal-rb", [tmp_path], ReplaySettings())
    assert figures(courses(recording), recording.outside).confidence == pytest.approx((800 - 600) / (800 + lost), abs=0.003)


def test_lines_that_cannot_be_read_lower_the_confidence_by_their_share(tmp_path: Path) -> None:
    (tmp_path / "tag_measurement_1.csv").write_text(HEADER + rows(0, 90, -50, -90, 0) + "x\n" * 10)
    recording = read_recording("sal-rb", [tmp_path], ReplaySettings())
    assert figures(courses(recording), recording.outside).confidence == pytest.approx(0.9)


def test_a_level_that_is_none_lowers_the_confidence_until_the_next(tmp_path: Path) -> None:
    (tmp_path / "tag_measurement_1.csv").write_text(HEADER + rows(0, 90, -50, -90, 0) + rows(90, 100, 127, -90, 0))
    recording = read_recording("sal-rb", [tmp_path], ReplaySettings())
    assert figures(courses(recording), recording.outside).confidence == pytest.approx(0.9)
