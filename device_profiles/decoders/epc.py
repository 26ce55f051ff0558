"""What the bytes of an EPC mean: GS1 EPC Tag Data Standard 2.3, section 14 (binary encodings), 6 (pure identity URIs), 7 (GS1 keys).

explain(epc: bytes, pc: int | None = None) -> EpcMeaning   # never raises: bytes of no scheme are "raw"

epcpy decodes the schemes of TDS 1 (MIT; about 25 us each), but ADI, of which it asks for one terminator too many: epc_adi.py. Those of
TDS 2: epc_plus.py. Reads of one tag
repeat, so the last few thousand meanings are cached.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from device_profiles.decoders.epc_adi import explain_adi
from device_profiles.decoders.epc_plus import PlusMeaning, explain_plus

SchemeName = Literal[
    "sgtin", "sgtin+", "sgtin++", "dsgtin+", "dsgtin++", "sscc", "sscc+", "sscc++", "sgln", "sgln+", "sgln++", "grai", "grai+", "grai++",
    "giai", "giai+", "giai++", "gsrn", "gsrn+", "gsrn++", "gsrnp", "gsrnp+", "gsrnp++", "gdti", "gdti+", "gdti++", "cpi", "cpi+", "cpi++",
    "sgcn", "sgcn+", "sgcn++", "itip", "itip+", "itip++", "gid", "usdod", "adi", "raw",
]  # fmt: skip
HEADERS: Final[Mapping[int, SchemeName]] = {
    0x30: "sgtin", 0x36: "sgtin", 0x31: "sscc", 0x32: "sgln", 0x39: "sgln", 0x33: "grai", 0x37: "grai", 0x34: "giai", 0x38: "giai",
    0x2D: "gsrn", 0x2E: "gsrnp", 0x2C: "gdti", 0x3A: "gdti", 0x3E: "gdti", 0x3C: "cpi", 0x3D: "cpi", 0x3F: "sgcn", 0x40: "itip",
    0x41: "itip", 0x35: "gid", 0x2F: "usdod", 0x3B: "adi",
}  # fmt: skip
"""Scheme of TDS 1 by first byte (Table 14-1)."""
REMEMBERED: Final = 4096
ISO_NUMBERING: Final = 0x0100
"""The toggle bit of the PC word (Gen2, 6.3.2.1.2.2): if set, the memory holds an ISO 15961 item, not an EPC."""
GRAI_DIGITS: Final = 13
GTIN_DIGITS: Final = 14
GTIN_SCHEMES: Final = frozenset({"sgtin", "dsgtin", "itip"})
"""Schemes, of TDS 1 or 2, whose `sku` is a GTIN."""
_NOT_GS1: Final = frozenset({"gid", "usdod", "adi"})
"""Schemes without a GS1 company prefix."""


class EpcMeaning(NamedTuple):
    """`company_prefix`, `uri`, `sku` are "" where the scheme has none. `sku` names the article, not the piece: the GTIN of an SGTIN, the
    asset type of a GRAI with its check digit."""

    scheme: str
    company_prefix: str = ""
    """TDS 2 does not state how long it is: then it is "", and `digits` begin with it."""
    uri: str = ""
    """The pure identity; of a scheme of TDS 2 the GS1 Digital Link."""
    sku: str = ""
    digits: str = ""

    @property
    def family(self) -> str:
        """Return the scheme without the marks of TDS 2: SGTIN-96, SGTIN+ and SGTIN++ are all of `sgtin`."""
        return self.scheme.rstrip("+")


RAW: Final = EpcMeaning("raw")


class _TextBits(NamedTuple):
    """Where an encoding has 7-bit characters (section 14.5, table "7-bit String"): first and last bit, and how many at most."""

    first_bit: int
    last_bit: int
    most_chars: int


_TEXTS: Final[Mapping[int, _TextBits]] = {
    0x36: _TextBits(58, 198, 20), 0x37: _TextBits(58, 170, 16), 0x38: _TextBits(14, 202, 24), 0x39: _TextBits(55, 195, 20),
    0x3E: _TextBits(55, 174, 17), 0x41: _TextBits(72, 212, 20),
}  # fmt: skip
"""The serial of SGTIN-198, GRAI-170, GDTI-174 and ITIP-212, the extension of SGLN-195; the asset of GIAI-202, behind its company prefix."""
_PREFIX_BITS: Final = (40, 37, 34, 30, 27, 24, 20)
"""Bits of a company prefix, by partition value."""
_CHARS: Final = frozenset("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
"""GS1 AI encodable character set 82 (appendix A)."""
_ESCAPES: Final = str.maketrans({char: f"%{ord(char):02X}" for char in '"%&/<>?'})
"""Characters that a URI escapes (section 5.4)."""


@lru_cache(maxsize=REMEMBERED)
def explain(epc: bytes, pc: int | None = None) -> EpcMeaning:
    """Return what an EPC means. Many tags leave the factory with a number that only looks like a scheme: "raw", no error."""
    if not epc or (pc is not None and pc & ISO_NUMBERING):
        return RAW
    if plus := explain_plus(epc):
        return EpcMeaning(plus.scheme, "", plus.uri, _plus_sku(plus), plus.digits)
    scheme = HEADERS.get(epc[0])
    if scheme is None:
        return RAW
    if scheme == "adi":
        uri = explain_adi(epc)
        return EpcMeaning(scheme, uri=uri) if uri else RAW
    from epcpy.utils.common import ConvertException  # only a process that reads tags loads it
    from epcpy.utils.parsers import hex_to_tag_encodable

    try:
        numbers, text = _without_text(epc)
        tag: Any = hex_to_tag_encodable(numbers.hex())
    except (ConvertException, ArithmeticError, ValueError, LookupError):
        # Its own errors, and those of its parts for bytes of no scheme.
        return RAW
    uri = tag.epc_uri if text is None else f"{tag.epc_uri.rpartition('.')[0]}.{text.translate(_ESCAPES)}"
    prefix = "" if scheme in _NOT_GS1 else uri.split(":")[4].split(".")[0]
    return EpcMeaning(scheme, prefix, uri, _sku(scheme, tag), prefix)


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


def _plus_sku(plus: PlusMeaning) -> str:
    family = plus.scheme.rstrip("+")
    if family in GTIN_SCHEMES:
        return plus.key[:GTIN_DIGITS]
    return plus.digits[:GRAI_DIGITS] if family == "grai" else ""


def _sku(scheme: SchemeName, tag: Any) -> str:
    if scheme == "sgtin":
        return str(tag.gtin())
    if scheme == "itip":
        return str(tag.gs1_element_string()).removeprefix("(8006)")[:GTIN_DIGITS]
    return str(tag.gs1_key())[:GRAI_DIGITS] if scheme == "grai" else ""
