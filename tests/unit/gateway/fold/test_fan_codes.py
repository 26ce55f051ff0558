"""Which fans, by code, count as known."""

from __future__ import annotations

import numpy as np

from gateway.fold.fan_codes import FanCodes
from gateway.fold.tables.hash_index import NO_CODE


def test_a_provisional_fan_and_nobody_are_not_known() -> None:
    fans = FanCodes(["fan-1"])
    anonymous = fans.of("anon-0123456789abcdef")
    assert [fans.known(0), fans.known(anonymous), fans.known(NO_CODE)] == [True, False, False]
    assert fans.known(np.array([anonymous, 0, NO_CODE])).tolist() == [False, True, False]


def test_that_stays_so_with_any_number_of_fans() -> None:
    fans = FanCodes()
    for number in range(200):
        assert fans.of(f"fan-{number}") == 2 * number
        fans.of(f"anon-{number}")
        assert not fans.known(NO_CODE)
    assert fans.known(np.arange(400)).tolist() == [True, False] * 200
