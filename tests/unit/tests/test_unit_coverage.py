"""The figures of `make coverage`."""

from __future__ import annotations

import sys
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from tests.docs.blocks import ROOT
from tests.support.measured_run import PRODUCT
from tests.support.unit_coverage import Coverage, coverage_lines, coverages, tracing


def test_modules_are_read_from_the_report_of_coverage() -> None:
    report = {"files": {"gateway/x.py": {"summary": {"covered_lines": 30, "num_statements": 40}}}}
    assert coverages(report) == [Coverage("gateway/x.py", 30, 40)]


def test_the_total_weighs_modules_by_their_lines() -> None:
    assert coverage_lines([Coverage("a.py", 10, 100), Coverage("b.py", 290, 300)])[0].startswith("coverage: 75 % of 400 lines")


def test_the_five_lowest_modules_are_named_lowest_first_and_tiny_ones_are_not() -> None:
    modules = [*(Coverage(f"m{percent}.py", percent, 100) for percent in (60, 10, 50, 20, 40, 30)), Coverage("tiny.py", 0, 3)]
    assert [line.split()[-1] for line in coverage_lines(modules)[1:]] == ["m10.py", "m20.py", "m30.py", "m40.py", "m50.py"]


def test_an_empty_module_is_covered() -> None:
    assert Coverage("__init__.py", 0, 0).percent == 100.0


def test_lines_are_traced_by_the_interpreter_where_it_can() -> None:
    assert tracing((3, 12)) == tracing((3, 14)) == {"COVERAGE_CORE": "sysmon"}
    assert not tracing((3, 11))


@given(st.booleans())
def test_a_test_that_draws_examples_is_not_traced_for_coverage(drawn: bool) -> None:
    """`make coverage` traces the tests around it."""
    assert sys.gettrace() is None, drawn


def test_what_is_traced_are_the_tests_of_the_product_and_no_others() -> None:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["coverage"]["run"]["source"]
    assert sorted(configured) == sorted(PRODUCT)
