"""What an agent reports of itself, from strangers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ContractError
from footfall.health import Health, SourceHealth, decode_health, encode_health

HEALTH = Health(state="online", agent="a1", store="s1", boot="b1", sources={"door": SourceHealth(state="silent", restarts_total=3)})


def test_what_is_reported_is_received() -> None:
    assert decode_health(encode_health(HEALTH)) == HEALTH


def test_keys_of_later_releases_are_ignored() -> None:
    values = json.loads(encode_health(HEALTH)) | {"mood": "fine"}
    assert decode_health(json.dumps(values).encode()) == HEALTH


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"state": "tired"}, {"agent": "A 1"}, {"spool_frames": -1}, {"uptime_s": "long"}, {"rows_total": 1 << 63},
        {"sources": {"Bad Name": {}}}, {"sources": {"door": {"state": "odd"}}}, {"sources": {"door": {"detail": "x" * 301}}},
    ],
)  # fmt: skip
def test_anything_else_is_a_contract_error(change: dict[str, object]) -> None:
    values = json.loads(encode_health(HEALTH)) | change
    with pytest.raises(ContractError) as caught:
        decode_health(json.dumps(values).encode())
    assert caught.value.reason == "health.invalid"


def test_numbers_that_are_none() -> None:
    with pytest.raises(ContractError):
        decode_health(encode_health(HEALTH).replace(b'"uptime_s":0.0', b'"uptime_s":NaN'))
    with pytest.raises(ContractError):
        decode_health(b" " * 70_000)


@given(st.binary(max_size=300))
def test_no_bytes_break_it(payload: bytes) -> None:
    with pytest.raises(ContractError):
        decode_health(payload)
