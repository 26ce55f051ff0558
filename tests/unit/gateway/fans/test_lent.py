"""A link of something lent states since when, and may state the store that lent it; of all else a store means nothing."""

from __future__ import annotations

import pytest

from footfall.errors import ContractError
from gateway.fans.lent import LentRule
from gateway.site.index import Places
from tests.support.accept_inputs import SITE

RULE = LentRule(places=Places(SITE))


def test_what_is_lent_may_be_of_one_store_and_all_else_is_of_every_one() -> None:
    assert [RULE.store_of(*asked) for asked in (("tag", True, "s2"), ("tag", True, ""), ("member", False, "warsaw"))] == ["s2", "", ""]


def test_what_is_lent_since_ever_or_by_a_store_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="from: tag is lent: state since when the fan has it"):
        RULE.store_of("tag", False, "s2")
    with pytest.raises(ContractError, match="store 's22' is not in"):
        RULE.store_of("tag", True, "s22")
