"""The `footfall` command. Sub-commands come from the entry points `footfall.commands`, so the kernel imports no other package.

An entry point names a `typer.Typer` (a group) or a function (a command). One whose extra is not installed stays listed, and
names the extra to install when it is called.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Final

import typer

from footfall import __version__
from footfall.errors import FootfallError

EXTRA_OF: Final = {"edge_agent": "edge", "gateway": "gateway", "serve": "gateway", "simulators": "simulators", "device_profiles": "edge"}
EXIT_CONFIG: Final = FootfallError.exit_code


def main() -> None:
    """Run the command line; planned errors end in one clear line and their exit code, never in a traceback."""
    try:
        with _light_loading():
            application = build(sys.argv[1] if len(sys.argv) > 1 else "")
        application()
    except FootfallError as error:
        _print_error(error)
        sys.exit(error.exit_code)


@contextmanager
def _light_loading() -> Iterator[None]:
    """Load modules without what costs a third of a start's CPU: the collector of cycles, and a thread of OpenBLAS for each core.

    What modules make stays until the end, so the collector never looks at it again. No command multiplies matrices.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _print_error(error: FootfallError) -> None:
    from rich.console import Console  # only now: most starts print no error, and the import is a twentieth of their CPU
    from rich.markup import escape

    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]footfall:[/] {escape(str(error))}")


def build(asked: str = "") -> typer.Typer:
    """Return the application with all sub-commands of the installed packages, or with `asked` alone if one has that name.

    So an agent's process does not load the gateway.
    """
    app = typer.Typer(
        name="footfall",
        help="Foot traffic from in-store sensors to time series, nothing lost and nothing counted twice.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_options)
    points = sorted(entry_points(group="footfall.commands"), key=lambda point: point.name)
    for point in [point for point in points if point.name == asked] or points:
        _add(app, point)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"footfall {__version__}, Python {platform.python_version()}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(False, "--version", help="Print the version and exit.", is_eager=True, callback=_version),
) -> None:
    """Handle options before the sub-command."""


def _add(app: typer.Typer, point: EntryPoint) -> None:
    try:
        command = point.load()
    except ModuleNotFoundError as error:
        command = _missing(point, error)
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=point.name)
    else:
        app.command(name=point.name)(command)


def _missing(point: EntryPoint, error: ModuleNotFoundError) -> Callable[[], None]:
    from rich.markup import escape

    extra = EXTRA_OF.get(point.module.partition(".")[0], "gateway")

    def command() -> None:
        typer.echo(f"footfall {point.name}: {error.name} is not installed: pip install 'footfall[{extra}]'", err=True)
        raise typer.Exit(EXIT_CONFIG)

    command.__doc__ = escape(f"Not installed: pip install 'footfall[{extra}]'.")
    return command
