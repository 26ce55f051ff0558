"""Files of recordings, packed by gzip or not, whatever they are called; what is wrong with a file is named before it is read.

opened(path) -> BinaryIO            its bytes, unpacked. Raise ConfigError for a file that cannot be opened
lines_of(path) -> (number, line)…   from 1, without line ends
some_readable(path, heard)          what is heard in a file. Raise ConfigError if not one line of it can be read
refuse_empty(paths)                 Raise ConfigError if there is nothing in any of them
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, TypeVar, cast

from edge_agent.sources.source import RefusedReading
from footfall.errors import ConfigError

_Heard = TypeVar("_Heard")
_GZIP: Final = b"\x1f\x8b"
_CHUNK_BYTES: Final = 1 << 16
_BLANKS: Final = b" \t\r\n\v\f\0\xff\xfe\xef\xbb\xbf"
"""White space of UTF-8 and UTF-16, and their byte order marks."""


def opened(path: Path) -> BinaryIO:
    if path.is_dir():
        raise ConfigError(f"{path}: a folder, not a file")
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except PermissionError:
        raise ConfigError(f"{path}: this user may not read it: see its owner and mode") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be opened: {error.strerror}") from None
    if file.peek(len(_GZIP))[: len(_GZIP)] != _GZIP:
        return file
    file.close()
    return cast(BinaryIO, gzip.open(path))


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    with opened(path) as file:
        try:
            for number, line in enumerate(file, 1):
                yield number, line.rstrip(b"\r\n")
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise ConfigError(f"{path}: this gzip is cut off or damaged") from None


def some_readable(path: Path, heard: Iterator[_Heard]) -> Iterator[_Heard]:
    """Yield the contents of a file. Raise ConfigError, before anything is yielded, if not one line of it can be read."""
    waiting: list[_Heard] = []
    first = ""
    for one in heard:
        waiting.append(one)
        if not isinstance(one, RefusedReading):
            yield from waiting
            yield from heard
            return
        first = first or f"{one.where}: {one.why}"
    if waiting:
        lines = f"not one of its {len(waiting)} lines can be read"
        raise ConfigError(f"{path}: {lines}: is --format right? Nothing was sent. The first, {first}")


def refuse_empty(paths: Sequence[Path]) -> None:
    if paths and all(map(_is_empty, paths)):
        blank = any(path.stat().st_size for path in paths)
        raise ConfigError(f"{', '.join(map(str, paths[:3]))}: {'there is nothing but white space in it' if blank else 'the file is empty'}")


def _is_empty(path: Path) -> bool:
    with opened(path) as file:
        try:
            return not any(chunk.strip(_BLANKS) for chunk in iter(lambda: file.read(_CHUNK_BYTES), b""))
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise ConfigError(f"{path}: this gzip is cut off or damaged") from None
