"""Pages of the public names of a library, from its source: `python -m tools.api` writes them between the marks of each page."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
WIDTH: Final = 116
PAGES: Final = {
    "docs/api-wire.md": ("footfall/frames", "footfall/receipts", "footfall/topics", "footfall/events",
                         "footfall/event_touches", "footfall/event_corrections", "footfall/event_facts", "footfall/health",
                         "footfall/pseudonyms", "footfall/errors"),
    "docs/api-pytest.md": ("simulators/pytest_plugin",),
    "docs/api-python.md": ("footfall/analysis", "footfall/analysis/recipes"),
}  # fmt: skip
"""Page -> the modules, or packages with an `__all__`, that it lists."""
_BEGIN: Final = "<!-- api: `python -m tools.api` writes what follows from the source -->\n"
_END: Final = "<!-- /api -->\n"
_BLOCK: Final = re.compile(re.escape(_BEGIN) + ".*?" + re.escape(_END), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Name:
    """One public name: its definition, and the documentation below or in it."""

    name: str
    definition: str
    documentation: str
    members: tuple[Name, ...] = ()


def page(path: str) -> str:
    """Return the page as it should be. Raise ValueError if it has no marks."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if not _BLOCK.search(text):
        raise ValueError(f"{path} has no marks {_BEGIN.strip()!r} and {_END.strip()!r}")
    body = "\n".join(line for module in PAGES[path] for line in _module(module))
    return _BLOCK.sub(lambda _: f"{_BEGIN}\n{body}\n{_END}", text)


def public(module: str) -> list[Name]:
    """Return the public names of a module, in the order of the source; of a package those of its `__all__`, by their modules."""
    folder = ROOT / module
    if not folder.is_dir():
        return [name for name in _names(ROOT / f"{module}.py") if not name.name.startswith("_")]
    tree = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    imported = [(node.module, alias.name) for node in tree.body if isinstance(node, ast.ImportFrom) and node.module for alias in node.names]
    found = []
    for source in dict.fromkeys(source for source, _ in imported):
        wanted = {name for other, name in imported if other == source}
        found += [name for name in _names(ROOT / f"{source.replace('.', '/')}.py") if name.name in wanted]
    return found


def _module(module: str) -> Iterator[str]:
    source = ROOT / module / "__init__.py" if (ROOT / module).is_dir() else ROOT / f"{module}.py"
    yield f"## `{module.replace('/', '.')}`\n"
    yield _prose(ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "")
    for name in public(module):
        yield f"### `{name.name}`\n"
        yield f"```text\n{name.definition}\n```\n"
        if name.documentation:
            yield _prose(name.documentation)
        for member in name.members:
            yield f"- `{member.definition}`" + (
                f"  \n{textwrap.indent(_prose(member.documentation, 2), '  ')}" if member.documentation else ""
            )
        if name.members:
            yield ""


def _names(path: Path) -> Iterator[Name]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        found = _name(node, after)
        if found is not None:
            yield found


def _name(node: ast.stmt, after: ast.stmt | None) -> Name | None:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return Name(node.name, _signature(node), ast.get_docstring(node) or "")
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        return Name(
            node.name, f"class {node.name}({bases})" if bases else f"class {node.name}", ast.get_docstring(node) or "", _members(node)
        )
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
    if not isinstance(target, ast.Name):
        return None
    return Name(target.id, _shortened(ast.unparse(node)), _string(after))


def _members(node: ast.ClassDef) -> tuple[Name, ...]:
    named = [_name(part, after) for part, after in zip(node.body, [*node.body[1:], None], strict=True)]
    return tuple(name for name in named if name is not None and not name.name.startswith(("_", "model_config")))


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    arguments = ast.unparse(node.args).replace("self, ", "").replace("self", "")
    return f"{node.name}({arguments})" + (f" -> {ast.unparse(node.returns)}" if node.returns else "")


def _string(node: ast.stmt | None) -> str:
    """The string below a definition, which documents it."""
    is_string = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return textwrap.dedent(node.value.value).strip() if is_string else ""  # type: ignore[union-attr] # is_string narrows it


def _shortened(definition: str) -> str:
    return definition if len(definition) <= WIDTH else f"{definition[: WIDTH - 2]} …"


def _prose(text: str, indent: int = 0) -> str:
    """Paragraphs filled to the page's width; indented lines, which are code, as they are."""
    parts = [part if part.startswith((" ", "def ", "|", "- ")) else textwrap.fill(part, WIDTH - indent) for part in text.split("\n\n")]
    return "\n\n".join(f"```text\n{textwrap.dedent(part)}\n```" if part.startswith((" ", "def ")) else part for part in parts) + "\n"


def main() -> None:
    for path in PAGES:
        (ROOT / path).write_text(page(path), encoding="utf-8")


if __name__ == "__main__":
    main()
