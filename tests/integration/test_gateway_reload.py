"""SIGHUP: a changed site.toml holds from the next message on, is refused with its mistakes, and the journal knows from which record on."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.records import RecordKind
from gateway.site.recorded import read_site
from gateway.state.journal import Journal
from simulators.dumps import differences
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from tests.support.running_gateway import SITE, Place, recording
from tests.support.waiting import until

NEW_STORE = """
[[stores]]
name = "s4"
doors = ["main"]
agents = [{name = "pop-up"}]
"""
CHANGED = SITE.replace('{name = "shelf"}', '{name = "shelf", type = "outside"}').replace('name = "s1"', 'name = "s1"\nreentry_s = 30.0')
FIRST_S = 1_790_000_000


def reload(place: Place, site: str) -> None:
    (place.folder / "site.toml").write_text(site)
    os.kill(place.gateway.process.pid, signal.SIGHUP)


def stores(place: Place) -> set[str]:
    return {agent["store"] for agent in place.gateway.status()["agents"]}


def problems(place: Place) -> dict[str, str]:
    return {problem["code"]: problem["what"] for problem in place.gateway.status()["problems"]}


def count(number: int) -> dict[str, object]:
    when = datetime.fromtimestamp(FIRST_S + 86_400 + number, UTC).isoformat()
    return {"kind": "count", "id": f"c{number}", "door": "main", "in": 1, "out": 0, "time": when, "history": True}


def sites(place: Place) -> list[int]:
    """The position of each SITE record."""
    journal = Journal(place.folder / "state" / "journal.db", take_over=False)
    found = [record.pos for record in journal.read(0, 1_000_000) if record.kind == RecordKind.SITE]
    journal.close()
    return found


def test_a_new_store_needs_no_restart(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    with Place(tmp_path / "gateway", embedded_broker) as place:
        place.events(count(1), store="s4", agent="pop-up")
        until(lambda: place.gateway.status()["quarantine"] == {"site.store": 1}, "the stranger to wait in quarantine")
        pid = place.gateway.process.pid
        reload(place, SITE + NEW_STORE)
        until(lambda: "s4" in stores(place), place.log)
        place.events(count(2), store="s4", agent="pop-up")
        place.settle()
        assert [fields for (name, *_), fields in place.stored().items() if name == "door"], "what came after the reload is stored"
        assert place.gateway.process.pid == pid
        reload(place, SITE + NEW_STORE)
        until(lambda: "nothing to reload" in place.log(), place.log)
    assert len(sites(place)) == 2, "the same again is no record"


def test_the_brands_own_beacons_are_those_of_the_new_site(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    with Place(tmp_path / "gateway", embedded_broker) as place:
        assert place.gateway.status()["own_beacons"] == 0
        reload(place, SITE + '\n[[beacons]]\nuuid = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"\n')
        until(lambda: place.gateway.status()["own_beacons"] == 1, place.log)


def test_a_site_with_mistakes_is_refused_by_name_and_the_one_before_stays_in_force(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    with Place(tmp_path / "gateway", embedded_broker) as place:
        for broken, named in (
            (SITE.replace("doors", "dores"), "stores.0.dores: there is no such key; did you mean `doors`?"),
            ("brand = ", "not TOML"),
            (SITE + SITE.partition("\n")[2], "'s1'"),
        ):
            reload(place, broken)
            until(lambda named=named: named in problems(place).get("reload_refused", ""), place.log)  # type: ignore[misc]
        assert "site.toml" in problems(place)["reload_refused"]
        place.events(count(1))
        place.settle()
        assert place.gateway.status()["balance"]["written_total"] == 1
        reload(place, SITE + NEW_STORE)
        until(lambda: "s4" in stores(place), place.log)
        assert "reload_refused" not in problems(place)
    assert len(sites(place)) == 2, "nothing of what was refused is in the journal"


def test_what_changed_in_gateway_toml_is_named_until_it_is_in_force(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    with Place(tmp_path / "gateway", embedded_broker) as place:
        file = place.folder / "gateway.toml"
        in_use = file.read_text()
        changed = in_use + "\n[journal]\nkeep_days = 3.0\n"
        for text, code, named in (
            (changed, "restart_needed", "journal.keep_days"),
            (in_use + "\n[jurnal]\n", "reload_refused", "jurnal"),
        ):
            file.write_text(text)
            reload(place, SITE)
            until(lambda code=code, named=named: named in problems(place).get(code, ""), place.log)  # type: ignore[misc]
        assert "journal.keep_days are not taken: they need a restart" in place.log()
        file.write_text(in_use)
        reload(place, SITE)
        until(lambda: not problems(place).keys() & {"restart_needed", "reload_refused"}, place.log)
        file.write_text(changed)
        reload(place, SITE)
        until(lambda: "restart_needed" in problems(place), place.log)
        place.gateway.process.stop()
        place.start()
        assert "restart_needed" not in problems(place)


@pytest.mark.parametrize("seed", [20261129])
def test_killed_around_a_reload_all_is_as_without_the_kill_and_as_folded_again(tmp_path: Path, mosquitto: Mosquitto, seed: int) -> None:
    rng, heard = random.Random(seed), tmp_path / "heard"
    before, after = recording(heard, minutes=20), recording(heard, minutes=20, start_s=FIRST_S + 7_200)

    def begin(place: Place) -> None:
        place.play(before)
        place.events(count(1))
        place.settle()

    def end(place: Place) -> None:
        until(lambda: "s4" in stores(place), place.log)
        place.play(after)
        place.events(count(2), store="s4", agent="pop-up")
        place.settle()

    with Place(tmp_path / "calm", mosquitto) as place:
        begin(place)
        reload(place, CHANGED + NEW_STORE)
        end(place)
        expected = place.stored()
    assert any(key[0] == "door" and "s4" in key for key in expected)
    with Place(tmp_path / "killed", mosquitto) as place:
        begin(place)
        for number in range(4):
            reload(place, SITE + NEW_STORE.replace("s4", f"s{5 + number}").replace("pop-up", f"pop-up-{number}"))
            time.sleep(rng.uniform(0.0, 0.08))
            place.gateway.process.kill()
            (place.folder / "site.toml").write_text(CHANGED + NEW_STORE if number == 3 else SITE)
            place.start()
        end(place)
        assert differences(_without_stores(expected), _without_stores(place.stored())) == [], f"seed {seed}"
        in_force = place.stored()
    for name in ("footfall.db", "footfall.db-wal", "footfall.db-shm", "state/ledger.db", "state/ledger.db-wal", "state/ledger.db-shm"):
        (place.folder / name).unlink(missing_ok=True)
    known = sites(place)
    with place:
        place.settle()
        assert differences(in_force, place.stored()) == [], "folded from the journal alone"
    assert sites(place) == known, "the estate in force was known, also where its record stands behind the last checkpoint"


def _without_stores(stored: dict[tuple[str, ...], object]) -> dict[tuple[str, ...], object]:
    """The versions of stores are as many as there were estates."""
    return {key: fields for key, fields in stored.items() if key[0] != "store"}


def test_what_a_killed_gateway_had_journaled_behind_its_checkpoint_is_not_in_force_for_good(
    tmp_path: Path, embedded_broker: EmbeddedBroker
) -> None:
    """A new estate, a crash, and the old file again: the old one holds, for accept and for the fold."""
    with Place(tmp_path / "gateway", embedded_broker) as place:
        place.events(count(1))
        place.settle()
    place.start()
    reload(place, SITE + NEW_STORE)
    until(lambda: "s4" in stores(place), place.log)
    place.gateway.process.kill()
    (place.folder / "site.toml").write_text(SITE)
    with place:
        place.events(count(2))
        place.settle()
    journal = Journal(place.folder / "state" / "journal.db", take_over=False)
    last = [record for record in journal.read(0, 1_000_000) if record.kind == RecordKind.SITE][-1]
    journal.close()
    assert {store.name for store in read_site(last.body).stores} == {"s1", "s2", "s3"}
