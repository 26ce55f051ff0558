"""Points as InfluxDB line protocol: bytes out, one line a point, whatever the texts hold.

Line protocol cannot carry everything: a raw newline in a tag forges a point, an escaped one does not exist, and a backslash in a tag
changes what the next byte means. So control characters are stored as their Unicode pictures (a newline as ␊), in tags a
backslash as its fullwidth form ＼, and a lone surrogate as U+FFFD. Every sink stores texts like that, so all hold the same.

Large batches are one array of rows of fixed width, filled column by column from lookup tables and then squeezed; small ones are
made by `%`. Both give the same bytes.
Source: https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.points import SCHEMA, Coded, Column, FieldType, Points

_FEW_ROWS: Final = 64
"""Below, filling tables costs more than formatting row by row."""
_WIDEST_ROW: Final = 4096
"""Bytes. A wider row is mostly padding: one long text would multiply by the rows."""


def encode(points: Points) -> bytes:
    """One line a point, separated by newlines: sorted tags without the empty ones, every field, time in ns.

    ValueError for NaN or infinity, which InfluxDB has no word for.
    """
    if len(points) < _FEW_ROWS:
        return _encode_few(points)
    pieces = list(_pieces(points))
    if sum(map(_width, pieces)) > _WIDEST_ROW:
        return _encode_few(points)
    return _squeeze(pieces, len(points))


# --- texts -------------------------------------------------------------------------------------------------------------------

_CONTROL: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_CONTROL_IN_TAG: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff\\\\]")
_PLAIN: Final = re.compile(r"[\w .:,=/+-]*")
"""Texts that a field holds as they are: nearly all."""
_PICTURES: Final = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡", 0x5C: "＼"}


def stored_text(text: str) -> str:
    """`text` as a field holds it in every sink."""
    return text if _PLAIN.fullmatch(text) else _CONTROL.sub(_picture, text)


@lru_cache(maxsize=100_000)
def stored_tag(text: str) -> str:
    """`text` as a tag holds it in every sink."""
    return _CONTROL_IN_TAG.sub(_picture, text)


def _picture(found: re.Match[str]) -> str:
    return _PICTURES.get(ord(found[0]), "\ufffd")


@lru_cache(maxsize=100_000)
def _tag(key: str, text: str) -> str:
    """An empty tag is none."""
    return f",{key}={re.sub('([,= ])', _ESCAPED, stored_tag(text))}" if text else ""


def _text(text: str) -> str:
    return f'"{text}"' if _PLAIN.fullmatch(text) else f'"{_QUOTED.sub(_ESCAPED, stored_text(text))}"'


_ESCAPED: Final = r"\\\1"
_QUOTED: Final = re.compile(r'(["\\])')


# --- few rows ----------------------------------------------------------------------------------------------------------------

_BOOL: Final = ("false", "true")
_FORMAT: Final[dict[FieldType, str]] = {"int": "%di", "float": "%r", "subject": '"%016x"'}


def _encode_few(points: Points) -> bytes:
    schema = SCHEMA[points.measurement]
    columns = [row_texts(points.tags[tag], partial(_tag, tag)) for tag in schema.tags]
    columns += [_spelled(kind, points.fields[name]) for name, kind in schema.fields.items()]
    line = _line_format(points.measurement)
    return "\n".join([line % row for row in zip(*columns, points.time_ns.tolist(), strict=True)]).encode()


@lru_cache
def _line_format(measurement: str) -> str:
    schema = SCHEMA[measurement]
    return f"{measurement}{'%s' * len(schema.tags)} {','.join(f'{name}=%s' for name in schema.fields)} %d"


def row_texts(column: Coded, spell: Callable[[str], str]) -> list[str]:
    """Each row's text, spelled; a name is spelled once, unless there are more names than rows."""
    codes, names = column.codes.tolist(), column.names
    if len(names) > len(codes):
        return [spell(names[code]) for code in codes]
    spelled = [spell(name) for name in names]
    return [spelled[code] for code in codes]


def _spelled(kind: FieldType, column: Column) -> list[str]:
    if isinstance(column, Coded):
        return row_texts(column, _text)
    values = column.tolist()
    if kind == "bool":
        return [_BOOL[value] for value in values]
    if kind == "float":
        check_finite(column)
    spelled = _FORMAT[kind]
    return [spelled % value for value in values]


def check_finite(column: npt.NDArray[Any]) -> None:
    if not np.isfinite(column).all():
        raise ValueError("NaN or infinity in a point: its maker must not let it through")


# --- many rows ---------------------------------------------------------------------------------------------------------------

_Bytes = npt.NDArray[Any]
"""One column of the lines: the same number of bytes in each row, padded with NUL."""


def _pieces(points: Points) -> Iterator[bytes | _Bytes]:
    """What a line consists of, in order: bytes that are the same in every line, or a column."""
    schema = SCHEMA[points.measurement]
    yield points.measurement.encode()
    for tag in schema.tags:
        yield _looked_up(points.tags[tag], partial(_tag, tag))
    before = " "
    for name, kind in schema.fields.items():
        yield f"{before}{name}=".encode()
        yield from _field(kind, points.fields[name])
        before = ","
    yield b" "
    yield from _integers(points.time_ns)
    yield b"\n"


def _field(kind: FieldType, column: Column) -> Iterator[bytes | _Bytes]:
    if isinstance(column, Coded):
        yield _looked_up(column, _text)
    elif kind == "float":
        yield from _floats(column)
    elif kind == "bool":
        yield _table(_BOOL)[column.astype(np.intp)]
    elif kind == "subject":
        yield b'"'
        yield _HEX[column.astype(">u8").view(np.uint8)].view("S16").reshape(-1)
        yield b'"'
    else:
        yield from _integers(column)
        yield b"i"


def _looked_up(column: Coded, spell: Callable[[str], str]) -> bytes | _Bytes:
    """Only names that occur are spelled: a table may name every agent of the estate."""
    codes, names = column.codes.astype(np.intp), column.names
    if len(names) > 1:
        occurs = np.zeros(len(names), np.bool_)
        occurs[codes] = True
        found = np.flatnonzero(occurs)
        if len(found) < len(names):
            places = np.empty(len(names), np.intp)
            places[found] = np.arange(len(found))
            codes, names = places[codes], tuple([names[place] for place in found.tolist()])
    if len(names) == 1:
        return spell(names[0]).encode()
    return _table([spell(name) for name in names])[codes]


def _table(spelled: Sequence[str]) -> _Bytes:
    return np.array([text.encode() for text in spelled], np.bytes_)


_HEX: Final = np.array([b"%02x" % octet for octet in range(256)], "S2").view(np.uint16)
_DIGITS: Final = np.array(
    [b"%d" % n if n else b"" for n in range(10_000)] + [b"%04d" % n for n in range(10_000)] + [b"0"], "S4"
).view(np.uint32)  # fmt: skip
"""Four digits: n without leading zeros (0 as nothing), from _PADDED on with them, at _ZERO the lone zero."""
_PADDED: Final = 10_000
_ZERO: Final = 20_000
_THOUSANDTHS: Final = np.array([b".0"] + [b"." + (b"%03d" % n).rstrip(b"0") for n in range(1, 1000)], "S4")
_MINUS: Final = np.array([b"", b"-"], "S1")
_MILLIS_EXACT: Final = 1e15
"""Below it a decimal of three places is the shortest that names its double: what `repr` says."""


def _integers(column: npt.NDArray[Any]) -> Iterator[_Bytes]:
    values = column.astype(np.int64, copy=False)
    negative = values < 0
    if negative.any():
        yield _MINUS[negative.view(np.uint8)]
        values = np.abs(values)  # -2^63 stays itself, which is right when read as unsigned
    yield _digits(values.view(np.uint64))


def _digits(number: npt.NDArray[np.uint64]) -> _Bytes:
    """Groups of four digits, the highest first, without leading zeros."""
    largest = int(number.max(initial=0))
    n_groups = (len(str(largest)) + 3) // 4
    groups = np.empty((len(number), n_groups), np.uint32)
    for place in reversed(range(n_groups)):
        rest = number // _TEN_THOUSAND
        group = (number - rest * _TEN_THOUSAND).astype(np.intp)
        lowest = place == n_groups - 1
        alone = np.where(group > 0, group, _ZERO) if lowest else group
        groups[:, place] = _DIGITS[np.where(rest > 0, group + _PADDED, alone) if place else alone]
        number = rest
    return groups.view(f"S{4 * n_groups}")[:, 0]


_TEN_THOUSAND: Final = np.uint64(10_000)


def _floats(column: npt.NDArray[Any]) -> Iterator[bytes | _Bytes]:
    """As `repr` does. Decimals of three places, which measured seconds are, go through tables."""
    check_finite(column)
    values = column.astype(np.float64, copy=False)
    magnitude = np.abs(values)
    millis = np.rint(np.minimum(magnitude, _MILLIS_EXACT) * 1000.0)
    if not ((millis < _MILLIS_EXACT) & (millis / 1000.0 == magnitude)).all():
        yield np.array([b"%r" % value for value in values.tolist()], np.bytes_)
        return
    negative = np.signbit(values)
    if negative.any():
        yield _MINUS[negative.view(np.uint8)]
    count = millis.astype(np.uint64)
    whole = count // _THOUSAND
    yield _digits(whole)
    yield _THOUSANDTHS[(count - whole * _THOUSAND).astype(np.intp)]


_THOUSAND: Final = np.uint64(1000)


def _width(piece: bytes | _Bytes) -> int:
    return len(piece) if isinstance(piece, bytes) else piece.dtype.itemsize


def _squeeze(pieces: Sequence[bytes | _Bytes], n: int) -> bytes:
    """The rows one after the other, without their padding and the last newline.

    A few rows at a time in the same buffer: fresh megabytes cost more in page faults than in work.
    """
    template = b"".join(piece if isinstance(piece, bytes) else bytes(_width(piece)) for piece in pieces)
    step = min(n, _ROWS_AT_ONCE)
    octets = bytearray(template) * step
    columns: list[tuple[_Bytes, _Bytes]] = []
    at = 0
    for piece in pieces:
        if not isinstance(piece, bytes):
            columns.append((np.ndarray(step, piece.dtype, octets, at, (len(template),)), piece))
        at += _width(piece)
    squeezed = []
    for start in range(0, n, step):
        rows = min(step, n - start)
        for place, column in columns:
            place[:rows] = column[start : start + rows]
        squeezed.append((octets if rows == step else octets[: rows * len(template)]).translate(None, b"\0"))
    del squeezed[-1][-1:]
    return b"".join(squeezed)


_ROWS_AT_ONCE: Final = 512
