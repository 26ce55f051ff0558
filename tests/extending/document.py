"""The edits that docs/extending.md shows, and a copy of the product to which they are applied."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCUMENT: Final = ROOT / "docs" / "extending.md"
PRODUCT: Final = ("footfall", "device_profiles", "edge_agent", "gateway", "serve")
NEW: Final = "/dev/null"
_SECTION: Final = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_DIFF: Final = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LIMIT_S: Final = 60


@dataclass(frozen=True, slots=True)
class Edit:
    """One file's hunks, each as the lines before and the lines after; a new file has one hunk with nothing before."""

    path: str
    is_new: bool
    hunks: tuple[tuple[str, str], ...]

    @property
    def added_lines(self) -> int:
        return sum(len(after.splitlines()) - len(before.splitlines()) for before, after in self.hunks)


def edits(section: str) -> list[Edit]:
    """Return the edits of a section of the document, in order. Raise KeyError if it has no such section."""
    text = {found[1]: found[2] for found in _SECTION.finditer(DOCUMENT.read_text(encoding="utf-8"))}[section]
    return [edit for block in _DIFF.finditer(text) for edit in parse(block[1])]


def parse(diff: str) -> list[Edit]:
    """Return the edits of a unified diff without line numbers."""
    found = []
    for part in re.split(r"^--- ", diff, flags=re.MULTILINE)[1:]:
        old, new, *lines = part.splitlines()
        assert new.startswith("+++ "), new
        hunks = tuple(_hunk(hunk) for hunk in "\n".join(lines).split("@@\n")[1:])
        found.append(Edit(new.removeprefix("+++ "), old == NEW, hunks))
    return found


def _hunk(text: str) -> tuple[str, str]:
    lines = text.splitlines()
    assert all(line[:1] in (" ", "+", "-", "") for line in lines), text
    before = [line[1:] for line in lines if line[:1] != "+"]
    after = [line[1:] for line in lines if line[:1] != "-"]
    return "".join(f"{line}\n" for line in before), "".join(f"{line}\n" for line in after)


class Copy:
    """The product's packages in a folder of their own. Programs started with `environment` run them, and no other."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        for package in PRODUCT:
            if (ROOT / package).is_dir():
                shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))

    @property
    def environment(self) -> dict[str, str]:
        """`PYTHONPATH` has the copy first, then what tests and emulated devices need besides."""
        return {"PYTHONPATH": f"{self.folder}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}

    def apply(self, edits: list[Edit]) -> None:
        """Make the edits. Each hunk must fit at exactly one place of its file."""
        for edit in edits:
            path = self.folder / edit.path
            assert edit.path.split("/")[0] in PRODUCT, edit.path
            assert path.exists() != edit.is_new, f"{edit.path} {'exists already' if edit.is_new else 'does not exist'}"
            text = "" if edit.is_new else path.read_text(encoding="utf-8")
            for before, after in edit.hunks:
                times = 1 if edit.is_new else text.count(before)
                assert times == 1, f"docs/extending.md: this fits {times} times into {edit.path}:\n{before}"
                text = after if edit.is_new else text.replace(before, after)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def footfall(self, *arguments: str, cwd: Path) -> str:
        """Run `footfall …` of the copy. Return what it prints; it must succeed."""
        return self._run([str(Path(sys.executable).with_name("footfall")), *arguments], cwd)

    def python(self, text: str, cwd: Path) -> str:
        """Run a program against the copy. Return what it prints; it must succeed."""
        return self._run([sys.executable, "-c", text], cwd)

    def _run(self, command: list[str], cwd: Path) -> str:
        environment = os.environ | self.environment | {"NO_COLOR": "1"}
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def product_files(edits: list[Edit]) -> set[str]:
    """Return the files of the product that the edits touch."""
    return {edit.path for edit in edits if edit.path.split("/")[0] in PRODUCT}
