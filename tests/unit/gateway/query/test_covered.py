"""How much of an answer was observed, as its notes state it."""

from __future__ import annotations

import pytest

from gateway.query.covered import percent


@pytest.mark.parametrize(("share", "text"), [(1.0, "100.0 %"), (0.99999, "99.9 %"), (0.9814, "98.1 %"), (0.0, "0.0 %")])
def test_a_share_that_is_not_all_is_never_stated_as_all(share: float, text: str) -> None:
    assert percent(share) == text
