"""One kind of message of a BLE device, as data: which advertisements match, and what their bytes mean.

    [[device.frames]]
    manufacturer_id = 0x004c            # or service_data_uuid: whose bytes are the payload; or neither
    prefix = "0215"                     # how the payload begins; `mask`: which bits of it count
    identifier = "{uuid}:{major}:{minor}"
    fields = [
        { name = "uuid", offset = 2, type = "uuid" },
        { name = "major", offset = 18, type = "u16be" },
    ]

Every given condition must hold; the more bits a frame requires, the more specific it is.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from fnmatch import translate
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from device_profiles.advertisement import AddressType, short_uuid
from device_profiles.decoders import eddystone_url
from device_profiles.decoders.scaling import scaling
from device_profiles.reading import Value
from footfall.config import Section

BleFieldType = Literal[
    "u8", "i8", "u16le", "u16be", "i16le", "i16be", "u24le", "u24be", "u32le", "u32be", "i32le", "i32be",
    "flag", "uuid", "mac_le", "mac_be", "hex", "text", "eddystone_url",
]  # fmt: skip
Convert = Callable[[Any], Value | None]
SIZES: Final[Mapping[str, int]] = {
    "u8": 1, "i8": 1, "u16le": 2, "u16be": 2, "i16le": 2, "i16be": 2, "u24le": 3, "u24be": 3,
    "u32le": 4, "u32be": 4, "i32le": 4, "i32be": 4, "flag": 1, "uuid": 16, "mac_le": 6, "mac_be": 6,
}  # fmt: skip
"""Bytes of each type; for `hex`, `text` and `eddystone_url` the field's own length, or all remaining bytes."""
LITERALS_OF_IDENTIFIER: Final = ("address", "name", "owner")
"""Names that an advertisement itself provides; fields cannot have them."""
Meaning = Literal["identity", "pseudonym", "telemetry", "supplement", "address"]
PRECEDENCE: Final[Mapping[Meaning, int]] = {"identity": 3000, "pseudonym": 2000, "telemetry": 1000, "supplement": 1000, "address": 0}
"""What is added to the bits that a frame requires, by what its device's messages mean. One message may mean several things, such as a
beacon's two slots that BlueZ has merged. It identifies who comes first here; telemetry then belongs to that identity."""
MOST_BITS: Final = 999
"""No frame counts more bits, or it would pass for one of the next meaning."""
RESOLVED_BITS: Final = 1000
"""Weight of a key that resolves an address: it identifies one device, which is more than any frame can require."""


def _hex(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise ValueError("must be text of hex digits")
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise ValueError("must be an even number of hex digits") from None


def _uuid(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{4}|[0-9a-f]{8}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value.lower()):
        raise ValueError("must be a UUID of 4, 8 or 32 hex digits, the last with hyphens")
    return short_uuid(value)


def _one_or_several(value: object) -> object:
    return tuple(filter(None, (value,))) if isinstance(value, str) else value


AddressPrefix = Annotated[str, Field(pattern=r"^[0-9a-f:]{1,17}\z")]
HexBytes = Annotated[bytes, BeforeValidator(_hex)]
Uuid = Annotated[str, AfterValidator(_uuid)]


class ByteField(Section):
    """One value in the payload: `raw >> shift`, its lowest `bits`, times `scale`, plus `add`. `absent`: the raw value for none."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\z")]
    """Name with unit: `battery_mv`. Fields in the identifier are not also values."""
    offset: Annotated[int, Field(ge=0, le=1650)]
    type: BleFieldType
    size: Annotated[int, Field(ge=0, le=255)] = 0
    """Bytes of `hex`, `text` and `eddystone_url`; 0: to the end."""
    shift: Annotated[int, Field(ge=0, le=31)] = 0
    bits: Annotated[int, Field(ge=0, le=32)] = 0
    scale: float = 1
    add: float = 0
    absent: int | None = None
    optional: bool = False
    """Whether devices may end the payload before it; it is then left out."""

    @property
    def end(self) -> int:
        """Return how many bytes the payload needs for it."""
        return self.offset + SIZES.get(self.type, self.size)

    @property
    def code(self) -> str:
        """Return the format with which struct unpacks it; "" if struct cannot."""
        return _CODES.get(self.type) or (f"{self.end - self.offset}s" if self.end > self.offset else "")

    def converter(self) -> Convert | None:
        """Return the function from what `code` unpacks, or from the bytes after `offset`, to the value; None if none is needed."""
        if self.type == "flag":
            bit = 1 << self.shift
            return lambda raw: raw & bit != 0
        if self.type in _TEXTS:
            return _TEXTS[self.type]
        scaled, shift, absent = scaling(self.scale, self.add), self.shift, self.absent
        mask = (1 << self.bits) - 1 if self.bits else -1

        def number(raw: int) -> Value | None:
            raw = raw >> shift & mask
            return None if raw == absent else scaled(raw) if scaled else raw

        if self.type in _THREE_BYTES:
            order = _THREE_BYTES[self.type]
            return lambda raw: number(int.from_bytes(raw, order))
        if scaled and (shift, mask) == (0, -1):
            return lambda raw: None if raw == absent else scaled(raw)
        return None if (scaled, shift, mask, absent) == (None, 0, -1, None) else number


class BleFrame(Section):
    """Conditions, and what a payload that meets them means."""

    manufacturer_id: Annotated[int, Field(ge=0, le=0xFFFF)] | None = None
    """Company identifier; the payload is what follows it."""
    service_data_uuid: Uuid | None = None
    """The payload is this service's data."""
    prefix: HexBytes = b""
    mask: HexBytes = b""
    """As long as `prefix`; empty: every bit of `prefix` counts."""
    length: Annotated[int, Field(ge=1, le=1650)] | None = None
    """Bytes of the payload; None: any length that holds its fields."""
    service_uuid: Uuid | None = None
    name_pattern: str = ""
    """Pattern of the advertised name, with * and ?; case-sensitive."""
    address_prefix: Annotated[tuple[AddressPrefix, ...], BeforeValidator(_one_or_several)] = ()
    """How the address begins; of several any one."""
    address_types: tuple[AddressType, ...] = ()
    resolved: bool = False
    """Match only addresses that an identity resolving key resolves; `{owner}` is then its owner."""
    identifier: Annotated[str, Field(pattern=r"^\S([^\r\n]*\S)?\z", max_length=100)] = "{address}"
    """Template with `{address}`, `{name}`, `{owner}` and names of fields."""
    fields: tuple[ByteField, ...] = ()
    decoder: Literal["bthome"] | None = None
    """Named decoder for a format that is no table of fields."""
    ignored: Annotated[str, Field(pattern=r"^([a-z0-9._-]+)?\z")] = ""
    """The reason under which matching messages are counted instead of decoded."""

    @model_validator(mode="after")
    def _sound(self) -> BleFrame:
        if self.manufacturer_id is not None and self.service_data_uuid is not None:
            raise ValueError("manufacturer_id and service_data_uuid: the payload is that of one of them")
        if not self.has_payload and (self.prefix or self.length or self.fields or self.decoder):
            raise ValueError("prefix, length, fields and decoder need a payload: manufacturer_id or service_data_uuid")
        if self.mask and len(self.mask) != len(self.prefix):
            raise ValueError(f"mask must be as long as prefix: {len(self.prefix)} bytes")
        names = [field.name for field in self.fields]
        if len({*names, *LITERALS_OF_IDENTIFIER}) < len(names) + len(LITERALS_OF_IDENTIFIER):
            raise ValueError(f"fields: each name once, and none of {', '.join(LITERALS_OF_IDENTIFIER)}; there are {', '.join(names)}")
        if optional := [field.name for field in self.fields if field.optional and field.name in self.named]:
            raise ValueError(f"identifier: {{{optional[0]}}} is optional: without it the identifier would be another")
        for name in self.named:
            if name not in (*names, *LITERALS_OF_IDENTIFIER):
                raise ValueError(f"identifier: {{{name}}} is no field; there are {', '.join((*LITERALS_OF_IDENTIFIER, *names))}")
        if "owner" in self.named and not self.resolved:
            raise ValueError("identifier: {owner} needs resolved = true")
        return self

    @property
    def has_payload(self) -> bool:
        return self.manufacturer_id is not None or self.service_data_uuid is not None

    @property
    def named(self) -> tuple[str, ...]:
        """Return the names in the identifier's template."""
        try:
            parts = [part for part in string.Formatter().parse(self.identifier) if part[1] is not None]
        except ValueError as error:
            raise ValueError(f"identifier: {error}") from None
        if any(spec or conversion for _, _, spec, conversion in parts):
            raise ValueError("identifier: a name in braces stands alone, without : and !")
        return tuple(str(name) for _, name, _, _ in parts)

    @property
    def template(self) -> str:
        """Return the identifier with %s for each of `named`."""
        return "".join(
            literal.replace("%", "%%") + ("" if name is None else "%s") for literal, name, _, _ in string.Formatter().parse(self.identifier)
        )

    @property
    def is_free(self) -> bool:
        """Return whether a device may put any text into the identifier."""
        fixed = {field.name for field in self.fields if field.type in SIZES}
        return not {"address", *fixed} >= set(self.named)

    @property
    def weight(self) -> int:
        """Return how many bits it requires, at least 1."""
        bits = [
            1,
            16 * (self.manufacturer_id is not None),
            4 * len((self.service_data_uuid or "").replace("-", "")),
            4 * len((self.service_uuid or "").replace("-", "")),
            int.from_bytes(self.mask or b"\xff" * len(self.prefix), "big").bit_count(),
            8 * len(re.sub(r"[*?]|\[.*?\]", "", self.name_pattern)),
            4 * min((len(prefix.replace(":", "")) for prefix in self.address_prefix), default=0),
            self.length is not None,
            bool(self.address_types),
        ]
        return min(sum(bits), MOST_BITS) + RESOLVED_BITS * self.resolved

    def fits(self) -> Callable[[bytes], bool]:
        """Return whether a payload begins with `prefix` under `mask` and is as long as `length` requires."""
        prefix, size, length = self.prefix, len(self.prefix), self.length
        if not self.mask:
            return lambda data: data.startswith(prefix) and (length is None or len(data) == length)
        mask = int.from_bytes(self.mask, "big")
        wanted = int.from_bytes(prefix, "big") & mask

        def masked(data: bytes) -> bool:
            return len(data) >= size and int.from_bytes(data[:size], "big") & mask == wanted and (length is None or len(data) == length)

        return masked

    def name_matcher(self) -> Callable[[str], Any] | None:
        return re.compile(translate(self.name_pattern)).match if self.name_pattern else None


@lru_cache(1024)
def _as_uuid(data: bytes) -> str:
    """Return 16 bytes as a UUID's text. An estate's beacons have few, so they are cached."""
    digits = data.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_CODES: Final[Mapping[str, str]] = {
    "u8": "B", "i8": "b", "u16le": "<H", "u16be": ">H", "i16le": "<h", "i16be": ">h", "u32le": "<I", "u32be": ">I",
    "i32le": "<i", "i32be": ">i", "flag": "B",
}  # fmt: skip
_THREE_BYTES: Final[Mapping[str, Literal["little", "big"]]] = {"u24le": "little", "u24be": "big"}
_TEXTS: Final[Mapping[str, Convert]] = {
    "uuid": _as_uuid,
    "mac_le": lambda data: data[::-1].hex(":"),
    "mac_be": lambda data: data.hex(":"),
    "hex": bytes.hex,
    "eddystone_url": eddystone_url.expand,
    "text": lambda data: data.decode("utf-8", "replace").rstrip("\0"),
}
