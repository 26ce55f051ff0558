"""What a brand states of contributions adds up, or is refused with the sum that it comes to."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gateway.site.contribution import Contribution


def test_a_rule_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ValidationError, match="add up to 110, and not to 100"):
        Contribution(first_percent=50)
    assert Contribution(first_percent=50, last_percent=30).between_percent == 20


@pytest.mark.parametrize("stated", [{"half_life_days": 0}, {"window_days": 0}, {"window_days": 400}, {"first_percent": -1}])
def test_what_means_nothing_is_refused(stated: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Contribution.model_validate(stated)
