"""A small chain through accept and fold: the database holds the truth, to the minute and the penny, through every kind of fault."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from gateway.sinks.sqlite.reader import SqliteReader
from gateway.sinks.sqlite.sink import SQLite
from simulators.chain.chain import Chain
from simulators.chain.plan import Life, shipped_plan
from simulators.chain.run import Simulated, simulate_chain
from simulators.dumps import Dump, dump

STORES, WEEKS = 3, 1


def simulated(path: Path, chain: Chain) -> tuple[Simulated, Dump]:
    with closing(SQLite(path)) as sink:
        made = simulate_chain(chain, [sink])
    with closing(SqliteReader(path)) as reader:
        return made, dump(reader)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chain")


@pytest.fixture(scope="module")
def made(folder: Path) -> Simulated:
    return simulated(folder / "chain.db", Chain(STORES, WEEKS, seed=5))[0]


@pytest.fixture(scope="module")
def reader(folder: Path, made: Simulated) -> SqliteReader:
    return SqliteReader(folder / "chain.db")


def test_every_minute_has_the_people_whom_living_counters_saw(made: Simulated, reader: SqliteReader) -> None:
    counted = Counter[tuple[str, int]]()
    for passing in made.truth.passings:
        if passing.counted:
            counted[passing.store, passing.time_ms // 60_000] += passing.entered
    traffic = reader.rows("traffic")
    minutes = zip(traffic.values("store"), (traffic.time_ns // 60_000_000_000).tolist(), traffic.values("in"), strict=True)
    assert {(store, minute): people for store, minute, people in minutes if people} == {
        key: people for key, people in counted.items() if people
    }
    assert sum(not passing.counted for passing in made.truth.passings) > 20, "this chain has a dead counter"


def test_every_visit_is_stored_as_it_was(made: Simulated, reader: SqliteReader) -> None:
    visits = reader.rows("visit")
    names = ("store", "subject", "fan", "is_staff", "started_ms", "seconds", "zones", "open")
    stored = sorted(zip(*(visits.values(name) for name in names), strict=True))
    true = sorted(
        (each.store, f"{each.subject:016x}", each.fan, each.is_staff, each.from_ms, (each.to_ms - each.from_ms) / 1000, each.zones, False)
        for each in made.truth.visits
    )
    assert stored == true
    assert {bool(each.fan) for each in made.truth.visits} == {True, False}


def test_every_dwell_is_stored_as_it_was(made: Simulated, reader: SqliteReader) -> None:
    dwells = reader.rows("dwell")
    stored = sorted(zip(*(dwells.values(name) for name in ("store", "zone", "subject", "fan", "is_staff", "seconds")), strict=True))
    assert stored == sorted(
        (each.store, each.zone, f"{each.subject:016x}", each.fan, each.is_staff, (each.to_ms - each.from_ms) / 1000)
        for each in made.truth.dwells
    )


def test_every_touch_is_stored_and_the_mistyped_ones_are_void(made: Simulated, reader: SqliteReader) -> None:
    touches = reader.rows("touch", void=True)
    names = ("store", "what", "zone", "fan", "staff_id", "department", "channel", "campaign", "amount", "void")
    stored = Counter(zip(*(touches.values(name) for name in names), strict=True))
    assert stored == Counter(
        (each.store, each.what, each.zone, each.fan, each.staff_id, each.department, each.channel, each.campaign, each.amount, each.is_void)
        for each in made.truth.touches
    )
    assert any(each.is_void for each in made.truth.touches)


def test_everything_that_happened_to_goods_is_stored(made: Simulated, reader: SqliteReader) -> None:
    items = reader.rows("item")
    names = ("store", "kind", "zone", "from_zone", "epc", "sku", "seconds")
    stored = sorted(zip((items.time_ns // 1_000_000).tolist(), *(items.values(name) for name in names), strict=True))
    assert stored == sorted(
        (each.time_ms, each.store, each.kind, each.zone, each.from_zone, each.epc, each.sku, each.seconds) for each in made.truth.items
    )
    assert {each.kind for each in made.truth.items} == {"arrived", "moved", "tried", "left"}


def test_boxes_report_what_they_did_not_observe(made: Simulated, reader: SqliteReader) -> None:
    gaps = reader.rows("gap")
    reasons = dict(zip(gaps.values("agent"), gaps.values("reason"), strict=True))
    assert reasons == {
        "berlin-mitte-b": "source.fault: counter-main",
        "berlin-mitte-a": "agent.restart",
        "sanya-bay-c": "source.fault: counter-side",
        "mumbai-fort-a": "agent.restart",
    }
    assert {each.agent for each in made.truth.unobserved} == reasons.keys(), "an agent that was only offline lost nothing"


def test_the_same_seed_gives_the_same_points_and_another_seed_others(made: Simulated, tmp_path: Path) -> None:
    """Of a store that opens on the chain's fifth day, and of the same days beside the other seed."""
    plan = shipped_plan().model_copy(update={"lives": {made.chain.stores[0].name: Life(opens_day=4)}})
    (first, points), (_, again) = (simulated(tmp_path / f"{number}.db", Chain(1, WEEKS, 8, plan)) for number in range(2))
    assert points == again
    (store,) = first.chain.stores
    assert first.truth.visits
    assert first.truth.visits != [visit for visit in made.truth.visits if visit.store == store.name and visit.from_ms >= store.from_ms]


def test_the_truth_is_the_same_on_every_machine(made: Simulated, tmp_path: Path) -> None:
    made.truth.write(tmp_path / "truth.jsonl")
    digest = hashlib.sha256((tmp_path / "truth.jsonl").read_bytes())
    assert digest.hexdigest() == "91a2a4583b6b8b6d928bb182e0c86baec3318768ba5be47c046da9c7eb52bcc7"
