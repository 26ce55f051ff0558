"""Half hours of people in two files: each counts once, what no door counts is refused with its line, and what one file lacks is stated."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.sources.calit2 import read_calit2
from edge_agent.sources.replay_settings import FileNote, ReplaySettings
from edge_agent.sources.source import Crossing, Recorded, RefusedReading
from footfall.errors import ConfigError
from footfall.moments import to_ns

IN, OUT = '"07/24/05 10:00:00",3\n', '"07/24/05 10:00:00",1\n'


def heard(folder: Path, inflow: str | bytes, outflow: str | bytes, zone: str = "UTC") -> tuple[list[Recorded], list[FileNote]]:
    """Return what two files hold, and what is noted."""
    paths = [folder / "cal-inflow.csv", folder / "cal-outflow.csv"]
    for path, text in zip(paths, (inflow, outflow), strict=True):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    notes: list[FileNote] = []
    return list(read_calit2(paths, ReplaySettings(zone, on_note=notes.append))), notes


def entered(found: list[Recorded]) -> list[int]:
    return [one.entered for one in found if isinstance(one, Crossing) and not one.left]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('"07/24/05 10:30:00",-1', "-1 people: 0 to 1,000,000 can pass"),
        ('"07/24/05 10:30:00",1.5', "'1.5' is no whole number"),
        ('"07/24/05 10:30:00",', "it is not "),
        ('"07/24/05 10:30:00",1,2', "it is not "),
        ('"24/07/05 10:30:00",1', "the time '24/07/05 10:30:00' is not "),
        ('"07/24/05 10:00:00",4', "the file has this half hour before, with 3 people"),
    ],
)
def test_a_line_that_is_no_count_is_refused_with_where_and_why(tmp_path: Path, line: str, why: str) -> None:
    found, _ = heard(tmp_path, f"{IN}{line}\n", OUT)
    (refused,) = (one for one in found if isinstance(one, RefusedReading))
    assert refused.where == "cal-inflow.csv:2"
    assert why in refused.why
    assert entered(found) == [3]


def test_lines_that_a_file_has_again_count_once(tmp_path: Path) -> None:
    found, notes = heard(tmp_path, IN + IN + '"07/24/05 10:30:00",2\n' + IN, OUT + '"07/24/05 10:30:00",4\n')
    assert entered(found) == [3, 2]
    assert notes == [FileNote("cal-inflow.csv: 2 lines repeat another, and are counted once.")]


def test_the_hour_that_there_is_twice_is_two_hours_even_where_lines_are_doubled(tmp_path: Path) -> None:
    times = [f'"10/30/05 {at}:00",1\n' for at in ("00:30", "01:00", "01:30", "01:00", "01:30", "02:00")]
    single, _ = heard(tmp_path, "".join(times), OUT, "America/Los_Angeles")
    doubled, _ = heard(tmp_path, "".join(time + time for time in times), OUT, "America/Los_Angeles")
    assert single == doubled
    assert len({one.t_wall_ns for one in single if isinstance(one, Crossing) and one.entered}) == 6


def test_half_hours_of_one_file_alone_are_stated(tmp_path: Path) -> None:
    _, notes = heard(tmp_path, IN + '"07/24/05 10:30:00",2\n"07/24/05 11:00:00",2\n', OUT)
    ((text, doubtful),) = notes
    assert text.startswith("cal-inflow.csv has 2 half hours from 2005-07-24 10:30 to 2005-07-24 11:00 that cal-outflow.csv lacks")
    assert doubtful == 2


def test_utf_16_is_read_as_of_any_csv(tmp_path: Path) -> None:
    assert heard(tmp_path, IN.encode("utf-16"), OUT)[0] == heard(tmp_path, IN, OUT)[0]


def test_lines_are_put_in_order_of_time(tmp_path: Path) -> None:
    found, _ = heard(tmp_path, '"07/24/05 11:00:00",2\n' + IN, OUT)
    end_ns = to_ns(datetime(2005, 7, 24, 10, 30, tzinfo=UTC)) - 1_000_000
    assert [one.t_wall_ns for one in found if isinstance(one, Crossing)] == [end_ns, end_ns, end_ns + 3600 * 10**9]


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_file_without_a_line_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"cal-outflow\.csv: "):
        heard(tmp_path, IN, text)
