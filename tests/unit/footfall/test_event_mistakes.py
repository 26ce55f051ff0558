"""The words of what is wrong with a plain event name what to change, and never a stranger's key or value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.errors import ContractError
from footfall.events import load_json, parse_event

COUNT = {"kind": "count", "id": "c1", "door": "main", "in": 1}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"events": [COUNT]}, "send the array of events by itself, without an object around it"),
        ({"Kind": "count", "id": "c1"}, "under the key 'kind' in small letters"),
        ({"id": "c1"}, "kind: must be one of touch, count, occupancy, void"),
        (COUNT | {"id": "a\nb"}, "count.id: must not have control characters"),
        (COUNT | {"door": "Main"}, "count.door: must be 1 to 64 of a-z, 0-9, '.', '_' and '-': no capitals, no blanks"),
        (COUNT | {"kind": "Count"}, "kind: must be one of touch, count"),
    ],
)
def test_a_wrong_event_is_explained_without_a_pattern(value: dict[str, Any], words: str) -> None:
    with pytest.raises(ContractError) as refused:
        parse_event(value)
    assert (refused.value.reason, words in str(refused.value), "\\z" in str(refused.value)) == ("event.invalid", True, False)


def test_a_stranger_s_key_is_not_repeated() -> None:
    with pytest.raises(ContractError) as refused:
        parse_event({"8613800000001": [1]})
    assert "86138" not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\n".join([json.dumps(COUNT).encode()] * 2), "several lines of JSON are several values: send one array of them"),
        (json.dumps(COUNT).encode() * 2, "several events are sent as one array"),
        (b'{"in": ' + b"1" * 5000 + b"}", "a number has more than 4,300 digits"),
    ],
)
def test_a_body_that_is_no_json_is_explained(body: bytes, words: str) -> None:
    with pytest.raises(ContractError) as refused:
        load_json(body)
    assert (refused.value.reason, words in str(refused.value), "sys." in str(refused.value)) == ("event.json", True, False)
