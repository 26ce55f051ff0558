"""What `footfall config check` and `footfall agent --check` look at around agent.toml."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from device_profiles.ble_keys import read_ble_keys
from device_profiles.config_command import Inspector, around, contents, unanswering
from edge_agent.config import ENVIRONMENT, AgentSettings
from edge_agent.keys import read_keys
from footfall.config import load
from footfall.errors import ConfigError
from footfall.sealing import read_public_key

_READERS: Final[dict[str, Callable[[Path], object]]] = {
    "file": read_keys, "irks_file": read_ble_keys, "bind_keys_file": read_ble_keys, "gateway_file": read_public_key,
}  # fmt: skip
"""How a start reads the files of [keys]."""


def mistakes_around(settings: AgentSettings) -> Iterator[str]:
    """Yield what is wrong with the files that agent.toml names: a start would end with it."""
    yield from around(settings)
    for key, read in _READERS.items():
        path: Path | None = getattr(settings.keys, key)
        if path is not None and os.access(path, os.R_OK):  # others are named already
            try:
                read(path)
            except ConfigError as error:
                yield f"keys.{key}: {error}"


def _around(file: Path, online: bool) -> Iterator[str]:
    settings = load(file, AgentSettings, ENVIRONMENT)
    yield from mistakes_around(settings)
    if online:
        yield from unanswering(settings)


AGENT: Final = Inspector(lambda file: contents(load(file, AgentSettings, ENVIRONMENT)), _around)
"""Entry point of the group `footfall.config_inspectors`."""
