"""The figures as a table, for a terminal and for the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tools.house.figures import FIGURES, WALKED, Counted

RELEASE: Final = "6c2b348"
"""Before the house was made."""
_HEADINGS: Final = ("what", "now", "target", "reached")


class Row(NamedTuple):
    """`target` and `reached` are empty where there is no target."""

    what: str
    before: str
    now: str
    target: str
    reached: str


def before_of() -> dict[str, int]:
    """Return the figures kept of RELEASE."""
    return {figure.what: figure.before for figure in (*FIGURES, *WALKED)}


def rows(before: Mapping[str, int], now: Mapping[str, Counted]) -> list[Row]:
    """Return a row for each figure, in order; one that a tree does not have is "-"."""
    table = []
    for figure in FIGURES:
        value, target = now[figure.what].value, "" if figure.most is None else _target(figure.most)
        table.append(Row(figure.what, _number(before, figure.what), str(value), target, figure.state(value)))
    for walked in WALKED:
        if walked.what in now:
            value = now[walked.what].value
            table.append(Row(walked.what, _number(before, walked.what), str(value), f"< {walked.before}", walked.state(value)))
    return table


def as_text(table: Sequence[Row], base: str) -> str:
    """Return the table in columns, without a line feed at its end."""
    lines = [("what", base[:12], *_HEADINGS[1:]), *table]
    widths = [max(len(line[k]) for line in lines) for k in range(4)]
    return "\n".join(
        f"{line[0]:<{widths[0]}}  {line[1]:>{widths[1]}}  {line[2]:>{widths[2]}}  {line[3]:>{widths[3]}}  {line[4]}".rstrip()
        for line in lines
    )


def as_markdown(table: Sequence[Row]) -> str:
    """Return the table in Markdown, with a line feed at its end."""
    lines = [("what", RELEASE, *_HEADINGS[1:]), ("---",) * 5, *table]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _number(values: Mapping[str, int], what: str) -> str:
    return str(values[what]) if what in values else "-"


def _target(most: int) -> str:
    return f"≤ {most}" if most else "0"
