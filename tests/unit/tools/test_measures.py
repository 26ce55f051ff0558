"""The tables of measures in docs/analysing.md are those that the product reads."""

from __future__ import annotations

import pytest

from gateway.query.measures import MEASURES
from tools.measures import PAGE, tables, written


def test_the_page_has_the_tables_of_now() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert written(text) == text, "run `make measures`"


def test_every_measure_has_a_row() -> None:
    assert all(f"| `{measure.id}` |" in tables() for measure in MEASURES.values())


def test_a_page_without_a_place_for_the_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the tables"):
        written("# Analysing\n")
