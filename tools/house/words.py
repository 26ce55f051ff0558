"""Words of docstrings and comments."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tools.house.tree import Module, Tree

SAYING: Final = frozenset({"say", "says", "said", "saying", "tell", "tells", "told", "telling"})
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'-]*")


def saying(tree: Tree) -> tuple[Counter[str], int]:
    """Return how often each file has a word of SAYING in its docstrings and comments, and the number of all words there."""
    found: Counter[str] = Counter()
    total = 0
    for module in tree.modules:
        words = [word.lower() for text in _prose(module) for word in _WORD.findall(text)]
        total += len(words)
        found[module.path] += sum(word in SAYING for word in words)
    return found, total


def _prose(module: Module) -> Iterator[str]:
    """Yield comments, docstrings, and the strings below constants and fields that document them. Code in backticks is left out."""
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            yield _without_code(token.string)
    for node in module.nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield _without_code(node.value.value)


def _without_code(text: str) -> str:
    return re.sub(r"`[^`]*`", " ", text)
