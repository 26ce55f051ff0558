"""Options as people write them."""

from __future__ import annotations

from dataclasses import fields

import pytest

from footfall.errors import ConfigError
from gateway.query.answer import Request
from gateway.query.options import OPTIONS, request_of, takes


def test_texts_become_a_request() -> None:
    given = {"store": "s1, s2", "from": "today", "interval": "1h", "measures": "in,conversion", "to": None}
    assert request_of("traffic", given) == Request(
        "traffic", stores=("s1", "s2"), from_="today", interval="1h", measures=("in", "conversion")
    )  # fmt: skip


def test_each_option_sets_a_field_of_the_request() -> None:
    there = {field.name for field in fields(Request)} - {"question"}
    assert {option.field for option in OPTIONS.values()} <= there


@pytest.mark.parametrize(
    ("what", "given", "said"),
    [
        ("trafic", {}, "no question 'trafic': did you mean 'traffic'"),
        ("traffic", {"intervall": "1h"}, "no option 'intervall': did you mean 'interval'"),
        ("visits", {"interval": "1h"}, "interval means nothing for visits; it is for traffic, "),
        ("traffic", {"measures": "conversoin"}, "no measure 'conversoin': did you mean 'conversion'"),
        ("traffic", {"interval": "1hour"}, "interval '1hour'"),
        ("traffic", {"top": "none"}, "top 'none': a number from 1 up"),
        ("traffic", {"top": "0"}, "top '0': a number from 1 up"),
        ("traffic", {"top": "9" * 4_400}, "top '9+': a number from 1 up"),
        ("traffic", {"by": "path:" + "9" * 4_400}, "by 'path:9+': only path has levels"),
        ("traffic", {"by": "path:"}, "by 'path:': only path has levels"),
    ],
)
def test_what_means_nothing_is_refused_with_what_would_work(what: str, given: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        request_of(what, given)


def test_lists_take_no_options_of_counts() -> None:
    assert "fan" in takes("visits")
    assert "interval" not in takes("visits")
    assert {"store", "from", "to", "interval"} <= set(takes("traffic"))
