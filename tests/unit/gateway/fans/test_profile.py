"""A fan's profile: the examples that docs/identity.md works by hand, and what it says of a fan of whom little is known."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.fans.history import FanRows, history_of
from gateway.fans.profile import Profile, profile_of
from gateway.fans.profile_settings import FanProfileSettings
from gateway.fans.profile_show import as_object, lines
from gateway.fold.store import TouchRow, VisitRow
from tests.docs.blocks import ROOT

SETTINGS = FanProfileSettings()
MINUTE_NS = 60 * 10**9


def at(day: str) -> int:
    return round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 10**9


def visit(day: str, minutes: int = 30, store: str = "s1") -> VisitRow:
    return VisitRow("a", store, at(day), "x", at(day), at(day) + minutes * MINUTE_NS, 1, 0, 0, "f", 0, "")


def touch(day: str, what: str, channel: str = "", amount: float = 0.0) -> TouchRow:
    values: dict[str, Any] = {"what": what, "zone": "", "staff_id": "", "department": "", "channel": channel, "campaign": "", "ref": "",
                              "items": "", "amount": amount}  # fmt: skip
    return TouchRow("s1", "till", at(day) // 10**9, at(day), at(day), None, "", "f", "f", 0, json.dumps(values))


def profile(visits: list[VisitRow], touches: list[TouchRow], day: str = "2026-11-30", settings: FanProfileSettings = SETTINGS) -> Profile:
    rows = FanRows(visits=visits, touches=touches, timeout_ns={"s1": MINUTE_NS, "s2": MINUTE_NS})
    return profile_of(history_of(rows), at(day), settings)


ANN = (
    [visit("2025-11-05"), visit("2026-09-01"), visit("2026-10-01"), visit("2026-11-10")],
    [
        touch("2026-10-01T00:10", "try_on"),
        touch("2026-10-01T00:20", "transaction", amount=480.0),
        touch("2026-11-10T00:05", "scan", "mini"),
        touch("2026-11-12", "transaction", "web", 320.0),
        touch("2026-11-20", "return", amount=120.0),
    ],
)
BEN = [visit("2026-10-21", minutes=0)], [touch("2026-10-21", "scan", "mini")]
CAI = [visit("2026-07-03", minutes=0)], [touch("2026-07-03", "transaction", amount=200.0)]


@pytest.mark.parametrize(("name", "rows"), [("Ann", ANN), ("Ben", BEN), ("Cai", CAI)])
def test_the_examples_of_the_document_are_worked_out_as_it_works_them(name: str, rows: tuple[list[VisitRow], list[TouchRow]]) -> None:
    line = re.search(rf"^\| {name} \|.*", (ROOT / "docs" / "identity.md").read_text(), re.MULTILINE)
    assert line is not None
    cells = [cell.strip() for cell in line[0].strip("|").split("|")]
    found = profile(*rows)
    weights = SETTINGS.weights
    points = {part: share * getattr(weights, part) for part, share in found.value.parts.items()}
    in_order = [points[part] for part in ("channels", "recency", "visits", "purchases", "money", "behaviour")]
    assert [float(cell.rpartition("=")[2]) for cell in cells[1:7]] == pytest.approx(in_order, abs=0.005)
    assert (float(cells[7]), cells[8].strip("`")) == (found.value.points, found.stage)


def test_money_is_of_sales_less_what_was_given_back_and_of_all_channels() -> None:
    found = profile(*ANN)
    assert (found.ever.money, found.ever.purchases, found.ever.returns) == (680_00, 2, 1)
    assert found.ever.channels == {"mini": 1, "store": 7, "web": 1}
    assert (found.ever.visits, found.lately.visits) == (4, 3)
    assert found.lately.behaviour == ["scan", "try_on"]


def test_who_hands_back_what_was_lent_returns_nothing_and_does_nothing_that_counts() -> None:
    visits, touches = ANN
    found, lent = profile(*ANN), profile(visits, [*touches, touch("2026-11-10T00:20", "handback")])
    assert (lent.ever.returns, lent.ever.behaviour, lent.stage) == (found.ever.returns, found.ever.behaviour, found.stage)


def test_hundredths_add_up_where_floating_numbers_do_not() -> None:
    rows = [touch(f"2026-11-{day:02}", "transaction", amount=0.1) for day in range(1, 11)]
    assert profile([], rows).ever.money == 100


def test_of_a_fan_who_was_never_seen_there_are_no_days() -> None:
    found = profile([], [])
    assert (found.stage, found.value.points, found.first_ns, found.silent_days, found.days_between_visits) == ("new", 0.0, None, None, None)
    assert as_object(found)["last_seen"] is None
    assert list(lines(found, 365.0))[-1] == "  seen      never"


def test_a_visit_that_goes_on_was_seen_up_to_the_time_asked_for() -> None:
    found = profile([visit("2026-11-29T23:50", minutes=60)], [])
    assert (found.silent_days, found.lately.visits) == (0.0, 1)


def test_a_visit_that_a_later_device_prolongs_was_seen_until_then_as_it_was_known_then() -> None:
    first, later = visit("2026-11-29T10:00", minutes=1), visit("2026-11-29T10:03", minutes=1)
    for more in ([later], [later, visit("2026-11-29T10:02", minutes=1)]):
        assert profile([first, *more], [], "2026-11-29T10:01:30") == profile([first], [], "2026-11-29T10:01:30")
    bridged = [touch("2026-11-29T10:02", "try_on")]
    assert profile([first, later], bridged, "2026-11-29T10:01:30") == profile([first], [], "2026-11-29T10:01:30")


@pytest.mark.parametrize(
    ("day", "stage"),
    [
        ("2026-07-02", "new"),
        ("2026-07-03", "first_buyer"),
        ("2026-10-30", "first_buyer"),
        ("2026-10-31", "lapsing"),
        ("2027-07-02", "lapsing"),
        ("2027-07-03", "lapsed"),
    ],
)
def test_the_stage_is_that_of_the_time_asked_for_to_the_day(day: str, stage: str) -> None:
    assert profile(*CAI, day=day).stage == stage


def test_who_never_bought_is_a_prospect_until_half_a_year_of_silence() -> None:
    assert [profile(*BEN, day=day).stage for day in ("2027-04-18", "2027-04-19")] == ["prospect", "lost"]


def test_a_brand_s_stages_and_proposals_stand_in_place_of_those_shipped() -> None:
    stages = [{"name": "guest", "meaning": "came", "purchases_below": 1}, {"name": "buyer"}]
    settings = FanProfileSettings.model_validate({"stages": stages, "proposals": {"buyer": "Thank them"}})
    buyer, guest = profile(*CAI, settings=settings), profile(*BEN, settings=settings)
    assert (buyer.stage, buyer.proposal, guest.stage, guest.proposal) == ("buyer", "Thank them", "guest", "")
    assert "  proposal  Thank them" in list(lines(buyer, 365.0))
    assert "  stage     guest: came" in list(lines(guest, 365.0))
    assert (as_object(buyer)["proposal"], as_object(guest)["proposal"]) == ("Thank them", None)


def test_weights_count_in_proportion() -> None:
    only_money = FanProfileSettings.model_validate(
        {"weights": dict.fromkeys(("channels", "recency", "visits", "purchases", "behaviour"), 0) | {"money": 3}, "full": {"money": 1360}}
    )
    assert profile(*ANN, settings=only_money).value.points == 50.0
