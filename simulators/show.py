"""Figures of simulations for people: tables, and plain values for JSON."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from simulators.people import iso
from simulators.scenes import SCENES
from simulators.score import Score
from simulators.troubles import TROUBLES
from simulators.visit_score import VisitFigures
from simulators.world import World

WIDTH: Final = 80


def world_table(estate: Sequence[World], sent: tuple[int, int] | None, out: Path | None) -> Table:
    """Who was there, and what was made of it."""
    table = Table("store", "from", "hours", "visitors", "fans", "others", "staff", "sales", title=f"seed {estate[0].seed}")
    for world in estate:
        kinds = Counter("staff" if person.staff_id else person.carries for person in world.people() if person.entry == 0)
        fans = kinds["beacon"] + kinds["two"] + kinds["rented"]
        visitors = kinds.total() - kinds["staff"]
        sales = sum(1 for _ in world.purchases())
        figures = (visitors, fans, visitors - fans, kinds["staff"], sales)
        table.add_row(world.plan.store, iso(world.start_ns)[:16] + "Z", f"{world.hours:g}", *map(str, figures))
    said = [f"{sent[1]:,} rows in {sent[0]:,} frames, all receipted"] if sent else []
    said += ["visits by day subjects are not stored: these agents take no key of the day"] if sent else []
    said += [f"written to {out}: `footfall gateway --config {out}/gateway.toml` takes it from here"] if out else []
    table.caption = "; ".join(said)
    return table


def scenes_table() -> Table:
    """Named scenes with their troubles."""
    table = Table("scene", "what", "troubles", title="scenes: footfall simulate --scene NAME")
    for name, scene in SCENES.items():
        table.add_row(name, scene.text, " ".join(f"{trouble}={rate:g}" for trouble, rate in scene.troubles.items()))
    return table


def troubles_table() -> Table:
    """What can make a store hard, with the rate that `--with NAME` has without one."""
    table = Table("trouble", "usual", "unit", "what", title="troubles: footfall simulate --with NAME=RATE")
    for name, trouble in TROUBLES.items():
        table.add_row(name, f"{trouble.usual:g}", trouble.unit, trouble.text)
    return table


def score_table(found: Score) -> Table:
    table = Table("what", "score", "from", title="stored against the truth", width=WIDTH)
    for name, value, how in _score_rows(found):
        table.add_row(name, value, how)
    return table


def _score_rows(found: Score) -> list[tuple[str, str, str]]:
    zones, counts = found.zones, found.counts
    visits = f"{found.visits_matched} of"
    return [
        ("visit precision", _percent(found.precision), f"{visits} {found.visits_stored} stored visits are true"),
        ("visit recall", _percent(found.recall), f"{visits} {found.visits_true} true visits are stored"),
        ("right fan", _percent(found.identity), f"{found.fans_right} of {found.visits_matched} matched visits"),
        ("staff known as such", _percent(_share(found.staff_right, found.staff_true)), f"{found.staff_right} of {found.staff_true}"),
        ("dwell error, median", _seconds(found.dwell_error_median_s), "of visits that are over"),
        ("dwell error, p90", _seconds(found.dwell_error_p90_s), ""),
        ("zone accuracy", _percent(zones.accuracy), f"of {zones.true_s / 3600:.1f} h that people were in a zone"),
        ("zone flapping", _plain(zones.flapping), f"{zones.transitions_stored} changes of zone for {zones.transitions_true} true ones"),
        (
            "hours counted exactly",
            _percent(_share(counts.hours_exact, counts.hours)),
            f"{counts.hours_exact} of {counts.hours}, in and out",
        ),
        ("people counted", f"{counts.stored}", f"of the {counts.counted} that counters saw, of {counts.people} who passed"),
        ("sales", f"{counts.sales_stored}", f"of {counts.sales_true}"),
        ("anonymous visits", f"{found.anonymous_stored}", f"{found.anonymous_true} addresses were there; they are counted, not matched"),
        *_people_rows(found.people),
    ]


def _people_rows(people: VisitFigures) -> list[tuple[str, str, str]]:
    """Only of what there was."""
    entries = "–" if people.entries_stored is None else f"{people.entries_stored}"
    back, two = people.returning_true, people.two_devices_true
    rows = [
        (back, ("entries", entries, f"of {people.entries_true} by those whose visits are stored")),
        (back, ("back soon, one visit", _percent(_share(people.returning_once, back)), f"{people.returning_once} of {back}")),
        (two, ("two devices, one visit", _percent(_share(people.two_devices_once, two)), f"{people.two_devices_once} of {two}")),
        (people.outside_true, ("visits of nobody inside", f"{people.outside_stored}", f"{people.outside_true} were only outside")),
        (people.staff_as_visitors, ("staff as visitors", f"{people.staff_as_visitors}", "visits; there should be none")),
    ]
    return [row for there, row in rows if there]


def score_values(found: Score) -> dict[str, Any]:
    shares = {
        "precision": found.precision,
        "recall": found.recall,
        "identity": found.identity,
        "zone_accuracy": found.zones.accuracy,
        "flapping": found.zones.flapping,
    }
    return {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in {**shares, **asdict(found)}.items()}


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{share:.1%}"


def _seconds(seconds: float) -> str:
    return "–" if math.isnan(seconds) else f"{seconds:.1f} s"


def _plain(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"
