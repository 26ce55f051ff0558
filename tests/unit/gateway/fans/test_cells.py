"""Spreadsheets spoil identifiers: what can still be read is, what lost digits is refused."""

from __future__ import annotations

import pytest

from gateway.fans.cells import confidence, plain_text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('="13800000001"', "13800000001"),
        ('=" 0013 "', "0013"),
        ("'0013", "0013"),
        ("'+8613800000001", "+8613800000001"),
        ("'t-Shirt", "'t-Shirt"),
        ("\t13800000001\t", "13800000001"),
        (" a b ", "a b"),
        ("12E5", "12E5"),
        ("1042.0", "1042.0"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_cell_is_the_text_that_it_stands_for(cell: str, text: str) -> None:
    assert plain_text(cell) == text


@pytest.mark.parametrize(
    "cell",
    [
        "1.38E+10",
        "1,38E+10",
        "1.38e+10",
        "138E+8",
        '="1.38E+10"',
        "'1.38E+10",
        "-1.2E-05",
        "1.3933350001E10",
        "1.39123E10",
        "1,39123e10",
        "1.38 E+10",
        "1.38E +10",
        "１.３８Ｅ＋１０",
        "１．３８ｅ１０",
        "1.38\u00a0E10",
        "1.38*10^10",
        "1.38\u00d710^10",
    ],
)
def test_a_rounded_number_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="a spreadsheet has rounded, and its last digits are gone"):
        plain_text(cell)


@pytest.mark.parametrize("cell", ["13800000001.0", "13800000001,00"])
def test_a_number_that_became_a_fraction_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="write its digits alone"):
        plain_text(cell)


@pytest.mark.parametrize("cell", ["#N/A", "#REF!", "########"])
def test_a_mistake_of_a_formula_is_no_value(cell: str) -> None:
    with pytest.raises(ValueError, match="mistake in a formula"):
        plain_text(cell)


def test_a_confidence_has_a_point_or_a_comma() -> None:
    assert [confidence(text) for text in ("", "0.9", "0,9", "1")] == [1.0, 0.9, 0.9, 1.0]
    for text in ("nan", "2", "-1", "high"):
        with pytest.raises(ValueError, match="it must be"):
            confidence(text)
