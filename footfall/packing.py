"""msgpack from untrusted senders: bounded, without extension types, duplicate keys or trailing bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn

import msgpack

from footfall.errors import ContractError

MAX_INT: Final = (1 << 63) - 1


def unpack(payload: bytes, what: str, max_bytes: int = 1 << 20, max_items: int = 20_000) -> Any:
    """Return the one value packed in `payload`. Maps have text or integer keys, each once.

    Raise ContractError `{what}.msgpack` for anything else, however hostile; nothing larger than `max_bytes` is ever allocated.
    """
    try:
        return msgpack.unpackb(
            payload,
            raw=False,
            strict_map_key=False,
            object_pairs_hook=_unique_keys,
            ext_hook=_no_extension,
            max_bin_len=max_bytes,
            max_str_len=min(max_bytes, 65_536),
            max_array_len=max_items,
            max_map_len=max_items,
            max_ext_len=0,
        )
    except ContractError as error:
        raise ContractError(f"{what}.msgpack", f"{what}: {error}") from None
    except (ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException) as error:
        raise ContractError(f"{what}.msgpack", f"{what} is not the msgpack expected: {type(error).__name__}: {error}"[:300]) from None


def unpack_flat(payload: bytes, what: str, map_at: int, max_bytes: int = 1 << 20) -> Any:
    """Return as `unpack`, twice as fast if the only map has text keys and its header byte is at `map_at`.

    Without a hook msgpack keeps the last of duplicate keys. The map then has fewer keys than its header claims, and `unpack` raises.
    """
    try:
        value = msgpack.unpackb(
            payload, raw=False, strict_map_key=True, ext_hook=_no_extension, max_bin_len=max_bytes, max_str_len=1024,
            max_array_len=20_000, max_map_len=64, max_ext_len=0,
        )  # fmt: skip
    except (ContractError, ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException):
        return unpack(payload, what, max_bytes)
    flat = value[0] if map_at and type(value) is list and value else value
    if (
        type(flat) is not dict
        or len(flat) != _declared(payload, map_at)
        or set(map(type, flat)) != _TEXT
        or dict in map(type, flat.values())
    ):
        return unpack(payload, what, max_bytes)
    return value


_TEXT: Final = {str}
_INT: Final = {int}


def _declared(payload: bytes, at: int) -> int:
    """Return how many keys a map claims to have: fixmap (one byte) or map 16."""
    byte = payload[at] if at < len(payload) else 0
    return byte & 0x0F if byte >> 4 == 8 else int.from_bytes(payload[at + 1 : at + 3], "big") if byte == 0xDE else -1


def unpack_map(payload: bytes, what: str) -> dict[Any, Any]:
    value = unpack_flat(payload, what, 0) if payload else unpack(payload, what)
    if not isinstance(value, dict):
        raise ContractError(f"{what}.type", f"{what} must be a map, got {type(value).__name__}")
    return value


def required(values: Mapping[Any, Any], key: str, what: str) -> Any:
    try:
        return values[key]
    except KeyError:
        raise ContractError(f"{what}.missing", f"{what}.{key} is missing") from None


def integer(values: Mapping[Any, Any], key: str, what: str) -> int:
    """Return a non-negative integer below 2^63."""
    value = required(values, key, what)
    if type(value) is not int or not 0 <= value <= MAX_INT:
        raise ContractError(f"{what}.type", f"{what}.{key} must be an integer from 0 to 2^63-1, got {str(value)[:80]!r}")
    return value


def integers(values: Mapping[Any, Any], keys: tuple[str, ...], what: str) -> list[int]:
    """Return `integer` of several keys; valid ones are checked together, since every frame has a dozen."""
    found: list[Any] = list(map(values.get, keys))
    if set(map(type, found)) != _INT or min(found) < 0 or max(found) > MAX_INT:
        return [integer(values, key, what) for key in keys]
    return found


def integer_or_none(values: Mapping[Any, Any], key: str, what: str) -> int | None:
    return None if values.get(key) is None else integer(values, key, what)


def integers_or(values: Mapping[Any, Any], defaults: Mapping[str, int], what: str) -> list[int]:
    """Return `integer_or_none` of several keys, with their defaults for None."""
    found: list[Any] = list(map(values.get, defaults, defaults.values()))
    if set(map(type, found)) != _INT or min(found) < 0 or max(found) > MAX_INT:
        given = [(integer_or_none(values, key, what), default) for key, default in defaults.items()]
        return [default if value is None else value for value, default in given]
    return found


def _unique_keys(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ContractError("duplicate", "a map has the same key twice")
    for key in found:
        if type(key) is not str and type(key) is not int:
            raise ContractError("key", f"a map key must be text or an integer, got {type(key).__name__}")
    return found


def _no_extension(code: int, data: bytes) -> NoReturn:
    raise ContractError("extension", f"extension type {code} is not allowed")
