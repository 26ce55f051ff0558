"""A SITE record is read as it was written, whatever `site.toml` must obey today."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from edge_agent.config import AgentSettings
from footfall.config import Section
from gateway.accept.events import Pseudonymiser
from gateway.config import GatewayConfig
from gateway.site import Site
from gateway.site.recorded import read_site, record_site, stores_as_recorded, with_subjects
from tests.support.journal_stories import new_fold

STORE = {"name": "s", "zones": [{"name": "a"}], "doors": ["d"], "agents": [{"name": "x"}]}
PLAIN = {"brand": "b", "stores": [STORE]}

subject_of = Pseudonymiser(b"secret").hex_subject
names = st.text("abz09._-", min_size=1, max_size=6)
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=6)
identifiers = st.builds("{}:{}".format, names, texts)


@st.composite
def lives(draw: Any) -> dict[str, Any]:
    """Days on which a store began, was another, and ended; each is there or not."""
    days = sorted(draw(st.lists(st.dates(), min_size=4, max_size=4, unique=True)))
    begins, ends = draw(st.booleans()), draw(st.booleans())
    before = [{"until": day, **draw(st.fixed_dictionaries({}, optional={"path": st.just("a/b"), "title": texts}))} for day in days[1:3]]
    return (
        ({"valid_from": days[0]} if begins else {})
        | ({"valid_to": days[3]} if ends else {})
        | {"before": draw(st.sampled_from([[], before]))}
    )


@st.composite
def sites(draw: Any) -> dict[str, Any]:
    """What `site.toml` may hold: every optional key is there or not."""
    unique = iter(draw(st.lists(names, min_size=20, max_size=20, unique=True)))

    def some(**optional: st.SearchStrategy[Any]) -> dict[str, Any]:
        return {key: draw(values) for key, values in optional.items() if draw(st.booleans())}

    def store() -> dict[str, Any]:
        zones = [
            {"name": next(unique)} | some(type=st.sampled_from(["entrance", "fitting", "outside"])) for _ in range(draw(st.integers(0, 2)))
        ]
        agents = [{"name": next(unique)} for _ in range(draw(st.integers(0, 2)))]
        if zones and agents and draw(st.booleans()):
            agents[0]["receivers"] = {"r": zones[0]["name"]}
        return {"name": next(unique), "zones": zones, "agents": agents} | some(
            title=texts, path=st.text("a/ü", max_size=4), timezone=st.sampled_from(["Asia/Shanghai", "America/St_Johns"]),
            day_start=st.times(), opens=st.times(), closes=st.times(),
            ownership=texts, closed=st.lists(st.dates(), max_size=2),
            hours=st.just({"mon-sat": "10:00-20:00", "sun": "closed"}),
            idle_timeout_s=st.floats(60, 86_400), tried_s=st.floats(0, 3600),
            doors=st.lists(names, max_size=2, unique=True),
        ) | draw(lives())  # fmt: skip

    def person() -> dict[str, Any]:
        return {"staff_id": draw(texts)} | some(department=texts, identifiers=st.lists(identifiers, max_size=2))

    return {"brand": draw(names), "stores": [store() for _ in range(draw(st.integers(0, 2)))]} | some(
        staff=st.lists(st.builds(person), max_size=2), assets=st.lists(identifiers, max_size=2)
    )


@settings(deadline=None)
@given(sites())
def test_any_estate_that_is_right_is_read_back_and_folded(values: dict[str, Any]) -> None:
    site = Site.model_validate(values)
    read = read_site(record_site(site, subject_of))
    assert [store.name for store in read.stores] == [store.name for store in site.stores]
    for store in read.stores:
        given = site.by_name[store.name]
        assert (store.timezone, store.day_start, store.idle_timeout_s, store.tried_s) == (
            given.timezone, given.day_start, given.idle_timeout_s, given.tried_s,
        )  # fmt: skip
        assert [(zone.name, zone.type) for zone in store.zones] == [(zone.name, zone.type) for zone in given.zones]
        assert [agent.name for agent in store.agents] == [agent.name for agent in given.agents]
        assert (store.title, store.path, store.ownership, store.closed) == (given.title, given.path, given.ownership, given.closed)
        assert (store.opens, store.closes, store.hours) == (given.opens, given.closes, given.hours)
        assert [each.until for each in store.before] == [each.until for each in given.before]
    assert [person.subjects for person in read.staff] == [tuple(map(subject_of, person.identifiers)) for person in site.staff]
    assert read.asset_subjects == tuple(map(subject_of, site.assets))
    new_fold().state.estate.apply(read)


@pytest.mark.parametrize("person", [{"staff_id": "s1"}, {"staff_id": "s1", "department": "optics"}])
def test_a_department_is_optional(person: dict[str, str]) -> None:
    site = Site.model_validate(PLAIN | {"staff": [person]})
    assert read_site(record_site(site)).staff[0].subjects == ()
    assert Site.model_validate_json(site.model_dump_json(by_alias=True)) == site


def test_what_an_earlier_release_wrote_is_read_though_it_obeys_no_rule_of_today() -> None:
    """It wrote a department of no letters, and keys that nobody knows any more."""
    written = {
        "brand": "B RAND", "stores": [{"name": "Störe", "idle_timeout_s": 1, "zones": [{"name": "", "type": "cellar"}], "doors": ["d", "d"],
        "agents": [{"name": "x"}, {"name": "x"}], "was": None}], "staff": [{"staff_id": "", "department": "", "identifiers": ["nobody"]}],
    }  # fmt: skip
    read = read_site(json.dumps(written).encode())
    assert (read.stores[0].name, read.stores[0].doors, read.staff[0].subjects) == ("Störe", ("d", "d"), ())


def test_no_identifier_is_recorded() -> None:
    people = [{"staff_id": "s1", "department": "optics", "identifiers": ["member:13800001111", "phone:13900002222"]}, {"staff_id": "s2"}]
    site = Site.model_validate(PLAIN | {"staff": people, "assets": ["mac:aabbccddeeff"]})
    for body in (record_site(site, subject_of), record_site(site)):
        assert not [one for one in (b"13800001111", b"13900002222", b"aabbccddeeff", b"phone") if one in body]
    read = read_site(record_site(site, subject_of))
    staff, assets = read.staff_and_assets()
    assert staff == {int(subject_of(one), 16) for one in ("member:13800001111", "phone:13900002222")}
    assert assets == {int(subject_of("mac:aabbccddeeff"), 16)}


def test_a_record_of_an_earlier_release_becomes_what_this_one_records() -> None:
    people = [{"staff_id": "s1", "identifiers": ["member:13800001111"]}, {"staff_id": "s2"}]
    site = Site.model_validate(PLAIN | {"staff": people, "assets": ["mac:aabbccddeeff"]})
    now = json.loads(record_site(site, subject_of))
    before = {key: value for key, value in now.items() if key != "asset_subjects"} | {"staff": people, "assets": ["mac:aabbccddeeff"]}
    assert json.loads(with_subjects(json.dumps(before).encode(), subject_of)) == now
    assert with_subjects(record_site(site, subject_of), subject_of) == record_site(site, subject_of), "done twice it is the same"
    assert "13800001111" not in with_subjects(json.dumps(before).encode(), None).decode()


def sections(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for each in _models(field.annotation):
            yield from sections(each)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models(inner)


@pytest.mark.parametrize(
    "model", sorted({*sections(Site), *sections(GatewayConfig), *sections(AgentSettings)}, key=lambda each: each.__name__)
)
def test_every_default_is_a_value_that_may_be_written(model: type[BaseModel]) -> None:
    """Else a configuration that leaves the key out could not be read back."""
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if field.is_required() or default is None:
            continue
        adapter: TypeAdapter[Any] = TypeAdapter(model.__annotations__ and field.rebuild_annotation())
        assert adapter.validate_python(default) == default, f"{model.__name__}.{name}"
    assert issubclass(model, Section)


def test_dates_and_times_are_kept() -> None:
    site = Site.model_validate(PLAIN | {"stores": [STORE | {"day_start": time(3, 30), "valid_from": date(2026, 1, 1)}]})
    assert read_site(record_site(site)).stores[0].day_start == time(3, 30)


def test_stores_as_recorded_are_those_of_the_record_without_zones() -> None:
    site = Site.model_validate(
        {
            "brand": "acme",
            "stores": [
                {
                    "name": "mitte", "timezone": "Europe/Berlin", "hours": {"mon-sun": "10:00-20:00"}, "closed": ["2026-12-25"],
                    "aliases": [{"name": "old", "until": "2026-05-01"}], "doors": ["main"], "zones": [{"name": "hall"}],
                    "agents": [{"name": "a", "from": "2026-02-01", "aliases": [{"name": "b", "until": "2026-03-01"}]}],
                    "before": [{"until": "2026-03-31", "path": "x"}],
                },
                {"name": "plain", "day_start": "05:00"},
            ],
        }
    )  # fmt: skip
    whole = read_site(record_site(site))
    bare = tuple(store.model_copy(update={"zones": ()}) for store in whole.stores)
    assert stores_as_recorded(site).stores == bare


def test_an_inner_door_is_one_under_each_of_its_names() -> None:
    aliases = [
        {"door": "stairs", "name": "lift", "until": "2026-09-01T00:00:00Z"},
        {"door": "d", "name": "e", "until": "2026-09-01T00:00:00Z"},
    ]
    site = Site.model_validate(
        {"brand": "b", "stores": [STORE | {"doors": ["d", "stairs"], "inner_doors": ["stairs"], "door_aliases": aliases}]}
    )
    (store,) = read_site(record_site(site)).stores
    assert (store.doors, store.inner_doors) == (("d", "stairs", "lift", "e"), ("stairs", "lift"))
