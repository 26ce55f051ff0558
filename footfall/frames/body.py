"""The bytes of a body: written once, read with every length, range and number checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgpack
import numpy as np
import numpy.typing as npt

from footfall.boot_clock import UNBOUNDED_NS
from footfall.errors import ContractError
from footfall.frames.checks import check_extra, check_rows
from footfall.frames.rows import COLUMNS, MAX_ROWS, Body, Offset
from footfall.packing import MAX_INT, integer, integers, required, unpack_map
from footfall.topics import are_names, check_name

MAX_NAMES: Final = 4096
_OPTIONAL_KEYS: Final = frozenset({"t_wall_ns", "extra", "store", "offset_ns", "width_ns"})
_BODY_KEYS: Final = _OPTIONAL_KEYS | frozenset(COLUMNS) | {
    "boot", "made_boot_ns", "made_wall_ns", "wall_synced", "first_row", "key_id", "zones", "profiles", "n",
}  # fmt: skip
_FEWEST_KEYS: Final = len(_BODY_KEYS - _OPTIONAL_KEYS)
_DTYPES: Final = tuple(COLUMNS.values())
_ROW_BYTES: Final = tuple(dtype.itemsize for dtype in _DTYPES)
_BYTES: Final = {bytes}
_FEW_NAMES: Final = 64
"""Names cached at most per list; no real agent sends longer lists."""
_BODY_INTEGERS: Final = ("n", "made_boot_ns", "made_wall_ns", "first_row", "key_id")


def encode_body(body: Body) -> bytes:
    """Return the bytes of a body, which never change once spooled; `decode_body` is the inverse."""
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


def decode_body(data: bytes) -> Body:
    """Return the rows of a frame, with every index in range and every number finite. Raise ContractError for anything else."""
    values = unpack_map(data, "body")
    n, made_boot_ns, made_wall_ns, first_row, key_id = integers(values, _BODY_INTEGERS, "body")
    if n > MAX_ROWS or first_row > MAX_INT - n:
        raise _too_many_rows(n)
    zones, profiles = _names(values, "zones"), _names(values, "profiles")
    columns = _columns(values, n)
    if n:
        check_rows(values, len(zones), len(profiles))
    if type(wall_synced := required(values, "wall_synced", "body")) is not bool:
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
        check_extra(values.get("extra"), n, values["kind"]),
        len(values) - len(_BODY_KEYS & values.keys()) if len(values) > _FEWEST_KEYS else 0,
        check_name(values["store"], "body.store") if "store" in values else "",
        _offset(values) if "offset_ns" in values else None,
    )


def _too_many_rows(n: int) -> ContractError:
    if n > MAX_ROWS:
        return ContractError("body.rows", f"a frame has at most {MAX_ROWS} rows, this has n = {n}")
    return ContractError("body.rows", f"body.first_row and the {n} rows behind it must stay below 2^63")


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
    if len(found) > _FEW_NAMES or not are_names(found):
        for name in names:
            check_name(name, f"body.{key}")
    return found


def _columns(values: Mapping[Any, Any], n: int) -> Iterable[npt.NDArray[Any]]:
    """Return arrays of shape (n,) in the order of COLUMNS, which is that of Body."""
    data: list[Any] = list(map(values.get, COLUMNS))
    if set(map(type, data)) != _BYTES or list(map(len, data)) != _lengths(n):
        return [_column(values, name, dtype, n) for name, dtype in COLUMNS.items()]  # raises for the one that is wrong
    return map(np.frombuffer, data, _DTYPES)


@lru_cache(maxsize=1024)
def _lengths(n: int) -> list[int]:
    return [size * n for size in _ROW_BYTES]


def _column(values: Mapping[Any, Any], name: str, dtype: np.dtype[Any], n: int) -> npt.NDArray[Any]:
    data = required(values, name, "body")
    if type(data) is not bytes or len(data) != n * dtype.itemsize:
        raise ContractError("body.length", f"body.{name} must be {n * dtype.itemsize} bytes ({n} of {dtype.str})")
    return np.frombuffer(data, dtype)
