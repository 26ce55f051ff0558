"""For how long a store was open within a span."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from footfall.moments import to_ns
from footfall.units import NS_PER_HOUR
from gateway.site.closings import OpenDates
from gateway.site.open_time import open_ns
from gateway.site.recorded import RecordedStore

BERLIN = ZoneInfo("Europe/Berlin")


def open_h(begin: str, end: str, **hours: Any) -> float:
    store = RecordedStore.model_validate({"name": "s", "timezone": "Europe/Berlin", **hours})
    from_ns, to_ns_ = (to_ns(datetime.fromisoformat(text).replace(tzinfo=BERLIN)) for text in (begin, end))
    return open_ns(OpenDates(store), BERLIN, from_ns, to_ns_) / NS_PER_HOUR


SHOP = {"opens": "10:00", "closes": "20:00"}


@pytest.mark.parametrize(
    ("begin", "end", "hours", "wanted"),
    [
        ("2026-11-20T11:00", "2026-11-20T12:30", SHOP, 1.5),
        ("2026-11-20T19:00", "2026-11-21T11:00", SHOP, 2.0),
        ("2026-11-20T21:00", "2026-11-21T09:00", SHOP, 0.0),
        ("2026-11-20T12:00", "2026-11-23T12:00", {**SHOP, "closed": ["2026-11-22"]}, 8 + 10 + 2),
        ("2026-11-20T23:00", "2026-11-21T03:00", {"opens": "18:00", "closes": "02:00"}, 3.0),
        ("2026-11-20T12:00", "2026-11-21T12:00", {}, 24.0),
        ("2026-10-25T00:00", "2026-10-26T00:00", {}, 25.0),
        ("2026-11-20T12:00", "2026-11-20T11:00", SHOP, 0.0),
    ],
)
def test_opening_hours_of_a_span(begin: str, end: str, hours: dict[str, Any], wanted: float) -> None:
    assert open_h(begin, end, **hours) == pytest.approx(wanted)
