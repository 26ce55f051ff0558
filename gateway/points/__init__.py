"""Points: what is stored. `columns` has many of one measurement, `rows` one with named fields, `schema` what fixes both."""

from gateway.points.columns import (
    KEYS_A_HALF,
    Coded,
    Column,
    Points,
    concat,
    concat_coded,
    concat_column,
    from_columns,
    from_rows,
    key_base,
    number_of,
    other_key_ns,
    pack,
    record_key_ns,
    row_key_ns,
    unpack,
)
from gateway.points.schema import ABSENT, SCHEMA, WRITE_ONCE, FieldType, Measurement

__all__ = [
    "ABSENT", "KEYS_A_HALF", "SCHEMA", "WRITE_ONCE", "Coded", "Column", "FieldType", "Measurement", "Points", "concat", "concat_coded",
    "concat_column",
    "from_columns", "from_rows",
    "key_base", "number_of", "other_key_ns", "pack", "record_key_ns", "row_key_ns", "unpack",
]  # fmt: skip
