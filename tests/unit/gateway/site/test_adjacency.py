"""Which zones are next to each other: lists hold in both directions, and what cannot be is refused with what to do."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.site import Site
from gateway.site.recorded import read_site, record_site


def site(**next_to: list[str]) -> Site:
    """A store of an entrance, an aisle, two rooms and the street."""
    zones: list[dict[str, Any]] = [
        {"name": "entrance", "type": "entrance"},
        {"name": "aisle", "aliases": [{"name": "hall", "until": "2026-01-31"}]},
        {"name": "room-a"},
        {"name": "room-b"},
        {"name": "street", "type": "outside"},
    ]
    zones = [zone | ({"next_to": next_to[key]} if (key := zone["name"].replace("-", "_")) in next_to else {}) for zone in zones]
    return Site.model_validate({"brand": "b", "stores": [{"name": "s", "zones": zones}]})


def ways(estate: Site) -> dict[str, set[str]]:
    return {zone.name: set(zone.next_to) for zone in read_site(record_site(estate)).stores[0].zones}


def test_a_way_holds_in_both_directions_under_every_name_and_the_street_is_next_to_the_entrance() -> None:
    found = ways(site(aisle=["entrance", "room-a", "room-b"]))
    assert found["room-a"] == {"room-a", "aisle", "hall"}
    assert found["aisle"] == found["hall"] == {"aisle", "hall", "entrance", "room-a", "room-b"}
    assert found["street"] == {"street", "entrance"}


def test_a_way_may_be_stated_by_an_earlier_name() -> None:
    assert ways(site(entrance=["hall"], room_a=["hall"], room_b=["hall"])) == ways(site(aisle=["entrance", "room-a", "room-b"]))


def test_a_store_without_ways_is_recorded_as_before_there_were_any() -> None:
    assert b"next_to" not in record_site(site())


@pytest.mark.parametrize(
    ("next_to", "message"),
    [
        ({"aisle": ["entrance", "room-a", "room-c"]}, "next_to of zone 'aisle' in store 's' names 'room-c': did you mean 'room-b'?"),
        ({"aisle": ["aisle"]}, "names the zone itself: leave it out"),
        (
            {"aisle": ["entrance", "room-a", "room-b"], "room_a": ["room-b"]},
            "next_to of zone 'aisle' in store 's' names 'room-a', but zone 'room-a' has next_to = [\"room-b\"]: add 'aisle' there, or take"
            ' \'room-a\' out of next_to = ["entrance", "room-a", "room-b"] of \'aisle\'',
        ),
        ({"aisle": ["entrance", "room-a"]}, "nobody reaches zone 'room-b' of store 's' from 'entrance': name it in next_to of a zone"),
    ],
)  # fmt: skip
def test_ways_that_cannot_be_are_refused_with_what_to_do(next_to: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        site(**next_to)
    assert message in str(refused.value)
