"""The estate: who is where and when, and what things were called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.config import load_site
from gateway.site import Site, shard_of
from gateway.site.recorded import read_site, record_site
from tests.unit.gateway.site.test_names import ns


def site(*stores: dict[str, Any]) -> Site:
    return Site.model_validate({"brand": "b", "stores": [{"name": f"s{i}"} | store for i, store in enumerate(stores)]})


def test_an_agent_that_moves_stands_in_both_stores(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text("""
brand = "b"
[[stores]]
name = "old"
timezone = "Europe/Berlin"
[[stores.agents]]
name = "x"
to = 2026-11-20T10:00:00
[[stores]]
name = "new"
[[stores.agents]]
name = "x"
from = 2026-11-20T09:00:00Z
""")
    moved = load_site(tmp_path / "site.toml", {})
    at = [[store.name for store, _ in moved.stationed(ns(time))] for time in ("2026-11-20T08:59:59Z", "2026-11-20T09:00:00Z")]
    assert at == [["old"], ["new"]]
    assert len(list(moved.agents())) == 2


@pytest.mark.parametrize(
    ("first", "second", "is_right"),
    [
        ({}, {}, False),
        ({"to": "2026-11-20"}, {}, False),
        ({"to": "2026-11-20"}, {"from": "2026-11-19"}, False),
        ({"to": "2026-11-20"}, {"from": "2026-11-20"}, True),
        ({"to": "2026-11-20"}, {"from": "2026-11-21"}, True),
        ({"to": "2026-11-20T10:00:00"}, {"from": "2026-11-20T10:00:00"}, True),
        ({"to": "2026-11-20T10:00:01"}, {"from": "2026-11-20T10:00:00"}, False),
        ({"to": "2026-11-20T10:00:00+08:00"}, {"from": "2026-11-20T02:00:00Z"}, True),
        ({"from": "2026-11-20"}, {"to": "2026-11-20"}, True),
        ({"from": "2026-11-20"}, {"to": "2026-11-22"}, False),
    ],
)
def test_an_agent_is_in_one_store_at_a_time(first: dict[str, str], second: dict[str, str], is_right: bool) -> None:
    stores = {"agents": [{"name": "x"} | first]}, {"agents": [{"name": "x"} | second]}
    if is_right:
        site(*stores)
        return
    with pytest.raises(ValidationError, match="agent 'x' is in 's0' and in 's1' at one time"):
        site(*stores)


def test_a_span_that_never_is_is_refused() -> None:
    with pytest.raises(ValidationError, match="that is never"):
        site({"agents": [{"name": "x", "from": "2026-11-21T00:00:00", "to": "2026-11-20T00:00:00"}]})


A, B = [{"name": "a", "until": "2026-01-01"}], [{"name": "b", "until": "2026-01-01"}]


@pytest.mark.parametrize(
    ("stores", "said"),
    [
        ([{"aliases": [{"name": "s1", "until": "2026-01-01"}]}, {}], "store 's1' is listed twice"),
        ([{"zones": [{"name": "a"}, {"name": "c", "aliases": A}]}], "zone 'a' is listed twice"),
        ([{"doors": ["a", "a"]}], "door 'a' is listed twice"),
        ([{"doors": ["a", "c"], "door_aliases": [A[0] | {"door": "c"}]}], "door 'a' is listed twice"),
        ([{"doors": ["c"], "door_aliases": [A[0] | {"door": "d"}]}], "'d', which is no door"),
        ([{"doors": ["c"], "inner_doors": ["d"]}], "inner_doors names 'd', which is no door"),
        ([{"agents": [{"name": "a"}]}, {"agents": [{"name": "c", "aliases": A}]}], "agent 'a' is listed twice"),
        ([{"agents": [{"name": "c", "aliases": A}, {"name": "d", "aliases": A}]}], "agent 'a' is listed twice"),
        ([{"aliases": [{"name": "a"}]}], "Field required"),
        ([{"aliases": [{"name": "a", "until": 1_795_226_523}]}], "must be a date"),
    ],
)
def test_names_are_unique_with_their_aliases(stores: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        site(*stores)


def test_the_record_has_everything_under_each_of_its_names() -> None:
    """Rows have either name; nobody is waited for where a store has another one now."""
    renamed = site(
        {"aliases": B, "zones": [{"name": "z", "type": "fitting", "aliases": A}], "doors": ["d"], "door_aliases": [A[0] | {"door": "d"}],
         "agents": [{"name": "x", "aliases": A}], "day_start": "03:00:00"},
    )  # fmt: skip
    now, before = read_site(record_site(renamed)).stores
    assert (now.name, before.name, now.day_start == before.day_start) == ("s0", "b", True)
    assert [(zone.name, zone.type) for zone in before.zones] == [("z", "fitting"), ("a", "fitting")]
    assert before.doors == now.doors == ("d", "a")
    assert ([agent.name for agent in now.agents], before.agents) == (["x"], ())


@pytest.mark.parametrize("shards", [1, 2, 7, 16])
def test_shards_share_the_stores_out_and_a_renamed_one_keeps_its_place(shards: int) -> None:
    whole = site(*({} for _ in range(20)), {"aliases": [{"name": "b", "until": "2026-01-01"}], "name": "new"})
    cuts = [whole.only(shard, shards) for shard in range(shards)]
    assert sorted(store.name for cut in cuts for store in cut.stores) == sorted(store.name for store in whole.stores)
    assert "new" in cuts[shard_of("b", shards)].by_name
    assert all((cut.brand, cut.staff, cut.assets) == (whole.brand, whole.staff, whole.assets) for cut in cuts)


def test_staff_of_a_store_of_another_shard_are_known_to_every_shard() -> None:
    whole = Site.model_validate({"brand": "b", "stores": [{"name": "s1"}, {"name": "s2"}], "staff": [{"staff_id": "a", "store": "s1"}]})
    assert [[each.store for each in whole.only(shard, 2).staff] for shard in range(2)] == [["s1"], ["s1"]]
    assert [record_site(whole.only(shard, 2)).count(b'"staff_id":"a"') for shard in range(2)] == [1, 1]


def test_the_shard_of_a_store_is_frozen_for_ever() -> None:
    """State lies where this points; golden, as it must not change whatever the release."""
    golden = {"s1": (0, 1, 0), "s2": (0, 5, 10), "sanya": (1, 4, 15), "berlin": (1, 3, 13), "上海": (1, 5, 13)}
    assert {name: tuple(shard_of(name, shards) for shards in (2, 7, 16)) for name in golden} == golden


def test_what_the_example_shows_of_renaming_can_be_written(tmp_path: Path) -> None:
    text = (Path(__file__).parents[4] / "deploy" / "examples" / "site.toml").read_text(encoding="utf-8")
    block = "\n".join(line.removeprefix("#     ") for line in text.splitlines() if line.startswith("#     "))
    (tmp_path / "site.toml").write_text(f'brand = "b"\n{block}\n', encoding="utf-8")
    (store,) = load_site(tmp_path / "site.toml", {}).stores
    before = ns("2026-11-19T12:00Z")
    assert [each.at(before) for each in (store.names(store.zone), *store.door_names(), store.zones[0].names(store.zone))] == [
        "sanya", "front", "shelf-1",
    ]  # fmt: skip
