"""What a question does not take is refused with the reason, and with what to ask instead."""

from __future__ import annotations

from typing import Any

import pytest

from footfall.errors import ConfigError
from gateway.query.answer import Request
from gateway.query.questions import NOT_OF_ESTIMATES, check


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"by": ("weekday",)}, "visitors takes no --by: an estimate is of a store's day.*traffic with --by"),
        ({"interval": "1h"}, "visitors takes no --interval: the factor is learned from whole days"),
        ({"measures": ("people",)}, "visitors takes no --measures: "),
        ({"zone": "hall"}, "visitors takes no --zone: .*zones with --zone"),
        ({"fan": "f1"}, "visitors takes no --fan: .*visits with --fan"),
        ({"top": 3}, "visitors takes no --top: "),
        ({"compare": "previous"}, "visitors takes no --compare: the difference of two estimates"),
        ({"as_of": "2026-11-20"}, "visitors takes no --as-of: .*traffic with --as-of"),
    ],
)
def test_an_estimate_states_why_it_takes_no_such_option(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check(Request("visitors", **asked))


def test_each_reason_is_of_an_option() -> None:
    assert len(NOT_OF_ESTIMATES) == 8
    check(Request("visitors", day="store"))
