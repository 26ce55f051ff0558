"""The envelope of a frame: a header, made for each sending, and the bytes of a body."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgpack

from footfall.boot_clock import UNBOUNDED_NS
from footfall.errors import ContractError
from footfall.packing import integer, integers, integers_or, required, unpack, unpack_flat
from footfall.topics import WIRE_VERSION, are_names, check_name

MAX_FRAME_BYTES: Final = 1 << 20
MAX_PARTS: Final = 1024


class DecidedTime(NamedTuple):
    """How a gateway dated a frame. `quality` is an index into `TIME_QUALITIES`."""

    offset_ns: int
    width_ns: int
    quality: int


TIME_QUALITIES: Final = ("measured", "agent", "bounded", "received", "device")
"""How an event's time is known, best first except the last.

measured: receipts and their echoes bound the agent's clock to 2 s or less.
agent: the agent's own synchronised clock.
bounded: by wider bounds, or by what is known of its other boots.
received: only the time of arrival is known.
device: the device's own time.
"""


class Header(NamedTuple):
    """How and when a frame is sent.

    `seq` counts 1, 2, 3 … without gaps in an epoch; 0 is a hello, which has no rows and is never journaled. `oldest` is the
    lowest seq still spooled. `gateway_ns` and `heard_boot_ns` echo the last receipt: its time, and when the agent received it
    on its CLOCK_BOOTTIME; both are 0 before the first receipt. Fields after `v` are left out of the bytes at their defaults.
    """

    store: str
    agent: str
    epoch: str
    seq: int
    oldest: int
    boot: str
    sent_boot_ns: int
    sent_wall_ns: int
    gateway_ns: int = 0
    heard_boot_ns: int = 0
    v: int = WIRE_VERSION
    journal: str = ""
    """The journal to which the agent is bound: only receipts of this journal free spooled frames."""
    receipted: int = 0
    """The highest seq of this epoch in any receipt that the agent received, from any journal."""
    receipted_ns: int = 0
    """The latest `gateway_ns` of any receipt, over all epochs and journals: history until then was accepted once."""
    times_n: int = -1
    """The number of the last `Times` that the agent stored; -1: this agent stores none."""
    boots_apart_ns: int = 0
    """For a body of an earlier boot: the least time between the starts of the two boots, from the known lengths of the boots
    in between; 0: not known."""
    decided: DecidedTime | None = None
    """How a gateway dated this frame, as the agent learned from `Times`. Every other gateway uses the same date."""
    part: int = 0
    parts: int = 1
    """A frame above the broker's limit is sent in parts, 0 to parts - 1; `crc32` is that of the whole body."""


_FIRST_ADDED: Final = Header._fields.index("v") + 1
_ADDED: Final = Header._fields[_FIRST_ADDED:]
_DEFAULTS: Final = Header._field_defaults
_DECIDED: Final = ("offset_ns", "width_ns", "quality")
_HEADER_INTEGERS: Final = ("v", "seq", "oldest", "sent_boot_ns", "sent_wall_ns", "crc32")
_HEADER_OPTIONAL: Final = {"gateway_ns": 0, "heard_boot_ns": 0}
_HEADER_ADDED: Final = {"receipted": 0, "receipted_ns": 0, "boots_apart_ns": 0, "part": 0, "parts": 1}
_HEADER_NAMES: Final = ("store", "agent", "epoch", "boot")


def encode_frame(header: Header, body: bytes, crc32: int | None = None) -> bytes:
    """Return one MQTT payload. Where `body` is only a part, `crc32` must be that of the whole body."""
    values: dict[str, Any] = {
        "v": header.v,
        "store": header.store,
        "agent": header.agent,
        "epoch": header.epoch,
        "seq": header.seq,
        "oldest": header.oldest,
        "boot": header.boot,
        "sent_boot_ns": header.sent_boot_ns,
        "sent_wall_ns": header.sent_wall_ns,
        "gateway_ns": header.gateway_ns,
        "heard_boot_ns": header.heard_boot_ns,
        "crc32": zlib.crc32(body) if crc32 is None else crc32,
    }
    values |= {
        name: value for name, value in zip(_ADDED, header[_FIRST_ADDED:], strict=True) if value != _DEFAULTS[name] and name != "decided"
    }
    if header.decided is not None:
        values |= dict(zip(_DECIDED, header.decided, strict=True))
    packed: bytes = msgpack.packb([values, body])
    return packed


def decode_frame(payload: bytes) -> tuple[Header, bytes]:
    """Return the header and the bytes of the body, whose CRC agrees.

    Of a frame in parts (`header.parts` > 1) the bytes are one part; `crc32_of` gives the CRC of the whole body.

    Raise ContractError for anything else. `frame.version` is a wire version that this release cannot read: the caller must
    not receipt it, so that the agent keeps the frame.
    """
    if len(payload) > MAX_FRAME_BYTES:
        raise ContractError("frame.size", f"a frame has at most {MAX_FRAME_BYTES} bytes, this has {len(payload)}")
    pair = unpack_flat(payload, "frame", 1, MAX_FRAME_BYTES) if payload else unpack(payload, "frame")
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], dict) or not isinstance(pair[1], bytes):
        raise ContractError("frame.type", "a frame is an array of a map (header) and bytes (body)")
    values, body = pair
    if values.get("v") != WIRE_VERSION:
        version = integer(values, "v", "header")
        raise ContractError("frame.version", f"this release reads wire version {WIRE_VERSION}, the frame has {version}")
    header, crc32 = _decode_header(values)
    if header.parts == 1 and crc32 != zlib.crc32(body):
        raise ContractError("frame.crc", "crc32 of the body disagrees with the header")
    if header.seq == 0 and body:
        raise ContractError("frame.hello", "a hello (seq 0) has an empty body")
    return header, body


def _decode_header(values: Mapping[Any, Any]) -> tuple[Header, int]:
    """Return the header, and `crc32` as it states it."""
    version, seq, oldest, sent_boot_ns, sent_wall_ns, crc32 = integers(values, _HEADER_INTEGERS, "header")
    gateway_ns, heard_boot_ns = integers_or(values, _HEADER_OPTIONAL, "header")
    store, agent, epoch, boot = _header_names(values)
    header = Header(
        store,
        agent,
        epoch,
        seq,
        oldest,
        boot,
        sent_boot_ns,
        sent_wall_ns,
        gateway_ns,
        heard_boot_ns,
        version,
        *(_added(values) if len(values) > _FIRST_ADDED + 1 else ()),
    )
    return header, crc32


def _header_names(values: Mapping[Any, Any]) -> tuple[str, ...]:
    found = (values.get("store"), values.get("agent"), values.get("epoch"), values.get("boot"))
    if not are_names(found):
        for key in _HEADER_NAMES:
            check_name(required(values, key, "header"), f"header.{key}")
    return found  # type: ignore[return-value] # all are names now


def _added(values: Mapping[Any, Any]) -> Iterable[Any]:
    """Return the fields that later releases of wire version 1 added to the header, in the order of Header."""
    receipted, receipted_ns, boots_apart_ns, part, parts = integers_or(values, _HEADER_ADDED, "header")
    if not part < parts <= MAX_PARTS:
        raise ContractError("frame.parts", f"part {part} of {parts}: a frame has 1 to {MAX_PARTS} parts, counted from 0")
    times_n = values.get("times_n", -1)
    return (
        check_name(values["journal"], "header.journal") if "journal" in values else "",
        receipted,
        receipted_ns,
        -1 if times_n == -1 else integer(values, "times_n", "header"),
        boots_apart_ns,
        _decided(values),
        part,
        parts,
    )


def _decided(values: Mapping[Any, Any]) -> DecidedTime | None:
    if "quality" not in values:
        return None
    decided = DecidedTime(*integers(values, _DECIDED, "header"))
    check_decided(decided, "header")
    return decided


def check_decided(decided: DecidedTime, what: str) -> None:
    """Raise ContractError `{what}.time` if no gateway can have decided that."""
    if decided.offset_ns > UNBOUNDED_NS or decided.width_ns > 2 * UNBOUNDED_NS or decided.quality >= len(TIME_QUALITIES):
        raise ContractError(f"{what}.time", f"{what}: no frame was dated by offset_ns, width_ns, quality = {tuple(decided)}")


def crc32_of(payload: bytes) -> int:
    """Return `crc32` of the header of a payload that `decode_frame` accepted. In a part it is that of the whole body."""
    return int(unpack(payload, "frame", MAX_FRAME_BYTES)[0]["crc32"])
