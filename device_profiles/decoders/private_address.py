"""Resolvable private addresses: whose device it is, for those whose owners gave their identity resolving key (IRK).

    ah(irk, prand) -> bytes                       # Core Specification Vol 3 Part H 2.2.2
    Resolver(irks).owner(address) -> str          # "" where no key explains it

A hash has 24 bits: of 1,000 keys one explains a stranger's address by chance once in 17,000 addresses.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # only who has a key holds OpenSSL in memory
    from cryptography.hazmat.primitives.ciphers import CipherContext

KEY_BYTES: Final = 16
PRAND_BYTES: Final = 3
REMEMBERED: Final = 16_384
"""Addresses; each lives about a quarter of an hour."""
_PADDING: Final = bytes(KEY_BYTES - PRAND_BYTES)


def ah(irk: bytes, prand: bytes) -> bytes:
    """Return the 24-bit hash of `prand` (3 bytes); all of them most significant byte first, as the specification writes them."""
    return _encryptor(irk).update(_PADDING + prand)[-PRAND_BYTES:]


def _encryptor(irk: bytes) -> CipherContext:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    return Cipher(AES(irk), ECB()).encryptor()  # noqa: S305  # one block: the specification's e


class Resolver:
    """Owners by IRK. An address is worked out once and remembered; many threads may ask."""

    def __init__(self, irks: Mapping[str, bytes]) -> None:
        self._ciphers: Final = [(owner, _encryptor(irk)) for owner, irk in irks.items()]
        self._lock: Final = threading.Lock()
        self.owner: Final = lru_cache(REMEMBERED)(self._owner)

    def _owner(self, address: str) -> str:
        octets = bytes.fromhex(address.replace(":", ""))
        block, expected = _PADDING + octets[:PRAND_BYTES], octets[PRAND_BYTES:]
        with self._lock:  # a cipher serves one thread at a time
            for owner, cipher in self._ciphers:
                if cipher.update(block).endswith(expected):
                    return owner
        return ""
