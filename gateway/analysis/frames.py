"""An answer as a pandas DataFrame: dtypes by what a column is, and its units and meanings in `attrs`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from gateway.points import SCHEMA, FieldType
from gateway.query.answer import Answer
from gateway.query.cells import OF_BRAND
from gateway.query.comparison import suffixed
from gateway.query.figures import figure
from gateway.query.groups import GroupKey
from gateway.query.keys import WEEKDAYS
from gateway.query.measures import MEASURES, Measure, measures_of
from gateway.query.questions import QUESTIONS

_OF_FIELD: Final[Mapping[FieldType, str]] = {"int": "Int64", "float": "float64", "bool": "boolean", "text": "string", "subject": "string"}
_OF_UNIT: Final = {"": "Int64", "people": "Int64", "name": "string"} | dict.fromkeys(
    ("s", "share", "factor", "decimal", "money"), "float64"
)
_OF_KIND: Final = dict.fromkeys(("count", "between", "distinct"), "Int64") | dict.fromkeys(("ratio", "rest", "quantile"), "float64")
_CATEGORY: Final = "category"
_HOUR: Final = "hour"
_FANS: Final = frozenset({"fan", "sharer", "root"})
_FEW: Final = frozenset({GroupKey(group).column for measure in MEASURES.values() for group in measure.groups} - {_HOUR} - _FANS)
"""Columns of names of which there are few, each in many rows."""
TIME_UNIT: Final = "us"
_MEDIANS: Final = ("usual", "group")
"""Comparisons whose other side is no count."""


def frame_of(answer: Answer, compare: str | None = None) -> pd.DataFrame:
    """Return the rows of an answer to a request with this `compare`.

    A column of times has the stores' time zone. Where stores have several, it has the time of each store's own clock, without a zone,
    and beside it stands `<column>_utc`, unless its times are labels that stores share.

    `attrs`: `question`, `title`, `units`, `meanings` and `notes`, `details`; `total`: the row of all, as a dict; `coverage`: its share of
    the open minutes that were observed, None if that is not known.
    """
    columns = dict(zip(answer.columns, zip(*answer.rows, strict=True), strict=True)) if answer.rows else dict.fromkeys(answer.columns, ())
    found: dict[str, Any] = {}
    for name, values in columns.items():
        if figure(name, answer.question).unit == "time":
            found |= _times(name, values, [span.zone for span in answer.asked])
        else:
            found[name] = pd.Series(_typed(values, dtype_of(name, answer.question, compare)))
    frame = pd.DataFrame(found)
    frame.attrs = _attrs(answer)
    return frame


def dtype_of(name: str, question: str, compare: str | None = None) -> str:
    """Return the dtype of a column of the answer to a question, whatever its values are; of times see `frame_of`."""
    stored = SCHEMA[QUESTIONS[question].measurement] if question in QUESTIONS else None
    if name in _FEW or (stored and name in stored.tags):
        return _CATEGORY
    if name == _HOUR:
        return "Int64"
    measure = measures_of(question).get(name)
    if measure is not None:
        return _dtype_of_measure(measure)
    if (of := suffixed(name)) is not None and of[0] in measures_of(question):
        exact = of[1].text in ("_before", "_change") and compare not in _MEDIANS
        return dtype_of(of[0], question) if exact else "float64"
    field = stored.fields.get(name) if stored else None
    return _OF_UNIT[figure(name, question).unit] if field is None or measures_of(question) else _OF_FIELD[field]


def _dtype_of_measure(measure: Measure) -> str:
    if measure.kind in _OF_KIND:
        return _OF_KIND[measure.kind]
    if measure.kind == "difference":
        return _dtype_of_measure(measures_of(measure.question)[measure.numerator])
    # What no field has is counted of one, such as the pieces of a sale.
    return _OF_FIELD[SCHEMA[measure.table].fields.get(measure.column, OF_BRAND.get(measure.column, "int"))]


def _typed(values: Sequence[Any], dtype: str) -> Any:
    if dtype == _CATEGORY:
        ordered = set(values) <= set(WEEKDAYS) and bool(values)
        return pd.Categorical(values, WEEKDAYS if ordered else None, ordered=ordered)
    if dtype == "float64":
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return pd.array(list(values), dtype=dtype)


def _times(name: str, texts: Sequence[str], zones: Sequence[ZoneInfo]) -> dict[str, Any]:
    moments = [datetime.fromisoformat(text) if text else None for text in texts]
    if len({zone.key for zone in zones}) == 1:
        # A label has an offset only where the clock shows it twice.
        here = [each if each is None or each.tzinfo else each.replace(tzinfo=zones[0]) for each in moments]
        return {name: utc_column(here).dt.tz_convert(zones[0])}
    walls = pd.Series(pd.to_datetime([each and each.replace(tzinfo=None) for each in moments]).as_unit(TIME_UNIT))
    if any(each is None or each.tzinfo is None for each in moments):
        return {name: walls}
    return {name: walls, f"{name}_utc": utc_column(moments)}


def utc_column(moments: Sequence[Any] | npt.NDArray[Any]) -> pd.Series:
    """Return moments (with an offset, or ns since 1970) as a column of UTC times."""
    return pd.Series(pd.to_datetime(moments, utc=True).as_unit(TIME_UNIT))


def _attrs(answer: Answer) -> dict[str, Any]:
    figures = {name: figure(name, answer.question) for name in answer.columns}
    total = dict(zip(answer.columns, answer.totals[-1], strict=True)) if answer.totals else {}
    return {
        "question": answer.question,
        "title": answer.title,
        "units": {name: each.unit for name, each in figures.items()},
        "meanings": {name: each.meaning for name, each in figures.items()},
        "notes": list(answer.notes),
        "details": list(answer.details),
        "total": {name: value for name, value in total.items() if value is not None},
        "coverage": total.get("covered"),
    }
