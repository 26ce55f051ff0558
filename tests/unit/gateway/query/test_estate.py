"""The estate of questions has each store by any of its names, with what it was when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from gateway.fold.store_points import store_points
from gateway.points import SCHEMA, Coded
from gateway.query.estate import QueryEstate, StoreFacts, StoreVersion
from gateway.query.spans import iso
from gateway.sinks.reader import columns_of
from gateway.sinks.table import Builder, PointTable
from gateway.site import Site
from gateway.site.names import ALWAYS, FIRST_NS, LAST_NS, Span
from gateway.site.recorded import read_site, record_site

SITE = Site.model_validate(
    {
        "brand": "acme",
        "stores": [
            {
                "name": "mitte", "title": "Mitte", "path": "acme/berlin", "timezone": "Europe/Berlin", "day_start": "05:00",
                "opens": "10:00", "closes": "20:00", "valid_from": "2026-03-01", "valid_to": "2026-11-30",
                "aliases": [{"name": "old", "until": "2026-05-01"}],
                "agents": [{"name": "mitte-door", "to": "2026-06-30"}, {"name": "mitte-till"}],
            },
            {"name": "plain"},
        ],
    }
)  # fmt: skip


def test_a_store_of_site_toml_has_its_clock_path_hours_and_validity() -> None:
    store = QueryEstate.from_site(SITE).of("mitte")
    assert (store.name, store.timezone, store.day_start) == ("mitte", ZoneInfo("Europe/Berlin"), time(5))
    assert (store.versions[0].path, store.versions[0].title, store.versions[0].ownership) == ("acme/berlin", "Mitte", "own")
    assert store.states_hours
    assert store.versions[0].hours.week[0] == (600, 1200)
    assert [iso(time_ns, store.timezone) for time_ns in store.valid] == ["2026-03-01T00:00+01:00", "2026-12-01T00:00+01:00"]
    assert [(agent.name, agent.span == ALWAYS) for agent in store.agents] == [("mitte-door", False), ("mitte-till", True)]


def test_a_renamed_store_is_found_by_each_of_its_names() -> None:
    estate = QueryEstate.from_site(SITE)
    assert (estate.now_name("old"), estate.now_name("mitte"), estate.now_name("other")) == ("mitte", "mitte", "other")
    assert estate.of("old") is estate.of("mitte")


def test_what_is_not_stated_is_known_as_such() -> None:
    plain, unknown = QueryEstate.from_site(SITE).of("plain"), QueryEstate().of("unknown")
    assert not plain.states_hours
    assert plain.valid == ALWAYS
    assert unknown == StoreFacts("unknown")
    assert (unknown.timezone.key, unknown.versions[0].path, unknown.states_hours, unknown.agents) == ("UTC", "", False, ())


def test_one_estate_over_another_replaces_the_stores_that_both_have() -> None:
    other = QueryEstate({"mitte": StoreFacts("mitte", closed=frozenset({date(2026, 1, 1)})), "gone": StoreFacts("gone")}, {"was": "gone"})
    both = QueryEstate.from_site(SITE).over(other)
    assert both.of("mitte").timezone.key == "Europe/Berlin"
    assert (both.of("was").name, both.of("old").name) == ("gone", "mitte")


def test_the_version_is_that_of_the_time() -> None:
    store = StoreFacts("s1", versions=(StoreVersion(Span(FIRST_NS, 100), "a"), StoreVersion(Span(100, LAST_NS), "b")))
    assert [store.at(time_ns).path for time_ns in (-5, 99, 100, 10**18)] == ["a", "a", "b", "b"]


MOVED = Site.model_validate(
    {
        "brand": "acme",
        "stores": [
            {
                "name": "mitte", "title": "Mitte", "path": "acme/berlin/city", "timezone": "Europe/Berlin", "ownership": "partner",
                "hours": {"mon-sat": "10:00-20:00", "sun": "closed"}, "closed": ["2026-12-25"], "valid_from": "2026-01-15",
                "before": [{"until": "2026-03-31", "path": "acme/berlin", "title": "Mitte 1", "opens": "09:00", "closes": "18:00"}],
                "aliases": [{"name": "old", "until": "2026-05-01"}],
                "agents": [{"name": "till", "aliases": [{"name": "kasse", "until": "2026-02-28"}]}],
            }
        ],
    }
)  # fmt: skip
BERLIN = ZoneInfo("Europe/Berlin")


def _table(site: Site) -> PointTable:
    """The rows that the gateway writes of this estate."""
    builder = Builder("store", columns_of(SCHEMA["store"]))
    points = store_points(None, read_site(record_site(site)))
    builder.add([(point.time_ns, *(getattr(point, name) for name in columns_of(SCHEMA["store"]))) for point in points])
    return builder.table()


def test_a_store_has_a_version_for_each_time() -> None:
    store = QueryEstate.from_site(MOVED).of("mitte")
    assert [(version.path, version.title, version.ownership) for version in store.versions] == [
        ("acme/berlin", "Mitte 1", "partner"), ("acme/berlin/city", "Mitte", "partner"),
    ]  # fmt: skip
    assert [iso(version.span.begin_ns, BERLIN) for version in store.versions] == ["2026-01-15T00:00+01:00", "2026-04-01T00:00+02:00"]
    assert store.versions[0].span.end_ns == store.versions[1].span.begin_ns
    assert [version.hours.week[6] for version in store.versions] == [(540, 1080), None]
    assert store.closed == {date(2026, 12, 25)}
    assert [(agent.name, iso(agent.span.end_ns, BERLIN) if agent.span.end_ns < LAST_NS else "") for agent in store.agents] == [
        ("kasse", "2026-03-01T00:00+01:00"), ("till", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("site", [SITE, MOVED], ids=["plain", "moved"])
def test_the_table_of_stores_gives_the_same_estate_as_site_toml(site: Site) -> None:
    assert QueryEstate.from_table(_table(site)) == replace(QueryEstate.from_site(site), zones={}, doors={})


def test_where_versions_overlap_the_later_one_holds_and_the_store_is_known_for_it() -> None:
    table = _table(MOVED)
    texts = [text if text != "2026-03-31" else "2026-04-30" for text in table.values("valid_to")]
    store = QueryEstate.from_table(PointTable("store", table.time_ns, {**table.columns, "valid_to": Coded.of(texts)})).of("mitte")
    assert store.versions[0].span.end_ns == store.versions[1].span.begin_ns
    assert store.overlaps
    assert not QueryEstate.from_table(table).of("mitte").overlaps


def test_a_store_has_every_name_in_a_database() -> None:
    assert QueryEstate.from_site(MOVED).names_of(["mitte", "other"]) == ["mitte", "other", "old"]
