"""Keys that owners gave, from files on the box into the profiles of BLE devices.

    read_ble_keys(path) -> dict[str, bytes]                   # NAME = "32 hex digits"
    keyed(registry, irks, bind_keys) -> Registry

`[keys] irks_file` of agent.toml names people's identity resolving keys: the owner's name (or the name of one of the owner's devices,
which links to the owner) -> key. `[keys] bind_keys_file` names those of encrypted beacons: address -> key.

The shipped profiles contain the published keys of their vectors. An agent never uses them, since everybody has them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from device_profiles.decoders.private_address import KEY_BYTES
from device_profiles.devices.ble import Ble
from device_profiles.registry import Registry, shipped
from footfall.config import read_secret
from footfall.errors import ConfigError


def read_ble_keys(path: Path) -> dict[str, bytes]:
    """Keys by name. Raise ConfigError, which names the one that is wrong, never the key."""
    try:
        values = tomllib.loads(read_secret(path).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    return {name: _key(text, f"{path}: {name}") for name, text in values.items()}


def keyed(registry: Registry, irks: Mapping[str, bytes], bind_keys: Mapping[str, bytes]) -> Registry:
    """Return the registry with these keys in the profiles of BLE devices. Without keys, users' own profiles keep those in their files.

    Other profiles, and the given registry, are unchanged.
    """
    changed = {}
    for name, profile in registry.items():
        if isinstance(profile.device, Ble):
            is_own = profile is not shipped().get(name)
            keys = (irks or profile.device.irks, bind_keys or profile.device.bind_keys) if is_own else (irks, bind_keys)
            changed[name] = profile.model_copy(update={"device": profile.device.keyed(*keys)})
    return Registry({**registry, **changed}, registry.files)


def _key(text: object, where: str) -> bytes:
    try:
        key = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{where}: must be {2 * KEY_BYTES} hex digits")
    return key
