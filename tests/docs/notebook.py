"""Runs docs/analysis.ipynb on the documents' data set, without Jupyter: `python -m tests.docs.notebook` writes its outputs."""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

from tests.docs.blocks import ROOT
from tests.support.analysed import write_dataset

NOTEBOOK = ROOT / "docs" / "analysis.ipynb"
_DPI = 72


def read() -> dict[str, Any]:
    """Return the notebook as it is committed."""
    found: dict[str, Any] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return found


def run(notebook: dict[str, Any], folder: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield what each cell of code shows, in order: its last expression, then its pictures. An error of a cell is raised."""
    mpl.use("Agg")
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.chdir(folder):
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                yield [*_shown("".join(cell["source"]), names), *_pictures()]


def _shown(source: str, names: dict[str, Any]) -> Iterator[dict[str, Any]]:
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "cell", "exec"), names)  # noqa: S102 # the cells are of this repository
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307 # likewise
        if value is not None and not source.rstrip().endswith(";"):
            yield {"data": {"text/plain": _lines(repr(value))}, "metadata": {}, "output_type": "display_data"}


def _pictures() -> Iterator[dict[str, Any]]:
    for number in plt.get_fignums():
        picture = io.BytesIO()
        plt.figure(number).savefig(picture, format="png", dpi=_DPI, metadata={"Software": None})
        data = base64.b64encode(picture.getvalue()).decode()
        yield {"data": {"image/png": data}, "metadata": {}, "output_type": "display_data"}
    plt.close("all")


def _lines(text: str) -> list[str]:
    """The text as notebooks have it: lines with their ends, without blanks before these."""
    return "\n".join(line.rstrip() for line in text.splitlines()).splitlines(keepends=True)


def main() -> None:
    notebook = read()
    with tempfile.TemporaryDirectory(prefix="footfall-notebook.") as name:
        write_dataset(Path(name))
        outputs = run(notebook, Path(name))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = next(outputs)
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
    temporary = NOTEBOOK.with_suffix(".new")
    temporary.write_text(f"{text}\n", encoding="utf-8")
    temporary.replace(NOTEBOOK)


if __name__ == "__main__":
    main()
