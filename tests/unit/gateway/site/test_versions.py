"""What a store was from when to when."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.site import Site
from gateway.site.dated_version import DatedStoreVersion
from gateway.site.hours import WEEKDAYS
from gateway.site.recorded import read_site, record_site
from gateway.site.versions import LATEST_NS, store_versions
from tests.unit.gateway.site.test_names import ns


def versions(**store: Any) -> list[DatedStoreVersion]:
    site = Site.model_validate({"brand": "b", "stores": [{"name": "s", "timezone": "Europe/Berlin"} | store]})
    return store_versions(read_site(record_site(site)))


def begins(found: list[DatedStoreVersion]) -> list[str]:
    return [datetime.fromtimestamp(each.begin_ns // 10**9, UTC).isoformat() for each in found]


def test_a_store_that_states_nothing_has_one_version_from_the_beginning() -> None:
    assert versions() == [DatedStoreVersion("s", 0, "", "", "own", "Europe/Berlin", "04:00", "", "", "[]", "", "", "s")]


def test_each_version_holds_up_to_the_end_of_its_last_local_day() -> None:
    found = versions(
        valid_from="2026-01-01", valid_to="2026-12-31", path="acme/north",
        before=[{"until": "2026-03-28", "path": "acme/south"}, {"until": "2026-10-24", "ownership": "partner"}],
    )  # fmt: skip
    assert [(each.path, each.ownership, each.valid_from, each.valid_to) for each in found] == [
        ("acme/south", "own", "2026-01-01", "2026-03-28"),
        ("acme/north", "partner", "2026-03-29", "2026-10-24"),
        ("acme/north", "own", "2026-10-25", "2026-12-31"),
    ]
    assert begins(found) == ["2025-12-31T23:00:00+00:00", "2026-03-28T23:00:00+00:00", "2026-10-24T22:00:00+00:00"]


def test_what_an_earlier_version_leaves_out_was_as_it_is_now() -> None:
    now = {
        "title": "Now",
        "path": "a",
        "opens": "10:00",
        "closes": "20:00",
        "hours": {"sun": "closed"},
        "closed": ["2026-12-26", "2026-12-25"],
    }
    same, other, latest = versions(
        **now, before=[{"until": "2026-01-31"}, {"until": "2026-02-28", "title": "Then", "opens": "09:00", "closes": "18:00"}]
    )
    assert same[2:10] == latest[2:10]
    assert (other.title, other.path, other.hours, other.closed) == ("Then", "a", "09:00-18:00", "2026-12-25 2026-12-26")
    assert latest.hours.split("; ") == [*(f"{day} 10:00-20:00" for day in WEEKDAYS[:6]), "sun closed"]


def test_agents_have_the_span_of_each_of_their_names() -> None:
    (found,) = versions(
        agents=[
            {"name": "x", "from": "2026-01-02", "to": "2026-02-28", "aliases": [{"name": "old", "until": "2026-01-31"}]},
            {"name": "y"},
            {"name": "x", "from": "2026-05-01", "aliases": [{"name": "old", "until": "2026-01-31"}]},
        ]
    )
    february, may = ns("2026-01-31T23:00:00Z"), ns("2026-04-30T22:00:00Z")
    assert json.loads(found.agents) == [
        {"name": "old", "from_ns": ns("2026-01-01T23:00:00Z"), "to_ns": february, "now": "x", "tasks": ["presence"]},
        {"name": "x", "from_ns": february, "to_ns": ns("2026-02-28T23:00:00Z"), "now": "x", "tasks": ["presence"]},
        {"name": "y", "from_ns": None, "to_ns": None, "now": "y", "tasks": ["presence"]},
        {"name": "x", "from_ns": may, "to_ns": None, "now": "x", "tasks": ["presence"]},
    ]


def test_an_agent_has_the_tasks_that_are_stated_else_those_that_its_receivers_and_the_doors_suggest() -> None:
    agents: list[dict[str, Any]] = [
        {"name": "bare"}, {"name": "hears", "receivers": {"r": "hall"}}, {"name": "till", "tasks": []},
        {"name": "both", "receivers": {"r": "hall"}, "tasks": ["doors", "presence"]},
    ]  # fmt: skip
    for doors, of_bare in ((["main"], ["doors"]), ([], ["presence"])):
        (found,) = versions(agents=agents, doors=doors, zones=[{"name": "hall"}])
        assert [each["tasks"] for each in json.loads(found.agents)] == [of_bare, ["presence"], [], ["doors", "presence"]]


def test_a_renamed_store_has_its_versions_under_each_name_and_names_its_present_one() -> None:
    found = versions(path="a", aliases=[{"name": "was", "until": "2026-02-28"}], before=[{"until": "2026-01-31", "path": "b"}])
    assert [(each.store, each.now, each.path) for each in found] == [("s", "s", "b"), ("s", "s", "a"), ("was", "s", "b"), ("was", "s", "a")]


@pytest.mark.parametrize(
    ("store", "begin_ns"),
    [({"valid_from": "1950-01-01"}, [0]), ({"valid_from": "9999-12-31"}, [LATEST_NS]), ({"valid_to": "9999-12-31"}, [0])],
)
def test_a_time_that_no_database_takes_is_brought_into_range(store: dict[str, str], begin_ns: list[int]) -> None:
    assert [each.begin_ns for each in versions(**store)] == begin_ns


def test_a_version_that_ended_before_1970_has_no_row() -> None:
    assert [each.path for each in versions(path="now", before=[{"until": "1950-01-01", "path": "then"}])] == ["now"]


def test_a_record_of_an_earlier_release_has_one_version_of_each_store() -> None:
    record = (
        '{"brand":"b","stores":[{"name":"s","opens":"10:00:00","closes":"20:00:00","valid_to":"2020-01-01","valid_from":"2026-01-01"}]}'
    )
    (found,) = store_versions(read_site(record.encode()))
    assert (found.hours, found.valid_from, found.valid_to, found.now) == ("10:00-20:00", "2026-01-01", "2020-01-01", "s")


@pytest.mark.parametrize(
    ("store", "message"),
    [
        ({"valid_from": "2026-04-01", "valid_to": "2026-03-31"}, "is valid from 2026-04-01 to 2026-03-31: that is never"),
        ({"before": [{"until": "2026-03-31"}, {"until": "2026-03-31"}]}, "its versions overlap at 2026-03-31"),
        ({"before": [{"until": "2026-03-31"}, {"until": "2026-03-01"}]}, "from the earliest `until` to the latest"),
        ({"valid_from": "2026-04-01", "before": [{"until": "2026-03-31"}]}, "its versions overlap at 2026-03-31"),
        ({"valid_to": "2026-03-31", "before": [{"until": "2026-03-31"}]}, "all between valid_from and valid_to"),
    ],
)
def test_versions_that_overlap_or_never_hold_are_refused_with_what_to_write(store: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as error:
        versions(**store)
    assert message in str(error.value)


def test_a_version_may_hold_for_one_day() -> None:
    found = versions(valid_from="2026-03-31", valid_to="2026-04-01", before=[{"until": "2026-03-31", "path": "a"}])
    assert [(each.valid_from, each.valid_to) for each in found] == [("2026-03-31", "2026-03-31"), ("2026-04-01", "2026-04-01")]
