"""The EPC schemes that TDS 2.0 and 2.3 introduced, `SGTIN+`, `SGTIN++` and so on: GS1 EPC Tag Data Standard 2.3, 14.5 and 14.6.

    explain_plus(epc: bytes) -> PlusMeaning | None      # None: of none of these schemes, or not valid

They have GS1's keys as they are printed, four bits a digit, with their check digits, and no length of a company prefix. So their URI is a
GS1 Digital Link. What may follow a key (`+AIDC data`, the host name of a `++` scheme) is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, log2
from typing import Final, NamedTuple
from urllib.parse import quote

LINK: Final = "https://id.gs1.org"
_DATES: Final = ("11", "13", "15", "16", "17", "7006", "7007")
"""Application identifier of a date, by its four bits (14.5.3)."""
_CHARS: Final = frozenset("!\"#%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CODE40: Final = "\0ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789"
_TOGGLE_AND_FILTER_BITS: Final = 4
_LENGTH_BITS: Final = 5
"""Of the length of a text (Table F): 16 to 30 characters at most."""
_NUMERIC_LENGTH_BITS: Final = 4
"""Of a number of at most twelve digits without encoding indicator."""
_MOST_DIGITS: Final = 12
_DELIMITER, _TERMINATOR = 14, 15


class PlusMeaning(NamedTuple):
    """`key` is the GS1 key with its check digit; `digits` is that from where a company prefix begins."""

    scheme: str
    key: str
    digits: str
    uri: str


class _Bits:
    """Bits that are read one after another. Raise ValueError where they end."""

    def __init__(self, data: bytes) -> None:
        self._value: Final = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, bits: int) -> int:
        self._left -= bits
        if self._left < 0:
            raise ValueError("the EPC ends too early")
        return self._value >> self._left & (1 << bits) - 1


def _digits(count: int) -> Callable[[_Bits], str]:
    """Fixed-Length Numeric (14.5.4)."""

    def read(bits: _Bits) -> str:
        return "".join(str(_digit(bits.take(4))) for _ in range(count))

    return read


def _digit(nibble: int) -> int:
    if nibble > 9:
        raise ValueError("no digit")
    return nibble


def _delimited(most: int) -> Callable[[_Bits], str]:
    """Delimited/Terminated Numeric (14.5.5): digits, then perhaps a text."""

    def read(bits: _Bits) -> str:
        found = ""
        while (nibble := bits.take(4)) not in (_DELIMITER, _TERMINATOR):
            found += str(_digit(nibble))
        if nibble == _DELIMITER:
            found += _text(most)(bits)
        if not 0 < len(found) <= most:
            raise ValueError(f"longer than {most} characters")
        return found

    return read


def _number(bits: _Bits) -> str:
    """Variable-length numeric string without encoding indicator (14.5.13)."""
    length = bits.take(_NUMERIC_LENGTH_BITS)
    if length > _MOST_DIGITS:
        raise ValueError(f"longer than {_MOST_DIGITS} digits")
    return _integer(bits, length)


def _integer(bits: _Bits, length: int) -> str:
    text = str(bits.take(ceil(length * log2(10)))).zfill(length) if length else ""
    if len(text) > length:
        raise ValueError("a number of more digits than it states")
    return text


def _text(most: int) -> Callable[[_Bits], str]:
    """Variable-length alphanumeric (14.5.6): how it is encoded, its length, its characters."""

    def read(bits: _Bits) -> str:
        encoding, length = bits.take(3), bits.take(_LENGTH_BITS)
        if encoding >= len(_ENCODINGS) or length > most:
            raise ValueError("an unknown encoding, or a text that is too long")
        return _ENCODINGS[encoding](bits, length)

    return read


def _characters(size: int, table: str) -> Callable[[_Bits, int], str]:
    return lambda bits, length: "".join(table[bits.take(size)] for _ in range(length))


def _ascii(bits: _Bits, length: int) -> str:
    text = "".join(chr(bits.take(7)) for _ in range(length))
    if not _CHARS.issuperset(text):
        raise ValueError("not of GS1's characters")
    return text


def _code40(bits: _Bits, length: int) -> str:
    """Three characters in 16 bits (14.5.6.5)."""
    text = ""
    for _ in range(ceil(length / 3)):
        code = bits.take(16) - 1
        if not 0 <= code < 40**3:
            raise ValueError("no three characters")
        text += "".join(_CODE40[code // scale % 40] for scale in (1600, 40, 1))
    if text.rstrip("\0") != text[:length] or "\0" in text[:length]:
        raise ValueError("another length than it states")
    return text[:length]


_ENCODINGS: Final = (
    _integer, _characters(4, "0123456789ABCDEF"), _characters(4, "0123456789abcdef"), _characters(6, _BASE64), _ascii, _code40,
)  # fmt: skip
"""By encoding indicator (Table E)."""


class _Part(NamedTuple):
    """The value of an application identifier; an empty `ai` goes on with the value before it."""

    ai: str
    read: Callable[[_Bits], str]


class _PlusScheme(NamedTuple):
    """`prefix_at`: the digit of the key at which a company prefix begins."""

    name: str
    parts: tuple[_Part, ...]
    prefix_at: int = 0
    is_dated: bool = False


_SERIAL: Final = _Part("21", _text(20))
_SCHEMES: Final = (
    ((0xF7, 0xFD), _PlusScheme("sgtin", (_Part("01", _digits(14)), _SERIAL), 1)),
    ((0xFB, 0xFC), _PlusScheme("dsgtin", (_Part("01", _digits(14)), _SERIAL), 1, is_dated=True)),
    ((0xF9, 0xEF), _PlusScheme("sscc", (_Part("00", _digits(18)),), 1)),
    ((0xF2, 0xE9), _PlusScheme("sgln", (_Part("414", _digits(13)), _Part("254", _text(20))))),
    ((0xF1, 0xEB), _PlusScheme("grai", (_Part("8003", _digits(14)), _Part("", _text(16))), 1)),
    ((0xFA, 0xEE), _PlusScheme("giai", (_Part("8004", _delimited(30)),))),
    ((0xF4, 0xE7), _PlusScheme("gsrn", (_Part("8018", _digits(18)),))),
    ((0xF5, 0xE8), _PlusScheme("gsrnp", (_Part("8017", _digits(18)),))),
    ((0xF6, 0xEA), _PlusScheme("gdti", (_Part("253", _digits(13)), _Part("", _text(17))))),
    ((0xF0, 0xE6), _PlusScheme("cpi", (_Part("8010", _delimited(30)), _Part("8011", _number)))),
    ((0xF8, 0xEC), _PlusScheme("sgcn", (_Part("255", _digits(13)), _Part("", _number)))),
    ((0xF3, 0xED), _PlusScheme("itip", (_Part("8006", _digits(18)), _SERIAL), 1)),
)
"""Headers of the `+` and the `++` form (Table 14-1)."""
PLUS: Final[Mapping[int, tuple[str, _PlusScheme]]] = {
    header: (scheme.name + sign, scheme) for headers, scheme in _SCHEMES for header, sign in zip(headers, ("+", "++"), strict=True)
}


def explain_plus(epc: bytes) -> PlusMeaning | None:
    """Return what the EPC means, whatever follows it; None if its header is of no such scheme or its bits are not valid."""
    if not epc or epc[0] not in PLUS:
        return None
    name, scheme = PLUS[epc[0]]
    bits = _Bits(epc[1:])
    try:
        bits.take(_TOGGLE_AND_FILTER_BITS)
        date = _date(bits) if scheme.is_dated else ""
        values = [part.read(bits) for part in scheme.parts]
    except ValueError:
        return None
    if any(part.ai and not value for part, value in zip(scheme.parts, values, strict=True)):
        return None
    path = "".join(
        f"/{part.ai}/{quote(value, safe='')}" if part.ai else quote(value, safe="")
        for part, value in zip(scheme.parts, values, strict=True)
    )
    return PlusMeaning(name, values[0], values[0][scheme.prefix_at :], f"{LINK}{path}{date}")


def _date(bits: _Bits) -> str:
    """Prioritised Date (14.5.3), as the query of a Digital Link."""
    kind, year, month, day = bits.take(4), bits.take(7), bits.take(4), bits.take(5)
    if kind >= len(_DATES) or year > 99 or not 1 <= month <= 12:
        raise ValueError("no date")
    return f"?{_DATES[kind]}={year:02}{month:02}{day:02}"
