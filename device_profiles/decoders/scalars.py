"""A value of a vendor's message in the form that readings have; ProfileError `feed.…` for what has another.

Nothing is guessed: a number may be written as text where `integer` and `number` allow it, and a boolean is no number.
"""

from __future__ import annotations

import base64
import binascii
import re
from math import isfinite
from typing import Any, Final

from footfall.errors import ProfileError
from footfall.names import is_latin, plain, with_digest

MAX_TEXT: Final = 200
MAX_COUNT: Final = (1 << 53) - 1
_MAC: Final = re.compile(r"(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?", re.ASCII)
_HEX_EPC: Final = re.compile(r"(?:[0-9A-F]{4}){4,31}|(?:[0-9a-f]{4}){4,31}", re.ASCII)
_TRUE: Final = frozenset({"true", "on", "yes", "occupied", "detected", "present", "presence", "home", "motion"})
_FALSE: Final = frozenset({"false", "off", "no", "vacant", "unoccupied", "clear", "cleared", "absent", "none", "not_home", "idle"})
_KINDS: Final = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9._-]+", re.ASCII)


def kind_of(value: Any) -> str:
    """Return what a value is, in words, without the value: it may identify somebody."""
    if type(value) is str:
        return f"a text of {len(value)} characters" if value else "an empty text"
    return "nothing" if value is None else _KINDS.get(type(value), "another value")


def text(value: Any) -> str:
    """Return 1 to 200 characters without control characters; a whole number becomes its digits."""
    if type(value) is int and abs(value) <= MAX_COUNT:
        value = str(value)
    if type(value) is not str or not 0 < len(value) <= MAX_TEXT or not value.isprintable():
        raise ProfileError("feed.text", f"no text of 1 to {MAX_TEXT} characters that can be printed, but {kind_of(value)}")
    return value


def number(value: Any) -> float:
    if type(value) is str and _DECIMAL.fullmatch(value.strip()):
        value = float(value)
    if type(value) not in (int, float) or not -MAX_COUNT <= value <= MAX_COUNT or not isfinite(value):
        raise ProfileError("feed.number", f"no number, but {kind_of(value)}")
    return float(value)


def count(value: Any) -> int:
    """Return a number of people: whole, 0 to 2^53-1."""
    people = whole(value)
    if people < 0:
        raise ProfileError("feed.count", "no count of people, but a number below 0")
    return people


def whole(value: Any) -> int:
    found = number(value)
    if found != int(found):
        raise ProfileError("feed.count", "no whole number of people, but a fraction")
    return int(found)


def truth(value: Any) -> bool:
    """Return whether somebody is there: true, a number above 0, or one of the words that sensors have for it."""
    if type(value) is bool:
        return value
    word = value.strip().lower() if type(value) is str else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    try:
        return count(value) > 0
    except ProfileError:
        raise ProfileError("feed.truth", f"neither true nor false, nor a word for either, but {kind_of(value)}") from None


def rssi_dbm(value: Any, scale: float = 1.0) -> int:
    """Return whole dBm, rounded, -128 to 20."""
    level = number(value) * scale
    if not -128 <= level <= 20:
        raise ProfileError("feed.rssi", "no RSSI of -128 to 20 dBm")
    return round(level)


def mac(value: Any) -> str:
    """Return lower-case hex with colons, from twelve digits with colons, dashes or nothing between."""
    lower = value.lower() if type(value) is str and len(value) < 20 else ""
    if not _MAC.fullmatch(lower):
        raise ProfileError("feed.mac", f"no address of twelve hex digits, but {kind_of(value)}")
    digits = lower.replace(":", "").replace("-", "")
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def hex_bytes(value: Any, at_most: int = 512) -> bytes:
    """Return the bytes of hex digits in pairs without separators; "" gives none."""
    if type(value) is not str or len(value) > 2 * at_most:
        raise ProfileError("feed.hex", f"no hex of at most {at_most} bytes, but {kind_of(value)}")
    try:
        return binascii.unhexlify(value)
    except ValueError:
        raise ProfileError("feed.hex", f"no hex, but {kind_of(value)}") from None


def base64_bytes(value: Any, at_most: int = 512) -> bytes:
    """Return the bytes of base64 (RFC 4648), with or without padding, in either alphabet."""
    if type(value) is not str or len(value) > 2 * at_most or not value.isascii():
        raise ProfileError("feed.base64", f"no base64 of at most {at_most} bytes")
    plain = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        raise ProfileError("feed.base64", "no base64") from None


def epc(value: Any, form: str) -> bytes:
    """Return an EPC of 2 to 62 bytes, whole words of 16 bits (EPC Gen2, its length in the protocol control word).

    What is hex alone is no base64, whatever the form: of a billion EPCs none is written so.
    """
    is_hex = form == "hex" or (type(value) is str and _HEX_EPC.fullmatch(value))
    read = hex_bytes(value, 62) if is_hex else base64_bytes(value, 62)
    if not read or len(read) % 2:
        raise ProfileError("feed.epc", "an EPC has 1 to 31 words of 16 bits")
    return read


def name(value: Any) -> str:
    """Return a name in a message as a name of ours, 1 to 64 of `[a-z0-9._-]`. Other characters become dashes, an address its digits.

    Of a path of three levels or more, such as an event's topic, the last level is taken. Digits tell apart what other scripts name.
    """
    lower = text(value).lower()
    if lower.count("/") > 1:
        lower = lower.rpartition("/")[2]
    if _MAC.fullmatch(lower):
        return lower.replace(":", "").replace("-", "")
    name = _NOT_IN_NAMES.sub("-", lower).strip("-")[:64] or "-"
    return name if is_latin(lower) else with_digest(name, plain(lower))
