"""The notebook runs on the documents' data set and shows what it shows as committed; its pictures are the same but for fonts."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from footfall.analysis import recipes
from tests.docs import notebook
from tests.support.analysed import write_dataset

CODE = [cell for cell in notebook.read()["cells"] if cell["cell_type"] == "code"]
ALIKE = 0.01
"""Mean difference of two pictures, of 0 to 1: another release of matplotlib may draw a letter otherwise."""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[list[dict[str, Any]]]:
    folder: Path = tmp_path_factory.mktemp("notebook")
    write_dataset(folder)
    return list(notebook.run(notebook.read(), folder))


def picture(output: dict[str, Any]) -> np.ndarray:
    found: np.ndarray = imread(io.BytesIO(base64.b64decode(output["data"]["image/png"])))
    return found


@pytest.mark.parametrize("place", range(len(CODE)), ids=[cell["id"] for cell in CODE])
def test_a_cell_shows_what_is_committed(place: int, outputs: list[list[dict[str, Any]]]) -> None:
    now, committed = outputs[place], CODE[place]["outputs"]
    assert [set(output["data"]) for output in now] == [set(output["data"]) for output in committed], "python -m tests.docs.notebook"
    for here, there in zip(now, committed, strict=True):
        if "image/png" in here["data"]:
            assert picture(here).shape == picture(there).shape
            assert float(np.abs(picture(here) - picture(there)).mean()) < ALIKE, "python -m tests.docs.notebook"
        else:
            assert here["data"] == there["data"], "python -m tests.docs.notebook"


def test_the_notebook_uses_every_recipe_and_has_pictures() -> None:
    source = "".join(line for cell in CODE for line in cell["source"])
    functions = [name for name in recipes.__all__ if name.islower() and name not in ("seasonal_naive",)]
    assert [name for name in functions if f"recipes.{name}(" not in source] == []
    assert sum("image/png" in output["data"] for cell in CODE for output in cell["outputs"]) >= 3


def test_a_cell_that_fails_is_an_error(tmp_path: Path) -> None:
    broken = {"cells": [{"cell_type": "code", "source": ["1 / 0\n"]}]}
    with pytest.raises(ZeroDivisionError):
        list(notebook.run(broken, tmp_path))


def test_the_last_expression_of_a_cell_is_shown_and_assignments_are_not(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": ["x = 2\n", "x + 1"]}, {"cell_type": "code", "source": ["y = x"]}]
    assert [[output["data"] for output in shown] for shown in notebook.run({"cells": cells}, tmp_path)] == [[{"text/plain": ["3"]}], []]
