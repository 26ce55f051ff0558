"""Lines from columns of texts and numbers: an array of rows of fixed width, filled column by column from tables, and then squeezed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_ByteRows = npt.NDArray[Any]
"""Texts of the same number of bytes, padded with NUL."""


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """One column of the lines: row i's text is `table[codes[i]]`, or `table[i]` where there are no codes."""

    table: _ByteRows
    codes: npt.NDArray[np.intp] | None = None

    def rows(self, start: int, stop: int) -> _ByteRows:
        return self.table[start:stop] if self.codes is None else self.table.take(self.codes[start:stop])


Piece = bytes | Texts
"""Bytes are the same in every line."""


# --- texts and numbers -------------------------------------------------------------------------------------------------------


def table(spelled: Sequence[str]) -> _ByteRows:
    """Return the table of texts without newlines."""
    return np.array("\n".join(spelled).encode().split(b"\n"), np.bytes_)


_HEX: Final = np.array([b"%02x" % octet for octet in range(256)], "S2").view(np.uint16)
_DIGITS: Final = np.array(
    [b"%d" % n if n else b"" for n in range(10_000)] + [b"%04d" % n for n in range(10_000)] + [b"%d" % n for n in range(10_000)], "S4"
)
"""Four digits: n without leading zeros, 0 as nothing; from _PADDED on with them; from _ALONE on without, but 0 as itself."""
_PADDED: Final = 10_000
_ALONE: Final = 20_000
_THOUSANDTHS: Final = np.array([b".0"] + [b"." + (b"%03d" % n).rstrip(b"0") for n in range(1, 1000)], "S4")
_MINUS: Final = np.array([b"", b"-"], "S1")
_EXACT_BELOW: Final = 1e12
"""There a decimal of three places is the shortest that names its double, as `repr` has it."""


def subjects(column: npt.NDArray[np.uint64]) -> Piece:
    """Return subjects as 16 hex digits each."""
    return Texts(_HEX.take(column.astype(">u8").view(np.uint8)).view("S16"))


def integers(column: npt.NDArray[Any]) -> Iterator[Piece]:
    values = column.astype(np.int64, copy=False)
    if values.min() < 0:
        yield _minus(values < 0)
        values = np.abs(values)  # -2^63 stays itself, which is right when read as unsigned
    yield from _digits(values.view(np.uint64))


def _minus(negative: npt.NDArray[np.bool_]) -> Piece:
    return b"-" if negative.all() else Texts(_MINUS, negative.astype(np.intp))


def _digits(number: npt.NDArray[np.uint64]) -> Iterator[Piece]:
    """Yield the pieces of numbers in decimal: the beginning that all have in common, as times do, then groups of four digits.

    A group is a look-up in a table of the 10,000 texts of four digits, so no digit is computed. Groups are cut off from the right, and
    `rest` is what is left of them. `_DIGITS` has each group with leading zeros, for numbers that have digits further left, and without,
    for those that begin in this group.
    """
    smallest, largest = int(number.min()), int(number.max())
    n_groups = next(n for n in range(6) if smallest // 10_000**n == largest // 10_000**n)
    common = largest // 10_000**n_groups
    if common or not n_groups:
        yield b"%d" % common
        number = number - np.uint64(common * 10_000**n_groups)
    groups = []
    for place in range(n_groups):
        rest = number // _TEN_THOUSAND if place < n_groups - 1 else None
        group = (number if rest is None else number - rest * _TEN_THOUSAND).astype(np.intp)
        groups.append(Texts(_DIGITS, group + (_PADDED if common else _first_codes(rest, place))))
        number = number if rest is None else rest
    yield from reversed(groups)


def _first_codes(rest: npt.NDArray[np.uint64] | None, place: int) -> npt.NDArray[np.intp] | int:
    """Return where in _DIGITS the texts of a group begin: with zeros where digits are left of it, else without.

    Of a number that begins further right nothing is written, but a 0 in the last group: `_ALONE` has "0", the other "".
    """
    alone = 0 if place else _ALONE
    return alone if rest is None else np.where(rest > 0, _PADDED, alone)


_TEN_THOUSAND: Final = np.uint64(10_000)


def floats(column: npt.NDArray[Any]) -> Iterator[Piece]:
    """Return finite numbers, as `repr` spells them. Decimals of three places, which measured seconds are, go through tables."""
    values = column.astype(np.float64, copy=False)
    magnitude = np.abs(values)
    millis = np.rint(magnitude * 1000.0) if magnitude.max() < _EXACT_BELOW else None
    if millis is None or not (millis / 1000.0 == magnitude).all():
        yield Texts(np.array([b"%r" % value for value in values.tolist()], np.bytes_))
        return
    negative = np.signbit(values)
    if negative.any():
        yield _minus(negative)
    count = millis.astype(np.uint64)
    whole = count // _THOUSAND
    yield from _digits(whole)
    yield Texts(_THOUSANDTHS, (count - whole * _THOUSAND).astype(np.intp))


_THOUSAND: Final = np.uint64(1000)


# --- lines -------------------------------------------------------------------------------------------------------------------


def width(piece: Piece) -> int:
    """Return the bytes of a row, with padding."""
    return len(piece) if isinstance(piece, bytes) else piece.table.itemsize


def squeeze(pieces: Sequence[Piece], n: int) -> bytes:
    """Return the rows one after the other, without their padding and the last newline.

    Some rows at a time in the same buffer: fresh megabytes cost more in page faults than in work.
    """
    template = b"".join([piece if isinstance(piece, bytes) else bytes(width(piece)) for piece in pieces])
    step = min(n, _ROWS_AT_ONCE)
    octets = bytearray(template) * step
    columns: list[tuple[_ByteRows, Texts]] = []
    at = 0
    for piece in pieces:
        if not isinstance(piece, bytes):
            columns.append((np.ndarray(step, piece.table.dtype, octets, at, (len(template),)), piece))
        at += width(piece)
    squeezed = []
    for start in range(0, n, step):
        rows = min(step, n - start)
        for place, column in columns:
            place[:rows] = column.rows(start, start + rows)
        squeezed.append((octets if rows == step else octets[: rows * len(template)]).translate(None, b"\0"))
    del squeezed[-1][-1:]
    return b"".join(squeezed)


_ROWS_AT_ONCE: Final = 2048
