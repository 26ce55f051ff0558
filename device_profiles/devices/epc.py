"""Messages: a tag read by a UHF reader (TagRead), or one that a reader published by itself (reading.RelayedTag).

The identifier is the EPC as lower-case hex: every reader reports it, every tag has it, and nothing of it is lost. Its meaning is in the
values: `scheme`, and where its scheme has them `uri` (pure identity), `sku`, and `gtin` for an SGTIN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from device_profiles.decoders.epc import GTIN_SCHEMES, EpcMeaning, SchemeName, explain
from device_profiles.device import Device
from device_profiles.reading import Reading, RelayedTag, Seen, Value
from footfall.errors import ProfileError

LONGEST: Final = 62
"""Longest EPC: the PC word counts up to 31 words of two bytes (Gen2, 6.3.2.1.2.2)."""
_INPUT: Final = {"epc", "pc"}

Digits = Annotated[str, Field(pattern=r"^[0-9]{6,12}\z")]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{1,124}\z")]


@dataclass(frozen=True, slots=True)
class TagRead:
    """`pc`: the protocol control word before the EPC, where the reader reports it."""

    epc: bytes
    pc: int | None = None


class Epc(Device):
    """`[device] transport = "epc"`. Without keys it matches every tag; with several, a tag must match each."""

    transport: Literal["epc"]
    schemes: tuple[SchemeName, ...] = ()
    """Any of these; `sgtin` is also SGTIN+ and SGTIN++, and so for each. "raw" is an EPC of no scheme."""
    company_prefixes: tuple[Digits, ...] = ()
    """GS1 company prefixes of the brand: any of these."""
    epc_prefixes: tuple[Hex, ...] = ()
    """The EPC's first hex digits, lower-case: any of these."""

    def specificity(self, message: TagRead | RelayedTag) -> int:
        """Return 1, plus 2 for the scheme, the digits of the company prefix, and twice the hex digits required."""
        meaning = _meaning(message)
        found = [1]
        if self.schemes:
            found.append(2 if meaning.scheme in self.schemes or meaning.family in self.schemes else 0)
        if self.company_prefixes:
            found.append(max((len(prefix) for prefix in self.company_prefixes if _is_prefix(prefix, meaning)), default=0))
        if self.epc_prefixes:
            epc = message.epc.hex()
            found.append(max((2 * len(prefix) for prefix in self.epc_prefixes if epc.startswith(prefix)), default=0))
        return sum(found) if all(found) else 0

    def decode(self, message: TagRead | RelayedTag) -> Sequence[Reading]:
        if not 0 < len(message.epc) <= LONGEST:
            raise ProfileError("epc.length", f"an EPC has 1 to {LONGEST} bytes, this one {len(message.epc)}")
        return (Seen(message.epc.hex(), values=_values(_meaning(message))),)

    def message(self, values: Mapping[str, Any]) -> TagRead:
        """Return the tag in `epc`, hex, and optionally `pc`, four hex digits."""
        if unknown := values.keys() - _INPUT:
            raise ValueError(f"{', '.join(sorted(unknown))}: allowed are epc, pc")
        if not isinstance(values.get("epc"), str):
            raise ValueError("epc: must be hex digits")
        pc = values.get("pc")
        return TagRead(bytes.fromhex(values["epc"]), None if pc is None else int(str(pc), 16))

    def sku(self, identifier: str) -> str:
        try:
            return explain(bytes.fromhex(identifier)).sku
        except ValueError:
            return ""


def _meaning(message: TagRead | RelayedTag) -> EpcMeaning:
    return explain(message.epc, message.pc if isinstance(message, TagRead) else None)


def _is_prefix(prefix: str, meaning: EpcMeaning) -> bool:
    """TDS 2 does not state where a company prefix ends."""
    return meaning.company_prefix == prefix or (not meaning.company_prefix and meaning.digits.startswith(prefix))


def _values(meaning: EpcMeaning) -> dict[str, Value]:
    values: dict[str, Value] = {"scheme": meaning.scheme}
    if meaning.uri:
        values["uri"] = meaning.uri
    if meaning.sku:
        values["sku"] = meaning.sku
    if meaning.sku and meaning.family in GTIN_SCHEMES:
        values["gtin"] = meaning.sku
    return values
