"""The table in the document: it stands between two marks, and is replaced as a whole."""

from __future__ import annotations

import re
from typing import Final

DOCUMENT: Final = "docs/architecture.md"
_BEGIN: Final = "<!-- house: `make house WRITE=1` writes this table -->\n"
_END: Final = "<!-- /house -->\n"
_BLOCK: Final = re.compile(re.escape(_BEGIN) + r"(.*?)" + re.escape(_END), re.DOTALL)


def written(text: str, table: str) -> str:
    """Return the document with this table between its marks. Raise ValueError if it has no marks."""
    if not _BLOCK.search(text):
        raise ValueError(f"{DOCUMENT} has no marks {_BEGIN.strip()!r} and {_END.strip()!r}")
    return _BLOCK.sub(lambda _: f"{_BEGIN}\n{table}\n{_END}", text)


def documented(text: str) -> dict[str, tuple[str, ...]]:
    """Return the cells of each row behind its name: before, now, target, reached."""
    found = _BLOCK.search(text)
    lines = [] if found is None else [line for line in found[1].splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return {row[0]: tuple(row[1:]) for row in cells}
