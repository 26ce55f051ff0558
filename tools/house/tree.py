"""A source tree as parsed modules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

PRODUCT: Final = ("footfall", "device_profiles", "edge_agent", "gateway", "serve")
"""What is installed at a customer's."""
PACKAGES: Final = (*PRODUCT, "simulators", "benchmarks", "tools")


@dataclass(frozen=True)
class Module:
    """One file; `path` is relative to the tree, `name` is dotted."""

    path: str
    text: str

    @cached_property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> int:
        return self.text.count("\n")

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @cached_property
    def imported(self) -> tuple[str, ...]:
        """The dotted name of each module, or object of a module, that is imported anywhere in the file."""
        return tuple(name for node in self.nodes for name in _names(node))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


@dataclass(frozen=True)
class Function:
    """`lines` counts from the `def` to the last line of the body."""

    module: Module
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def lines(self) -> int:
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1

    def __str__(self) -> str:
        return f"{self.node.name} in {self.module.path}"


class Tree:
    """The modules of a folder's packages."""

    def __init__(self, root: Path) -> None:
        """Read the files below `root`; a package that the tree does not have is skipped."""
        files = (path for package in PACKAGES for path in sorted((root / package).rglob("*.py")))
        self.root: Final = root
        self.modules: Final = [Module(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in files]

    def under(self, *folders: str) -> list[Module]:
        return [module for module in self.modules if module.path.startswith(tuple(f"{folder}/" for folder in folders))]

    def functions(self, *folders: str) -> list[Function]:
        """Return every function and method, nested ones included, in these folders."""
        return [
            Function(module, node)
            for module in self.under(*folders)
            for node in module.nodes
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        ]
