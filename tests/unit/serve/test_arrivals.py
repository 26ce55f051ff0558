"""Arrivals for guides: of their own stores, with what happened there, and no identifier."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from footfall.units import NS_PER_HOUR
from gateway.fans.profile_settings import load_profile
from serve.guide import guide_arrival
from serve.roles import Role
from tests.support.served_brand import ServedBrand
from tests.support.served_ledger import DAY_NS, NOW_NS, SUBJECTS


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> ServedBrand:
    brand = ServedBrand(tmp_path_factory.mktemp("brand"))
    site = brand.pages.estate.site()
    assert site is not None
    brand.feed.board.use(site.stores, NOW_NS)
    for fan, store in (("f-1", "s1"), ("f-1", "s2"), ("f-new", "s1")):
        arrival = {"kind": "arrival", "id": f"{store}/{fan}", "store": store, "zone": "a", "fan": fan, "time_ns": NOW_NS + 9 * DAY_NS}
        brand.feed.publish(json.dumps(arrival).encode())
    return brand


def heard(brand: ServedBrand, role: Role, query: str = "") -> list[dict[str, Any]]:
    """The arrivals with which a stream begins."""
    answer = brand.ask("GET", f"/api/arrivals{query}", role)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
    return [json.loads(line.removeprefix("data: ")) for line in answer.body.decode().split("\n\n") if line.startswith("data: ")]


def test_headquarters_hears_of_every_store_with_all_that_happened(brand: ServedBrand) -> None:
    found = [(each["store"], each["fan"], each["visits"]) for each in heard(brand, Role.HEADQUARTERS)]
    assert found == [("s1", "f-1", 3), ("s2", "f-1", 3), ("s1", "f-new", 0)]


@pytest.mark.parametrize("role", [Role.STORE, Role.AREA])
def test_a_guide_hears_of_the_own_store_with_the_last_visits_and_interests_there(brand: ServedBrand, role: Role) -> None:
    known, new = heard(brand, role)
    assert ([each["store"] for each in known["last_visits"]], known["visits"]) == (["s1", "s1"], 2)
    assert known["interests"] == {"zones": [{"store": "s1", "zone": "a", "seconds": 1800.0}], "articles": []}
    assert (new["fan"], new["visits"], new["last_visits"], new["stage"]) == ("f-new", 0, [], None)
    assert (known["title"], known["timezone"]) == ("s1", "UTC")
    assert "s2" not in json.dumps([known, new])
    assert not [subject for subject in SUBJECTS.values() if subject in json.dumps([known, new])]


def test_an_arrival_of_long_ago_is_marked() -> None:
    arrival = {"store": "s1", "time_ns": NOW_NS}
    settings = load_profile(None)
    assert [guide_arrival(arrival, None, settings, NOW_NS + more * NS_PER_HOUR)["late"] for more in (1, 2)] == [False, True]


def test_the_document_has_the_stream_and_what_it_sends(brand: ServedBrand) -> None:
    document = brand.ask("GET", "/api/openapi.json", Role.STORE).json()
    shown = document["paths"]["/api/arrivals"]["get"]
    assert [each["name"] for each in shown["parameters"]] == ["store"]
    assert shown["responses"]["200"]["content"] == {"text/event-stream": {"schema": {"$ref": "#/components/schemas/Arrival"}}}
    stated = document["components"]["schemas"]["Arrival"]["properties"]
    assert all(each.keys() == stated.keys() for each in heard(brand, Role.HEADQUARTERS))


def test_a_head_of_the_stream_ends_at_once(brand: ServedBrand) -> None:
    answer = brand.ask("HEAD", "/api/arrivals", Role.STORE)
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "text/event-stream", b"")
    assert brand.feed.readers == 0


def test_of_another_store_a_token_hears_nothing_and_of_one_that_it_names_that_alone(brand: ServedBrand) -> None:
    assert brand.ask("GET", "/api/arrivals?store=s2", Role.STORE).status == 403
    assert [each["store"] for each in heard(brand, Role.HEADQUARTERS, "?store=s2")] == ["s2"]
    unknown = brand.ask("GET", "/api/arrivals?store=s22", Role.HEADQUARTERS)
    assert (unknown.status, unknown.json()["message"]) == (400, "site.toml has no store 's22': did you mean 's2'?")


def test_who_asks_for_an_own_store_that_is_no_more_is_told_of_none_that_is_another_s(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path / "brand")
    site = brand.folder / "site.toml"
    site.write_text(site.read_text().replace('name = "s1"', 'name = "s11"'))
    brand.pages.estate.look()
    gone = brand.ask("GET", "/api/arrivals?store=s1", Role.STORE)
    assert (gone.status, gone.json()["message"]) == (400, "site.toml has no store 's1'")


def test_a_token_of_a_store_finds_its_arrivals_at_the_address_of_the_server(brand: ServedBrand) -> None:
    answer = brand.ask("GET", "/", Role.STORE)
    assert (answer.status, answer.headers["location"]) == (303, "arrivals")
    assert b"api/arrivals" in brand.ask("GET", "/arrivals.js", Role.STORE).body
    assert "location" not in brand.ask("GET", "/", Role.AREA).headers
