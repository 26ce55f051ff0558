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

ROOT = Path(__file__).parent.parent
PACKAGES = {"footfall", "device_profiles", "edge_agent", "gateway", "serve", "simulators"}
LIST = """
from importlib.metadata import entry_points
print(*sorted(point.name for point in entry_points(group="footfall.commands")))
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="footfall-wheel.") as name:
        folder = Path(name)
        wheel = build(folder / "dist")
        look_into(wheel)
        binaries = folder / "venv" / "bin"
        venv.create(folder / "venv", with_pip=True)
        say("without extras: every sub-command starts, or names the extra it needs")
        install(binaries, str(wheel))
        commands = run(folder, binaries / "python", "-c", LIST).stdout.split()
        for command in commands:
            run(folder, binaries / "footfall", command, "--help")
        say("with all extras")
        install(binaries, f"{wheel}[simulators]")
        for command in commands:
            shown = run(folder, binaries / "footfall", command, "--help").stdout
            assert "Not installed" not in shown, f"footfall {command}: {shown}"
        for old in (ROOT / "dist").glob("footfall-*.whl"):
            old.unlink()
        (ROOT / "dist").mkdir(exist_ok=True)
        shutil.copy(wheel, ROOT / "dist")
        say(f"dist/{wheel.name}: {len(commands)} sub-commands: {' '.join(commands)}")


def build(dist: Path) -> Path:
    """By way of the source distribution, so that nothing left over from earlier builds gets in."""
    say("building")
    run(ROOT, sys.executable, "-m", "build", "--outdir", dist, ROOT)
    (wheel,) = dist.glob("*.whl")
    return wheel


def look_into(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    inside = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert inside == PACKAGES, f"the wheel holds {sorted(inside)}, and should hold {sorted(PACKAGES)}"
    tracked = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    missing = {name for name in tracked if not name.endswith(".md")} - set(names)
    assert not missing, f"the wheel lacks {sorted(missing)}: see package-data in pyproject.toml"


def install(binaries: Path, what: str) -> None:
    subprocess.run([binaries / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", what], check=True)


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done


def say(text: str) -> None:
    sys.stdout.write(f"wheel: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
