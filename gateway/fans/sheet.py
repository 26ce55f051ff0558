"""A table that a CRM or a spreadsheet wrote, as rows of cells: any usual encoding, any usual sign between cells.

with open_sheet(Path("crm.csv")) as sheet:
    sheet.headings                  # ["identifier", "fan"]
    for row in sheet.rows(): ...    # Row(line=2, cells=["phone:138…", "f-1"]) or Unread(line=3, why="…")

UTF-8 and UTF-16 show themselves. Text that is neither is read as GB18030 if it is that from end to end, which `sheet.encoding` shows.
"""

from __future__ import annotations

import csv
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from footfall.csv_text import DELIMITERS, SNIFFED_BYTES, UTF_8, encoding_of, is_workbook
from footfall.errors import ConfigError

GB18030: Final = "gb18030"
BYTES_AT_ONCE: Final = 1 << 20
_SEPARATOR: Final = "sep="
"""A first line by which spreadsheets state what stands between cells."""


class Row(NamedTuple):
    """The cells of one row, which begins at `line`, counted from 1."""

    line: int
    cells: Sequence[str]


class Unread(NamedTuple):
    """Lines that are no row: from `line` to `last_line`, and why."""

    line: int
    last_line: int
    why: str


class Sheet:
    """The rows of an open table below its headings."""

    def __init__(self, file: TextIO, encoding: str) -> None:
        self.encoding: Final = encoding
        self._lines: Final = _Counted(file)
        first = self._lines.after_separator()
        self.delimiter: Final = self._lines.separator or max(DELIMITERS, key=first.count)
        self.headings: Final = [cell.strip() for cell in next(csv.reader([first], delimiter=self.delimiter), [])]

    def rows(self) -> Iterator[Row | Unread]:
        """Yield every row that has a cell, in the order of the file."""
        reader = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        width = len(self.headings)
        while True:
            line = self._lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Unread(line, self._lines.number, _why(error))
                continue
            if any(cells[width:]):
                yield Unread(line, self._lines.number, f"it has {len(cells)} cells, the headings are {width}: a {_NAMES[self.delimiter]} "
                             "within a cell needs quotes around the cell")  # fmt: skip
            elif any(cells):
                yield Row(line, cells)


_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def _why(error: csv.Error) -> str:
    if "end of data" in str(error) or "limit" in str(error):
        return 'a quote (") opens a cell here and is never closed'
    return f"its quotes cannot be read: {error}"


class _Counted:
    """Lines of a file, counted."""

    def __init__(self, file: TextIO) -> None:
        self._file: Final = file
        self.number = 0
        self.separator = ""

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> str:
        line = next(self._file)
        self.number += 1
        return line

    def after_separator(self) -> str:
        """Return the first line that has a text and states no separator."""
        for line in self:
            stated = line.strip("\r\n ")
            if stated.lower().startswith(_SEPARATOR) and len(stated) == len(_SEPARATOR) + 1:
                self.separator = stated[-1]
            elif line.strip():
                return line
        return ""


@contextmanager
def open_sheet(path: Path, encoding: str | None = None) -> Iterator[Sheet]:
    """Open a table, of an `encoding` if one is stated. Raise ConfigError if it is no text, of another encoding, or cannot be read."""
    code = encoding_of_file(path, encoding)
    try:
        with path.open(encoding=code, newline="") as file:
            yield Sheet(file, code)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def encoding_of_file(path: Path, stated: str | None = None) -> str:
    """Return the encoding to read a file with. Raise ConfigError for a workbook, and for text of no encoding that shows itself."""
    try:
        with path.open("rb") as file:
            start = file.read(SNIFFED_BYTES)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    if is_workbook(start):
        raise ConfigError(
            f"{path}: a spreadsheet's own file, not text: open it there, save it as `CSV UTF-8` (or `Unicode text`), and import that file"
        )
    if stated is not None:
        return _checked(path, stated)
    code = encoding_of(start)
    if code != UTF_8:
        return _checked(path, code)
    if _is(path, UTF_8):
        return "utf-8-sig"
    if _is(path, GB18030):
        return GB18030
    raise ConfigError(f"{path}: its text is neither UTF-8 nor UTF-16 nor GB18030: save it as UTF-8, or state --encoding, such as cp1252")


def lines_of(path: Path) -> int:
    """Return how many ends of lines a file has."""
    with path.open("rb") as file:
        return sum(part.count(b"\n") for part in iter(lambda: file.read(BYTES_AT_ONCE), b""))


def _checked(path: Path, encoding: str) -> str:
    """Return an encoding that was stated, if the file is of it from end to end: nothing of one that is not is imported."""
    try:
        getincrementaldecoder(encoding)
        "".encode(encoding)
    except LookupError:
        raise ConfigError(f"--encoding {encoding}: there is no such encoding; such as utf-8, utf-16, gb18030 or cp1252") from None
    if not _is(path, encoding):
        raise ConfigError(f"{path}: it is not {encoding} from end to end; state another --encoding, such as cp1252, or none")
    return encoding


def _is(path: Path, encoding: str) -> bool:
    decoder = getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while part := file.read(BYTES_AT_ONCE):
                decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True
