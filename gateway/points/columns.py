"""Points: what is stored, as columns of one measurement, and the digits below a millisecond that distinguish them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, TypeVar

import msgpack
import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_MS
from gateway.points.schema import ABSENT, SCHEMA, FieldType


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column of few distinct texts: `names[codes[i]]` is row i."""

    codes: npt.NDArray[np.uint32]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def slice(self, start: int, stop: int) -> Coded:
        return Coded(self.codes[start:stop], self.names)

    def where(self, which: npt.NDArray[np.bool_]) -> Coded:
        return Coded(self.codes[which], self.names)

    def texts(self) -> list[str]:
        return [self.names[code] for code in self.codes.tolist()]

    @staticmethod
    def of(texts: Sequence[str]) -> Coded:
        codes = {text: code for code, text in enumerate(dict.fromkeys(texts))}
        return Coded(np.array([codes[text] for text in texts], np.uint32), tuple(codes))

    @staticmethod
    def take(codes: npt.NDArray[Any], names: Sequence[str]) -> Coded:
        """Return the column of texts that codes stand for in a longer list, of which only those in use are kept."""
        used, codes = np.unique(codes, return_inverse=True)
        return Coded(codes.astype(np.uint32), tuple([names[code] for code in used.tolist()]))

    @staticmethod
    def constant(text: str, n: int) -> Coded:
        return Coded(np.zeros(n, np.uint32), (text,))


KEYS_A_HALF: Final = 500_000
"""So many points of a kind have room in one millisecond."""


_Int = TypeVar("_Int", int, npt.NDArray[np.int64])


def row_key_ns(time_ns: _Int, row: _Int) -> _Int:
    """Return when the point of a frame's row is stored, ns, for one row or for columns.

    That is at its event's millisecond, with digits below it from its number.

    Rows are numbered per epoch, those with a device's own time from the epoch's `key_base` on, since epochs may have the same times.
    All else is counted or named otherwise: so rows have the lower half of the million, and what has a record to itself the upper.
    """
    return time_ns // NS_PER_MS * NS_PER_MS + row % KEYS_A_HALF


def record_key_ns(time_ns: int, number: int) -> int:
    """Return the same for what is a record of its own: plain events and gaps by their names (`key_base`), health by when it came.

    What earlier releases journaled is numbered: events per publisher, the others by position.
    """
    return time_ns // NS_PER_MS * NS_PER_MS + KEYS_A_HALF + number % KEYS_A_HALF


def key_base(*names: str) -> int:
    """Return digits below a millisecond for what bears these names, from 0 to 499,999: the same wherever and whenever they are made."""
    return number_of(*names) % KEYS_A_HALF


def number_of(*names: str) -> int:
    """Return 63 bits that stand for what bears these names."""
    return int.from_bytes(hashlib.blake2b("\0".join(names).encode(), digest_size=8).digest(), "big") >> 1


def other_key_ns(key_ns: int, content: int, attempt: int) -> int:
    """Return another place in the same half of the same millisecond, for what finds its own taken by something else."""
    half_ns = key_ns // KEYS_A_HALF * KEYS_A_HALF
    return half_ns + (key_ns - half_ns + attempt * (1 + content % (KEYS_A_HALF - 1))) % KEYS_A_HALF


Column = npt.NDArray[Any] | Coded
"""int: int64; float: float64; bool: bool; text: Coded; subject: uint64 or Coded."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points of one measurement; every tag and field of its schema is there, all of one length."""

    measurement: str
    time_ns: npt.NDArray[np.int64]
    tags: Mapping[str, Coded]
    fields: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.time_ns)

    def columns(self) -> tuple[str, ...]:
        """Return what points have in common that can be put together: the measurement, and which fields are coded."""
        return (self.measurement, *[name for name, column in self.fields.items() if isinstance(column, Coded)])

    def slice(self, start: int, stop: int) -> Points:
        if (start, stop) == (0, len(self)):
            return self

        def cut(column: Column) -> Column:
            return column.slice(start, stop) if isinstance(column, Coded) else column[start:stop]

        tags = {name: column.slice(start, stop) for name, column in self.tags.items()}
        return Points(self.measurement, self.time_ns[start:stop], tags, {name: cut(column) for name, column in self.fields.items()})

    def where(self, which: npt.NDArray[np.bool_]) -> Points:
        """Return the points of which `which` is true."""
        if which.all():
            return self
        fields: dict[str, Column] = {
            name: column.where(which) if isinstance(column, Coded) else column[which] for name, column in self.fields.items()
        }
        return Points(self.measurement, self.time_ns[which], {name: tag.where(which) for name, tag in self.tags.items()}, fields)


def concat(parts: Sequence[Points]) -> Points:
    """Return the points of all parts, one after the other; they have the same `columns`."""
    if len(parts) == 1:
        return parts[0]
    tags = {name: concat_coded([part.tags[name] for part in parts]) for name in parts[0].tags}
    fields = {name: concat_column([part.fields[name] for part in parts]) for name in parts[0].fields}
    return Points(parts[0].measurement, np.concatenate([part.time_ns for part in parts]), tags, fields)


def concat_column(columns: Sequence[Column]) -> Column:
    """Return one column, one after the other; they are all Coded, or all numbers."""
    coded = [column for column in columns if isinstance(column, Coded)]
    return concat_coded(coded) if coded else np.concatenate([column for column in columns if not isinstance(column, Coded)])


def concat_coded(columns: Sequence[Coded]) -> Coded:
    """Return one column, one after the other. Names may repeat."""
    names = [column.names for column in columns]
    if all(each is names[0] for each in names):
        return Coded(np.concatenate([column.codes for column in columns]), names[0])
    firsts = np.repeat(np.cumsum([0, *map(len, names[:-1])]), list(map(len, columns)))
    codes = np.concatenate([column.codes for column in columns]) + firsts
    return Coded(codes.astype(np.uint32), tuple(chain.from_iterable(names)))


_DTYPE: Final[Mapping[str, str]] = {"int": "<i8", "float": "<f8", "bool": "?", "subject": "<u8"}


def from_rows(measurement: str, rows: Sequence[tuple[Any, ...]]) -> Points:
    """Return points from tuples `(time_ns, *tags in schema order, *fields in schema order)`; a subject is an int or its hex."""
    schema = SCHEMA[measurement]
    columns = list(zip(*rows, strict=True)) if rows else [()] * (1 + len(schema.tags) + len(schema.fields))
    tags = {name: Coded.of(column) for name, column in zip(schema.tags, columns[1:], strict=False)}
    fields: dict[str, Column] = {}
    for (name, kind), column in zip(schema.fields.items(), columns[1 + len(schema.tags) :], strict=True):
        if kind == "text" or (kind == "subject" and any(isinstance(value, str) for value in column)):
            fields[name] = Coded.of(column)
        else:
            fields[name] = np.array(column, _DTYPE[kind])
    return Points(measurement, np.array(columns[0], "<i8"), tags, fields)


def from_columns(measurement: str, values: Mapping[str, Any]) -> Points:
    """Return points from columns by name, `time_ns` among them; a single value stands for a column of it."""
    schema, time_ns = SCHEMA[measurement], values["time_ns"]
    n = len(time_ns)
    fields = {name: _column(values[name], kind, n) for name, kind in schema.fields.items()}
    return Points(measurement, time_ns, {name: values[name] for name in schema.tags}, fields)


def _column(value: Any, kind: FieldType, n: int) -> Column:
    if isinstance(value, Coded):
        return value
    if isinstance(value, str):
        return Coded.constant(value, n)
    return value.astype(_DTYPE[kind], copy=False) if isinstance(value, np.ndarray) else np.full(n, value, _DTYPE[kind])


def pack(batch: Sequence[Points]) -> bytes:
    """Return bytes for the outbox; `unpack` gives the same points back."""
    packed: bytes = msgpack.packb([[p.measurement, p.time_ns.astype("<i8").tobytes(), _pack(p.tags), _pack(p.fields)] for p in batch])
    return packed


def unpack(data: bytes) -> list[Points]:
    """Return what was packed, also by an earlier release; fields that it did not know are absent values."""
    return [
        Points(
            name,
            np.frombuffer(times, "<i8"),
            _unpack(tags),  # type: ignore[arg-type] # tags are packed from Coded only
            _completed(name, _unpack(fields), len(times) // 8),
        )
        for name, times, tags, fields in msgpack.unpackb(data)
    ]


def _completed(measurement: str, fields: dict[str, Column], n: int) -> dict[str, Column]:
    """All fields of the schema in its order."""
    schema = SCHEMA[measurement].fields
    return {name: fields[name] if name in fields else _absent(measurement, name, kind, n) for name, kind in schema.items()}


def _absent(measurement: str, name: str, kind: FieldType, n: int) -> Column:
    if kind in ("text", "subject"):
        return Coded.constant("", n)
    return np.full(n, ABSENT.get((measurement, name), 0), _DTYPE[kind])


def _pack(columns: Mapping[str, Column]) -> dict[str, list[Any]]:
    return {
        name: [column.codes.astype("<u4").tobytes(), column.names] if isinstance(column, Coded) else [column.tobytes(), column.dtype.str]
        for name, column in columns.items()
    }


def _unpack(columns: Mapping[str, list[Any]]) -> dict[str, Column]:
    return {
        name: np.frombuffer(data, what) if isinstance(what, str) else Coded(np.frombuffer(data, "<u4"), tuple(what))
        for name, (data, what) in columns.items()
    }
