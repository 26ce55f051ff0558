"""Profiles that tests write into folders of their own, as a user would."""

from __future__ import annotations

from pathlib import Path
from typing import Final

COUNTED: Final = """\
name = "{name}"
title = "A counter of our own"
identifier_type = "none"
identifier_class = "nobody"
"""
HALL: Final = COUNTED.format(name="hall")


def write(folder: Path, name: str, text: str) -> Path:
    """The file of a profile; the folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path
