"""Bytes sealed at rest: AES-256-GCM under a key that never leaves the state folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from footfall.errors import ConfigError
from footfall.shown_topics import HIDDEN

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
"""NIST SP 800-38D: 96 random bits; safe for 2^32 messages under one key."""


def key_at(path: Path) -> bytes:
    """Return the key in `path`, drawn at the first call and readable by its owner only. Raise ConfigError if it cannot be read or made."""
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes()
        else:
            key = os.urandom(KEY_BYTES)
            with os.fdopen(descriptor, "wb") as file:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise ConfigError(f"{path}: the key of the quarantine cannot be used: {error.strerror}") from None
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{path}: the key of the quarantine has {KEY_BYTES} bytes, this file has {len(key)}")
    return key


class Seal:
    """Seals and opens with one key; `label` is bound to the bytes, so that sealed bytes cannot change places."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, data: bytes, label: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, label.encode())

    def open(self, sealed: bytes, label: str) -> bytes:
        """Return the bytes. Raise ConfigError if they were sealed with another key, or changed."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], label.encode())
        except (InvalidTag, ValueError):
            raise ConfigError("the quarantine's key does not open this entry: was quarantine.key replaced?") from None


def close_entry(seal: Seal, topic: str, shown: str, payload: bytes) -> bytes:
    """Return a payload sealed, and with it the topic where that is not shown as it is."""
    return seal.close(payload if topic == shown else topic.encode() + b"\0" + payload, shown)


def open_entry(seal: Seal, shown: str, sealed: bytes) -> tuple[str, bytes]:
    """Return the topic and the payload of an entry. Raise ConfigError as `Seal.open`."""
    data = seal.open(sealed, shown)
    if not HIDDEN.search(shown):
        return shown, data
    topic, _, payload = data.partition(b"\0")
    return topic.decode(), payload
