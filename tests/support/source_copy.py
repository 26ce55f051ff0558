"""The source elsewhere, as it is and without what git does not know: to build it leaves nothing behind where other tests read it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_NOT_BUILT: Final = ("tests/", "docs/", "benchmarks/")


def tracked(*under: str) -> list[str]:
    """Return the paths that git knows and that are there, of all or under some folders, from the root."""
    listed = subprocess.run(["git", "ls-files", "-z", *under], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for path in listed.split("\0") if (ROOT / path).is_file()]


def copied_source(folder: Path) -> Path:
    """Write into `folder` all of which a wheel is made. Return it."""
    for path in tracked():
        if not path.startswith(_NOT_BUILT):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    return folder
