"""What of a recording is judged nowhere is counted, and why is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.sources.replay_settings import ReplaySettings
from footfall.errors import ConfigError
from simulators.accuracy.doubts import doubts_of
from simulators.accuracy.recorded import TrueRecording, of_mapping
from tests.support.csv_recordings import LONG, written

RECEIVERS = '[receivers]\nhall = "hall"\nyard = "yard"\n'
BESIDE = f'{LONG}{RECEIVERS}[truth]\ncolumn = "room"\nfile = "labels.txt"\nidentifier = "who"\n'
AREAS = '[truth]\nx = "x"\ny = "y"\nareas = [{ zone = "hall", x_m = [0, 5], y_m = [0, 5] }]\n'


def heard(tags: str, since: int = 1000) -> str:
    return "t,tag,gw,rssi\n" + "".join(
        f"{since + k},{tag},{gw},-50\n" for k in range(100) for tag in tags.split() for gw in ("hall", "yard")
    )


def beside(folder: Path, labels: str, tags: str = "tag01") -> TrueRecording:
    columns, _ = written(folder, BESIDE, {"heard.csv": heard(tags), "labels.txt": f"t,who,room\n{labels}"})
    return of_mapping(columns, [folder / "heard.csv"], ReplaySettings())


def test_a_truth_that_fits_all_that_was_heard_leaves_nothing_to_say(tmp_path: Path) -> None:
    recording = beside(tmp_path, "900,tag01,hall\n1050,tag01,yard\n")
    assert list(recording.mistakes) == []
    assert doubts_of(recording) == []


def test_a_truth_under_another_name_is_said_with_the_nearest_tag_that_has_none(tmp_path: Path) -> None:
    recording = beside(tmp_path, "900,tag00,hall\n900,TAG-1,hall\n1050,TAG-1,yard\n", "tag00 tag01")
    assert list(recording.mistakes) == [
        "the truth of 'TAG-1' (2 rows) is of no tag that was heard: did you mean 'tag01'?",
        "1 of 2 tags that were heard have no truth and are judged nowhere: 'tag01', 200 sightings",
    ]


def test_a_truth_of_another_time_is_refused_with_both_times(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        beside(tmp_path, "4600,tag01,hall\n4650,tag01,yard\n")
    assert str(refused.value).endswith(
        "there is no truth to compare with: the truth covers 1970-01-01T01:16:40+00:00 to 1970-01-01T01:17:30+00:00, what was heard"
        " 1970-01-01T00:16:40+00:00 to 1970-01-01T00:18:19+00:00: nothing is judged; look at `zone` and `shift_s` of the times, under"
        " [time] or `truth.time`"
    )


def test_a_truth_that_ended_before_anything_was_heard_is_doubted_unless_it_never_changed(tmp_path: Path) -> None:
    (doubt,) = doubts_of(beside(tmp_path, "100,tag01,hall\n150,tag01,yard\n"))
    assert "the last zone that it has is taken for all" in doubt.text
    assert doubt.about == {("tag01", "yard")}
    assert doubts_of(beside(tmp_path, "100,tag01,hall\n")) == []


def test_labels_and_sightings_of_times_that_the_other_lacks_are_counted(tmp_path: Path) -> None:
    recording = beside(tmp_path, "1010,tag01,hall\n1020,tag01,\n1030,tag01,yard\n1100,tag01,hall\n")
    covers, sightings = recording.mistakes
    assert covers.endswith(": 1 of its 4 rows hold only before or after, and are judged nowhere")
    assert sightings == "40 of 200 sightings of tags with a truth are of times without one, and are judged nowhere"


def test_positions_in_no_area_are_counted_with_the_first(tmp_path: Path) -> None:
    rows = "t,tag,gw,rssi,x,y\n1,x,hall,-50,1,1\n2,x,hall,-50,,\n3,x,hall,-50,7,1.5\n4,x,hall,-50,8,1\n"
    columns, files = written(tmp_path, f"{LONG}{RECEIVERS}{AREAS}", {"heard.csv": rows})
    assert list(of_mapping(columns, files, ReplaySettings()).mistakes)[-2:] == [
        "3 of 4 sightings of tags with a truth are of times without one, and are judged nowhere",
        "2 positions are in no area of `truth.areas` and are judged nowhere; the first is x 7 m, y 1.5 m",
    ]


def test_rows_of_which_none_has_a_zone_are_no_truth(tmp_path: Path) -> None:
    columns, files = written(tmp_path, f'{LONG}{RECEIVERS}[truth]\ncolumn = "room"\n', {"heard.csv": "t,tag,gw,rssi,room\n1,x,hall,-50,\n"})
    with pytest.raises(ConfigError, match=r"no row has a true zone: look at the columns and at `where` in the section \[truth\]"):
        of_mapping(columns, files, ReplaySettings())
