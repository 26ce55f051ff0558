"""Staff: who had an id, and who carried a subject, at a time; and what is no staff."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.site import Site
from gateway.site.recorded import read_site, record_site
from gateway.site.staff import NOBODY, Badges, Member, Roster

DAY_NS = 86_400 * 10**9
NOV_NS = 1_793_491_200 * 10**9
"""2026-11-01 00:00 in UTC; in Shanghai it is eight hours before this."""
EARLIER = {"staff_id": "s12", "department": "optics", "squad": "north", "store": "s1", "to": "2026-10-31", "identifiers": ["nfc:1"]}
LATER = {"staff_id": "s12", "department": "shoes", "squad": "south", "store": "s1", "from": "2026-11-01", "identifiers": ["nfc:1"]}
LEFT = {"staff_id": "s7", "to": "2026-10-31"}


def site_of(*staff: dict[str, Any], **more: Any) -> Site:
    return Site.model_validate({"brand": "b", "stores": [{"name": "s1", "timezone": "Asia/Shanghai"}], "staff": list(staff), **more})


def roster_of(*staff: dict[str, Any]) -> Roster:
    site = site_of(*staff)
    return Roster(site.staff, {store.name: store.zone for store in site.stores})


def test_who_moved_is_in_the_department_and_the_squad_of_the_time() -> None:
    roster = roster_of(EARLIER, LATER)
    shanghai_ns = NOV_NS - 8 * 3600 * 10**9
    assert roster.at("s12", shanghai_ns - 1) == Member("s12", "optics", "north", "s1")
    assert roster.at("s12", shanghai_ns) == Member("s12", "shoes", "south", "s1")
    assert roster.missing("s12", shanghai_ns) == ""


def test_who_left_or_is_unknown_is_missing_and_the_nearest_id_is_named() -> None:
    roster = roster_of(LEFT, EARLIER)
    assert roster.missing("s7", NOV_NS - DAY_NS) == ""
    assert "not for that time" in roster.missing("s7", NOV_NS)
    assert roster.missing("s71", NOV_NS) == "staff_id 's71' is not in site.toml: did you mean 's7'?"
    assert "13800000001" not in roster.missing("13800000001", NOV_NS)


def test_where_nobody_is_listed_nobody_is_missing() -> None:
    assert roster_of().missing("s12", NOV_NS) == ""


def test_a_badge_that_passed_on_is_of_whoever_had_it_then() -> None:
    """As a SITE record has it: subjects in place of identifiers."""
    recorded = read_site(record_site(site_of(EARLIER, LATER | {"staff_id": "s13"}), lambda identifier: f"{5:016x}"))
    badges = Badges(recorded.staff, recorded.zones)
    assert [badges.of(5, NOV_NS + days * DAY_NS).staff_id for days in (-1, 0)] == ["s12", "s13"]
    assert badges.of(6, NOV_NS) == NOBODY


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"staff": [LEFT | {"store": "s11"}]}, "there is no store 's11': did you mean 's1'?"),
        ({"staff": [LEFT | {"from": "2026-11-02"}]}, "that is never"),
        ({"staff": [LEFT | {"squad": ""}]}, "squad"),
        ({"campaigns": [{"name": "a"}, {"name": "a"}]}, "campaign 'a' is listed twice"),
        ({"campaigns": [{"nam": "a"}]}, "nam"),
    ],
)
def test_staff_and_campaigns_that_cannot_be_are_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why.replace("?", r"\?")):
        Site.model_validate({"brand": "b", "stores": [{"name": "s1"}], **wrong})
