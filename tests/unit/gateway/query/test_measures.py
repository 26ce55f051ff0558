"""The table of measures: each does what its vectors state, its parts exist, and what is wrong in it is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from footfall.errors import ConfigError
from footfall.units import NS_PER_MINUTE
from gateway.points import SCHEMA
from gateway.query.cells import DERIVED_COLUMNS, cells_of_rows
from gateway.query.figures import figure
from gateway.query.measures import DERIVED, MEASURES, Measure, MeasureVector, chosen, load, measures_of
from gateway.query.plan import CountingRule
from gateway.query.questions import QUESTIONS
from gateway.query.reduce import added, base_of, derived
from gateway.sinks.table import PointTable
from tests.support.query_rows import SATURDAY, table

VECTORS = [pytest.param(measure, vector, id=f"{key}-{n}") for key, measure in MEASURES.items() for n, vector in enumerate(measure.vectors)]
EMPTY: dict[str, Any] = {"int": 0, "float": 0.0, "bool": False}


def rows_of(measure: Measure, vector: MeasureVector) -> PointTable:
    """The vector's rows as a reader gives them: voided ones left out."""
    schema = SCHEMA[measure.table]
    names = (*schema.tags, *schema.fields)
    empty = {name: EMPTY.get(schema.fields.get(name, "text"), "") for name in names}
    assert all(row.keys() <= {"minute", *names} for row in vector.rows), f"{measure.key}: a column that {measure.table} lacks"
    full = [(SATURDAY + row["minute"] * NS_PER_MINUTE, {**empty, **row}) for row in vector.rows if not row.get("void")]
    rows = [(time_ns, *(row[name] for name in names)) for time_ns, row in full]
    found, counted = table(measure.table, rows), QUESTIONS[measure.question].answer
    return counted.of_brand.derive(found) if isinstance(counted, CountingRule) and counted.of_brand else found


@pytest.mark.parametrize(("measure", "vector"), VECTORS)
def test_a_measure_of_a_vectors_rows_is_its_result(measure: Measure, vector: MeasureVector) -> None:
    there = measures_of(measure.question)
    base = base_of([measure], there)
    cells = cells_of_rows(rows_of(measure, vector), base, ())
    group = np.zeros(len(cells), np.intp)
    (value,) = derived([measure], there, {each.id: added(each, cells.values[each.id], group, 1) for each in base})[measure.id].listed()
    assert (value, type(value)) == (vector.result, type(vector.result)), "and an integer stays one"


def test_every_ratio_has_a_vector_with_nothing_to_divide_by_and_one_in_which_a_mean_of_ratios_would_be_wrong() -> None:
    for measure in MEASURES.values():
        if measure.kind == "ratio":
            assert None in [vector.result for vector in measure.vectors], measure.key
    assert [vector.result for vector in MEASURES["traffic.conversion"].vectors][:2] == [0.25, None], "1/1 and 1/7: the mean were 0.57"


def test_a_share_is_between_0_and_1_unless_it_is_of_something_that_it_is_no_part_of() -> None:
    for measure in MEASURES.values():
        beyond = [vector.result for vector in measure.vectors if not 0 <= (vector.result or 0) <= 1]
        assert measure.unit != "share" or measure.part == (not beyond), measure.key
        assert measure.part or measure.unit == "share", measure.key


@pytest.mark.parametrize(
    ("question", "column", "field"),
    [("traffic", "revenue", "revenue"), ("outcome", "contribution_owner", "revenue_owner"), ("outcome", "served_last", "visits_last")],
)
def test_what_is_added_of_whole_hundredths_is_in_whole_hundredths(question: str, column: str, field: str) -> None:
    (base,) = base_of([measures_of(question)[column]], measures_of(question))
    assert base.column == field
    assert added(base, np.array([0.1, 0.2, 5338.59]), np.zeros(3, np.intp), 1).listed() == [5338.89]


def test_the_mean_of_money_of_several_stores_is_not_rounded_since_others_are_made_of_it() -> None:
    there, quarters = measures_of("traffic"), np.array([0.0025, 0.185, 8358.0])
    base = {
        name: added(there[name], numbers, np.zeros(3, np.intp), 1)
        for name, numbers in (("revenue", quarters), ("transactions", quarters / 57))
    }
    assert base["revenue"].listed() == [8358.1875]
    assert derived([there["basket"]], there, base)["basket"].listed() == [pytest.approx(57, rel=1e-12)]


def test_money_that_is_taken_off_again_leaves_nothing_behind() -> None:
    there = measures_of("outcome")
    assert 100.10 - 60.07 - 40.03 != 0
    assert added(there["contribution_last"], np.array([100.10, -60.07, -40.03]), np.zeros(3, np.intp), 1).listed() == [0.0]
    base = {
        name: added(there[name], np.array([one]), np.zeros(1, np.intp), 1)
        for name, one in (("sold", 12345678.89), ("given_back", 12345678.66))
    }
    assert derived([there["revenue"]], there, base)["revenue"].listed() == [0.23]


def test_what_is_finer_than_hundredths_is_added_exactly() -> None:
    there = measures_of("repurchase")
    assert added(there["days_sum"], np.array([2.229181585648148]), np.zeros(1, np.intp), 1).listed() == [2.229181585648148]


def test_a_difference_of_money_is_in_whole_hundredths() -> None:
    there = measures_of("outcome")
    base = {name: added(there[name], np.array([amount]), np.zeros(1, np.intp), 1) for name, amount in (("sold", 8.1), ("given_back", 2.7))}
    assert 8.1 - 2.7 != 5.4
    assert derived([there["revenue"]], there, base)["revenue"].listed() == [5.4]


def test_a_measure_reads_columns_that_its_table_has() -> None:
    for measure in MEASURES.values():
        there = {*SCHEMA[measure.table].tags, *SCHEMA[measure.table].fields, *DERIVED_COLUMNS.get(measure.table, ())}
        assert {name for name, _ in measure.where} <= there, measure.key
        assert measure.kind in DERIVED or measure.column in there, measure.key


def test_a_column_of_the_same_name_means_what_its_question_means() -> None:
    assert figure("mean_dwell_s", "traffic").meaning != figure("mean_dwell_s", "zones").meaning
    assert figure("transactions", "visits").meaning == "sales to the fan during the visit"
    assert figure("transactions", "traffic").unit == ""


def test_an_unknown_measure_is_refused_with_the_nearest_and_the_list() -> None:
    with pytest.raises(ConfigError, match=r"traffic has no measure 'sales': did you mean 'transactions'\? It has in, out, "):
        chosen("traffic", ["sales"])
    with pytest.raises(ConfigError, match=r"traffic has no measure 'convertion': did you mean 'conversion'\? It has in, out, "):
        chosen("traffic", ("in", "convertion"))
    assert [measure.id for measure in chosen("traffic", ("out", "in", "out"))] == ["out", "in"]


GOOD = """
[groups]
traffic = ["store"]
[[measure]]
id = "in"
title = "in"
unit = "people"
question = "traffic"
table = "traffic"
kind = "sum"
column = "in"
places = "sum"
covered_by = "doors"
shown = true
means = "people who came in"
is_not = "different people"
vector = [{ rows = [], result = 0 }]
"""


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('title = "in"', "", "traffic.in: .*title"),
        ('kind = "sum"', 'kind = "mean"', "traffic.in: kind is one of sum, count"),
        ('unit = "people"', 'unit = "heads"', "traffic.in: unit is one of"),
        ('column = "in"', "", "traffic.in: a sum needs a column"),
        ("shown = true", 'shown = true\ncolour = "red"', "traffic.in: .*colour"),
        ('kind = "sum"', 'kind = "ratio"\nnumerator = "in"\ndenominator = "nothing"', "'nothing' is no measure of traffic"),
        ("vector = [{ rows = [], result = 0 }]", "vector = []", "traffic.in: it needs a vector"),
        ('question = "traffic"', 'question = "weather"', "weather.in: weather is missing"),
        ('covered_by = "doors"', 'covered_by = "doors"\nwithin = "doors"', "traffic.in: within and needs are for what is made of two"),
        ('covered_by = "doors"', 'covered_by = "doors"\nneeds = "in"', "traffic.in: within and needs are for what is made of two"),
    ],
)
def test_what_is_wrong_in_the_table_is_named(before: str, after: str, complaint: str) -> None:
    assert list(load(GOOD)) == ["traffic.in"]
    with pytest.raises(ValueError, match=complaint):
        load(GOOD.replace(before, after))


def test_a_measure_is_listed_once() -> None:
    with pytest.raises(ValueError, match=r"traffic\.in: listed twice"):
        load(GOOD + GOOD[GOOD.index("[[measure]]") :])


SALES = GOOD[GOOD.index("[[measure]]") :].replace('id = "in"', 'id = "sales"').replace('covered_by = "doors"', 'covered_by = ""')
RATIO = SALES.replace('id = "sales"', 'id = "share"').replace(
    'kind = "sum"\ncolumn = "in"', 'kind = "ratio"\nnumerator = "sales"\ndenominator = "in"'
)


def test_a_ratio_whose_parts_need_different_things_observed_names_the_class_of_its_hours() -> None:
    assert load(GOOD + SALES + RATIO + 'within = "doors"')["traffic.share"].within == "doors"
    with pytest.raises(ValueError, match="within must be 'doors', for its parts are covered_by"):
        load(GOOD + SALES + RATIO)
    with pytest.raises(ValueError, match="its parts need doors and presence: one class at most"):
        load(GOOD + SALES.replace('covered_by = ""', 'covered_by = "presence"') + RATIO)
    with pytest.raises(ValueError, match=r"within needs parts that are added up, not \['max', 'sum'\]"):
        load(GOOD + SALES.replace('kind = "sum"', 'kind = "max"') + RATIO + 'within = "doors"')
