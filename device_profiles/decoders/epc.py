"""What the bytes of an EPC mean: GS1 EPC Tag Data Standard 1.13, section 14 (binary encodings), 6 (pure identity URIs), 7 (GS1 keys).

explain(epc: bytes, pc: int | None = None) -> Meaning      # total: what follows no scheme is "raw"

epcpy decodes the schemes (MIT; about 25 us each). Reads of one tag repeat, so what it said is remembered for the last few thousand.
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
"""By the first byte: SGTIN-96 and -198, SSCC-96, GRAI-96 and -170, GIAI-96 and -202."""
REMEMBERED: Final = 4096
ISO_NUMBERING: Final = 0x0100
"""The toggle bit of the PC word (Gen2, 6.3.2.1.2.2): set, the memory holds no EPC but an ISO 15961 item."""
GRAI_DIGITS: Final = 13


class Meaning(NamedTuple):
    """`company_prefix`, `uri`, `sku` are "" where the scheme has none. `sku` is what names the article and not the piece:
    the GTIN of an SGTIN, the asset type of a GRAI with its check digit."""

    scheme: SchemeName
    company_prefix: str = ""
    uri: str = ""
    sku: str = ""


RAW: Final = Meaning("raw")


@lru_cache(maxsize=REMEMBERED)
def explain(epc: bytes, pc: int | None = None) -> Meaning:
    """Many a tag leaves its factory with a number that only looks like a scheme: that is "raw", and no error."""
    scheme = HEADERS.get(epc[0]) if epc else None
    if scheme is None or (pc is not None and pc & ISO_NUMBERING):
        return RAW
    from epcpy.utils.common import ConvertException  # only who reads tags holds it in memory
    from epcpy.utils.parsers import hex_to_tag_encodable

    try:
        tag: Any = hex_to_tag_encodable(epc.hex())
    except (ConvertException, ValueError, LookupError):
        # Its own refusals, and what its parts say to bytes that no scheme has.
        return RAW
    company_prefix = tag.epc_uri.split(":")[4].split(".")[0]
    return Meaning(scheme, company_prefix, tag.epc_uri, _sku(scheme, tag))


def _sku(scheme: SchemeName, tag: Any) -> str:
    if scheme == "sgtin":
        return str(tag.gtin())
    return str(tag.gs1_key())[:GRAI_DIGITS] if scheme == "grai" else ""
