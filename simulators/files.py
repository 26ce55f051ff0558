"""Small texts: TOML for the configurations that simulations write, and addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from footfall.errors import ConfigError
from footfall.moments import to_ns

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def toml_text(values: Mapping[str, Any]) -> str:
    """`values` (JSON's types, without null) as TOML 1.0; lists of tables become arrays of tables."""
    return "\n".join(_table(values, "")).strip() + "\n"


def address(text: str, default_port: int = 1883) -> tuple[str, int]:
    """Host and port of `HOST:PORT` or `HOST`; ConfigError for anything else."""
    host, _, port = text.rpartition(":") if ":" in text else (text, "", str(default_port))
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ConfigError(f"{text!r} is no address: it must be HOST:PORT, such as 127.0.0.1:1883")
    return host, int(port)


def _table(values: Mapping[str, Any], path: str) -> list[str]:
    lines = [f"{_key(key)} = {_value(value)}" for key, value in values.items() if not _is_section(value)]
    for key, value in values.items():
        name = f"{path}.{_key(key)}" if path else _key(key)
        if isinstance(value, Mapping) and value:
            lines += ["", f"[{name}]", *_table(value, name)]
        elif _is_section(value):
            for item in value:
                lines += ["", f"[[{name}]]", *_table(item, name)]
    return lines


def _is_section(value: object) -> bool:
    return (isinstance(value, Mapping) and bool(value)) or (
        isinstance(value, list | tuple) and bool(value) and all(isinstance(item, Mapping) and item for item in value)
    )


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"TOML has no place for a {type(value).__name__}")


def check_place(path: Path | None) -> None:
    """Raise ConfigError for a file that cannot be written later, since its folder is not there or it is a folder itself."""
    if path is not None and path.is_dir():
        raise ConfigError(f"{path}: this is a folder: name a file in it")
    if path is not None and not path.absolute().parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent}: make it, or name another one")


def moment_ns(text: str) -> int:
    """Return a moment in ISO 8601, ns since 1970. Raise ConfigError for other text, and where the offset is missing."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no ISO 8601 time, such as 2026-11-21T10:00:00+08:00") from None
    if moment.tzinfo is None:
        raise ConfigError(f"{text!r} has no offset: write it as 2026-11-21T10:00:00+08:00")
    return to_ns(moment)
