"""What makes a recording doubtful is named, and lowers the confidence of its figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from footfall.cli import build
from simulators.accuracy.carried import Carried
from simulators.accuracy.doubts import doubts_of
from simulators.accuracy.recorded import TrueRecording
from tests.support.mapped_rooms import MAPPING

Levels = tuple[int | None, int | None]
RUNNER = CliRunner()
HALL, YARD = ("hall", (-60, -75)), ("yard", (-75, -60))


def write(path: Path, stays: list[tuple[str, Levels]], begin_s: int = 1_700_000_000) -> Path:
    """A minute in each zone, a row a second."""
    lines = ["t,hall_dbm,yard_dbm,room"]
    for number, (zone, levels) in enumerate(stays):
        for second in range(60):
            cells = ",".join("" if level is None else str(level) for level in levels)
            lines.append(f"{begin_s + number * 60 + second},{cells},{zone}")
    path.write_text("\n".join(lines) + "\n")
    return path


def scored(folder: Path, *recordings: Path, mapping: str = MAPPING) -> dict[str, object]:
    (folder / "columns.toml").write_text(mapping)
    arguments = ["score", *map(str, recordings), "--mapping", str(folder / "columns.toml"), "--json"]
    found = RUNNER.invoke(build(), arguments, catch_exceptions=False)
    values: dict[str, object] = json.loads(found.output)
    return values


def test_a_zone_whose_own_receiver_never_hears_the_carrier_is_named(tmp_path: Path) -> None:
    deaf = write(tmp_path / "deaf.csv", [("hall", (None, -75)), YARD, ("hall", (None, -75)), YARD])
    values = scored(tmp_path, deaf)
    (note,) = [note for note in values["notes"] if "no receiver of it" in note]  # type: ignore[attr-defined] # a list of JSON
    assert "was in hall for 120 s in deaf, and no receiver of it (hall_dbm) ever heard it there, while yard_dbm did" in note
    assert values["confidence"] == pytest.approx(0.5)


def test_two_truths_that_differ_are_named(tmp_path: Path) -> None:
    one, other = write(tmp_path / "a.csv", [HALL, YARD]), write(tmp_path / "b.csv", [YARD, HALL])
    values = scored(tmp_path, one, other)
    (note,) = [note for note in values["notes"] if "at one time" in note]  # type: ignore[attr-defined] # likewise
    assert "is in hall and yard at one time, by a and b" in note
    assert values["confidence"] == 0.0


def test_truths_that_overlap_only_for_a_while_are_compared_there(tmp_path: Path) -> None:
    one, other = write(tmp_path / "a.csv", [HALL, YARD]), write(tmp_path / "b.csv", [HALL, YARD], 1_700_000_060)
    (note,) = [note for note in scored(tmp_path, one, other)["notes"] if "at one time" in note]  # type: ignore[attr-defined] # likewise
    assert "is in hall and yard at one time, by a and b" in note


def test_truths_of_a_slow_tag_are_compared_between_its_rows() -> None:
    def carried(run: str, zone: str, since_s: int) -> Carried:
        return Carried(run, "x", [((since_s + 60 * k) * 10**9, zone) for k in range(10)])

    def doubts(*zones: tuple[str, int]) -> list[str]:
        found = [carried(f"run {number}", *of) for number, of in enumerate(zones)]
        return [doubt.text for doubt in doubts_of(TrueRecording([], {"r": "hall", "s": "yard"}, "ibeacon", frozenset(), found))]

    (text,) = doubts(("hall", 30), ("yard", 0), ("yard", 5000))
    assert text.startswith("x is in hall and yard at one time, by run 0 and run 1")
    assert doubts(("hall", 30), ("hall", 0), ("yard", 5000)) == []


def test_each_tag_of_each_file_is_a_course_of_its_own(tmp_path: Path) -> None:
    columns = '[identifier]\ncolumn = "tag"\n'
    for name, begin_s, tags in (("one", 1_700_000_000, "xy"), ("two", 1_700_010_000, "xy"), ("three", 1_700_020_000, "x")):
        rows = "".join(f"{begin_s + k},{tag},-60,-75,hall\n" for k in range(20) for tag in tags)
        (tmp_path / f"{name}.csv").write_text("t,tag,hall_dbm,yard_dbm,room\n" + rows)
    values = scored(tmp_path, *(tmp_path / f"{name}.csv" for name in ("one", "two", "three")), mapping=columns + MAPPING)
    assert set(values["runs"]) == {"one x", "one y", "two x", "two y", "three"}  # type: ignore[call-overload] # JSON
    assert values["courses"] == 5


def test_a_recording_without_doubts_has_full_confidence(tmp_path: Path) -> None:
    one, other = write(tmp_path / "a.csv", [HALL, YARD]), write(tmp_path / "b.csv", [YARD, HALL], 1_700_001_000)
    values = scored(tmp_path, one, other)
    assert values["confidence"] == 1.0
    assert values["notes"] == []


def test_a_clock_that_jumps_by_decades_is_scored_all_the_same(tmp_path: Path) -> None:
    jumped = write(tmp_path / "x.csv", [HALL, YARD])
    jumped.write_text(jumped.read_text() + "".join(write(tmp_path / "y.csv", [HALL, YARD], 1000).read_text().splitlines(keepends=True)[1:]))
    values = scored(tmp_path, jumped)
    assert values["transitions"]["true"] >= 2  # type: ignore[index] # likewise
    assert any("the clock" in note for note in values["notes"])  # type: ignore[attr-defined] # likewise
