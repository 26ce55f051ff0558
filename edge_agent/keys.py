"""The keys that make pseudonyms on this box. Pure: the gateway's time is an argument.

    Keys(lasting: Mapping[str, bytes] = {}, private: bytes | None = None)
        .subject(profile: Profile, identifier: str) -> int
        .offer(key: DayKey, gateway_ns: int) -> bool    # from a receipt; True: the key changed
        .expire(gateway_ns: int) -> bool                # True: the key of the day was erased
        .key_id -> int                                  # 0: no key of the day, a private random one is used

    read_keys(path) -> dict[str, bytes]; write_keys(brand_secret, id_types) -> str

A box holds only the long-lived keys of the identifier types that it reads. A consented identifier whose type has no key here is
treated like one without consent: its subject lasts a day.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from device_profiles.profile import Profile
from footfall.config import read_secret
from footfall.errors import ConfigError
from footfall.pseudonyms import KEY_BYTES, PRIVATE_KEY_ID, day_subject, lasting_subject, type_key
from footfall.receipts import DayKey


class SubjectKeys:
    """Long-lived keys by identifier type, and the key of the day while there is one."""

    def __init__(self, lasting: Mapping[str, bytes] | None = None, private: bytes | None = None) -> None:
        self._lasting = dict(lasting or {})
        self._private: Final = private or secrets.token_bytes(KEY_BYTES)
        self._day: DayKey | None = None

    @property
    def key_id(self) -> int:
        return self._day.key_id if self._day else PRIVATE_KEY_ID

    def subject(self, profile: Profile, identifier: str) -> int:
        id_type = profile.identifier_type
        if profile.consented and id_type in self._lasting:
            return lasting_subject(self._lasting[id_type], id_type, identifier)
        return day_subject(self._day.secret if self._day else self._private, id_type, identifier)

    def replace(self, lasting: Mapping[str, bytes]) -> set[str]:
        """Take other long-lived keys. Return the identifier types whose subjects are others from now on."""
        before, self._lasting = self._lasting, dict(lasting)
        return {id_type for id_type in {*before, *lasting} if before.get(id_type) != lasting.get(id_type)}

    def offer(self, key: DayKey, gateway_ns: int) -> bool:
        """Take the key of a receipt if it is valid now, and not older than a present one that is valid too. Return whether it was taken."""
        if not key.from_ns <= gateway_ns < key.until_ns or key.key_id == PRIVATE_KEY_ID:
            return False
        if self._day is not None and (key.key_id == self._day.key_id or key.from_ns < self._day.from_ns <= gateway_ns):
            return False
        self._day = key
        return True

    def expire(self, gateway_ns: int) -> bool:
        """Erase the key if its day is over. Return whether it was."""
        if self._day is None or gateway_ns < self._day.until_ns:
            return False
        self._day = None
        return True


def read_keys(path: Path) -> dict[str, bytes]:
    """Return the keys in a TOML file of `type = "64 hex digits, or base64"`.

    Raise ConfigError, which names the type whose key is wrong, never the key.
    """
    try:
        values = tomllib.loads(read_secret(path).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    return {id_type: _key(text, f"{path}: {id_type}") for id_type, text in values.items()}


def write_keys(brand_secret: bytes, id_types: Iterable[str]) -> str:
    """Return the text of a box's key file: the keys of `id_types`, derived from the brand's secret, which never leaves headquarters."""
    return "".join(f'{id_type} = "{type_key(brand_secret, id_type).hex()}"\n' for id_type in sorted(id_types))


def _key(text: object, where: str) -> bytes:
    if not isinstance(text, str):
        raise ConfigError(f"{where}: must be text: 64 hex digits, or base64")
    try:
        key = bytes.fromhex(text) if len(text) == 2 * KEY_BYTES else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise ConfigError(f"{where}: is neither hex nor base64") from None
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{where}: must be {KEY_BYTES} bytes, is {len(key)}")
    return key
