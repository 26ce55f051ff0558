"""A text is the IANA name of a time zone, or refused as none: whatever the folders and files of zones make of it."""

from __future__ import annotations

import pytest

from footfall.time_zones import time_zone


def test_a_zone_is_found_by_its_name() -> None:
    assert time_zone("Asia/Shanghai").key == "Asia/Shanghai"


@pytest.mark.parametrize("name", ["Mars", "", "\0", "../../etc/passwd", "Asia", "America", "a" * 300, "zone.tab"])
def test_any_other_text_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no IANA time zone, such as Asia/Shanghai") as refused:
        time_zone(name)
    assert len(str(refused.value)) < 400


def test_a_mistyped_name_is_told_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'Asia/Shanghai'"):
        time_zone("Asia/Shangai")
