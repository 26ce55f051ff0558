"""The help of a command, read from the source of its module, so that a list of commands imports none of them.

It stands there as a literal: the docstring of the function, or of the callback of a `typer.Typer`, or the `help` of that.
"""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path


def help_in_source(module: str, name: str) -> str | None:
    """Return the help of the command `name` of a module; None where the source is not there, or has no literal for it."""
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    nodes = ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body
    found = [_docstring(node, name) or _argument(node, name, nodes) for node in nodes]
    return next((text for text in found if text), None)


def _docstring(node: ast.stmt, name: str) -> str | None:
    """Of the function itself, or of one with the decorator `@name.callback()`."""
    if not isinstance(node, ast.FunctionDef):
        return None
    is_callback = any(ast.unparse(each).startswith(f"{name}.callback(") for each in node.decorator_list)
    return ast.get_docstring(node) if is_callback or node.name == name else None


def _argument(node: ast.stmt, name: str, nodes: list[ast.stmt]) -> str | None:
    """Of `name = typer.Typer(help=…)`, where it may be a constant of the module."""
    value = _assigned(node, name)
    if not isinstance(value, ast.Call):
        return None
    text = next((each.value for each in value.keywords if each.arg == "help"), None)
    if isinstance(text, ast.Name):
        text = next((found for other in nodes if (found := _assigned(other, text.id))), None)
    return text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else None


def _assigned(node: ast.stmt, name: str) -> ast.expr | None:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return node.value if isinstance(node, ast.Assign | ast.AnnAssign) and [ast.unparse(each) for each in targets] == [name] else None
