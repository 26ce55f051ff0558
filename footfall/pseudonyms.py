"""Subjects: 64-bit pseudonyms of identifiers.

subject = HMAC-SHA-256(key, type:identifier), its first 64 bits, big-endian; the top bit shows which kind of key made it:
0: a long-lived key of a consented identifier type, derived (HKDF, RFC 5869) from the brand's secret
1: the store's key of the day; such subjects cannot be joined across days, by design
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

TOP_BIT: Final = 1 << 63
KEY_BYTES: Final = 32
PRIVATE_KEY_ID: Final = 0
"""`key_id` of a random key that never leaves its agent: such rows are counted but belong to no visit."""


def hkdf_sha256(secret: bytes, info: bytes, salt: bytes = b"", length: int = KEY_BYTES) -> bytes:
    """Return `length` bytes by RFC 5869 extract and expand; at most 8,160."""
    if not 0 < length <= 255 * 32:
        raise ValueError(f"HKDF-SHA-256 gives 1 to 8160 bytes, not {length}")
    pseudorandom_key = hmac.digest(salt or bytes(32), secret, hashlib.sha256)
    block, output = b"", b""
    while len(output) < length:
        block = hmac.digest(pseudorandom_key, block + info + bytes([len(output) // 32 + 1]), hashlib.sha256)
        output += block
    return output[:length]


def type_key(brand_secret: bytes, id_type: str) -> bytes:
    """Return the long-lived key of one identifier type. A box gets only the keys of the types that it reads."""
    return hkdf_sha256(brand_secret, b"footfall/1/subject/" + id_type.encode())


def provisional_key(brand_secret: bytes | None) -> bytes:
    """Return the key that makes the ids of provisional fans: without it nobody can tell which facts one stands for."""
    return hkdf_sha256(brand_secret, b"footfall/1/provisional") if brand_secret is not None else b""


def lasting_subject(key: bytes, id_type: str, identifier: str) -> int:
    """Return the subject of a consented identifier: the same in every store and on every day."""
    return _first_64_bits(key, id_type, identifier) & ~TOP_BIT


def day_subject(key: bytes, id_type: str, identifier: str) -> int:
    """Return the subject of an identifier without consent, under the key of the day."""
    return _first_64_bits(key, id_type, identifier) | TOP_BIT


def is_day_subject(subject: int) -> bool:
    return subject >= TOP_BIT


def to_hex(subject: int) -> str:
    """Return a subject as 16 hex digits, its form everywhere but on the wire."""
    return f"{subject:016x}"


def _first_64_bits(key: bytes, id_type: str, identifier: str) -> int:
    return int.from_bytes(hmac.digest(key, f"{id_type}:{identifier}".encode(), hashlib.sha256)[:8], "big")
