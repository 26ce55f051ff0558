"""The benchmark of identity takes what it states, in both orders, and finds all of it."""

from __future__ import annotations

import pytest

from benchmarks.identity import cluster, into_ledger, into_memory


@pytest.mark.parametrize("scattered", [False, True])
def test_every_identifier_of_a_person_stands_for_somebody(scattered: bool) -> None:
    assert into_ledger(100, scattered).us_per_fact > 0


def test_a_chain_is_one_fan_s() -> None:
    assert cluster(20).identifiers == 20


def test_the_stage_alone_is_timed() -> None:
    assert into_memory(50).us_per_fact > 0
