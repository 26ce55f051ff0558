"""The report has every figure with its goal and its pictures."""

from __future__ import annotations

from pathlib import Path

from benchmarks.accuracy.found import Picture
from benchmarks.accuracy.report import write
from benchmarks.accuracy.rows import Goal, Row
from simulators.accuracy.course import DecidedDwell, course_of_rows


def test_a_page_with_figures_pictures_and_what_was_skipped(tmp_path: Path) -> None:
    course = course_of_rows("run", [(0, "a"), (10**9, "a")], [DecidedDwell("a", 0, 10**9, 0)], (), frozenset(), 1)
    rows = [
        Row("cars", 0.9, "how <it> was made", Goal(0.96, 0.975), {"EdgeX": 0.8}, "gate"),
        Row("none", None, "no calibration", part="hall"),
    ]
    pictures = [Picture("cars", "the cars", [course]), Picture("nobody", "x", [])]
    text = write(
        tmp_path, [row.entry() for row in rows], {"gate": "cars at a gate", "hall": "a hall"}, pictures, {"itag": "absent"}
    ).read_text()
    assert "how &lt;it&gt; was made" in text
    assert "no, by 0.06" in text
    assert "EdgeX 0.8" in text
    assert text.index("gate: cars at a gate") < text.index("<td>cars") < text.index("hall: a hall") < text.index("<td>none")
    assert "<li>itag: absent</li>" in text
    assert text.count("<img") == 1
    assert (tmp_path / "accuracy" / "cars.png").stat().st_size > 1000
    again = write(tmp_path, [rows[1].entry()], {}, [], {}).read_text()
    assert "cars.png" in again, "pictures of parts that were not run again stay"
    assert "Skipped" not in again
