"""The text of CSV files as programs write it: encodings, what stands between cells, numbers. Pure but for reading files.

    text_lines(path, encoding)      line numbers from 1, and lines as UTF-8
    delimiter_of(line)              what stands between the cells of a heading
    Numbers(",", ".").whole("1.234")

What the first bytes show of the encoding, `footfall.csv_text` knows. Any other encoding has to be stated.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
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
NOTHING: Final = frozenset({"", "na", "n/a", "nan", "null", "none"})
"""What programs write, in any capitals, into a cell for which there is no value."""
_SHOWN_BYTES: Final = 80
_BLANKS: Final = dict.fromkeys(map(ord, "\u00a0\u202f\u2009"), " ")
"""Blanks that programs write between thousands."""
_MAY_BE_THOUSANDS: Final = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
"""A whole number with a fraction of 0 as others write a number of thousands: one of both is wrong by a thousand."""


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
        return next(csv.reader([line.decode()], delimiter=delimiter, strict=True, skipinitialspace=delimiter != " "), [])
    except (ValueError, csv.Error):
        return None


@dataclass(frozen=True, slots=True)
class Numbers:
    """How numbers are written: what stands before the fraction, and between thousands ("": nothing)."""

    decimal: str = "."
    thousands: str = ""

    def number(self, text: str) -> Decimal:
        """Return the number, which may have an exponent. Raise ValueError for text that is none."""
        plain = text.translate(_BLANKS).strip()
        found = _number_of(self.decimal, self.thousands).fullmatch(plain)
        if found is None:
            between = self.thousands and self.thousands in plain
            why = f": {self.thousands!r} stands between groups of three digits, 1 to 3 digits before the first" if between else ""
            raise ValueError(f"{text!r} is no number{why}")
        sign, whole, fraction, exponent = (part or "" for part in found.groups())
        return Decimal(f"{sign}{whole.replace(self.thousands, '') if self.thousands else whole}.{fraction}{exponent}")

    def whole(self, text: str) -> int:
        """Return the whole number, 0 for an empty cell. Raise ValueError for any other text."""
        plain = text.strip()
        if not plain:
            return 0
        found = self.number(text)
        if found != int(found) or "e" in plain.lower():
            raise ValueError(f"{text!r} is no whole number")
        if not self.thousands and _MAY_BE_THOUSANDS.fullmatch(plain):
            raise ValueError(f"{text!r} may be thousands, and may have a fraction")
        return int(found)


@cache
def _number_of(decimal: str, thousands: str) -> re.Pattern[str]:
    """Return how a number is written: its sign, its digits before the fraction, grouped or not, the fraction and an exponent."""
    grouped = rf"[1-9]\d{{0,2}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
    return re.compile(rf"([+-]?)(?=[.,]?\d)({grouped}\d*)(?:{re.escape(decimal)}(\d*))?(e[+-]?\d{{1,2}})?", re.IGNORECASE)


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
