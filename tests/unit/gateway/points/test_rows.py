"""Points by the row bear the names and the order of the schema, so that their values land in the columns that they name."""

from __future__ import annotations

import pytest

from gateway.points import SCHEMA
from gateway.points.rows import KEY_SIZE, MEASUREMENT, POINT_ROWS


def test_every_measurement_has_its_row() -> None:
    assert set(POINT_ROWS) == set(SCHEMA)
    assert len(MEASUREMENT) == len(SCHEMA)


@pytest.mark.parametrize("measurement", SCHEMA)
def test_a_row_has_time_tags_and_fields_in_the_order_of_its_schema(measurement: str) -> None:
    kind, schema = POINT_ROWS[measurement], SCHEMA[measurement]
    assert [name.rstrip("_") for name in kind._fields] == ["time_ns", *schema.tags, *schema.fields]
    assert kind._fields[1 : KEY_SIZE[kind]] == schema.tags


@pytest.mark.parametrize("measurement", SCHEMA)
def test_a_row_s_types_are_those_of_its_schema(measurement: str) -> None:
    types = {"int": "int", "float": "float", "bool": "bool", "text": "str", "subject": "str"}
    annotated = POINT_ROWS[measurement].__annotations__
    for name, kind in SCHEMA[measurement].fields.items():
        found = annotated[name if name in annotated else f"{name}_"]
        assert getattr(found, "__forward_arg__", found) == types[kind], name
