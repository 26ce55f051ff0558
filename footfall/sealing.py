"""Sealed boxes: what anybody may seal to the gateway's public key, and the gateway alone can open.

    public = public_key(brand_secret)                  # 32 bytes, for boxes and tills: it hides nothing
    text = seal(public, b"…")                          # "KEY.BOX": the key's id, and base64url of the box
    Opener([brand_secret, the_one_before]).open(text)  # ContractError `event.sealed`
    read_public_key(path) -> bytes

X25519, HKDF-SHA-256 and ChaCha20-Poly1305, with a new key pair for each box, as in HPKE (RFC 9180). The gateway's private key is derived
from the brand's secret, so it lies in no file, and a gateway that was lost opens what agents still have. The library is loaded on first
use.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import StringConstraints

from footfall.config import read_secret
from footfall.errors import ConfigError, ContractError
from footfall.pseudonyms import KEY_BYTES, hkdf_sha256

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

SEALED_PATTERN: Final = r"^[0-9a-f]{16}\.[A-Za-z0-9_-]{64,8000}\z"
Sealed = Annotated[str, StringConstraints(pattern=SEALED_PATTERN)]
"""As `seal` writes it."""
_PRIVATE: Final = b"footfall/1/seal"
_BOX: Final = b"footfall/1/seal/box"
_NONCE: Final = bytes(12)
"""Each box has a key of its own, which is used once."""
_SIGN_BIT: Final = 1 << 255
"""Ignored in a public key (RFC 7748, section 5)."""
_PRIME: Final = _SIGN_BIT - 19
_WITHOUT_SECRET: Final = frozenset(
    {
        0,
        1,
        _PRIME - 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    }
)
"""Points of small order: with them X25519 gives the same shared secret, zeros, for every private key."""
_PADDED_BYTES: Final = 64
"""Contents are padded to a multiple of this: the length of a box does not show which kind of identifier is in it."""


def public_key(brand_secret: bytes) -> bytes:
    """Return the public key of the gateway of a brand, 32 bytes."""
    return _private_key(brand_secret).public_key().public_bytes_raw()


def key_id(public: bytes) -> str:
    """Return the name of a public key: 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def seal(public: bytes, data: bytes) -> str:
    """Return `data` so that only the gateway of this public key can read it. The same data gives another text each time."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    ours = X25519PrivateKey.generate()
    sender = ours.public_key().public_bytes_raw()
    shared = ours.exchange(X25519PublicKey.from_public_bytes(public))
    padded = data + b"\x80" + bytes(-(len(data) + 1) % _PADDED_BYTES)
    box = sender + ChaCha20Poly1305(_box_key(shared, sender, public)).encrypt(_NONCE, padded, None)
    return f"{key_id(public)}.{base64.urlsafe_b64encode(box).rstrip(b'=').decode()}"


class Opener:
    """Opens what was sealed to the key of the first secret, or of an earlier one."""

    def __init__(self, brand_secrets: Sequence[bytes]) -> None:
        self._secrets: Final = tuple(brand_secrets)
        self._keys: dict[str, X25519PrivateKey] | None = None

    @property
    def public(self) -> bytes | None:
        """Return the public key that is to be used now; None without a secret."""
        return public_key(self._secrets[0]) if self._secrets else None

    def open(self, text: str) -> bytes:
        """Return what was sealed. Raise ContractError `event.sealed` if it was for another key, or is damaged."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        name, _, encoded = text.partition(".")
        private = self._known().get(name)
        if private is None:
            hint = "was the brand's secret changed? Name the one before in brand_secret_before_file"
            raise ContractError("event.sealed", f"sealed for the key {name[:16]}, which this gateway does not have: {hint}")
        try:
            box = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
            sender = box[:KEY_BYTES]
            shared = private.exchange(X25519PublicKey.from_public_bytes(sender))
            key = _box_key(shared, sender, private.public_key().public_bytes_raw())
            padded = ChaCha20Poly1305(key).decrypt(_NONCE, box[KEY_BYTES:], None)
        except (InvalidTag, ValueError):
            raise ContractError("event.sealed", "what was sealed is damaged: it cannot be opened") from None
        return padded.rstrip(b"\0")[:-1]

    def _known(self) -> dict[str, X25519PrivateKey]:
        if self._keys is None:
            private = [_private_key(secret) for secret in self._secrets]
            self._keys = {key_id(each.public_key().public_bytes_raw()): each for each in private}
        return self._keys


def read_public_key(path: Path) -> bytes:
    """Return the public key in a file, as `footfall seal-key` writes it. Raise ConfigError."""
    public = public_key_of(read_secret(path))
    if public is None:
        raise ConfigError(f"{path}: is no public key of a gateway: footfall seal-key prints it, 44 characters of base64")
    return public


def public_key_of(text: str | bytes) -> bytes | None:
    """Return the public key that `public_key_text` gave; None for any other text, or for a key that seals nothing."""
    try:
        public = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return public if is_public_key(public) else None


def is_public_key(public: bytes) -> bool:
    """Whether something can be sealed to it: 32 bytes, and no point of small order."""
    return len(public) == KEY_BYTES and int.from_bytes(public, "little") % _SIGN_BIT % _PRIME not in _WITHOUT_SECRET


def public_key_text(public: bytes) -> str:
    """Return a public key as files have it: base64."""
    return base64.b64encode(public).decode()


def _private_key(brand_secret: bytes) -> X25519PrivateKey:
    try:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    except ModuleNotFoundError:
        raise ConfigError("identifiers cannot be sealed: pip install 'footfall[edge]' or 'footfall[gateway]'") from None
    return X25519PrivateKey.from_private_bytes(hkdf_sha256(brand_secret, _PRIVATE))


def _box_key(shared: bytes, sender: bytes, public: bytes) -> bytes:
    return hkdf_sha256(shared, _BOX + sender + public)
