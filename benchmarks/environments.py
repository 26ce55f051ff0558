"""Peers in Python, each installed on demand into an environment of its own: for the benchmark alone, never beside the product."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.results import Failed
from simulators.parts.influxdb import cache_folder

INSTALL_S: Final = 300.0


def interpreter(name: str, requirements: tuple[str, ...]) -> Path:
    """The interpreter of an environment that has `requirements`; made once. Failed: they do not install."""
    folder = cache_folder() / f"peer-{name}"
    python, ready = folder / "bin" / "python", folder / "installed"
    wanted = "\n".join(requirements)
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        _run(str(python), "-m", "pip", "install", "-q", *requirements)
        ready.write_text(wanted, encoding="utf-8")
    return python


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_S)
    except (subprocess.SubprocessError, OSError) as error:
        raise Failed(f"{' '.join(command[1:])}: {error}") from None
