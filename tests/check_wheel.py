"""Build the wheel, look into it, run every sub-command from it in a fresh environment elsewhere, and leave it in `dist/`.

python -m tests.check_wheel
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

from tests.support.source_copy import ROOT, copied_source, tracked

PACKAGES = {"footfall", "device_profiles", "edge_agent", "gateway", "serve", "simulators"}
HELPS = """
import sys
from importlib.metadata import entry_points
from footfall.cli import main
for name in sorted(point.name for point in entry_points(group="footfall.commands")):
    sys.argv = ["footfall", name, "--help"]
    try:
        main()
    except SystemExit as end:
        assert not end.code, f"footfall {name} --help ended with {end.code}"
    print("shown:", name)
"""
"""In one process: a process for each would import the same packages for each."""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="footfall-wheel.") as name:
        folder = Path(name)
        wheel = build(copied_source(folder / "source"), folder / "dist")
        look_into(wheel)
        binaries = folder / "venv" / "bin"
        venv.create(folder / "venv", with_pip=True)
        say("without extras: every sub-command starts, or names the extra it needs")
        install(binaries, str(wheel))
        commands = sub_commands(run(folder, binaries / "python", "-c", HELPS).stdout)
        assert commands
        run(folder, binaries / "footfall", "--help")
        say("with all extras")
        install(binaries, f"{wheel}[simulators]")
        shown = run(folder, binaries / "python", "-c", HELPS).stdout
        assert "Not installed" not in shown, shown
        assert sub_commands(shown) == commands
        for old in (ROOT / "dist").glob("footfall-*.whl"):
            old.unlink()
        (ROOT / "dist").mkdir(exist_ok=True)
        shutil.copy(wheel, ROOT / "dist")
        say(f"dist/{wheel.name}: {len(commands)} sub-commands: {' '.join(commands)}")


def build(source: Path, dist: Path) -> Path:
    """By way of the source distribution, as for a release. From a copy: entry points in the repository are read by tests meanwhile."""
    say("building")
    run(source, sys.executable, "-m", "build", "--outdir", dist, source)
    (wheel,) = dist.glob("*.whl")
    return wheel


def look_into(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    inside = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert inside == PACKAGES, f"the wheel holds {sorted(inside)}, and should hold {sorted(PACKAGES)}"
    missing = {name for name in tracked(*PACKAGES) if not name.endswith(".md")} - set(names)
    assert not missing, f"the wheel lacks {sorted(missing)}: see package-data in pyproject.toml"


def sub_commands(shown: str) -> list[str]:
    """Return those of which HELPS showed the help."""
    return [line.removeprefix("shown: ") for line in shown.splitlines() if line.startswith("shown: ")]


def install(binaries: Path, what: str) -> None:
    """Install it with what it needs. Modules are compiled when they are imported, which few are."""
    subprocess.run([binaries / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile", what], check=True)


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done


def say(text: str) -> None:
    sys.stdout.write(f"wheel: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
