"""A page of the documents as somebody follows it who knows nothing else: its files are written, its commands are run in a folder.

A fence is a file if the text between it and the fence before names one, such as `columns.toml`; the last name counts.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from tests.docs.blocks import ROOT

_FENCE: Final = re.compile(r"^```([^\n`]*)\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)
_NAMED: Final = re.compile(r"`([a-z0-9-]+\.(?:csv|toml|json|py|js))`")
_LIMIT_S: Final = 120
_FILES: Final = {"csv", "toml", "json", "python", "js"}


class Step(NamedTuple):
    """One fence. `file`: the name under which it is written; "": it is none. `output`: what the command before it prints."""

    tag: str
    file: str
    text: str
    output: str | None


def steps(page: str) -> list[Step]:
    """Return the fences of a page in `docs`, in order; outputs are with their commands."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found: list[Step] = []
    end = 0
    for match in _FENCE.finditer(text):
        tag, body, names = match[1].strip(), match[2], _NAMED.findall(text[end : match.start()])
        end = match.end()
        if tag == "output":
            found[-1] = found[-1]._replace(output=body)
            continue
        file = names[-1] if names and tag.partition(" ")[0] in _FILES else ""
        found.append(Step(tag, file, body, None))
    return found


def run(text: str, folder: Path, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a block of shell in a folder, with this environment's `footfall` and `python`."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    merged = os.environ | (environment or {}) | {"PATH": path, "NO_COLOR": "1", "COLUMNS": "100"}
    return subprocess.run(
        ["bash", "-uo", "pipefail", "-c", text], cwd=folder, env=merged, capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
