"""A file of links as a table: opened, its columns found, its rows read.

with open_links(path, asked) as table:
    for each in table.read(): ...       # StatedLink or Unread
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from footfall.errors import ConfigError
from gateway.fans.columns import Columns, columns_of
from gateway.fans.link_lines import Defaults, LinkLines, StatedLink
from gateway.fans.sheet import GB18030, Sheet, Unread, open_sheet
from gateway.fans.sheet_dates import DateReader, DayOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a table is to be read, where it does not show it itself."""

    encoding: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Column by the heading that the table has for it."""
    zone: ZoneInfo | None = None
    order: DayOrder | None = None
    defaults: Defaults = field(default_factory=Defaults)


class LinkTable:
    """A table of links that is open."""

    def __init__(self, path: Path, sheet: Sheet, columns: Columns, asked: Asked) -> None:
        self.path: Final = path
        self._sheet: Final = sheet
        self._columns: Final = columns
        self._asked: Final = asked

    def notes(self) -> list[str]:
        """Return what a reader should know of how the table was read."""
        notes = []
        if self._sheet.encoding == GB18030 and self._asked.encoding is None:
            notes.append("its text is not UTF-8 and was read as GB18030; if it is something else, state --encoding")
        if self._columns.unread:
            notes.append(f"columns that were not read: {', '.join(self._columns.unread)}")
        if "confidence" in self._columns.at:
            notes.append("confidence decides nothing: of sources that contradict each other, desk goes before crm, crm before touches")
        return notes

    def read(self) -> Iterator[StatedLink | Unread]:
        """Yield a link for each row, or why there is none."""
        lines = LinkLines(self._columns, DateReader(self._asked.zone, self._asked.order), self._asked.defaults)
        yield from lines.read(self._sheet.rows())


@contextmanager
def open_links(path: Path, asked: Asked) -> Iterator[LinkTable]:
    """Open a table of links. Raise ConfigError if it cannot be read, or its columns are not known."""
    with open_sheet(path, asked.encoding) as sheet:
        try:
            columns = columns_of(sheet.headings, asked.renamed)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None
        yield LinkTable(path, sheet, columns, asked)
