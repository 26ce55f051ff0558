"""Golden bytes of wire version 1: `v1/NAME.bin`, and `v1/NAME.json` that lists what it holds.

The bytes are the contract: a change here breaks agents in the field. To add a case, write its JSON, then
`python -m tests.golden.wire.golden`, which writes bytes that are missing and never changes any.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from footfall.beacons import OwnBeacon
from footfall.events import load_json, parse_event
from footfall.frames import COLUMNS, KINDS, Body, DecidedTime, Header, Offset, decode_body, decode_frame, encode_body, encode_frame
from footfall.receipts import DayKey, Receipt, TimeRun, Times, decode_receipt, encode_receipt

FOLDER: Final = Path(__file__).parent
_PLAIN: Final = ("boot", "made_boot_ns", "made_wall_ns", "wall_synced", "first_row", "key_id", "unknown_keys")


def encode(case: dict[str, Any]) -> bytes:
    """The bytes that this release makes of a case."""
    return _ENCODE[case["what"]](case)


def decode(what: str, payload: bytes) -> dict[str, Any]:
    """What this release reads, spelled as in the JSON of a case."""
    return _DECODE[what](payload)


def _encode_frame(case: dict[str, Any]) -> bytes:
    values = dict(case["header"])
    decided = DecidedTime(*values.pop("decided")) if "decided" in values else None
    return encode_frame(Header(**values, decided=decided), _encode_body(case["body"]) if case["body"] else b"")


def _encode_body(values: dict[str, Any]) -> bytes:
    columns = {name: np.array(values[name], dtype) for name, dtype in COLUMNS.items() if name not in ("kind", "subject")}
    return encode_body(
        Body(
            kind=np.array([KINDS.index(kind) + 1 for kind in values["kind"]], "u1"),
            subject=np.array([int(subject, 16) for subject in values["subject"]], "<u8"),
            zones=tuple(values["zones"]),
            profiles=tuple(values["profiles"]),
            t_wall_ns=np.array(values["t_wall_ns"], "<i8") if values["t_wall_ns"] is not None else None,
            extra={int(row): more for row, more in values["extra"].items()},
            store=values.get("store", ""),
            offset=Offset(*values["offset"]) if "offset" in values else None,
            **{name: values[name] for name in _PLAIN if name != "unknown_keys"},
            **columns,
        )
    )


def _told(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Without what was added to wire version 1 and is not there."""
    return {name: value for name, value in values.items() if name not in defaults or value != defaults[name]}


_ADDED_TO_HEADER: Final = {
    name: value for name, value in Header._field_defaults.items() if name not in ("v", "gateway_ns", "heard_boot_ns")
}
_ADDED_TO_BODY: Final = {"store": "", "offset": None}
_ADDED_TO_RECEIPT: Final = {
    "echo_boot": "",
    "echo_boot_ns": 0,
    "parts": False,
    "times": None,
    "beacons": None,
    "seal_key": None,
    "refused": 0,
    "prompt_s": 0,
}


def _decode_frame(payload: bytes) -> dict[str, Any]:
    header, body = decode_frame(payload)
    values = _told(header._asdict(), _ADDED_TO_HEADER)
    if header.decided is not None:
        values["decided"] = list(header.decided)
    return {"header": values, "body": _body_values(decode_body(body)) if header.seq else None}


def _body_values(body: Body) -> dict[str, Any]:
    columns = {name: getattr(body, name).tolist() for name in COLUMNS}
    return {
        **_told({"store": body.store, "offset": list(body.offset) if body.offset else None}, _ADDED_TO_BODY),
        **{name: getattr(body, name) for name in _PLAIN},
        "zones": list(body.zones),
        "profiles": list(body.profiles),
        **columns,
        "kind": [KINDS[kind - 1] for kind in columns["kind"]],
        "subject": [f"{subject:016x}" for subject in columns["subject"]],
        "t_wall_ns": body.t_wall_ns.tolist() if body.t_wall_ns is not None else None,
        "extra": {str(row): dict(more) for row, more in body.extra.items()},
    }


def _encode_receipt(case: dict[str, Any]) -> bytes:
    values = dict(case["receipt"])
    key = values.pop("key")
    day_key = DayKey(**{**key, "secret": bytes.fromhex(key["secret"])}) if key else None
    times = values.pop("times", None)
    runs = tuple(TimeRun(*run[:3], DecidedTime(*run[3])) for run in times[1]) if times else ()
    beacons = tuple(OwnBeacon(*beacon) for beacon in values.pop("beacons")) if "beacons" in values else None
    seal_key = bytes.fromhex(values.pop("seal_key")) if "seal_key" in values else None
    return encode_receipt(
        Receipt(
            **{**values, "versions": tuple(values["versions"])},
            key=day_key,
            beacons=beacons,
            seal_key=seal_key,
            times=Times(times[0], runs) if times else None,
        )
    )


def _decode_receipt(payload: bytes) -> dict[str, Any]:
    receipt = decode_receipt(payload)
    key = asdict(receipt.key) if receipt.key else None
    values = _told(receipt._replace(key=None)._asdict() | {"key": key}, _ADDED_TO_RECEIPT)
    if "beacons" in values:
        values["beacons"] = [list(beacon) for beacon in values["beacons"]]
    if "seal_key" in values:
        values["seal_key"] = values["seal_key"].hex()
    if times := values.get("times"):
        values["times"] = [times[0], [[*run[:3], list(run[3])] for run in times[1]]]
    if values["key"]:
        values["key"]["secret"] = values["key"]["secret"].hex()
    return {"receipt": values | {"versions": list(values["versions"])}}


def _decode_events(payload: bytes) -> dict[str, Any]:
    return {"events": [parse_event(event).model_dump(mode="json", by_alias=True, exclude_unset=True) for event in load_json(payload)]}


_ENCODE: Final[dict[str, Callable[[dict[str, Any]], bytes]]] = {"frame": _encode_frame, "receipt": _encode_receipt}
_DECODE: Final[dict[str, Callable[[bytes], dict[str, Any]]]] = {
    "frame": _decode_frame,
    "receipt": _decode_receipt,
    "events": _decode_events,
}


def main() -> None:
    """Write the bytes of every case that has none."""
    for path in sorted(FOLDER.glob("v1/*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        if case["what"] in _ENCODE and not path.with_suffix(".bin").exists():
            path.with_suffix(".bin").write_bytes(encode(case))


if __name__ == "__main__":
    main()
