"""Columns that are declared once, by the annotations of a class: rows of a batch (`ColumnRows`), and a table with slots (`ColumnTable`).

    class Tracks(ColumnTable):
        subject: npt.NDArray[np.uint64]
        zone: Annotated[npt.NDArray[np.int32], Column(fill=NO_CODE)]

mypy reads the element type from the annotation, and so does this module: nothing names a column twice.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Annotated, Any, ClassVar, NamedTuple, Self, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

from gateway.fold.tables.hash_index import NO_CODE

_SMALLEST: int = 256
_HEAP_BYTES: int = 1 << 14


class ColumnSpec(NamedTuple):
    """`fill` is the value of a row that nothing was written to."""

    fill: int = 0
    stored_as: str = ""
    """How stored states name it, if not by its own name."""
    added: bool = False
    """Whether states of earlier releases may lack it; then it has its fill."""
    width: int = 1
    """How many values a row has; with more than one the column is an array of two dimensions."""
    dtype: np.dtype[Any] = np.dtype(np.bool_)
    """Taken from the annotation."""


def _declared(cls: type) -> Iterator[tuple[str, ColumnSpec]]:
    for name, hint in get_type_hints(cls, include_extras=True).items():
        array, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        if get_origin(array) is np.ndarray:
            (element,) = get_args(get_args(array)[1])
            yield name, (marks[0] if marks else ColumnSpec())._replace(dtype=np.dtype(element))


class Columns:
    """A class whose annotations declare columns."""

    __slots__ = ()
    COLUMNS: ClassVar[Mapping[str, ColumnSpec]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.COLUMNS = dict(_declared(cls))


class ColumnRows(Columns):
    """Rows as columns of equal length; a subclass is a dataclass of the columns that it declares."""

    __slots__ = ()
    in_order: ClassVar[Callable[[Any], tuple[npt.NDArray[Any], ...]]]
    """Give all columns of rows, in the order of their declaration."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.in_order = attrgetter(*cls.COLUMNS)

    def take(self, which: npt.NDArray[Any]) -> Self:
        """Return some of the rows, by a mask or by indices."""
        at = np.flatnonzero(which) if which.dtype == np.bool_ else which  # looked for once, not for every column
        return type(self)(*[column.take(at) for column in type(self).in_order(self)])

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of all parts, one after the other."""
        return parts[0] if len(parts) == 1 else cls(*map(np.concatenate, zip(*map(cls.in_order, parts), strict=True)))

    def dump(self) -> dict[str, bytes]:
        """Return the columns as bytes, by the name under which they are stored."""
        return {_stored(*item): getattr(self, item[0]).tobytes() for item in self.COLUMNS.items()}

    @classmethod
    def load(cls, parts: Mapping[str, bytes], rows: int) -> Self:
        """Return what `dump` gave, here or in an earlier release. Raise KeyError if a column is missing that was always there."""
        return cls(*[_loaded(name, column, parts, rows) for name, column in cls.COLUMNS.items()])


class ColumnTable(Columns):
    """Columns by slot: the number of a row, which is used again once it was freed. A free row has its fills, `store` NO_CODE."""

    store: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE)]

    def __init__(self, capacity: int = 1024) -> None:
        self.size = 0
        """Slots in use are below `size`, but for those in `free`."""
        self.free: list[int] = []
        for name, column in self.COLUMNS.items():
            setattr(self, name, _memory(capacity, column))

    def allocate(self, count: int) -> npt.NDArray[np.int32]:
        """Return slots that nobody has: those that were freed last, then new ones."""
        freed = self.free[: -count - 1 : -1]
        del self.free[len(self.free) - len(freed) :]
        before, self.size = self.size, self.size + count - len(freed)
        self._grow()
        new = slice(before, self.size)
        for name, column in self.COLUMNS.items():
            if column.fill:
                getattr(self, name)[new] = column.fill
        return np.array([*freed, *range(before, self.size)], np.int32)

    def release(self, slots: npt.NDArray[Any]) -> None:
        """Free slots; they are used again."""
        self.free += slots.tolist()
        self._fill(slots)

    def column_parts(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Yield the rows a column at a time: a copy of all at once would double the memory of a chain."""
        for name, column in self.COLUMNS.items():
            yield f"{prefix}.{_stored(name, column)}", getattr(self, name)[: self.size].tobytes()

    def load_columns(self, prefix: str, size: int, free: list[int], parts: Mapping[str, bytes]) -> None:
        """Take over what `column_parts` gave. Raise KeyError if a column is missing that was always there."""
        self.size, self.free = size, free
        self._grow()
        mine = {name.removeprefix(f"{prefix}."): part for name, part in parts.items() if name.startswith(f"{prefix}.")}
        for name, column in self.COLUMNS.items():
            getattr(self, name)[:size] = _loaded(name, column, mine, size)
        self._fill(np.array(free, np.intp))  # earlier releases did so when they used a slot again

    def _grow(self) -> None:
        """Until there is room for `size`."""
        before = capacity = len(self.store)
        while capacity < self.size:
            capacity += max(capacity // 2, _SMALLEST)
        if capacity > before:
            for name, column in self.COLUMNS.items():
                grown = _memory(capacity, column)
                grown[:before] = getattr(self, name)
                setattr(self, name, grown)

    def _fill(self, slots: npt.NDArray[Any]) -> None:
        for name, column in self.COLUMNS.items():
            values = getattr(self, name)
            differ = values[slots] != column.fill
            values[slots[differ if column.width == 1 else differ.any(axis=1)]] = column.fill  # a page never written takes no memory


def _stored(name: str, column: ColumnSpec) -> str:
    return column.stored_as or name


def _loaded(name: str, column: ColumnSpec, parts: Mapping[str, bytes], rows: int) -> npt.NDArray[Any]:
    stored = _stored(name, column)
    if column.added and stored not in parts:
        return np.full(_shape(rows, column), column.fill, column.dtype)
    return np.frombuffer(parts[stored], column.dtype).reshape(_shape(rows, column))


def _shape(rows: int, column: ColumnSpec) -> tuple[int, ...]:
    return (rows,) if column.width == 1 else (rows, column.width)


def _memory(capacity: int, column: ColumnSpec) -> npt.NDArray[Any]:
    """Return zeros, many in memory of their own: pages that no slot uses yet take none, and what a column has outgrown goes back at once.

    A few pages are the heap's: a new table has thirty columns, each of which would cost a call of the kernel.
    """
    shape = _shape(capacity, column)
    size = capacity * column.width * column.dtype.itemsize
    if size <= _HEAP_BYTES:
        return np.zeros(shape, column.dtype)
    return np.frombuffer(mmap.mmap(-1, size), column.dtype).reshape(shape)
