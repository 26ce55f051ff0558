"""The report page of `make accuracy`: every figure with how it was made, and pictures of truth and estimate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

from benchmarks.accuracy.found import Figures, Picture
from benchmarks.accuracy.rows import Row
from simulators.accuracy.plot import draw

_HEAD: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Accuracy</title>
<style>
 body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #212529; }
 table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #dee2e6; }
 td.number { text-align: right; font-variant-numeric: tabular-nums; } .no { color: #b02a37; font-weight: 600; } .yes { color: #146c43; }
 td.how { color: #495057; font-size: 13px; } img { max-width: 100%; margin: .5rem 0 2rem; } h2 { margin-top: 2.5rem; }
</style>
<h1>Accuracy against the truth</h1>
<p>Recordings and simulated stores are played through the real agent and gateway. Nothing is fitted on what is scored.
<code>docs/accuracy.md</code> states what each figure means. “Others” are the rules of other systems with their published
constants, on the same recording in the same run.</p>
"""
_COLUMNS: Final = ("figure", "value", "target", "stretch", "reached", "others", "how")


def write(out: Path, found: Sequence[Figures], skipped: Mapping[str, str]) -> Path:
    """Write the page and its pictures into `out`; return the page."""
    pictures = [picture for figures in found for picture in figures.pictures if picture.courses]
    folder = out / "accuracy"
    folder.mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        draw(picture.courses, picture.title, folder / f"{picture.name}.png")
    page = out / "accuracy.html"
    rows = [row for figures in found for row in figures.rows]
    page.write_text("".join([_HEAD, *_table(rows), *_skipped(skipped), *_pictures(pictures)]), encoding="utf-8")
    return page


def _table(rows: Iterable[Row]) -> Iterable[str]:
    yield "<table><tr>" + "".join(f"<th>{name}</th>" for name in _COLUMNS) + "</tr>\n"
    for row in rows:
        goal = row.goal
        sign = "" if goal is None else {">=": "≥ ", "<=": "≤ "}[goal.bound]
        target, stretch = (
            ("", "") if goal is None else (f"{sign}{goal.target:g}", "" if goal.stretch is None else f"{sign}{goal.stretch:g}")
        )
        mark = {None: "<td></td>", True: '<td class="yes">yes</td>', False: f'<td class="no">no, by {row.short_by:.3g}</td>'}[row.reached]
        others = "<br>".join(f"{escape(name)} {value:.3g}" for name, value in row.baseline.items())
        value = "–" if row.value is None else f"{row.value:.3g}"
        yield f"<tr><td>{escape(row.name)}</td><td class=number>{value}</td><td class=number>{target}</td><td class=number>{stretch}</td>"
        yield f"{mark}<td>{others}</td><td class=how>{escape(row.how)}</td></tr>\n"
    yield "</table>\n"


def _skipped(skipped: Mapping[str, str]) -> Iterable[str]:
    if skipped:
        yield "<h2>Skipped</h2><ul>" + "".join(f"<li>{escape(name)}: {escape(why)}</li>" for name, why in skipped.items()) + "</ul>\n"


def _pictures(pictures: Sequence[Picture]) -> Iterable[str]:
    for picture in pictures:
        yield f'<h2>{escape(picture.title)}</h2><img src="accuracy/{picture.name}.png" alt="{escape(picture.title)}">\n'
