"""Print the figures of the house: `make house`, `make house BASE=COMMIT`, `make house WRITE=1`."""

from __future__ import annotations

import argparse
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tools.house.document import DOCUMENT, written
from tools.house.figures import FIGURES, Counted, counted, followed
from tools.house.table import RELEASE, Row, as_markdown, as_text, before_of, rows
from tools.house.tree import Tree
from tools.house.walk import walk

ROOT: Final = Path(__file__).parents[2]


def main() -> None:
    """Print the table; with `--write` put it into docs/architecture.md too."""
    parser = argparse.ArgumentParser(prog="python -m tools.house", description="Count how the source tree is laid out.")
    parser.add_argument("--base", metavar="COMMIT", help="count this commit as well, instead of the figures kept of the start")
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT}")
    parser.add_argument("--places", action="store_true", help="print what was counted, where a target is not reached")
    parser.add_argument("--no-walk", action="store_true", help="leave out the two figures that take a running gateway (10 s)")
    arguments = parser.parse_args()
    now = _figures(ROOT, not arguments.no_walk)
    if arguments.base:
        with _checked_out(arguments.base) as folder:
            before: Mapping[str, int] = {what: found.value for what, found in _figures(folder, not arguments.no_walk).items()}
    else:
        before = before_of()
    table = rows(before, now)
    print(as_text(table, arguments.base or RELEASE))
    if arguments.places:
        _print_places(table, now)
    if arguments.write:
        path = ROOT / DOCUMENT
        path.write_text(written(path.read_text(encoding="utf-8"), as_markdown(rows(before_of(), now))), encoding="utf-8")


def _figures(root: Path, with_walk: bool) -> dict[str, Counted]:
    found = counted(Tree(root))
    if with_walk:
        found |= followed(walk(root))
    return found


def _print_places(table: list[Row], now: Mapping[str, Counted]) -> None:
    missed = {figure.what for figure in FIGURES} & {row.what for row in table if row.reached.startswith("no")}
    for what in sorted(missed):
        print(f"\n{what}:", *now[what].places, sep="\n  ")


@contextmanager
def _checked_out(commit: str) -> Iterator[Path]:
    """The tree of a commit in a temporary folder."""
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory(prefix="footfall-house.") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        yield Path(folder)


if __name__ == "__main__":
    main()
