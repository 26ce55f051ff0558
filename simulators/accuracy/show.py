"""The figures of courses as tables of at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich import box
from rich.table import Table

from simulators.accuracy.figures import TOLERANCES_S, Accuracy
from simulators.accuracy.stays import PHASES, Lengths, ZoneStays
from simulators.show import WIDTH

KNOWN: Final = "known visitors"
"""Whose visits a simulated truth is compared with: they carry something with a lasting identifier."""
_LONGEST_NAME: Final = 24
_PHASE_HEADINGS: Final = {"intact": "all heard", "silent": "one silent", "rehung": "one re-hung"}
_TIMED: Final = frozenset({"zones right, live", "zones right, 1 s", "zones right, 2 s", "zones right, 3 s", "decision delay"})
"""What a database cannot answer: when something was decided is not stored."""


def accuracy_tables(
    title: str, found: Accuracy, runs: Mapping[str, Accuracy], notes: Sequence[str] = (), is_timed: bool = True, whose: str = ""
) -> Iterator[Table | str]:
    """Yield the tables of a recording, of its runs if there are several, and notes. `is_timed`: it is known when things were decided.

    `whose`: whose visits are compared, if not everybody's.
    """
    yield _figures_table(title, found, is_timed, whose)
    if found.stays:
        yield from stays_tables(found)
    if len(runs) > 1:
        yield _runs_table(runs, ("live", "stored") if is_timed else ("stored",))
    yield from notes


def stays_tables(found: Accuracy) -> Iterator[Table]:
    """Yield stays and passes, how long stays took, and what outages of receivers did to them, stored beside true, zone by zone."""
    counts = [(f"{each.stored.count}", f"{each.true.count}", f"{each.stored_passes}", f"{each.true_passes}", hours(each.stored.sum_s),
               hours(each.true.sum_s)) for each in found.stays]  # fmt: skip
    title = "stays by zone, stored beside the truth"
    yield _zones_table(title, ("stays", "truth", "passes", "truth", "time", "truth"), found.stays, counts)
    lengths = [_beside(_lengths(each.stored), _lengths(each.true)) for each in found.stays]
    yield _zones_table("how long stays took, beside the truth", ("median", "truth", "p90", "truth"), found.stays, lengths)
    if found.stays_by_phase:
        yield _phases_table(found)


def _phases_table(found: Accuracy) -> Table:
    parts = [{each.zone: each for each in found.stays_by_phase.get(name, ())} for name in PHASES]
    cells = [[f"{count}" for part in parts for count in _counts(part.get(each.zone))] for each in found.stays]
    headings = [text for name in PHASES for text in (_PHASE_HEADINGS[name], "truth")]
    return _zones_table("stays by when they began, beside the truth", headings, found.stays, cells)


def _counts(zone: ZoneStays | None) -> tuple[int, int]:
    return (zone.stored.count, zone.true.count) if zone else (0, 0)


def _zones_table(title: str, headings: Sequence[str], zones: Sequence[ZoneStays], cells: Sequence[Sequence[str]]) -> Table:
    table = Table("zone", title=title, width=WIDTH)
    for heading in headings:
        table.add_column(heading, justify="right")
    for each, row in zip(zones, cells, strict=True):
        table.add_row(each.zone, *row)
    return table


def _beside(stored: Sequence[str], true: Sequence[str]) -> tuple[str, ...]:
    return tuple(text for both in zip(stored, true, strict=True) for text in both)


def moves_table(found: Accuracy, is_timed: bool) -> Table:
    """Return how the zones of single visitors were followed. `is_timed`: it is known when things were decided."""
    return _figures_table(f"the zones of {found.courses} visitors, one by one", found, is_timed, whose=KNOWN)


def _figures_table(title: str, found: Accuracy, is_timed: bool, whose: str) -> Table:
    table = Table("figure", "value", "of what", title=title, width=WIDTH)
    for row in _rows(found, whose):
        if is_timed or row[0] not in _TIMED:
            table.add_row(*row)
    return table


def _rows(found: Accuracy, whose: str) -> Iterator[tuple[str, str, str]]:
    moves, visits, inside = found.transitions, found.visits, found.inside
    for delay in found.right:
        what = {"live": "by evidence up to the moment", "stored": "as it is stored in the end"}.get(
            delay, f"by evidence up to {delay} later"
        )
        yield f"zones right, {delay}", share_text(found.zones_right(delay)), f"{found.right[delay]:,} of {found.moments:,}, {what}"
    yield "transitions", f"{moves.stored}", f"stored, {moves.true} true: flapping {plain(moves.flapping)}"
    yield "changes an hour", plain(moves.stored_an_hour), f"stored, {plain(moves.true_an_hour)} true, in {hours(moves.judged_s)} of truth"
    for tolerance_s in TOLERANCES_S:
        parts = f"precision {plain(moves.precision(tolerance_s))}, recall {plain(moves.recall(tolerance_s))}"
        yield f"F1 within {tolerance_s} s", plain(moves.f1(tolerance_s)), f"{moves.paired[tolerance_s]} paired: {parts}"
    when = "early" if moves.stamp_error_s < 0 else "late"
    yield (
        "decision delay",
        seconds(moves.delay_median_s),
        f"median, p90 {seconds(moves.delay_p90_s)}; stamped {seconds(abs(moves.stamp_error_s))} {when}",
    )
    yield "first zone right", f"{found.first_right}", f"of {found.courses} courses"
    of = f" of {whose}" if whose else ""
    yield (
        "visits",
        f"{visits.stored}",
        f"stored, {visits.true} true{of}: precision {plain(visits.precision)}, recall {plain(visits.recall)}",
    )
    yield "visit length error", seconds(visits.error_median_s), f"median, p95 {seconds(visits.error_p95_s)}"
    yield "inside, error", plain(inside.error), f"people, on average; there are {plain(inside.mean)}"
    if found.confidence < 1.0:
        yield "confidence", share_text(found.confidence), "of the moments are beyond doubt: see the notes"


def _runs_table(runs: Mapping[str, Accuracy], delays: Sequence[str]) -> Table:
    table = Table(title="run by run", width=WIDTH, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("run", overflow="fold")
    for heading in ("rows", *delays, "changes", "true", "F1 3 s", "F1 10 s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, each in runs.items():
        right = [f"{each.zones_right(delay):.3f}" for delay in delays]
        moves = each.transitions
        table.add_row(_short(name), f"{each.moments}", *right, f"{moves.stored}", f"{moves.true}", plain(moves.f1(3)), plain(moves.f1(10)))
    return table


def _lengths(lengths: Lengths) -> tuple[str, str]:
    return seconds(lengths.median_s), seconds(lengths.p90_s)


def _short(name: str) -> str:
    """Return a name of at most 24 characters, with its beginning and its end: what runs differ in stands at the end."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:11]}…{name[-12:]}"


def share_text(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"


def plain(value: float) -> str:
    return "–" if value != value else f"{value:.2f}"


def seconds(value: float) -> str:
    return "–" if value != value else f"{value:.1f} s"


def hours(value_s: float) -> str:
    return f"{value_s / 3600:.1f} h"
