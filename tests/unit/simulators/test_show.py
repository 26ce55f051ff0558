"""Tables of figures: whose they are, and what they leave out."""

from __future__ import annotations

import io

from rich.console import Console

from simulators.accuracy import show
from simulators.accuracy.figures import figures
from simulators.plan import shop
from simulators.score import Counts, Score, Zones
from simulators.show import score_table, world_table
from simulators.visit_score import VisitFigures
from simulators.world import World


def printed(*tables: object) -> str:
    out = io.StringIO()
    for table in tables:
        Console(file=out, width=80).print(table)
    return " ".join(out.getvalue().replace("│", " ").split())


def test_visits_of_a_simulated_truth_are_of_known_visitors() -> None:
    nobody = figures([])
    assert "0 true of known visitors: precision" in printed(show.moves_table(nobody, True))
    assert "0 true of known visitors: precision" in printed(*show.accuracy_tables("a store", nobody, {}, whose=show.KNOWN))


def test_visits_of_a_recording_are_everybodys() -> None:
    assert "0 true: precision" in printed(*show.accuracy_tables("a recording", figures([]), {}))


def test_dwells_of_two_devices_at_once_are_no_row_since_dwells_are_by_device() -> None:
    people = VisitFigures(2, 2, 1, 1, 1, 1, 100.0, 49.0, 1, 0, 0)
    found = Score(1, 1, 1, 0.0, 0.0, 1, 0, 0, 0, 0, Zones(0.0, 0.0, 0.0, 0, 0), Counts(0, 0, 0, 0, 0, 0, 0, 0), people)
    table = printed(score_table(found))
    assert "two devices, one visit" in table
    assert "twice" not in table


def test_who_publishes_a_world_reads_that_day_subjects_are_not_stored() -> None:
    world = World(1, hours=0.1, plan=shop("s1"))
    assert "visits by day subjects are not stored" in printed(world_table([world], (1, 10), None))
    assert "day subjects" not in printed(world_table([world], None, None))
