"""The two trees that are compared: the present one, and a commit unpacked beside it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.machine import MEASURED, pinned
from benchmarks.results import Failed
from footfall.errors import ConfigError

HERE: Final = Path(__file__).resolve().parents[2]
CHILD: Final = Path(__file__).with_name("child.py")
LIMIT_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds of one run, in all and by stage; `digest` is lines and their hash by measurement."""

    cpu_s: float
    stages_s: Mapping[str, float]
    digest: Mapping[str, tuple[int, str]]
    receipts: int


def commit_of(name: str) -> str:
    """Return the full id of a commit. Raise ConfigError if there is none of that name."""
    found = subprocess.run(["git", "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"], cwd=HERE, capture_output=True, text=True)
    if found.returncode:
        raise ConfigError(f"BASE={name}: no such commit")
    return found.stdout.strip()


def default_base() -> str:
    """Return the last release's tag, else the commit before this one."""
    found = subprocess.run(["git", "describe", "--tags", "--abbrev=0", "HEAD~"], cwd=HERE, capture_output=True, text=True)
    return found.stdout.strip() if found.returncode == 0 else "HEAD~"


@contextmanager
def unpacked(commit: str) -> Iterator[Path]:
    """Unpack the files of a commit into a temporary folder, which is removed afterwards."""
    archive = subprocess.run(["git", "archive", "--format=tar", commit], cwd=HERE, capture_output=True, check=True).stdout
    with TemporaryDirectory(prefix="footfall-base.") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        yield Path(folder)


def measure(tree: Path, source: Path) -> Measured:
    """Run one input through one tree in a process of its own. Raise Failed with the end of its error output."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": ""}
    command = pinned(MEASURED, [sys.executable, "-P", str(CHILD), str(tree), str(source)])
    try:
        done = subprocess.run(command, env=environment, cwd=tree, capture_output=True, text=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        raise Failed(f"{tree}: not done within {LIMIT_S:.0f} s") from None
    if done.returncode:
        raise Failed(f"{tree}: {done.stderr[-1500:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    digest = {name: (count, text) for name, (count, text) in found["digest"].items()}
    return Measured(found["cpu_s"], found["stages_s"], digest, found["receipts"])
