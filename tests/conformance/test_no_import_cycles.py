"""No two modules of the product need each other: the graph of their imports, those for types alone included, has no circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import footfall

ROOT = Path(footfall.__file__).parents[1]
PACKAGES = ("footfall", "device_profiles", "edge_agent", "gateway", "serve", "simulators", "benchmarks", "tools")


def modules(root: Path) -> dict[str, Path]:
    """Return the modules of all packages under `root` by dotted name; a package is named without `__init__`."""
    found = {}
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(source: str, known: Mapping[str, Path]) -> Iterator[str]:
    """Yield the known modules that `source` imports anywhere, also in functions and under `if TYPE_CHECKING`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in submodules if name in known)
            if node.module in known and not all(name in known for name in submodules):
                yield node.module


def graph(root: Path) -> dict[str, set[str]]:
    """Return what each module imports."""
    known = modules(root)
    return {name: set(imported(path.read_text(encoding="utf-8"), known)) - {name} for name, path in known.items()}


def cycle(edges: Mapping[str, set[str]]) -> list[str]:
    """Return one circle of modules, each of which is imported by the next; [] if there is none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_no_two_modules_import_each_other_whatever_the_way_between() -> None:
    edges = graph(ROOT)
    assert len(edges) > 250
    assert sum(map(len, edges.values())) > 1000
    assert cycle(edges) == []


@pytest.mark.parametrize(
    "back",
    ["import footfall.b", "from footfall import b", "from footfall.b import X", "def f():\n    from footfall.b import X",
     "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from footfall.b import X"],
)  # fmt: skip
def test_a_circle_is_found_however_it_is_imported(back: str, tmp_path: Path) -> None:
    (tmp_path / "footfall").mkdir()
    for name, text in {"__init__": "", "a": back, "b": "from footfall.c import Y", "c": "from footfall.a import Z"}.items():
        (tmp_path / "footfall" / f"{name}.py").write_text(text)
    assert set(cycle(graph(tmp_path))) == {"footfall.a", "footfall.b", "footfall.c"}
