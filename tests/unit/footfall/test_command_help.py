"""The help of a command, out of source that is never imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.command_help import help_in_source

SOURCE = '''
raise RuntimeError("it was imported")
HELP: Final = "Held by a constant."
app = typer.Typer(help="Held by the app.")
named = typer.Typer(help=HELP)
called = typer.Typer()
made = typer.Typer(help=f"{HELP} and more")
bare = typer.Typer()


def command() -> None:
    """Do one thing.

    At length.
    """


@called.callback()
def _called() -> None:
    """Do several things."""


def silent() -> None:
    pass
'''


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "commands_of_a_test.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("command", "Do one thing.\n\nAt length."),
        ("app", "Held by the app."),
        ("named", "Held by a constant."),
        ("called", "Do several things."),
        ("made", None),
        ("bare", None),
        ("silent", None),
        ("nowhere", None),
    ],
)
def test_the_help_is_that_of_the_source(name: str, text: str | None) -> None:
    assert help_in_source("commands_of_a_test", name) == text


@pytest.mark.parametrize("module", ["no_such_module", "no_such_package.module", "sys"])
def test_what_has_no_source_has_no_help(module: str) -> None:
    assert help_in_source(module, "command") is None
