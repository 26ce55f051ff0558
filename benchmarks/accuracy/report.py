"""The report page of `make accuracy`: every figure with how it was made, and pictures of truth and estimate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from benchmarks.accuracy.found import AnyPicture

_HEAD: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Accuracy</title>
<style>
 body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #212529; }
 table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #dee2e6; }
 td.number { text-align: right; font-variant-numeric: tabular-nums; } .no { color: #b02a37; font-weight: 600; } .yes { color: #146c43; }
 th.part { padding-top: 1.2rem; color: #495057; } td:first-child { white-space: nowrap; }
 td.how { color: #495057; font-size: 13px; } img { max-width: 100%; margin: .5rem 0 2rem; } h2 { margin-top: 2.5rem; }
</style>
<h1>Accuracy against the truth</h1>
<p>Recordings and simulated stores are played through the real agent and gateway. Nothing is fitted on what is scored.
<code>docs/accuracy.md</code> states what each figure means. “Others” are the rules of other systems with their published
constants, on the same recording in the same run.</p>
"""
_WHOLE: Final = 1000
"""Larger figures are written without decimals."""
_COLUMNS: Final = ("figure", "value", "target", "stretch", "reached", "others", "how")


def write(
    out: Path, entries: Sequence[Mapping[str, Any]], parts: Mapping[str, str], pictures: Sequence[AnyPicture],
    skipped: Mapping[str, str],
) -> Path:  # fmt: skip
    """Write the page of all entries of `accuracy.json`, with pictures of this run and of earlier ones; return the page.

    `parts` has, by name, what each part is about.
    """
    folder = out / "accuracy"
    folder.mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        picture.write(folder / f"{picture.name}.png")
    page = out / "accuracy.html"
    drawn = sorted(path.name for path in folder.glob("*.png"))
    page.write_text("".join([_HEAD, *_table(entries, parts), *_skipped(skipped), *_pictures(drawn)]), encoding="utf-8")
    return page


def _table(entries: Iterable[Mapping[str, Any]], parts: Mapping[str, str]) -> Iterator[str]:
    yield "<table><tr>" + "".join(f"<th>{name}</th>" for name in _COLUMNS) + "</tr>\n"
    part = None
    for entry in entries:
        if entry["part"] != part:
            part = entry["part"]
            yield f"<tr><th class=part colspan={len(_COLUMNS)}>{escape(part)}: {escape(parts.get(part, ''))}</th></tr>\n"
        others = "<br>".join(f"{escape(name)} {_figure(value)}" for name, value in (entry["baseline"] or {}).items())
        sign = {">=": "≥ ", "<=": "≤ ", None: ""}[entry["bound"]]
        numbers = [_figure(entry["value"]) or "–", *(sign + text if (text := _figure(entry[key])) else "" for key in ("target", "stretch"))]
        cells = "".join(f"<td class=number>{text}</td>" for text in numbers)
        yield f"<tr><td>{escape(entry['name'])}</td>{cells}{_mark(entry)}<td>{others}</td><td class=how>{escape(entry['how'])}</td></tr>\n"
    yield "</table>\n"


def _mark(entry: Mapping[str, Any]) -> str:
    if entry["reached"] is None:
        return "<td></td>"
    short = abs((entry["value"] or 0) - (entry["target"] or 0))
    return '<td class="yes">yes</td>' if entry["reached"] else f'<td class="no">no, by {short:.3g}</td>'


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if abs(value) < _WHOLE else f"{value:,.0f}"


def _skipped(skipped: Mapping[str, str]) -> Iterator[str]:
    if skipped:
        yield "<h2>Skipped</h2><ul>" + "".join(f"<li>{escape(name)}: {escape(why)}</li>" for name, why in skipped.items()) + "</ul>\n"


def _pictures(drawn: Sequence[str]) -> Iterator[str]:
    for name in drawn:
        yield f'<h2>{escape(name.removesuffix(".png"))}</h2><img src="accuracy/{escape(name)}" alt="truth and estimate over time">\n'
