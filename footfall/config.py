"""Configuration: one TOML file per process, checked by pydantic, overridden by the environment.

`FOOTFALL_GATEWAY__SINK__URL=…` overrides `url` in the section `[sink]` of `gateway.toml`. Secrets come only from the environment
or from files that a `…_file` key names.
"""

from __future__ import annotations

import codecs
import logging
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from footfall.errors import ConfigError
from footfall.mistakes import describe


class Section(BaseModel):
    """The base of every section. An unknown key is a mistake. It is serialised under the names of its keys, so it can be read back.

    A section is built when the first of its kind is read: a command reads few of those that its modules define.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True, defer_build=True)


Model = TypeVar("Model", bound=BaseModel)
_SEPARATOR: Final = "__"
log = logging.getLogger("footfall.config")


def load(path: Path, model: type[Model], prefix: str, environment: Mapping[str, str] = os.environ) -> Model:
    """Return the checked configuration in `path`. Raise ConfigError, which names the file, the key and what is wrong.

    `prefix` is the environment's, such as `FOOTFALL_GATEWAY`. Every relative Path in it is taken from the file's folder.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    _override(values, prefix + _SEPARATOR, environment)
    return _anchored(check(values, model, str(path)), path.absolute().parent)


def load_environment(model: type[Model], prefix: str, folder: Path, environment: Mapping[str, str] = os.environ) -> Model:
    """Return the checked configuration of a process that has no file; relative paths are taken from `folder`. Raise as `load`."""
    values: dict[str, Any] = {}
    _override(values, prefix + _SEPARATOR, environment)
    return _anchored(check(values, model, "environment"), folder)


def check(values: object, model: type[Model], where: str) -> Model:
    """Return `values` as `model`. Raise ConfigError, which lists every wrong key with its path in `where`."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{where}: {describe(item, model)}" for item in error.errors(include_url=False))) from None


def changed_keys(before: BaseModel, after: BaseModel) -> list[str]:
    """Return the keys in which two configurations differ, `broker.port`; of sections of another kind and of lists the name."""
    found: list[str] = []
    for name in type(before).model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if isinstance(old, BaseModel) and type(new) is type(old):
            found += [f"{name}.{key}" for key in changed_keys(old, new)]
        elif old != new:
            found.append(name)
    return found


def read_secret(path: Path) -> bytes:
    """Return the secret in a file, without the line end. Raise ConfigError if it cannot be read or is empty."""
    try:
        secret = path.read_bytes().removeprefix(codecs.BOM_UTF8).strip()
    except OSError as error:
        raise ConfigError(f"{path}: the secret cannot be read: {error.strerror}") from None
    if not secret:
        raise ConfigError(f"{path}: the secret is empty")
    return secret


def secret(value: SecretStr | None, path: Path | None) -> bytes | None:
    """Return a secret from the environment (`value`), else from its file, else None. Raise ConfigError if the file cannot be read.

    `secret(config.brand_secret, config.brand_secret_file)`; likewise the sink's `token`.
    """
    if value is not None:
        return value.get_secret_value().encode()
    return None if path is None else read_secret(path)


class SecretFile:
    """A secret that may be renewed on disk while in use. Raise ConfigError if the file contains none when it is made."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._state = file_state(path)
        self._secret = read_secret(path)

    def current(self) -> bytes:
        """Return the secret in the file; while that is unreadable or empty, the last good one."""
        state = file_state(self._path)
        if state != self._state:
            try:
                self._secret = read_secret(self._path)
            except ConfigError as error:
                log.warning("%s; the one before is used", error)
            self._state = state
        return self._secret


def file_state(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when a file is written or replaced; None while it cannot be read."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _override(values: dict[str, Any], prefix: str, environment: Mapping[str, str]) -> None:
    for name, text in environment.items():
        if not name.startswith(prefix):
            continue
        *sections, key = name[len(prefix) :].lower().split(_SEPARATOR)
        table = values
        for section in sections:
            table = table.setdefault(section, {})
            if not isinstance(table, dict):
                raise ConfigError(f"environment variable {name}: {section!r} is not a section")
        table[key] = text


def _at_home(path: Path) -> Path:
    """Return the path with `~` expanded. Raise ConfigError if the user has no home, as in a container."""
    try:
        return path.expanduser()
    except RuntimeError:
        raise ConfigError(f"{path}: this user has no home folder: write the whole path") from None


def _anchored(section: Model, folder: Path) -> Model:
    changed: dict[str, Any] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Path):
            changed[name] = folder / _at_home(value)
        elif isinstance(value, BaseModel):
            changed[name] = _anchored(value, folder)
        elif isinstance(value, tuple | list):
            changed[name] = type(value)(_anchored(item, folder) if isinstance(item, BaseModel) else item for item in value)
    return section.model_copy(update=changed) if changed else section
