"""Which files a chart is written to. Nothing here imports what draws, so that a mistake is reported before anything is read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from footfall.errors import ConfigError

KINDS: Final = (".png", ".svg", ".pdf")


def check_chart_file(path: Path) -> None:
    """Raise ConfigError, with names that work, unless the file ends in one of KINDS and its folder is there."""
    if path.suffix.lower() not in KINDS:
        able = " or ".join(f"{path.stem}{kind}" for kind in KINDS)
        raise ConfigError(f"{path}: a chart is a file that ends in {', '.join(KINDS)}: write {able}")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent} to draw into: make it, or name another one")
