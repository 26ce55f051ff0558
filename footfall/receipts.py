"""Receipts: the gateway's word to an agent that frames are durable. Bytes in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgpack

from footfall.errors import ContractError
from footfall.packing import integer, integer_or_none, required, unpack_map
from footfall.pseudonyms import KEY_BYTES
from footfall.topics import check_name

MAX_RECEIPT_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class DayKey:
    """The store's key of the day: drawn by the gateway at `from_ns`, to be erased by both sides at `until_ns`."""

    key_id: int
    secret: bytes
    from_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """Every frame of `epoch` up to `upto` is durable; the agent sends on from `upto + 1`."""

    epoch: str
    upto: int
    gateway_ns: int
    journal_id: str
    versions: tuple[int, ...]
    key: DayKey | None = None
    pause_s: int | None = None


def encode_receipt(receipt: Receipt) -> bytes:
    values: dict[str, Any] = {
        "epoch": receipt.epoch,
        "upto": receipt.upto,
        "gateway_ns": receipt.gateway_ns,
        "journal_id": receipt.journal_id,
        "versions": receipt.versions,
    }
    if receipt.key is not None:
        key = receipt.key
        values["key"] = {"id": key.key_id, "secret": key.secret, "from_ns": key.from_ns, "until_ns": key.until_ns}
    if receipt.pause_s is not None:
        values["pause_s"] = receipt.pause_s
    packed: bytes = msgpack.packb(values)
    return packed


def decode_receipt(payload: bytes) -> Receipt:
    """ContractError for anything but a receipt; unknown keys are ignored, so that gateways can be upgraded first."""
    if len(payload) > MAX_RECEIPT_BYTES:
        raise ContractError("receipt.size", f"a receipt has at most {MAX_RECEIPT_BYTES} bytes, this has {len(payload)}")
    values = unpack_map(payload, "receipt")
    versions = required(values, "versions", "receipt")
    if not isinstance(versions, list) or not all(type(v) is int for v in versions):
        raise ContractError("receipt.versions", f"receipt.versions must be a list of integers, got {str(versions)[:80]}")
    return Receipt(
        epoch=check_name(required(values, "epoch", "receipt"), "receipt.epoch"),
        upto=integer(values, "upto", "receipt"),
        gateway_ns=integer(values, "gateway_ns", "receipt"),
        journal_id=check_name(required(values, "journal_id", "receipt"), "receipt.journal_id"),
        versions=tuple(versions),
        key=_day_key(values.get("key")),
        pause_s=integer_or_none(values, "pause_s", "receipt"),
    )


def _day_key(values: object) -> DayKey | None:
    if values is None:
        return None
    if not isinstance(values, dict):
        raise ContractError("receipt.key", "receipt.key must be a map")
    secret = values.get("secret")
    if not isinstance(secret, bytes) or len(secret) != KEY_BYTES:
        raise ContractError("receipt.key", f"receipt.key.secret must be {KEY_BYTES} bytes")
    return DayKey(
        integer(values, "id", "receipt.key"), secret, integer(values, "from_ns", "receipt.key"), integer(values, "until_ns", "receipt.key")
    )
