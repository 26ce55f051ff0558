"""Who of the staff a visit, a dwell and a touch is: by the estate, as of its own time."""

from __future__ import annotations

from typing import Any

import pytest

from footfall.frames import Kind
from gateway.fold import zone_rules
from gateway.records import RecordKind
from gateway.site import Site
from gateway.site.recorded import record_site
from tests.support.journal_stories import STAFF, T0, Row, Story, folded, of, site_of

CROWD = range(100, 140)
SALE = {"kind": "touch", "what": "transaction", "id": "t1", "amount": 12.0, "staff_id": "s12"}
MOVED = [
    {"staff_id": "s12", "department": "optics", "squad": "north", "to": "2026-05-01", "identifiers": ["nfc:1"]},
    {"staff_id": "s12", "department": "shoes", "squad": "south", "from": "2026-05-02", "identifiers": ["nfc:1"]},
]
"""Of before the stories, and of their time."""


def with_staff(story: Story, *staff: dict[str, Any]) -> Story:
    """Put an estate in force in which these work; the first story's site has nobody."""
    site = Site(**{key: getattr(site_of(), key) for key in Site.model_fields} | {"staff": Site.model_validate(
        {"brand": "b", "stores": [], "staff": list(staff)}).staff})  # fmt: skip
    return story.add(RecordKind.SITE, record_site(site, lambda identifier: f"{STAFF:016x}"))


def heard(story: Story, *subjects: int) -> list[dict[str, Any]]:
    story.frame(0, []).frame(1, []).wait(20)
    story.frame(0, [Row(Kind.STAY, subject) for subject in subjects]).frame(1, []).wait(30)
    story.frame(0, [Row(Kind.STAY, subject) for subject in subjects]).frame(1, [])
    rows = folded(story.end(0.5).records)
    return [*of(rows, "visit"), *of(rows, "dwell")]


@pytest.mark.parametrize("few", [0, 10**9])
def test_visits_and_dwells_of_staff_have_id_and_department_of_their_time(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row by row, and as columns."""
    monkeypatch.setattr(zone_rules, "FEW", few)
    assert T0 > 1_777_680_000 * 10**9
    rows = heard(with_staff(Story(), *MOVED), *CROWD, STAFF)
    of_staff = [(row["staff_id"], row["department"]) for row in rows if row["is_staff"]]
    assert of_staff == [("s12", "shoes")] * len(of_staff)
    assert len(of_staff) == 2
    assert {(row["staff_id"], row["department"]) for row in rows if not row["is_staff"]} == {("", "")}


def test_staff_whom_nobody_lists_have_visits_without_an_id() -> None:
    assert {row["staff_id"] for row in heard(Story(), STAFF)} == {""}


def touch(value: dict[str, Any], *staff: dict[str, Any]) -> dict[str, Any]:
    (row,) = of(folded(with_staff(Story(), *staff).event(0, value).records), "touch")
    return row


def test_a_touch_has_department_and_squad_of_its_staff_then_unless_it_states_them() -> None:
    assert (touch(SALE, *MOVED)["department"], touch(SALE, *MOVED)["squad"]) == ("shoes", "south")
    stated = touch(SALE | {"department": "till", "squad": "west"}, *MOVED)
    assert (stated["department"], stated["squad"]) == ("till", "west")
    assert (touch(SALE | {"staff_id": "s13"}, *MOVED)["department"], touch(SALE)["department"]) == ("", "")


def test_a_touch_is_stored_with_campaigns_code_and_who_shared() -> None:
    row = touch(SALE | {"campaigns": ["autumn", "friends"], "code": "SH-7", "shared_by": "F2"})
    assert (row["campaign"], row["campaigns"]) == ("autumn", '["autumn", "friends"]')
    assert (row["code"], row["shared_by"]) == ("SH-7", "F2")
    assert (touch(SALE | {"campaigns": ["autumn"]})["campaign"], touch(SALE | {"campaigns": ["autumn"]})["campaigns"]) == ("autumn", "")


def test_an_amended_touch_has_the_department_of_the_staff_that_it_names_now() -> None:
    change = {"kind": "amend", "id": "a1", "of": "t1", "set": {"staff_id": "s12", "code": "C"}, "reason": "mistyped", "actor": "kim"}
    story = with_staff(Story(), *MOVED).event(0, SALE | {"staff_id": "s9"}).event(0, change)
    (row,) = of(folded(story.records), "touch")
    assert (row["staff_id"], row["department"], row["code"]) == ("s12", "shoes", "C")
