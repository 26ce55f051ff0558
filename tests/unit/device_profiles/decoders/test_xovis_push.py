"""Xovis pushes whose content is null."""

from __future__ import annotations

from typing import Any

import pytest

from device_profiles.decoders.xovis_push import unwrap


@pytest.mark.parametrize(
    ("document", "filled"),
    [
        ({"connection_test": None}, {"connection_test": {}}),
        ([{"status_data": None, "other": None}, 3], [{"status_data": {}, "other": None}, 3]),
        ({"other": None}, {"other": None}),
        ("text", "text"),
        (None, None),
    ],
)
def test_a_null_push_is_an_empty_one(document: Any, filled: Any) -> None:
    assert unwrap(document) == filled
