"""The `footfall` command. Sub-commands come from the entry points `footfall.commands`, so the kernel imports no other package.

An entry point names a `typer.Typer` (a group) or a function (a command). It is imported when it is used: a list of all shows what
their sources have. One whose extra is not installed stays listed, and names the extra to install when it is called.
"""

from __future__ import annotations

import gc
import logging
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from footfall import __version__
from footfall.command_help import help_in_source
from footfall.errors import FootfallError
from footfall.logs import logs_json

EXTRA_OF: Final = {"edge_agent": "edge", "gateway": "gateway", "serve": "gateway", "simulators": "simulators", "device_profiles": "edge"}
_COMES_WITH: Final = {"edge": ("bleak",), "gateway": ("influxdb_client",), "simulators": ("bleak", "influxdb_client")}
"""Modules that are there if an extra is installed."""
_TAKES_ANYTHING: Final = {"ignore_unknown_options": True, "allow_extra_args": True}
"""A command that is not installed knows none of its options, and must not call them mistakes."""
EXIT_CONFIG: Final = FootfallError.exit_code


def main() -> None:
    """Run the command line; planned errors end in one clear line and their exit code, never in a traceback."""
    try:
        with _light_loading():
            application: Any = typer.main.get_command(build())
            application.commands.get(sys.argv[1] if len(sys.argv) > 1 else "")
        application()
    except FootfallError as error:
        _print_error(error)
        sys.exit(error.exit_code)


@contextmanager
def _light_loading() -> Iterator[None]:
    """Load modules without what costs a third of a start's CPU: the collector of cycles, a thread of OpenBLAS for each core, and a search
    for plugins of pydantic in all that is installed.

    What modules make stays until the end, so the collector never looks at it again. No command multiplies matrices, and no plugin of
    others is to see settings and events.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _print_error(error: FootfallError) -> None:
    if logs_json():
        logging.getLogger("footfall").error("%s", error)
        return
    from rich.console import Console  # only now: most starts print no error, and the import is a twentieth of their CPU
    from rich.markup import escape

    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]footfall:[/] {escape(str(error))}")


def build() -> typer.Typer:
    """Return the application with the sub-commands of all installed packages."""
    app = typer.Typer(
        name="footfall",
        help="Foot traffic from in-store sensors to time series, nothing lost and nothing counted twice.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        cls=CommandGroup,
    )
    app.callback()(_options)
    return app


class CommandGroup(TyperGroup):
    """Its commands are imported when they are used, so that an agent's process does not load the gateway."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        points = sorted(entry_points(group="footfall.commands"), key=lambda point: point.name)
        self._points: Final = {point.name: point for point in points}
        self.commands = LazyCommands(self._points)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        with self._described():
            super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        with self._described():
            return super().shell_complete(ctx, incomplete)

    @contextmanager
    def _described(self) -> Iterator[None]:
        """Inside, the commands have a name and a help, and nothing else."""
        commands = self.commands
        self.commands = {name: _description(point) for name, point in self._points.items()}
        try:
            yield
        finally:
            self.commands = commands


class LazyCommands(MutableMapping[str, Any]):
    """Commands by their names, each imported when it is looked up."""

    def __init__(self, points: Mapping[str, EntryPoint]) -> None:
        self._points = dict(points)
        self._loaded: Final[dict[str, Any]] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _loaded(self._points[name])
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._points[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)


def _loaded(point: EntryPoint) -> Any:
    holder = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode="rich")
    _add(holder, point)
    return typer.main.get_group(holder).commands[point.name]


def _description(point: EntryPoint) -> Any:
    """A command of that name and help. Where an extra is missing, its import shows whether the command needs it."""
    extra = EXTRA_OF.get(point.module.partition(".")[0], "")
    is_installed = all(find_spec(module) for module in _COMES_WITH.get(extra, ()))
    text = help_in_source(point.module, point.attr) if is_installed else None
    return TyperCommand(point.name, help=text) if text else _loaded(point)


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
        app.command(name=point.name, context_settings=_TAKES_ANYTHING)(_missing(point, error))
        return
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
