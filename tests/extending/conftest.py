"""A copy of the product for each test, and a gateway that runs from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from simulators.parts.broker import EmbeddedBroker
from tests.extending.document import Copy
from tests.support.running_gateway import Place


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "product")


@pytest.fixture
def gateway(copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Place]]:
    """A function that configures a gateway of the copy in a folder, for `with`; the broker runs until the test is over."""
    for name, value in copy.environment.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker(tmp_path))

        def place(**settings: Any) -> Place:
            return Place(tmp_path / "place", broker, **settings)

        yield place
