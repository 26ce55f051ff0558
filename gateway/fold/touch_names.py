"""By what a touch is found when who somebody is changes: its identifiers, its reference, and the fans that it names itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.fold.store import TouchNameRow, TouchRow


def names_of(values: Mapping[str, Any]) -> list[str]:
    """Return the names of a touch of these values: subjects in hex, "ref:<ref>", "fan:<id>"."""
    names = list(values["subjects"])
    names += [f"{kind}:{values[kind]}" for kind in ("ref", "fan") if values[kind]]
    sharer = values.get("shared_by")
    return [*names, f"fan:{sharer}"] if sharer and sharer != values["fan"] else names


def name_rows(row: TouchRow, values: Mapping[str, Any]) -> list[TouchNameRow]:
    """Return those by which the store does not find the touch anyhow: all but its first subject."""
    return [TouchNameRow(name, row.store, row.agent, row.row, row.time_ns) for name in names_of(values) if name != row.subject]
