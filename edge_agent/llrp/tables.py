"""The protocol as data: which messages and parameters there are, from core.toml and a file per vendor.

CORE: Tables      # LLRP 1.0.1 alone
IMPINJ: Tables    # with Impinj's extensions
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

CUSTOM: Final = 1023
"""The type of all vendors' messages and parameters; vendor and subtype follow it."""
LAST_TV: Final = 127
FOLDER: Final = Path(__file__).parent
_BOUNDS: Final[Mapping[str, tuple[int, int | None]]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}

ParameterKey = tuple[int, int, int]
"""(type, vendor, subtype); vendor and subtype are 0 in the standard's own."""


@dataclass(frozen=True, slots=True)
class Held:
    """A place for nested parameters: any of `names`, at least `least` and at most `most` of them (None: any number)."""

    names: frozenset[str]
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Definition:
    """One message or parameter. `fields`: (name, layout) in the order of the wire."""

    name: str
    key: ParameterKey
    fields: tuple[tuple[str, str], ...]
    holds: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    messages: tuple[Definition, ...]
    parameters: tuple[Definition, ...]

    def __add__(self, other: Tables) -> Tables:
        return Tables(self.messages + other.messages, self.parameters + other.parameters)


def read_tables(path: Path) -> Tables:
    """Return the tables in one file. Raise KeyError or ValueError if it is wrong: it ships with the code."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    vendor = document.get("vendor", 0)
    return Tables(*(tuple(_definition(name, vendor, row) for name, row in document[kind].items()) for kind in ("messages", "parameters")))


def _definition(name: str, vendor: int, row: Mapping[str, Any]) -> Definition:
    key = (CUSTOM, vendor, row["subtype"]) if vendor else (row["type"], 0, 0)
    fields = tuple(_field(text) for text in row.get("fields", "").split())
    return Definition(name, key, fields, tuple(_held(text) for text in row.get("holds", "").split()))


def _field(text: str) -> tuple[str, str]:
    name, layout = text.split(":")
    return name, layout


def _held(text: str) -> Held:
    least, most = _BOUNDS.get(text[-1], (1, 1))
    return Held(frozenset(text.rstrip("?*+").split("|")), least, most)


CORE: Final = read_tables(FOLDER / "core.toml")
IMPINJ: Final = CORE + read_tables(FOLDER / "impinj.toml")
