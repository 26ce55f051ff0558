"""How often a rule or a mechanism stands in the code. Each function states how it counts."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tools.house.tree import PRODUCT, Module, Tree

_SINK: Final = re.compile(r"sqlite(?!3)|influx", re.IGNORECASE)
_SINK_CLASS: Final = re.compile(r"^(Sqlite|SQLite|Influx)\w*$")
_BACK_OFF: Final = re.compile(r"(back_?off|wait|delay|pause|retry)\w*", re.IGNORECASE)
_SECOND: Final = re.compile(r"_?S$|.*NS")
_TEN_TO_9: Final = 1_000_000_000


def ownership(tree: Tree) -> set[str]:
    """Return the functions of the fold in which a comparison contains a profile's margin: there the rule of zone ownership stands."""
    return {
        str(function)
        for function in tree.functions("gateway/fold")
        if any(isinstance(node, ast.Compare) and _names(node, "margin") for node in ast.walk(function.node))
    }


def sink_branches(tree: Tree) -> set[str]:
    """Return the places outside sinks/ that ask for a sink's class (`isinstance`), as `file:line`."""
    return {
        f"{module.path}:{node.lineno}"
        for module in _outside_sinks(tree)
        for node in module.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"
        and len(node.args) == 2 and any(_SINK_CLASS.match(name) for name in _identifiers(node.args[1]))
    }  # fmt: skip


def sink_files(tree: Tree) -> set[str]:
    """Return the files outside sinks/ that import a sink, or define or use a class named after one."""
    return {
        module.path
        for module in _outside_sinks(tree)
        if any(_SINK_CLASS.match(name) for node in module.nodes for name in _own_names(node))
        or any(name.startswith("gateway.sinks.") and _SINK.search(name) for name in module.imported)
    }


def sink_lines(tree: Tree) -> set[str]:
    """Return the lines of sinks/kinds.py that import a sink's settings: what a new sink adds there."""
    return {name for module in tree.under("gateway/sinks") if module.path.endswith("/kinds.py") for name in module.imported
            if name.startswith("gateway.sinks.") and _SINK.search(name)}  # fmt: skip


def second_constants(tree: Tree) -> set[str]:
    """Return the modules of the product that name a second of nanoseconds in a constant of their own, as `S` or with `NS` in its name."""
    return {
        module.path
        for module in tree.under(*PRODUCT)
        for node in module.tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Constant) and node.value.value == _TEN_TO_9
        and any(_SECOND.match(name) for target in _targets(node) for name in _own_names(target))
    }  # fmt: skip


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def sqlite_opened(tree: Tree) -> set[str]:
    """Return the modules of the product that call `sqlite3.connect` on a file of ours to write it (not with `mode=ro`)."""
    return {
        module.path
        for module in tree.under(*PRODUCT)
        for node in module.nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "sqlite3.connect" and "mode=ro" not in ast.unparse(node)
    }


def back_offs(tree: Tree) -> set[str]:
    """Return the functions of the product that double a wait, as `min(2 * wait, …)` or `first * 2 ** n`: each is a back-off written out."""
    return {
        str(function)
        for function in tree.functions(*PRODUCT)
        if any(_doubles(node) and _names(node, _BACK_OFF) for node in ast.walk(function.node) if isinstance(node, ast.Call))
    }


def classes_named(tree: Tree, name: str) -> set[str]:
    """Return the modules of the product that define a class of this name."""
    return {module.path for module in tree.under(*PRODUCT) for node in module.nodes if isinstance(node, ast.ClassDef) and node.name == name}


def broker_settings(tree: Tree) -> set[str]:
    """Return the modules of the product that define a class with both a `host` and a `protocol`: the settings of a broker."""
    return {
        module.path
        for module in tree.under(*PRODUCT)
        for node in module.nodes
        if isinstance(node, ast.ClassDef) and {"host", "protocol"} <= {
            part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
        }
    }  # fmt: skip


def shared_names(tree: Tree) -> tuple[dict[str, int], int]:
    """Return the names of classes and type aliases that more than one module of the product defines, and how many names there are."""
    found = Counter(name for module in tree.under(*PRODUCT) for name in set(_type_names(module)))
    return {name: count for name, count in found.items() if count > 1}, len(found)


def _type_names(module: Module) -> Iterator[str]:
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if re.match(r"_?[A-Z]([a-z]|$)", name) and not ast.unparse(node.value).startswith("TypeVar("):
                yield name


def _outside_sinks(tree: Tree) -> list[Module]:
    return [module for module in tree.under("gateway", "serve") if not re.search(r"/sinks[/.]", module.path)]


def _doubles(node: ast.Call) -> bool:
    """Whether `node` is a call of min or max in which something is doubled."""
    if not (isinstance(node.func, ast.Name) and node.func.id == "min"):
        return False
    return any(
        isinstance(part, ast.BinOp)
        and isinstance(part.op, (ast.Mult, ast.Pow))
        and any(isinstance(side, ast.Constant) and side.value in (2, 2.0) for side in (part.left, part.right))
        for part in ast.walk(node)
    )


def _names(node: ast.AST, word: str | re.Pattern[str]) -> bool:
    pattern = re.compile(word)
    return any(pattern.search(name) for name in _identifiers(node))


def _identifiers(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        yield from _own_names(part)


def _own_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        yield node.name
    elif isinstance(node, ast.alias):
        yield node.name.rpartition(".")[2]
