"""Receipts: the gateway's confirmation to an agent that frames are durable. Bytes in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgpack

from footfall.beacons import OwnBeacon, packed, unpacked
from footfall.errors import ContractError
from footfall.frames import DecidedTime, check_decided
from footfall.packing import MAX_INT, integer, integer_or_none, required, unpack_map
from footfall.pseudonyms import KEY_BYTES
from footfall.sealing import is_public_key
from footfall.topics import check_name

MAX_RECEIPT_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class DayKey:
    """The store's key of the day: drawn by the gateway at `from_ns`, to be erased by both sides at `until_ns`."""

    key_id: int
    secret: bytes
    from_ns: int
    until_ns: int


class TimeRun(NamedTuple):
    """How the gateway dated the frames `first_seq` to `last_seq` of an epoch."""

    epoch: str
    first_seq: int
    last_seq: int
    decided: DecidedTime


class Times(NamedTuple):
    """Dates that differ from those in the bodies. Repeated until a header confirms `n` as `times_n`: then the agent has stored them."""

    n: int
    runs: tuple[TimeRun, ...]


MAX_TIME_RUNS: Final = 32
"""Runs in one receipt; others come in later ones, under greater numbers."""


class Receipt(NamedTuple):
    """Every frame of `epoch` up to `upto` is durable; the agent sends on from `upto + 1`."""

    epoch: str
    upto: int
    gateway_ns: int
    journal_id: str
    versions: tuple[int, ...]
    key: DayKey | None = None
    pause_s: int | None = None
    echo_boot: str = ""
    """The boot of the agent's machine, from the message that this answers; "": unknown."""
    echo_boot_ns: int = 0
    """`sent_boot_ns` of that message: it was sent before `gateway_ns`, as this was heard after it."""
    parts: bool = False
    """Whether this gateway accepts frames in parts."""
    times: Times | None = None
    beacons: tuple[OwnBeacon, ...] | None = None
    """The brand's own beacons; none: every beacon is the brand's. None: a gateway that does not know of the rule."""
    seal_key: bytes | None = None
    """The gateway's public key, to which agents seal identifiers; None: it has no brand's secret, or is of an earlier release."""
    refused: int = 0
    """Rows of `epoch` that the gateway has put into quarantine, in all."""
    prompt_s: int = 0
    """For so long the agent is to report twice a second, also that it heard nobody; such a receipt answers nothing."""


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
    if receipt.echo_boot:
        values["echo_boot"], values["echo_boot_ns"] = receipt.echo_boot, receipt.echo_boot_ns
    if receipt.parts:
        values["parts"] = True
    if receipt.times is not None:
        values["times"] = [receipt.times.n, [[run.epoch, run.first_seq, run.last_seq, *run.decided] for run in receipt.times.runs]]
    if receipt.beacons is not None:
        values["beacons"] = packed(receipt.beacons)
    if receipt.seal_key is not None:
        values["seal_key"] = receipt.seal_key
    if receipt.refused:
        values["refused"] = receipt.refused
    if receipt.prompt_s:
        values["prompt_s"] = receipt.prompt_s
    payload: bytes = msgpack.packb(values)
    return payload


def decode_receipt(payload: bytes) -> Receipt:
    """Return the receipt. Raise ContractError for any other bytes. Unknown keys are ignored, so that gateways can be upgraded first."""
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
        echo_boot=check_name(values["echo_boot"], "receipt.echo_boot") if "echo_boot" in values else "",
        echo_boot_ns=integer(values, "echo_boot_ns", "receipt") if "echo_boot" in values else 0,
        parts=values.get("parts") is True,
        times=_times(values["times"]) if "times" in values else None,
        beacons=_beacons(values["beacons"]) if "beacons" in values else None,
        seal_key=_seal_key(values.get("seal_key")),
        refused=integer(values, "refused", "receipt") if "refused" in values else 0,
        prompt_s=integer(values, "prompt_s", "receipt") if "prompt_s" in values else 0,
    )


def _seal_key(value: object) -> bytes | None:
    if value is not None and (not isinstance(value, bytes) or not is_public_key(value)):
        raise ContractError("receipt.seal_key", f"receipt.seal_key must be {KEY_BYTES} bytes: a public key of X25519")
    return value


def _beacons(values: object) -> tuple[OwnBeacon, ...]:
    try:
        return unpacked(values)
    except ValueError as error:
        raise ContractError("receipt.beacons", f"receipt.beacons: {error}") from None


def _times(values: object) -> Times:
    match values:
        case [int() as n, [*runs]] if n >= 0:
            return Times(n, tuple(map(_time_run, runs)))
        case _:
            raise ContractError("receipt.times", f"receipt.times must be a number and a list of runs, got {str(values)[:80]}")


def _time_run(values: object) -> TimeRun:
    if not isinstance(values, list) or len(values) != 6 or not all(type(n) is int and 0 <= n <= MAX_INT for n in values[1:]):
        raise ContractError("receipt.times", f"a run is an epoch, two seqs and a date, got {str(values)[:80]}")
    decided = DecidedTime(*values[3:])
    check_decided(decided, "receipt")
    return TimeRun(check_name(values[0], "receipt.times"), values[1], values[2], decided)


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
