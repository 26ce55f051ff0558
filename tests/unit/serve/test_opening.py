"""Which stores are closed now, in their own time zone, by hours and closed days."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.query.estate import QueryEstate
from gateway.site import Site
from serve.opening import Opening

SITE = Site.model_validate({
    "brand": "acme",
    "stores": [
        {"name": "s1", "timezone": "Asia/Tokyo", "opens": "10:00", "closes": "20:00", "closed": ["2026-12-25"]},
        {"name": "s2"},
    ],
})  # fmt: skip


@pytest.fixture
def opening() -> Opening:
    made = Opening()
    made.use(QueryEstate.from_site(SITE))
    return made


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("at", "is_closed"),
    [("2026-11-29T00:59:59", True), ("2026-11-29T01:00:00", False), ("2026-11-29T10:59:59", False), ("2026-11-29T11:00:00", True),
     ("2026-12-25T02:00:00", True)],
)  # fmt: skip
def test_a_store_is_closed_outside_its_hours_and_on_closed_days(opening: Opening, at: str, is_closed: bool) -> None:
    assert opening.is_closed("s1", ns(at)) == is_closed


def test_the_next_minute_is_looked_at_anew(opening: Opening) -> None:
    found = [opening.is_closed("s1", ns(f"2026-11-29T10:{minute}:30")) for minute in (58, 59)]
    assert [*found, opening.is_closed("s1", ns("2026-11-29T11:00:00"))] == [False, False, True]


def test_a_store_without_hours_or_that_nobody_describes_is_not_closed(opening: Opening) -> None:
    assert not opening.is_closed("s2", ns("2026-11-29T03:00:00"))
    assert not opening.is_closed("x", ns("2026-11-29T03:00:00"))
    assert not Opening().is_closed("s1", ns("2026-11-29T03:00:00"))
