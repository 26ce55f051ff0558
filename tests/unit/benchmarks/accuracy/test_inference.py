"""Inferences are right as often as they state, in simulated stores that their weights were not learned on."""

from __future__ import annotations

from benchmarks.accuracy.inference import BANDS, LEARNED_SEEDS, SEEDS, Day, bands_of, played, rows


def test_a_few_stores_are_about_as_right_as_they_state() -> None:
    assert not set(SEEDS) & set(LEARNED_SEEDS)
    bands = bands_of([played(seed) for seed in SEEDS[:4]])
    assert sum(band.rows for band in bands) > 500
    for band in bands:
        assert abs(band.right - band.stated) < 0.05 + 1.5 / max(band.rows, 1) ** 0.5, band


def test_a_band_with_too_few_rows_is_not_within_its_goal() -> None:
    assert [row.value for row in rows([Day([], [])]).rows] == [1.0] * (len(BANDS) - 1)
