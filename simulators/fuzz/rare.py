"""Valid messages that hardly any device sends: what no spoilt byte ever hits, since almost every other bit must be right.

rare(transport) -> Callable[[Random, Sequence[bytes]], bytes] | None      # the same `rng`, the same bytes
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from simulators.fuzz.messages import read_registers, write_registers

Grammar = Callable[[Random, Sequence[bytes]], bytes]
GS1_CHARS: Final = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_ESCAPED: Final = {ord(char): f"%{ord(char):02X}" for char in '"%&/<>?'}
PREFIX_BITS: Final = (40, 37, 34, 30, 27, 24, 20)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A binary encoding of GS1 (Tag Data Standard 1.13, section 14): what follows its company prefix, and the serial behind it."""

    name: str
    header: int
    bits: int
    numbers: int
    """Bits of the company prefix and the number behind it together; 0: the text follows at once."""
    digits: int
    """Of both together."""
    serial_bits: int
    most_chars: int = 0
    """Of a serial that is text; 0: it is a number."""


SCHEMES: Final = (
    Scheme("sgtin", 0x30, 96, 44, 13, 38),
    Scheme("sgtin", 0x36, 198, 44, 13, 140, 20),
    Scheme("sscc", 0x31, 96, 58, 17, 0),
    Scheme("grai", 0x33, 96, 44, 12, 38),
    Scheme("grai", 0x37, 170, 44, 12, 112, 16),
    Scheme("giai", 0x34, 96, 0, 25, 0),
    Scheme("giai", 0x38, 202, 0, 30, 0, 24),
)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and its contents, as the fields of its pure identity URI before escapes."""

    scheme: str
    parts: tuple[str, ...]
    epc: bytes

    @property
    def uri(self) -> str:
        """Its pure identity (section 6)."""
        return f"urn:epc:id:{self.scheme}:{'.'.join(part.translate(_ESCAPED) for part in self.parts)}"


def tag(rng: Random) -> Tag:
    """Any valid tag of any encoding."""
    scheme = rng.choice(SCHEMES)
    partition = rng.randrange(len(PREFIX_BITS))
    prefix_bits, prefix_digits = PREFIX_BITS[partition], 12 - partition
    prefix = _digits(rng, prefix_digits)
    fields = [(scheme.header, 8), (rng.randrange(8), 3), (partition, 3), (int(prefix), prefix_bits)]
    parts = [prefix]
    if scheme.numbers:
        number = _digits(rng, scheme.digits - prefix_digits)
        fields.append((int(number or "0"), scheme.numbers - prefix_bits))
        parts.append(number)
    if scheme.most_chars:
        most = min(scheme.most_chars, 30 - prefix_digits) if scheme.name == "giai" else scheme.most_chars
        text, bits = _text(rng, most), scheme.serial_bits or scheme.bits - 14 - prefix_bits
        fields.append((_seven_bits(text, bits), bits))
        parts.append(text)
    elif scheme.serial_bits or scheme.name == "giai":
        bits = scheme.serial_bits or scheme.bits - 14 - prefix_bits
        most_digits = scheme.digits - prefix_digits if scheme.name == "giai" else 12
        serial = min(rng.choice((0, 1, (1 << bits) - 1, rng.randrange(1 << bits))), 10**most_digits - 1)
        fields.append((serial, bits))
        parts.append(str(serial))
    fields.append((0, scheme.bits - sum(bits for _, bits in fields)))
    return Tag(scheme.name, tuple(parts), _packed(fields))


def _digits(rng: Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count)) if rng.random() < 0.8 else rng.choice("09") * count


def _text(rng: Random, most: int) -> str:
    """Of few different characters now and then, so that those that mean something stand side by side."""
    chars = GS1_CHARS if rng.random() < 0.5 else "".join(rng.sample('%/<>?&".:2F0A', 4))
    return "".join(rng.choices(chars, k=rng.randint(1, most)))


def _seven_bits(text: str, bits: int) -> int:
    value = 0
    for char in text:
        value = value << 7 | ord(char)
    return value << bits - 7 * len(text)


def _packed(fields: Sequence[tuple[int, int]]) -> bytes:
    """Numbers of so many bits each, then zeros up to a whole word of 16, as readers give an EPC."""
    value = size = 0
    for number, bits in fields:
        value, size = value << bits | number, size + bits
    padding = -size % 16
    return (value << padding).to_bytes((size + padding) // 8, "big")


def tag_message(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """As `simulators.fuzz.messages.read_tag` reads it: with the PC word that counts its length, or none."""
    epc = tag(rng).epc
    pc = rng.choice((0, len(epc) // 2 << 11, len(epc) // 2 << 11 | 0x100))
    return pc.to_bytes(2, "big") + epc


_INTEGERS: Final = (
    0,
    1,
    -1,
    127,
    128,
    -128,
    255,
    256,
    32767,
    65535,
    65536,
    2**31 - 1,
    2**31,
    -(2**31),
    2**32,
    2**53,
    2**63 - 1,
    2**63,
    2**64,
)
_FLOATS: Final = (0.0, -0.0, 1e-9, 0.5, -273.15, 1e6, 1e15, 1e18, 1e300)
_TEXTS: Final = ("", " ", "0", "-", "é", "\U0001f600", "A" * 250, "a/b", "1970-01-01T00:00:00Z", "2000-02-29T23:59:59.999999999+14:00",
                 "2016-12-31T23:59:60Z", "9999-12-31T23:59:59Z")  # fmt: skip


def document(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """A seed whose JSON has some of its values replaced by others of the same type; a seed itself where it is no JSON."""
    seed = rng.choice(seeds)
    topic, line_end, payload = seed.partition(b"\n")
    try:
        value = json.loads(payload)
    except ValueError:
        return seed
    for _ in range(rng.randint(1, 3)):
        value = _with_another(rng, value)
    return topic + line_end + json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def _with_another(rng: Random, value: Any) -> Any:
    """One value somewhere inside is another, of the same type."""
    match value:
        case dict() if value:
            key = rng.choice(list(value))
            return {**value, key: _with_another(rng, value[key])}
        case list() if value:
            at = rng.randrange(len(value))
            if rng.random() < 0.1:
                return value * rng.choice((0, 2, 8))
            return [*value[:at], _with_another(rng, value[at]), *value[at + 1 :]]
        case bool():
            return not value
        case int():
            return rng.choice(_INTEGERS)
        case float():
            return rng.choice(_FLOATS)
        case str():
            return _another_text(rng, value)
        case _:
            return value


def _another_text(rng: Random, text: str) -> str:
    """Hex becomes another tag's or as many other digits; a number in quotes another one; anything else any text."""
    if len(text) >= 12 and not set(text) - set("0123456789abcdefABCDEF"):
        hexed = tag(rng).epc.hex() if rng.random() < 0.7 else rng.randbytes(len(text) // 2).hex()
        return hexed.upper() if text.upper() == text else hexed
    if text.lstrip("-").isdecimal():
        return str(rng.choice(_INTEGERS))
    return rng.choice(_TEXTS)


def registers(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """A seed's registers with other words in them."""
    words = read_registers(rng.choice(seeds))
    return write_registers(
        {table: {at: rng.choice((word, 0, 1, 0x7FFF, 0x8000, 0xFFFF, rng.randrange(1 << 16))) for at, word in values.items()}
         for table, values in words.items()}
    )  # fmt: skip


_GRAMMARS: Final[Mapping[str, Grammar]] = {"epc": tag_message, "feed": document, "modbus": registers}


def rare(transport: str) -> Grammar | None:
    """None for transports all of whose bytes are messages anyway: spoilt seeds reach them."""
    return _GRAMMARS.get(transport)
