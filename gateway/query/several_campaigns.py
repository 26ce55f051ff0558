"""Touches of several campaigns: they count for each of them, and once in totals. Pure.

Until cells are put into groups their campaigns stand together in the key `campaign`, as one text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from footfall.campaigns import read
from gateway.points import Coded
from gateway.query.cells import MeasureCells
from gateway.sinks.table import PointTable

KEY: Final = "campaign"
_BETWEEN: Final = "\x1f"
"""Stands between campaigns: no text of an event has it."""


def with_all_campaigns(table: PointTable) -> PointTable:
    """Return rows of touches with all campaigns of each as its `campaign`, if both fields were read."""
    if KEY not in table.columns or "campaigns" not in table.columns:
        return table
    first, several = table.coded(KEY), table.coded("campaigns")
    if not any(several.names):
        return table
    pairs, which = np.unique(np.stack([first.codes, several.codes]), axis=1, return_inverse=True)
    texts = [_BETWEEN.join(read(first.names[one], several.names[all_])) for one, all_ in pairs.T.tolist()]
    return replace(table, columns={**table.columns, KEY: Coded.of([texts[each] for each in which.ravel().tolist()])})


def for_each_campaign(cells: Mapping[str, MeasureCells]) -> Mapping[str, MeasureCells]:
    """Return cells once for each of their campaigns."""
    return {name: _apart(each) for name, each in cells.items()}


def are_several(cells: Mapping[str, MeasureCells]) -> bool:
    """Return whether any cell is of several campaigns."""
    return any(_BETWEEN in name for each in cells.values() if KEY in each.texts for name in each.texts[KEY].names)


def _apart(cells: MeasureCells) -> MeasureCells:
    if not are_several({"": cells}):
        return cells
    joined = cells.texts[KEY]
    named = [name.split(_BETWEEN) for name in joined.names]
    rows = np.repeat(np.arange(len(cells)), np.array([len(each) for each in named], np.intp)[joined.codes])
    names = sorted({campaign for each in named for campaign in each})
    number = {campaign: i for i, campaign in enumerate(names)}
    codes = np.array([number[campaign] for code in joined.codes.tolist() for campaign in named[code]], np.uint32)
    texts = {name: Coded(column.codes[rows], column.names) for name, column in cells.texts.items()} | {KEY: Coded(codes, tuple(names))}
    return MeasureCells(cells.store[rows], cells.time_ns[rows], texts, {name: each[rows] for name, each in cells.values.items()})
