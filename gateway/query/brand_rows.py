"""A reader of touches with what they are among all touches of the brand, earlier ones too: a repeat order, or brought by a share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_DAY
from gateway.points import Coded
from gateway.query.reader_above import ReaderAbove
from gateway.sinks.reader import OnPage, PointReader, quiet
from gateway.sinks.table import PointTable

BEFORE_NS: Final = 400 * NS_PER_DAY
"""Touches are looked at from so long before a span on."""
TOUCH: Final = "touch"


@dataclass(frozen=True, slots=True)
class BrandRule:
    """What touches are among all of the brand.

    `derive`: of all touches with the columns `needs`, those that a question is about, with more columns. `of`: what these are, in a note
    that there is none. `tags`: of the touches to read. `fans`: columns that name fans whom other stores alone may know.
    """

    derive: Callable[[PointTable], PointTable]
    of: str
    needs: tuple[str, ...]
    tags: dict[str, str] = field(default_factory=dict)
    fans: tuple[str, ...] = ()


class BrandReader(ReaderAbove):
    """A PointReader whose touches are those that `rule` derives; other measurements are as they are.

    Nobody asks for cells of touches, since their columns are derived.
    """

    def __init__(self, reader: PointReader, rule: BrandRule, is_shown: Callable[[str], bool] | None = None) -> None:
        """`is_shown`: whether a fan may be named in columns of `fans`; None: every one may."""
        super().__init__(reader)
        self._is_shown: Final = is_shown
        self._rule: Final = rule
        self._read: tuple[object, PointTable] | None = None
        """What was read last, and for what: stores of one span are asked for one after the other."""

    def rows(
        self,
        measurement: str,
        store: str | None = None,
        from_ns: int | None = None,
        to_ns: int | None = None,
        columns: Sequence[str] | None = None,
        *,
        void: bool = False,
        on_page: OnPage = quiet,
        **tags: str,
    ) -> PointTable:
        """Return the points as PointReader does; of touches with a span and columns what the rule derives, with the columns it adds."""
        if measurement != TOUCH or from_ns is None or to_ns is None or columns is None:
            return self._below.rows(measurement, store, from_ns, to_ns, columns, void=void, on_page=on_page, **tags)
        found = self._derived(from_ns, to_ns, columns, void, on_page)
        kept = found.time_ns >= from_ns
        for name, value in (({} if store is None else {"store": store}) | tags).items():
            kept &= found.equals(name, value)
        return concealed(found.where(kept), self._rule.fans, self._is_shown)

    def _derived(self, from_ns: int, to_ns: int, columns: Sequence[str], void: bool, on_page: OnPage) -> PointTable:
        """All the touches that the rule derives of those from BEFORE_NS before a span on."""
        wanted = from_ns, to_ns, tuple(columns), void
        if self._read is None or self._read[0] != wanted:
            every = tuple(dict.fromkeys((*columns, *self._rule.needs)))
            begin_ns = max(from_ns - BEFORE_NS, 0)
            table = self._below.rows(TOUCH, None, begin_ns, to_ns, every, void=void, on_page=on_page, **self._rule.tags)
            self._read = wanted, self._rule.derive(table)
        return self._read[1]


def concealed(table: PointTable, columns: Sequence[str], is_shown: Callable[[str], bool] | None) -> PointTable:
    """Return a table that has "" in place of fans who may not be named, in some columns; those that it has not are passed over."""
    if is_shown is None:
        return table
    there = [name for name in columns if name in table.columns]
    return replace(table, columns={**table.columns, **{name: _concealed(table.coded(name), is_shown) for name in there}})


def _concealed(column: Coded, is_shown: Callable[[str], bool]) -> Coded:
    used = frozenset(np.unique(column.codes).tolist())
    shown = [name if code in used and name and is_shown(name) else "" for code, name in enumerate(column.names)]
    codes = {name: code for code, name in enumerate(dict.fromkeys(shown))}
    return Coded(np.array([codes[name] for name in shown], np.uint32)[column.codes], tuple(codes))


def numbered(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return a number for each text, the same wherever it stands, of which a float holds every digit; NaN of an empty one."""
    found = (int.from_bytes(blake2b(text.encode(), digest_size=6).digest()) if text else np.nan for text in texts)
    return np.fromiter(found, np.float64, len(texts))
