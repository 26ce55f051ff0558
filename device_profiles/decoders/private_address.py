"""Resolvable private addresses: whose device it is, for those whose owners gave their identity resolving key (IRK).

    ah(irk, prand) -> bytes                       # Core Specification Vol 3 Part H 2.2.2
    Resolver(irks).owner(address) -> str          # "" where no key explains it

A hash has 24 bits: with 1,000 keys, one in 17,000 foreign addresses matches a key by chance.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # loads OpenSSL, which only a process with a key needs
    from cryptography.hazmat.primitives.ciphers import CipherContext

KEY_BYTES: Final = 16
PRAND_BYTES: Final = 3
REMEMBERED: Final = 16_384
"""Addresses cached; each is in use for about a quarter of an hour."""
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
    """Resolves addresses to owners by IRK, and caches the results. Any thread may call."""

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
