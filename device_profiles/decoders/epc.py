"""What the bytes of an EPC mean: GS1 EPC Tag Data Standard 1.13, section 14 (binary encodings), 6 (pure identity URIs), 7 (GS1 keys).

explain(epc: bytes, pc: int | None = None) -> EpcMeaning   # never raises: bytes of no scheme are "raw"

epcpy decodes the schemes (MIT; about 25 us each). Reads of one tag repeat, so the last few thousand meanings are cached.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

SchemeName = Literal["sgtin", "sscc", "grai", "giai", "raw"]
HEADERS: Final[Mapping[int, SchemeName]] = {
    0x30: "sgtin",
    0x36: "sgtin",
    0x31: "sscc",
    0x33: "grai",
    0x37: "grai",
    0x34: "giai",
    0x38: "giai",
}
"""Scheme by first byte: SGTIN-96 and -198, SSCC-96, GRAI-96 and -170, GIAI-96 and -202."""
REMEMBERED: Final = 4096
ISO_NUMBERING: Final = 0x0100
"""The toggle bit of the PC word (Gen2, 6.3.2.1.2.2): if set, the memory holds an ISO 15961 item, not an EPC."""
GRAI_DIGITS: Final = 13


class EpcMeaning(NamedTuple):
    """`company_prefix`, `uri`, `sku` are "" where the scheme has none. `sku` names the article, not the piece: the GTIN of an SGTIN, the
    asset type of a GRAI with its check digit."""

    scheme: SchemeName
    company_prefix: str = ""
    uri: str = ""
    sku: str = ""


RAW: Final = EpcMeaning("raw")


class _TextBits(NamedTuple):
    """Where an encoding has 7-bit characters (section 14.5, table "7-bit String"): first and last bit, and how many at most."""

    first_bit: int
    last_bit: int
    most_chars: int


_TEXTS: Final[Mapping[int, _TextBits]] = {0x36: _TextBits(58, 198, 20), 0x37: _TextBits(58, 170, 16), 0x38: _TextBits(14, 202, 24)}
"""The serial of SGTIN-198 and GRAI-170; the asset of GIAI-202, behind its company prefix."""
_PREFIX_BITS: Final = (40, 37, 34, 30, 27, 24, 20)
"""Bits of a company prefix, by partition value."""
_CHARS: Final = frozenset("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
"""GS1 AI encodable character set 82 (appendix A)."""
_ESCAPES: Final = str.maketrans({char: f"%{ord(char):02X}" for char in '"%&/<>?'})
"""Characters that a URI escapes (section 5.4)."""


@lru_cache(maxsize=REMEMBERED)
def explain(epc: bytes, pc: int | None = None) -> EpcMeaning:
    """Return what an EPC means. Many tags leave the factory with a number that only looks like a scheme: "raw", no error."""
    scheme = HEADERS.get(epc[0]) if epc else None
    if scheme is None or (pc is not None and pc & ISO_NUMBERING):
        return RAW
    from epcpy.utils.common import ConvertException  # only a process that reads tags loads it
    from epcpy.utils.parsers import hex_to_tag_encodable

    try:
        numbers, text = _without_text(epc)
        tag: Any = hex_to_tag_encodable(numbers.hex())
    except (ConvertException, ArithmeticError, ValueError, LookupError):
        # Its own errors, and those of its parts for bytes of no scheme.
        return RAW
    uri = tag.epc_uri if text is None else f"{tag.epc_uri.rpartition('.')[0]}.{text.translate(_ESCAPES)}"
    return EpcMeaning(scheme, uri.split(":")[4].split(".")[0], uri, _sku(scheme, tag))


def _without_text(epc: bytes) -> tuple[bytes, str | None]:
    """Return the EPC with its text replaced by "0", and the text; None if its encoding has none. Raise ValueError for a malformed text.

    epcpy 0.1.8 misreads the escape of `/`, `<`, `>` or `?`: it takes it and what follows for one number.
    """
    where = _TEXTS.get(epc[0])
    if where is None:
        return epc, None
    size, bits = 8 * len(epc), int.from_bytes(epc, "big")
    first = where.first_bit + (_PREFIX_BITS[epc[1] >> 2 & 7] if epc[0] == 0x38 else 0)
    if size < where.last_bit:
        raise ValueError("the EPC is shorter than its encoding")
    after, length = size - where.last_bit, where.last_bit - first
    field = bits >> after & (1 << length) - 1
    text = _characters(field, length, where.most_chars)
    return (bits ^ (field ^ ord("0") << length - 7) << after).to_bytes(len(epc), "big"), text


def _characters(field: int, length: int, most: int) -> str:
    """Return the 7-bit characters before the zeros at the end. Raise ValueError for any other bits."""
    codes = [field >> shift & 0x7F for shift in range(length - 7, -1, -7)]
    text = bytes(codes).rstrip(b"\0").decode("ascii")
    if not 0 < len(text) <= most or not _CHARS.issuperset(text):
        raise ValueError("not a text of GS1's characters")
    return text


def _sku(scheme: SchemeName, tag: Any) -> str:
    if scheme == "sgtin":
        return str(tag.gtin())
    return str(tag.gs1_key())[:GRAI_DIGITS] if scheme == "grai" else ""
