"""Frames of wire version 1: one immutable batch of events from one agent, one MQTT message.

    frame = msgpack([header, body]); `body` is bytes that never change once spooled, `header` is made anew at each sending.

A body carries its rows as little-endian columns of equal length, so that reading one costs a few array views per frame
instead of work per event. Bytes in, values out: nothing here reads a clock.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgpack
import numpy as np
import numpy.typing as npt

from footfall.boot_clock import UNBOUNDED_NS
from footfall.errors import ContractError
from footfall.packing import MAX_INT, integer, integers, integers_or, required, unpack, unpack_flat, unpack_map
from footfall.topics import WIRE_VERSION, check_name, is_name

MAX_FRAME_BYTES: Final = 1 << 20
MAX_ROWS: Final = 10_000
MAX_NAMES: Final = 4096
MAX_GOODS_CHARS: Final = 128
"""Of an `epc` or a `sku`."""


class Kind(IntEnum):
    """What a row says. `zone` names a zone, for IN and OUT a door."""

    ENTER = 1
    """A subject came into a zone; `rssi_dbm` is the filtered level. Of goods, `extra` has `epc` and `sku` in clear ("": not known)."""
    STAY = 2
    """Evidence: since the last row `count` sightings of mean `rssi_dbm`; `value` is the dwell so far, seconds."""
    EXIT = 3
    """The subject was last heard at this time; `value` is its dwell, seconds. Of goods, `extra` is as for ENTER."""
    IN = 4
    """`count` people passed the door inwards up to this time."""
    OUT = 5
    """`count` people passed the door outwards up to this time."""
    GAP = 6
    """Something was not observed: `extra` has `to_boot_ns`, `rows` (0 if unknown) and `reason`."""
    EVENT = 7
    """A plain event that came through the agent: `extra` has `event`, its JSON as text."""
    REFUSED = 8
    """Input that a source could not read: `extra` has `reason`, `where` (file and line) and, where no identifier can be in it, `data`."""


KINDS: Final = tuple(kind.name.lower() for kind in Kind)

COLUMNS: Final[Mapping[str, np.dtype[Any]]] = {
    "kind": np.dtype("u1"),
    "t_boot_ns": np.dtype("<i8"),
    "subject": np.dtype("<u8"),
    "zone": np.dtype("<u2"),
    "profile": np.dtype("u1"),
    "rssi_dbm": np.dtype("i1"),
    "count": np.dtype("<i4"),
    "value": np.dtype("<f4"),
}
_OPTIONAL_KEYS: Final = frozenset({"t_wall_ns", "extra", "store", "offset_ns", "width_ns"})
_BODY_KEYS: Final = _OPTIONAL_KEYS | frozenset(COLUMNS) | {
    "boot", "made_boot_ns", "made_wall_ns", "wall_synced", "first_row", "key_id", "zones", "profiles", "n",
}  # fmt: skip
_FEWEST_KEYS: Final = len(_BODY_KEYS - _OPTIONAL_KEYS)


RUN: Final = "run-"
"""Boots whose names begin so are runs of an agent: its machine names no boots, and two of them may be of one."""


def is_run(boot: str) -> bool:
    return boot.startswith(RUN)


class Offset(NamedTuple):
    """Gateway time minus boot time: the middle of bounds that lie `width_ns` apart."""

    offset_ns: int
    width_ns: int


class DecidedTime(NamedTuple):
    """How a gateway dated a frame. `quality` is one of `footfall.frames.TIME_QUALITIES`, by its place there."""

    offset_ns: int
    width_ns: int
    quality: int


TIME_QUALITIES: Final = ("measured", "agent", "bounded", "received", "device")
"""How an event's time is known, best first but for the last:

measured: receipts and their echoes bound the agent's clock to 2 s or less; agent: the agent's own synchronised clock; bounded: between
bounds that are wider, or what is known of its other boots; received: only when it arrived; device: the time the device itself gave.
"""


class Header(NamedTuple):
    """How and when a frame is sent. `seq` counts 1, 2, 3 … without gaps in an epoch; 0 is a hello, without rows, never journaled.

    `oldest` is the lowest seq still spooled. `gateway_ns` and `heard_boot_ns` echo the last receipt: its time, and when it was
    heard on the agent's CLOCK_BOOTTIME; 0 while none was. What follows `v` is left out of the bytes where it has its default.
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
    """The journal to which the agent is bound: whose receipts let it forget."""
    receipted: int = 0
    """The highest seq of this epoch for which the agent ever heard a receipt, of whatever journal."""
    receipted_ns: int = 0
    """The latest `gateway_ns` of any receipt the agent ever heard, over all epochs and journals: history up to here was taken once."""
    times_n: int = -1
    """The number of the last `Times` that the agent has stored; -1: it stores none."""
    boots_apart_ns: int = 0
    """Where the body is of an earlier boot: the least time from that boot's beginning to the sender's, the known lengths of the
    boots in between added up; 0: not known."""
    decided: DecidedTime | None = None
    """How a gateway dated this frame already, where that was told in `Times`: any other gateway dates it likewise."""
    part: int = 0
    parts: int = 1
    """A frame above the broker's limit comes in parts, 0 to parts - 1: `crc32` is of the whole body."""


@dataclass(slots=True, eq=False)  # frozen, making one took three times as long
class Body:
    """What happened: columns of `n` rows, in the order in which the agent made them; `boot` is the one in which they happened.

    `first_row` is the running number of row 0 in the epoch. `t_wall_ns` is a device's own time per row, 0 where it has none.
    """

    boot: str
    made_boot_ns: int
    made_wall_ns: int
    wall_synced: bool
    first_row: int
    key_id: int
    zones: tuple[str, ...]
    profiles: tuple[str, ...]
    kind: npt.NDArray[np.uint8]
    t_boot_ns: npt.NDArray[np.int64]
    subject: npt.NDArray[np.uint64]
    zone: npt.NDArray[np.uint16]
    profile: npt.NDArray[np.uint8]
    rssi_dbm: npt.NDArray[np.int8]
    count: npt.NDArray[np.int32]
    value: npt.NDArray[np.float32]
    t_wall_ns: npt.NDArray[np.int64] | None = None
    extra: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    unknown_keys: int = 0
    store: str = ""
    """The store in which it was heard; "": as the header says."""
    offset: Offset | None = None
    """The agent's own clock against its gateway's when the body was made, by the rule of `footfall.boot_clock`; None: not known."""

    def __len__(self) -> int:
        return len(self.kind)

    def kinds(self) -> frozenset[int]:
        """The kinds of row that are there."""
        return frozenset(self.kind.tobytes())


def encode_body(body: Body) -> bytes:
    """The bytes that are spooled once and never change; `decode_body` gives the same body back."""
    values: dict[str, Any] = {
        "boot": body.boot,
        "made_boot_ns": body.made_boot_ns,
        "made_wall_ns": body.made_wall_ns,
        "wall_synced": body.wall_synced,
        "first_row": body.first_row,
        "key_id": body.key_id,
        "zones": body.zones,
        "profiles": body.profiles,
        "n": len(body),
    }
    for name, dtype in COLUMNS.items():
        values[name] = getattr(body, name).astype(dtype, copy=False).tobytes()
    if body.t_wall_ns is not None:
        values["t_wall_ns"] = body.t_wall_ns.astype("<i8", copy=False).tobytes()
    if body.store:
        values["store"] = body.store
    if body.offset is not None:
        values["offset_ns"], values["width_ns"] = body.offset
    if body.extra:
        values["extra"] = {row: dict(more) for row, more in body.extra.items()}
    packed: bytes = msgpack.packb(values)
    return packed


def encode_frame(header: Header, body: bytes, crc32: int | None = None) -> bytes:
    """One MQTT payload. `crc32` of the whole body is to be given where `body` is a part of it."""
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


_FIRST_ADDED: Final = Header._fields.index("v") + 1
_ADDED: Final = Header._fields[_FIRST_ADDED:]
_DEFAULTS: Final = Header._field_defaults
_DECIDED: Final = ("offset_ns", "width_ns", "quality")


_HEADER_INTEGERS: Final = ("v", "seq", "oldest", "sent_boot_ns", "sent_wall_ns", "crc32")
_HEADER_OPTIONAL: Final = {"gateway_ns": 0, "heard_boot_ns": 0}
_HEADER_ADDED: Final = {"receipted": 0, "receipted_ns": 0, "boots_apart_ns": 0, "part": 0, "parts": 1}
_HEADER_NAMES: Final = ("store", "agent", "epoch", "boot")
_BODY_INTEGERS: Final = ("n", "made_boot_ns", "made_wall_ns", "first_row", "key_id")


def decode_frame(payload: bytes) -> tuple[Header, bytes]:
    """The header and the untouched body, whose crc32 agrees; ContractError for anything else.

    Of a frame in parts (`header.parts` > 1) it is the part: see `crc32_of` for what its whole must have.

    A wire version that this release does not read is ContractError `frame.version`: it is to be left unreceipted, so that
    the agent keeps the frame.
    """
    if len(payload) > MAX_FRAME_BYTES:
        raise ContractError("frame.size", f"a frame has at most {MAX_FRAME_BYTES} bytes, this has {len(payload)}")
    pair = unpack_flat(payload, "frame", 1, MAX_FRAME_BYTES) if payload else unpack(payload, "frame")
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], dict) or not isinstance(pair[1], bytes):
        raise ContractError("frame.type", "a frame is an array of a map (header) and bytes (body)")
    values, body = pair
    if values.get("v") != WIRE_VERSION:
        version = integer(values, "v", "header")
        raise ContractError("frame.version", f"this release reads wire version {WIRE_VERSION}, the frame says {version}")
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
    if header.parts == 1 and crc32 != zlib.crc32(body):
        raise ContractError("frame.crc", "crc32 of the body disagrees with the header")
    if header.seq == 0 and body:
        raise ContractError("frame.hello", "a hello (seq 0) has an empty body")
    return header, body


def _header_names(values: Mapping[Any, Any]) -> tuple[str, ...]:
    found = (values.get("store"), values.get("agent"), values.get("epoch"), values.get("boot"))
    if not _are_known(found):
        for key in _HEADER_NAMES:
            check_name(required(values, key, "header"), f"header.{key}")
    return found  # type: ignore[return-value] # all are names now


MAX_PARTS: Final = 1024


def _added(values: Mapping[Any, Any]) -> Iterable[Any]:
    """What later releases of wire version 1 added to the header, in the order of Header."""
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
    """ContractError if no gateway can have decided that."""
    if decided.offset_ns > UNBOUNDED_NS or decided.width_ns > 2 * UNBOUNDED_NS or decided.quality >= len(TIME_QUALITIES):
        raise ContractError(f"{what}.time", f"{what}: no frame was dated by offset_ns, width_ns, quality = {tuple(decided)}")


def crc32_of(payload: bytes) -> int:
    """The `crc32` of a frame's header: of the whole body, where the payload is a part. The payload must be one that `decode_frame` took."""
    return int(unpack(payload, "frame", MAX_FRAME_BYTES)[0]["crc32"])


def decode_body(data: bytes) -> Body:
    """The rows of a frame, every index in range and every number finite; ContractError for anything else."""
    values = unpack_map(data, "body")
    n, made_boot_ns, made_wall_ns, first_row, key_id = integers(values, _BODY_INTEGERS, "body")
    if n > MAX_ROWS:
        raise ContractError("body.rows", f"a frame has at most {MAX_ROWS} rows, this says {n}")
    if first_row > MAX_INT - n:
        raise ContractError("body.rows", f"body.first_row and the {n} rows behind it must stay below 2^63")
    zones, profiles = _names(values, "zones"), _names(values, "profiles")
    columns = _columns(values, n)
    if n:
        _check_rows(values, len(zones), len(profiles))
    wall_synced = required(values, "wall_synced", "body")
    if type(wall_synced) is not bool:
        raise ContractError("body.type", "body.wall_synced must be a boolean")
    return Body(  # type: ignore[call-arg] # eight columns, in the order of Body
        check_name(required(values, "boot", "body"), "body.boot"),
        made_boot_ns,
        made_wall_ns,
        wall_synced,
        first_row,
        key_id,
        zones,
        profiles,
        *columns,  # type: ignore[arg-type] # as above
        _column(values, "t_wall_ns", np.dtype("<i8"), n) if "t_wall_ns" in values else None,
        _extra(values.get("extra"), n, values["kind"]),
        len(values) - len(_BODY_KEYS & values.keys()) if len(values) > _FEWEST_KEYS else 0,
        check_name(values["store"], "body.store") if "store" in values else "",
        _offset(values) if "offset_ns" in values else None,
    )


def _offset(values: Mapping[Any, Any]) -> Offset:
    offset = Offset(integer(values, "offset_ns", "body"), integer(values, "width_ns", "body"))
    if offset.offset_ns > UNBOUNDED_NS or offset.width_ns > 2 * UNBOUNDED_NS:
        raise ContractError("body.time", f"body: no clock is {offset.offset_ns} ns off, within {offset.width_ns} ns")
    return offset


def _names(values: Mapping[Any, Any], key: str) -> tuple[str, ...]:
    names = required(values, key, "body")
    if not isinstance(names, list) or len(names) > MAX_NAMES:
        raise ContractError("body.type", f"body.{key} must be a list of at most {MAX_NAMES} names")
    found = tuple(names)
    if len(found) > _FEW_NAMES or not _are_known(found):
        for name in names:
            check_name(name, f"body.{key}")
    return found


_FEW_NAMES: Final = 64
"""Longer lists are of no agent as we know them, and are not kept in memory."""


def _are_known(found: tuple[Any, ...]) -> bool:
    try:
        return _known_names(found)
    except TypeError:  # something that cannot be a dictionary's key is no text either
        return False


@lru_cache(maxsize=50_000)
def _known_names(names: tuple[Any, ...]) -> bool:
    """Agents send the same names again and again."""
    return all(type(name) is str and is_name(name) for name in names)


_DTYPES: Final = tuple(COLUMNS.values())
_ROW_BYTES: Final = tuple(dtype.itemsize for dtype in _DTYPES)
_BYTES: Final = {bytes}


def _columns(values: Mapping[Any, Any], n: int) -> Iterable[npt.NDArray[Any]]:
    """In the order of COLUMNS, which is that of Body."""
    data: list[Any] = list(map(values.get, COLUMNS))
    if set(map(type, data)) != _BYTES or list(map(len, data)) != _lengths(n):
        return [_column(values, name, dtype, n) for name, dtype in COLUMNS.items()]  # says which one is wrong
    return map(np.frombuffer, data, _DTYPES)


@lru_cache(maxsize=1024)
def _lengths(n: int) -> list[int]:
    return [size * n for size in _ROW_BYTES]


def _column(values: Mapping[Any, Any], name: str, dtype: np.dtype[Any], n: int) -> npt.NDArray[Any]:
    data = required(values, name, "body")
    if type(data) is not bytes or len(data) != n * dtype.itemsize:
        raise ContractError("body.length", f"body.{name} must be {n * dtype.itemsize} bytes ({n} of {dtype.str})")
    return np.frombuffer(data, dtype)


_ALL: Final = bytes(range(256))
_KIND_BYTES: Final = bytes(range(1, len(KINDS) + 1))
_NOT_NEGATIVE: Final = bytes(range(128))
_SURELY_FINITE: Final = bytes(value for value in range(256) if value & 0x7F != 0x7F)


def _check_rows(values: Mapping[str, bytes], zones: int, profiles: int) -> None:
    """Ranges, on the bytes: deleting all that are allowed leaves nothing. That takes a tenth of what array operations take."""
    if values["kind"].translate(None, _KIND_BYTES):
        raise ContractError("body.kind", f"body.kind must be 1 to {len(KINDS)}")
    if _has_from(values["zone"], zones):
        raise ContractError("body.zone", f"body.zone points past the {zones} zones named")
    if values["profile"].translate(None, _ALL[:profiles]):
        raise ContractError("body.profile", f"body.profile points past the {profiles} profiles named")
    if values["t_boot_ns"][7::8].translate(None, _NOT_NEGATIVE) or values["count"][3::4].translate(None, _NOT_NEGATIVE):
        raise ContractError("body.negative", "body.t_boot_ns and body.count must not be negative")
    # Infinities and NaNs have all exponent bits set, seven of which are in the highest byte; large numbers have those too.
    if values["value"][3::4].translate(None, _SURELY_FINITE) and not np.isfinite(np.frombuffer(values["value"], "<f4")).all():
        raise ContractError("body.value", "body.value must be finite")


def _has_from(column: bytes, limit: int) -> bool:
    """Whether one of the `<u2` numbers is `limit` or more."""
    if limit > 256:
        return bool(np.frombuffer(column, "<u2").max() >= limit)
    return bool(column[1::2].strip(b"\0") or column[::2].translate(None, _ALL[:limit]))


def _extra(values: object, n: int, kind: bytes) -> Mapping[int, Mapping[str, Any]]:
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise ContractError("body.extra", "body.extra must be a map of row to map")
    for row, more in values.items():
        if type(row) is not int or not 0 <= row < n or not isinstance(more, dict):
            raise ContractError("body.extra", f"body.extra must map rows 0 to {n - 1} to maps, got {str(row)[:40]!r}")
        if not all(type(key) is str for key in more):
            raise ContractError("body.extra", f"body.extra of row {row} must have text keys")
        if not _all_finite(more):
            raise ContractError("body.extra", f"body.extra of row {row} has a number that is not finite")
        if kind[row] == Kind.GAP:
            _check_gap(row, more)
        if kind[row] <= Kind.EXIT:
            _check_goods(row, more)
    if _EVENT in kind:
        for row in range(n):
            if kind[row] == Kind.EVENT and type(values.get(row, {}).get("event")) is not str:
                raise ContractError("body.extra", f"row {row} is an event: body.extra must have its text as `event`")
    return values


_EVENT: Final = bytes([Kind.EVENT])


def _check_gap(row: int, more: Mapping[str, Any]) -> None:
    for key in ("to_boot_ns", "rows"):
        value = more.get(key, 0)
        if type(value) is not int or not 0 <= value <= MAX_INT:
            raise ContractError("body.extra", f"row {row} is a gap: `{key}` must be an integer from 0 to 2^63-1")
    if type(more.get("reason", "")) is not str:
        raise ContractError("body.extra", f"row {row} is a gap: `reason` must be text")


def is_goods_text(value: object) -> bool:
    """Whether it can be an `epc` or a `sku`."""
    return isinstance(value, str) and len(value) <= MAX_GOODS_CHARS and value.isprintable()


def _check_goods(row: int, more: Mapping[str, Any]) -> None:
    for key in ("epc", "sku"):
        if not is_goods_text(more.get(key, "")):
            raise ContractError("body.extra", f"row {row}: `{key}` must be printable text of at most {MAX_GOODS_CHARS} characters")


def _all_finite(value: object) -> bool:
    """Whether every number in nested lists and maps is finite; without recursion, since strangers choose the depth."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is float and not math.isfinite(item):
            return False
        if isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return True
