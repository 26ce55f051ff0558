"""What is deployed beside the wheel: systemd's units as systemd reads them, and what the build of an image can see."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from simulators.parts.programs import FOOTFALL
from tests.support.real_parts import REPOSITORY, missing

UNITS = sorted((REPOSITORY / "deploy" / "systemd").glob("*.service"))


@pytest.fixture
def analyze() -> str:
    return shutil.which("systemd-analyze") or missing("systemd-analyze is missing: apt-get install systemd, or make parts")


def verified(analyze: str, folder: Path, name: str, text: str) -> str:
    """What systemd finds wrong in a unit; the commands are those of this environment."""
    unit = folder / name
    unit.write_text(text.replace("/opt/footfall/bin/footfall", FOOTFALL))
    done = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    return done.stderr if done.returncode or done.stderr else ""


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_nothing_wrong_in_a_unit(analyze: str, unit: Path, tmp_path: Path) -> None:
    text = unit.read_text()
    assert not verified(analyze, tmp_path, unit.name, text)
    assert "'ProtectHomes'" in verified(analyze, tmp_path, unit.name, text.replace("ProtectHome=", "ProtectHomes="))


@pytest.mark.parametrize("unit", [unit for unit in UNITS if "serve" not in unit.stem], ids=lambda unit: unit.stem)
def test_a_reload_asks_the_process_and_then_names_what_is_wrong(unit: Path) -> None:
    reload = re.findall(r"^ExecReload=(.*)$", unit.read_text(), re.MULTILINE)
    assert reload[0] == "/bin/kill -HUP $MAINPID", "also a reload that fails is seen by the process, whose status names it"
    assert len(reload) == 2


def is_seen_by_a_build(path: str) -> bool:
    """By the rules of .dockerignore: the last line that fits decides, and a folder that is left out takes its contents with it."""
    parts = path.split("/")
    seen = True
    for depth in range(1, len(parts) + 1):
        here = "/".join(parts[:depth])
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines():
            pattern = line.removeprefix("!")
            if line and not line.startswith("#") and fnmatch.fnmatchcase(here, pattern) and here.count("/") == pattern.count("/"):
                seen = line.startswith("!")
        if not seen:
            return False
    return True


def test_the_build_of_an_image_sees_the_wheel_and_nothing_else() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.split()
    secret = [
        ".env",
        "deploy/compose/.env",
        ".git/config",
        "demo/brand.secret",
        "state/journal.db",
        "dist/keys.toml",
        "dist/x/footfall-1.whl",
    ]
    assert [path for path in (*tracked, *secret) if is_seen_by_a_build(path)] == []
    assert is_seen_by_a_build("dist/footfall-0.1.0-py3-none-any.whl")


def test_an_image_copies_nothing_but_the_wheel_and_does_not_run_as_root() -> None:
    text = (REPOSITORY / "deploy" / "compose" / "Dockerfile").read_text()
    lines = re.sub(r"\\\n", " ", text).splitlines()
    assert not [line for line in lines if re.match(r"(COPY|ADD)\b", line)]
    assert re.search(r"--mount=type=bind,source=dist,target=/dist\s+pip install .*/dist/footfall-\*\.whl", "\n".join(lines))
    assert "USER footfall" in lines
