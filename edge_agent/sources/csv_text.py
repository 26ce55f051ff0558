"""The text of CSV files as programs write it: encodings, what stands between cells, numbers. Pure but for reading files.

    text_lines(path, encoding)      line numbers from 1, and lines as UTF-8
    delimiter_of(line)              what stands between the cells of a heading
    Numbers(",", ".").whole("1.234")

What the first bytes show of the encoding, `footfall.csv_text` knows. Any other encoding has to be stated.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from edge_agent.sources.recorded_files import lines_of, opened
from footfall.csv_text import DELIMITERS, SNIFFED_BYTES, UTF_8, encoding_of, is_workbook
from footfall.errors import ConfigError

CsvColumn = Annotated[str, Field(min_length=1)] | Annotated[int, Field(ge=1)]
"""A column by its heading, or by its number from 1 where the file has no headings."""
Place = Callable[[CsvColumn], int]
"""Where a column stands, from 0. Raise ConfigError if there is none."""
_SHOWN_BYTES: Final = 80
_BLANKS: Final = dict.fromkeys(map(ord, "\u00a0\u202f\u2009"), " ")
"""Blanks that programs write between thousands."""


class Misread(ValueError):
    """A line that cannot be read. `key` is the key of the mapping to look at, or what is wrong with the line."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def text_lines(path: Path, encoding: str | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield line numbers from 1, and lines as UTF-8 without their ends; what is not of the encoding stays as it is."""
    code = encoding or sniffed(path)
    if code.startswith("utf-16"):
        yield from _wide_lines(path, code)
        return
    for number, line in lines_of(path):
        with suppress(UnicodeDecodeError):
            line = line if code == UTF_8 else line.decode(code).encode()
        yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def sniffed(path: Path) -> str:
    """Return the encoding that a file's first bytes show: UTF-16 or UTF-8. Raise ConfigError for a workbook."""
    with opened(path) as file:
        start = file.read(SNIFFED_BYTES)
    if is_workbook(start):
        raise ConfigError(f"{path}: a workbook or an archive, not CSV: export it as CSV")
    return encoding_of(start)


def _wide_lines(path: Path, code: str) -> Iterator[tuple[int, bytes]]:
    with TextIOWrapper(opened(path), encoding=code, errors="replace", newline="\n") as file:
        for number, line in enumerate(file, 1):
            yield number, line.rstrip("\r\n").removeprefix("\ufeff").encode("utf-8", "replace")


def delimiter_of(line: bytes) -> str:
    """Return what makes the most cells of a heading; a comma where nothing makes two."""
    return max(DELIMITERS, key=lambda delimiter: len(cells_of(line, delimiter) or ()))


def cells_of(line: bytes, delimiter: str) -> list[str] | None:
    """Return the cells of a line; None if it is no such line."""
    try:
        return next(csv.reader([line.decode()], delimiter=delimiter, strict=True), [])
    except (ValueError, csv.Error):
        return None


@dataclass(frozen=True, slots=True)
class Numbers:
    """How numbers are written: what stands before the fraction, and between thousands ("": nothing)."""

    decimal: str = "."
    thousands: str = ""

    def number(self, text: str) -> Decimal:
        """Return the number. Raise ValueError for text that is none."""
        plain = text.translate(_BLANKS).strip()
        if self.thousands:
            plain = plain.replace(self.thousands, "")
        if self.decimal != ".":
            plain = plain.replace(".", "?").replace(self.decimal, ".")
        try:
            found = Decimal(plain)
        except InvalidOperation:
            raise ValueError(f"{text!r} is no number") from None
        if not found.is_finite():
            raise ValueError(f"{text!r} is no number")
        return found

    def whole(self, text: str) -> int:
        """Return the whole number, 0 for an empty cell. Raise ValueError for any other text."""
        if not text.strip():
            return 0
        found = self.number(text)
        if found != int(found):
            raise ValueError(f"{text!r} is no whole number")
        return int(found)


def is_text(line: bytes) -> bool:
    """Return whether it is UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def text_of(line: bytes) -> str:
    """Return the beginning of a line, to be shown."""
    return repr(line[:_SHOWN_BYTES].decode(errors="replace"))


def key_of(error: Exception) -> str:
    """Return what of the mapping, or of the line, is to be looked at."""
    return error.key if isinstance(error, Misread) else "cells"


def why_of(error: Exception) -> str:
    """Return why a line cannot be read."""
    return "it has too few cells" if isinstance(error, IndexError) else str(error)
