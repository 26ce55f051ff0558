"""The command line as its users meet it: other processes, and whole packages that are missing."""

from __future__ import annotations

import inspect
import os
import platform
import subprocess
import sys
from contextlib import closing
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from footfall import __version__
from footfall.cli import EXIT_CONFIG, EXTRA_OF, _add, build
from footfall.command_help import help_in_source
from gateway.cli.query import query
from gateway.points import SCHEMA, from_rows
from gateway.query.options import OF_LEDGER
from gateway.query.questions import QUESTIONS
from gateway.sinks.sqlite.sink import SQLite
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


def test_the_help_lists_every_question() -> None:
    assert query.__doc__ is not None
    listed = " ".join(query.__doc__.partition(":")[2].partition(".")[0].split()).split(", ")
    assert sorted(listed) == sorted([*QUESTIONS, *OF_LEDGER])


PACKAGES_OF_OURS = set(EXTRA_OF)
HEAVY = {"numpy", "pydantic", "msgpack", "matplotlib", "paho", "urllib3", "asyncio"}


def loaded_after(*arguments: str) -> set[str]:
    """The modules that a start has imported when it ends, but for packages that hold nothing."""
    code = "import atexit, sys\natexit.register(lambda: print(*(n for n, m in sys.modules.items() if getattr(m, '__doc__', None))))"
    code += "\nfrom footfall.cli import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )  # fmt: skip
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], []])
def test_what_uses_no_command_imports_none(arguments: list[str]) -> None:
    loaded = loaded_after(*arguments)
    assert "footfall.cli" in loaded
    assert {name for name in loaded if name.partition(".")[0] in PACKAGES_OF_OURS and "." in name} == set()
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()


def test_the_version_imports_nothing_that_draws() -> None:
    assert not any(name.partition(".")[0] == "rich" for name in loaded_after("--version"))


def test_a_query_of_a_file_loads_no_settings_no_profiles_and_nothing_that_draws(tmp_path: Path) -> None:
    with closing(SQLite(tmp_path / "footfall.db")) as sink:
        sink.write([from_rows("traffic", [(0, "s1", *[0] * len(SCHEMA["traffic"].fields))])])
    loaded = loaded_after("query", "traffic", "--db", str(tmp_path / "footfall.db"), "--format", "csv")
    assert "gateway.query.questions" in loaded
    assert (
        not {
            "device_profiles.profile",
            "gateway.config",
            "gateway.site.site",
            "footfall.events",
            "gateway.query.compare_answer",
            "gateway.query.explain",
            "gateway.query.show_table",
            "rich.console",
            "rich.progress",
            "matplotlib",
            "influxdb_client",
            "urllib3",
        }
        & loaded
    )


def test_a_command_imports_no_other() -> None:
    loaded = loaded_after("clock", "--help")
    assert "gateway.cli.clock" in loaded
    assert not {"gateway.cli.query", "edge_agent.command", "simulators.command"} & loaded


@pytest.mark.parametrize("point", entry_points(group="footfall.commands"), ids=lambda point: point.name)
def test_the_list_has_the_first_paragraph_of_each_command_s_help(point: EntryPoint) -> None:
    read = help_in_source(point.module, point.attr)
    command = typer.main.get_command(build()).commands[point.name]  # type: ignore[attr-defined] # it is a group
    assert read is not None
    assert read.split("\n\n")[0] == command.help.split("\n\n")[0]


def test_the_help_of_query_has_its_examples_after_what_it_does() -> None:
    from gateway.cli.query import query
    from gateway.cli.query_options import EXAMPLES

    first, *others = (typer.main.get_command(build()).commands["query"].help or "").split("\n\n")  # type: ignore[attr-defined] # it is a group
    assert first == inspect.cleandoc(query.__doc__ or "").split("\n\n")[0]
    assert "\n\n".join(others) == EXAMPLES.strip()


def test_a_command_that_cannot_be_imported_is_listed_with_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = [EntryPoint("other", "edge_agent.no_such_module:command", "footfall.commands")]
    monkeypatch.setattr("footfall.cli.entry_points", lambda group: missing)
    assert "pip install 'footfall[edge]'" in CliRunner().invoke(build(), ["--help"]).output


def test_where_an_extra_is_missing_the_list_imports_its_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only then it shows whether a command needs what is missing."""
    monkeypatch.setattr("footfall.cli.find_spec", lambda module: None if module == "bleak" else object())
    needs_it = [EntryPoint("scan", "edge_agent.scan_command:no_such_command", "footfall.commands")]
    monkeypatch.setattr("footfall.cli.entry_points", lambda group: needs_it)
    with pytest.raises(AttributeError, match="no_such_command"):
        CliRunner().invoke(build(), ["--help"], catch_exceptions=False)


def test_the_shell_completes_commands_and_their_options() -> None:
    def completed(words: str, at: int) -> list[str]:
        environment = os.environ | {"_FOOTFALL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(at)}
        code = "import sys; sys.argv[0] = 'footfall'; from footfall.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=environment
        )
        return done.stdout.split()

    assert completed("footfall q", 1) == ["quarantine", "query"]
    assert "--store" in completed("footfall query --st", 2)


def test_a_mistyped_command_is_met_with_the_right_one() -> None:
    done = CliRunner().invoke(build(), ["quary"])
    assert done.exit_code == EXIT_CONFIG
    assert "Did you mean 'query'?" in done.output


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
    for arguments in ([], ["list", "--config", "gateway.toml", "-x"]):
        done = CliRunner().invoke(app, ["other", *arguments])
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
