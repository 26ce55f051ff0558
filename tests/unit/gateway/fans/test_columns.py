"""Columns are found by name; what may be a column wrongly written is asked about, never left out in silence."""

from __future__ import annotations

import pytest

from footfall.errors import ConfigError
from gateway.fans.columns import columns_of


def test_columns_stand_in_any_order_and_others_are_not_read() -> None:
    found = columns_of(["Fan", "birthday", "IDENTIFIER", "identifier type", ""], {})
    assert found.at == {"fan": 0, "identifier": 2, "identifier_type": 3}
    assert found.unread == ["birthday"]


def test_a_heading_of_another_name_is_given() -> None:
    found = columns_of(["手机号", "Customer No", "fan"], {"identifier": "手机号", "fan": "Customer No"})
    assert found.at == {"identifier": 0, "fan": 1}


@pytest.mark.parametrize(
    ("headings", "renamed", "why"),
    [
        (["identifier", "fan", "form"], {}, "no column 'form': did you mean 'from'"),
        (["identifer", "fan"], {}, "no column 'identifer': did you mean 'identifier'\\? Rename the heading to that, or remove the column"),
        (["fan"], {}, "has no identifier; the columns are .*--column identifier=HEADING; there are 'fan'"),
        ([], {}, "has no identifier and no fan; .*there are none"),
        (["identifier", "fan", "Fan"], {}, "the column fan is there twice"),
        (["phone", "fan"], {"identifier": "fone"}, "the file has no heading 'fone': did you mean 'phone'"),
        (["phone", "fan"], {"identifyer": "phone"}, "there is no column 'identifyer': did you mean 'identifier'"),
    ],
)
def test_what_is_missing_or_wrong_is_named(headings: list[str], renamed: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        columns_of(headings, renamed)
