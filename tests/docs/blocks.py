"""The fenced blocks of the documents, and which of them a test can run.

```sh               a shell block that runs offline, in a folder with footfall.db, site.toml and gateway.toml
```sh influxdb      it asks an InfluxDB 2.x, for which the document writes http://localhost:8086
```sh api           it asks a `footfall serve`, for which the document writes http://127.0.0.1:8090
```sh gateway       a known marker of NOT_RUN: the block is listed in not_run.txt, and only its commands and options are checked
```sql, ```sql ledger, ```influxql, ```flux, ```python      run against the data set of dataset.py
```output           what the block before it must print, exactly; numbers are rounded to 4 digits, tables are CSV
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
NOT_RUN: Final = {
    "gateway": "needs a running gateway",
    "agent": "needs a running agent",
    "serve": "needs a running gateway",
    "install": "installs software",
    "root": "needs root",
    "long": "takes a minute or more; run by its own test or by hand",
}
RUN: Final = {"sh", "sh api", "sh influxdb", "sql", "sql ledger", "influxql", "flux", "python"}
READ: Final = {
    "",
    "text",
    "output",
    "json",
    "toml",
    "mermaid",
    "promql",
    "ini",
    "conf",
    "http",
    "nginx",
    "yaml",
    "csv",
    "diff",
    "python sending",
}
"""Blocks to be read, not run. Those of docs/extending.md are run by tests/extending, of docs/sending.md by tests/integration."""
_FENCE: Final = re.compile(r"^ {0,3}```([^\n`]*)\n(.*?)^ {0,3}```[ ]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """`tag`: the words behind the fence. `output`: what must be printed, if the document shows it."""

    path: str
    line: int
    tag: str
    text: str
    output: str | None

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.tag}".replace(" ", "-")

    @property
    def why_not_run(self) -> str | None:
        language, _, marker = self.tag.partition(" ")
        return NOT_RUN.get(marker) if language == "sh" else None


def documents() -> list[Path]:
    return [path for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))) if path.is_file()]


def blocks() -> list[Block]:
    """Every block of every document, in order."""
    return [block for path in documents() for block in extract(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())]


def extract(text: str, path: str) -> list[Block]:
    found = [(match[1].strip(), match[2], text.count("\n", 0, match.start()) + 1) for match in _FENCE.finditer(text)]
    following = [*found[1:], ("", "", 0)]
    return [
        Block(path, line, tag, body, after[1] if after[0] == "output" else None)
        for (tag, body, line), after in zip(found, following, strict=False)
        if tag != "output"
    ]
