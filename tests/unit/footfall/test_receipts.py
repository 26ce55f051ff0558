from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ContractError
from footfall.receipts import MAX_RECEIPT_BYTES, Receipt, decode_receipt, encode_receipt
from tests.unit.footfall.strategies import damaged, outcome, receipts

VALUES = {"epoch": "e", "upto": 4, "gateway_ns": 5, "journal_id": "j", "versions": [1]}


@given(receipts)
def test_what_was_encoded_is_decoded(receipt: Receipt) -> None:
    assert decode_receipt(encode_receipt(receipt)) == receipt


@given(st.data(), receipts)
def test_damaged_bytes_are_a_contract_error_or_a_valid_receipt(data: st.DataObject, receipt: Receipt) -> None:
    payload = data.draw(damaged(encode_receipt(receipt)))
    found = outcome(decode_receipt, payload)
    if isinstance(found, ContractError):
        assert found.reason
    else:
        assert decode_receipt(encode_receipt(found)) == found


def test_keys_of_a_later_gateway_are_ignored() -> None:
    assert decode_receipt(msgpack.packb(VALUES | {"later": {"a": [1]}})) == Receipt("e", 4, 5, "j", (1,))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"epoch": "E"}, "name"),
        ({"epoch": 5}, "name"),
        ({"upto": -1}, "receipt.type"),
        ({"upto": None}, "receipt.type"),
        ({"upto": True}, "receipt.type"),
        ({"upto": 1 << 63}, "receipt.type"),
        ({"gateway_ns": 1.5}, "receipt.type"),
        ({"journal_id": "a b"}, "name"),
        ({"versions": 1}, "receipt.versions"),
        ({"versions": ["1"]}, "receipt.versions"),
        ({"versions": [True]}, "receipt.versions"),
        ({"pause_s": "60"}, "receipt.type"),
        ({"beacons": {}}, "receipt.beacons"),
        ({"beacons": [[b"short", 3]]}, "receipt.beacons"),
        ({"key": []}, "receipt.key"),
        ({"refused": -1}, "receipt.type"),
        ({"seal_key": b"short"}, "receipt.seal_key"),
        ({"seal_key": "x" * 32}, "receipt.seal_key"),
        ({"seal_key": bytes(32)}, "receipt.seal_key"),
        ({"key": {"id": 1, "secret": b"short", "from_ns": 0, "until_ns": 1}}, "receipt.key"),
        ({"key": {"id": 1, "secret": "x" * 32, "from_ns": 0, "until_ns": 1}}, "receipt.key"),
        ({"key": {"id": -1, "secret": bytes(32), "from_ns": 0, "until_ns": 1}}, "receipt.key.type"),
        ({"key": {"id": 1, "secret": bytes(32), "until_ns": 1}}, "receipt.key.missing"),
    ],
)
def test_anything_else_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ContractError) as refused:
        decode_receipt(msgpack.packb(VALUES | change))
    assert refused.value.reason == reason


@pytest.mark.parametrize("key", sorted(VALUES))
def test_every_key_is_needed(key: str) -> None:
    with pytest.raises(ContractError) as refused:
        decode_receipt(msgpack.packb({name: value for name, value in VALUES.items() if name != key}))
    assert refused.value.reason == "receipt.missing"


def test_a_receipt_is_small() -> None:
    with pytest.raises(ContractError) as refused:
        decode_receipt(bytes(MAX_RECEIPT_BYTES + 1))
    assert refused.value.reason == "receipt.size"
