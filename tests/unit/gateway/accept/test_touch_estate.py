"""What site.toml knows of campaigns and staff: unknown campaigns and owners are refused, touches of unknown staff are taken and named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.topics import Topic
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser
from gateway.accept.outcome import Outcome
from gateway.site import Site
from gateway.site.index import Places
from tests.support.accept_inputs import NOW, SECRET, Memory

LISTED = {
    "staff": [{"staff_id": "s12", "department": "optics"}, {"staff_id": "s7", "to": "2020-01-01"}],
    "campaigns": [{"name": "autumn"}, {"name": "friends"}],
}
SALE = {"kind": "touch", "what": "transaction", "id": "t1", "amount": 10.0}
OWNER = {"kind": "fact", "fact": "owner", "id": "o1", "fan": "F"}
AMEND = {"kind": "amend", "id": "a1", "of": "t1", "reason": "mistyped", "actor": "kim"}


def acceptor(listed: dict[str, Any]) -> Acceptor:
    site = Site.model_validate({"brand": "b", "stores": [{"name": "s1", "agents": [{"name": "till"}]}, {"name": "s2"}], **listed})
    return Acceptor(Places(site), Memory(), Pseudonymiser(SECRET))


def take(*values: dict[str, Any], listed: dict[str, Any] = LISTED) -> Outcome:
    """Return the outcome of the last of several events."""
    gateway = acceptor(listed)
    return [gateway.events(Topic("s1", "till", "events"), json.dumps(value).encode(), NOW) for value in values][-1]


def journaled(*values: dict[str, Any], listed: dict[str, Any] = LISTED) -> dict[str, Any]:
    (entry,) = take(*values, listed=listed).entries
    return dict(json.loads(entry.body))


def test_a_touch_has_all_its_new_keys_in_the_journal() -> None:
    more = {"campaigns": ["autumn", "friends"], "squad": "north", "code": "SH-7", "shared_by": "F2"}
    assert journaled(SALE | more).items() >= (more | {"campaign": "autumn"}).items()
    assert journaled(SALE).keys().isdisjoint(more), "as earlier releases journaled it"


def test_each_new_key_can_be_amended_and_emptied() -> None:
    changes = {"campaigns": ["friends", "autumn"], "squad": "south", "code": "C", "shared_by": "F3"}
    assert journaled(SALE, AMEND | {"set": changes})["set"] == changes | {"campaign": "friends"}
    emptied = journaled(SALE, AMEND | {"set": {"campaigns": None, "squad": None, "code": None, "shared_by": None}})["set"]
    assert emptied == {"campaign": "", "campaigns": [], "squad": "", "code": "", "shared_by": ""}


def test_an_amend_of_the_campaign_alone_leaves_no_other() -> None:
    assert journaled(SALE, AMEND | {"set": {"campaign": "friends"}})["set"] == {"campaign": "friends", "campaigns": []}


@pytest.mark.parametrize("value", [SALE | {"campaign": "autum"}, SALE | {"campaigns": ["friends", "autum"]}])
def test_a_campaign_that_is_not_listed_is_refused_with_the_nearest(value: dict[str, Any]) -> None:
    (refused,) = take(value).refused
    assert (refused.reason, refused.message) == ("site.campaign", "campaign 'autum' is not in site.toml: did you mean 'autumn'?")
    assert take(value, listed={}).entries


def test_an_amend_to_a_campaign_that_is_not_listed_is_refused_too() -> None:
    (refused,) = take(SALE, AMEND | {"set": {"campaign": "x"}}).refused
    assert refused.reason == "site.campaign"


@pytest.mark.parametrize(("staff_id", "why"), [("s7", "not for that time"), ("s13", "not in site.toml: did you mean 's12'?")])
def test_a_sale_of_staff_who_left_or_are_unknown_is_taken_and_named(staff_id: str, why: str) -> None:
    outcome = take(SALE | {"staff_id": staff_id})
    assert json.loads(outcome.entries[0].body)["staff_id"] == staff_id
    assert why in outcome.noticed["staff_unknown"]
    assert why in take(SALE, AMEND | {"set": {"staff_id": staff_id}}).noticed["staff_unknown"]
    assert not take(SALE | {"staff_id": staff_id}, listed={}).noticed


def test_all_staff_who_were_not_there_of_one_message_are_named_once_each() -> None:
    sales = [SALE | {"id": f"t{n}", "staff_id": staff_id} for n, staff_id in enumerate(["x1", "s7", "x1", "s12"])]
    said = acceptor(LISTED).events(Topic("s1", "till", "events"), json.dumps(sales).encode(), NOW).noticed["staff_unknown"]
    assert (said.count("'x1'"), said.count("'s7'"), said.count("staff_id")) == (1, 1, 2)
    many = [SALE | {"id": f"t{n}", "staff_id": f"x{n}"} for n in range(100)]
    assert len(acceptor(LISTED).events(Topic("s1", "till", "events"), json.dumps(many).encode(), NOW).noticed["staff_unknown"]) < 1000


def test_of_known_staff_nothing_is_named() -> None:
    assert not take(SALE | {"staff_id": "s12"}).noticed


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"staff_id": "s7"}, "site.staff"), ({"staff_id": "s13"}, "site.staff"), ({"store": "s3"}, "site.store")],
)
def test_an_owner_who_is_not_there_is_refused(more: dict[str, str], reason: str) -> None:
    (refused,) = take(OWNER | more).refused
    assert refused.reason == reason


def test_an_owner_without_from_begins_when_it_was_taken_or_learned_and_is_the_same_when_sent_again() -> None:
    owner = OWNER | {"staff_id": "s12", "store": "s2"}
    assert journaled(owner)["from_ns"] == NOW
    assert journaled(owner | {"learned": "2026-01-01T00:00:00Z"})["from_ns"] == 1_767_225_600 * 10**9
    gateway = acceptor(LISTED)
    outcomes = [gateway.events(Topic("s1", "till", "events"), json.dumps(owner).encode(), NOW + late) for late in (0, 60 * 10**9)]
    assert (len(outcomes[0].entries), outcomes[1].dropped) == (1, ("duplicate_event", 1))
