"""How the rooms of gateway/ (files and folders at its root) hang together."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from tools.house.tree import Module, Tree


def rooms(tree: Tree) -> set[str]:
    return {_room(module) for module in tree.under("gateway")} - {"__init__"}


def root_files(tree: Tree) -> list[str]:
    return sorted(module.path.removeprefix("gateway/") for module in tree.under("gateway") if module.path.count("/") == 1
                  and not module.path.endswith("/__init__.py"))  # fmt: skip


def imports(tree: Tree) -> set[tuple[str, str]]:
    """Return the pairs (room, another room from which it imports)."""
    there = rooms(tree)
    found = {
        (_room(module), name.split(".")[1]) for module in tree.under("gateway") for name in module.imported if name.startswith("gateway.")
    }
    return {(room, other) for room, other in found if room != other and {room, other} <= there}


def upwards(tree: Tree) -> set[tuple[str, str]]:
    """Return the imports from a storey into a higher one. Rooms that `storeys` does not name are left out."""
    level = {room: k for k, storey in enumerate(storeys()) for room in storey}
    return {(room, other) for room, other in imports(tree) if room in level and other in level and level[other] < level[room]}


@cache
def storeys() -> tuple[frozenset[str], ...]:
    """Return the rooms by storey, from the top down: the layers of import-linter's contract for the inside of `gateway`, of this tree.

    An import from a lower storey into a higher one points upwards. The contract also forbids imports within a storey, unless a colon
    separates its rooms.
    """
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers: list[str] = next(contract["layers"] for contract in contracts if contract.get("containers") == ["gateway"])
    return tuple(frozenset(re.split(r"\s*[|:]\s*", layer)) for layer in layers)


def circles(tree: Tree) -> set[str]:
    """Return the rooms that import themselves through others."""
    pairs = imports(tree)
    return {room for room in rooms(tree) if room in _reached(room, pairs)}


def _reached(room: str, pairs: set[tuple[str, str]]) -> set[str]:
    reached: set[str] = set()
    edge = {room}
    while edge:
        edge = {other for one, other in pairs if one in edge} - reached
        reached |= edge
    return reached


def fold_with_sqlite(tree: Tree) -> set[str]:
    """Return the modules of the fold that import sqlite3, or a module of ours that does."""
    opening = {module.name for module in tree.modules if any(name.split(".")[0] == "sqlite3" for name in module.imported)}
    return {
        module.path
        for module in tree.under("gateway/fold")
        if module.name in opening or any({name, name.rpartition(".")[0]} & opening for name in module.imported)
    }


def _room(module: Module) -> str:
    return module.path.split("/")[1].removesuffix(".py")
