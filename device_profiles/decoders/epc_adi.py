"""ADI-var, tags of aircraft parts: GS1 EPC Tag Data Standard 2.3, sections 6.3 and 14.6, with the 6-bit characters of its Table G.

    explain_adi(epc: bytes) -> str      # the pure identity URI; "" for bytes that are not valid

    urn:epc:id:adi:35962.PQ7VZ4.M37GXB92      # CAGE code or DoDAAC, part number, serial number

Part and serial number end with six zero bits each, and the words of the tag are filled up with zeros. A serial number that begins with
`#` is unique for the CAGE alone, and the part number may be missing then.
"""

from __future__ import annotations

from typing import Final

HEADER: Final = 0x3B
_HEAD_BITS: Final = 8 + 6
"""Header and filter value."""
_CHAR_BITS: Final = 6
_MASK: Final = (1 << _CHAR_BITS) - 1
_CAGE_CHARS: Final = 6
_MOST_PART: Final = 32
_MOST_SERIAL: Final = 30
_CAGE: Final = frozenset("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ")
"""CAGE codes and DoDAACs have neither I nor O."""
_TEXT: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-/")
_ESCAPES: Final = str.maketrans({"/": "%2F", "#": "%23"})


def explain_adi(epc: bytes) -> str:
    characters, rest = _characters(epc)
    cage, texts = characters[:_CAGE_CHARS], characters[_CAGE_CHARS:].split("\0")
    if len(texts) < 3 or any(texts[2:]) or rest:
        return ""
    part, serial = texts[0], texts[1]
    is_whole = serial.startswith("#")
    if not _is_of(cage.removeprefix(" "), _CAGE, 5, _CAGE_CHARS):
        return ""
    if not _is_of(part, _TEXT, 0 if is_whole else 1, _MOST_PART) or not _is_of(serial[is_whole:], _TEXT, 1, _MOST_SERIAL - is_whole):
        return ""
    return f"urn:epc:id:adi:{cage.strip()}.{part.translate(_ESCAPES)}.{serial.translate(_ESCAPES)}"


def _characters(epc: bytes) -> tuple[str, int]:
    """Return all 6-bit characters, those of the terminators as NUL, and the bits after the last whole one."""
    bits = 8 * len(epc) - _HEAD_BITS
    value, left = int.from_bytes(epc, "big"), max(bits, 0) % _CHAR_BITS
    codes = (value >> at & _MASK for at in range(bits - _CHAR_BITS, left - 1, -_CHAR_BITS))
    return "".join(map(_character, codes)), value & (1 << left) - 1


def _character(code: int) -> str:
    """Return the character whose lowest six bits of ASCII these are: letters from 64, all others from 32."""
    return "\0" if code == 0 else chr(code + (64 if code < 32 else 0))


def _is_of(text: str, allowed: frozenset[str], least: int, most: int) -> bool:
    return least <= len(text) <= most and allowed.issuperset(text)
