"""The short form of URLs in Eddystone-URL frames. Source: https://github.com/google/eddystone/tree/master/eddystone-url."""

from __future__ import annotations

from typing import Final

_SCHEMES: Final = ("http://www.", "https://www.", "http://", "https://")
_ENDINGS: Final = (".com/", ".org/", ".edu/", ".net/", ".info/", ".biz/", ".gov/", ".com", ".org", ".edu", ".net", ".info", ".biz", ".gov")


def expand(data: bytes) -> str:
    """Return the URL without its fragment; "" for a scheme or a byte that the specification reserves.

    Sensors write what they measure into the fragment (RuuviTag: https://ruu.vi/#BEgYAMFf); what a URL identifies ends before it.
    """
    if not data or data[0] >= len(_SCHEMES):
        return ""
    if any(len(_ENDINGS) <= byte <= 0x20 or byte >= 0x7F for byte in data[1:]):
        return ""
    address, _, _ = data[1:].partition(b"#")
    return _SCHEMES[data[0]] + "".join(_ENDINGS[byte] if byte < len(_ENDINGS) else chr(byte) for byte in address)


def shorten(url: str) -> bytes:
    """Return the bytes that `expand` makes the URL of; b"" for another scheme, or characters that no URL has."""
    for code, scheme in sorted(enumerate(_SCHEMES), key=lambda one: -len(one[1])):
        rest = url[len(scheme) :]
        if url.lower().startswith(scheme) and rest.isascii() and rest.isprintable() and " " not in rest:
            return bytes([code]) + rest.encode()
    return b""
