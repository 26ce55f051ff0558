"""The command line as its users meet it: other processes, and whole packages that are missing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points

import pytest
import typer
from typer.testing import CliRunner

from footfall import __version__
from footfall.cli import EXIT_CONFIG, EXTRA_OF, _add, build
from tests.support.waiting import PATIENCE_S

COMMANDS = sorted(point.name for point in entry_points(group="footfall.commands"))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from footfall.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_the_version_names_the_release_and_python() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"footfall {__version__}, Python {platform.python_version()}\n")


def test_the_help_lists_every_command() -> None:
    done = CliRunner().invoke(build(), ["--help"])
    assert done.exit_code == 0
    assert len(COMMANDS) >= 10
    assert all(f" {name} " in done.output for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_has_help(name: str) -> None:
    done = CliRunner().invoke(build(), [name, "--help"])
    assert done.exit_code == 0, done.output
    assert "Not installed" not in done.output


def test_an_error_that_was_planned_is_one_clear_line_and_exit_code_2() -> None:
    done = run("config", "check", "there-is-no-such.toml")
    assert done.returncode == EXIT_CONFIG
    assert "there is no such file" in done.stdout
    done = run("quarantine", "list", "--config", "a[b].toml")
    assert (done.returncode, done.stderr.strip()) == (EXIT_CONFIG, "footfall: a[b].toml: there is no such file")


@pytest.mark.parametrize("package", sorted(EXTRA_OF))
def test_a_command_whose_extra_is_missing_names_it(package: str) -> None:
    app = typer.Typer()
    app.command("one")(lambda: None)
    _add(app, EntryPoint("other", f"{package}.no_such_module:command", "footfall.commands"))
    done = CliRunner().invoke(app, ["other"])
    assert done.exit_code == EXIT_CONFIG
    assert f"pip install 'footfall[{EXTRA_OF[package]}]'" in done.output
    assert f"footfall[{EXTRA_OF[package]}]" in CliRunner().invoke(app, ["other", "--help"]).output


def test_a_start_is_light_and_the_collector_runs_afterwards() -> None:
    """What was loaded is exempt from the collector of cycles, and no library starts a thread for each core."""
    seen = "print(gc.isenabled(), gc.get_freeze_count() > 10_000, len(os.listdir('/proc/self/task')) if os.path.isdir('/proc/self') else 1)"
    code = f"import atexit, gc, os; atexit.register(lambda: {seen}); from footfall.cli import main; main()"
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    command = [sys.executable, "-c", code, "agent", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "True True 1"


def test_an_agent_s_command_loads_nothing_that_draws() -> None:
    code = "import sys, footfall.cli, edge_agent.command; print('numpy' in sys.modules, 'rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert done.stdout == "True False\n"


def test_the_kernel_imports_no_other_package_of_ours() -> None:
    modules = ", ".join(f"footfall.{name}" for name in ("cli", "config", "events", "frames", "pseudonyms", "receipts"))
    code = f"import sys, {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert not {module.partition(".")[0] for module in done.stdout.split()} & set(EXTRA_OF)
