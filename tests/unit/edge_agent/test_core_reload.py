"""A reload: whom it does not concern stays present, all others leave under what was in force and enter anew."""

from __future__ import annotations

from typing import Any

from device_profiles.registry import Registry, shipped
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.levels import ReceiverLimits
from edge_agent.sources.source import Sighting
from footfall.frames import Body, Kind
from footfall.pseudonyms import lasting_subject

S = 1_000_000_000
ZONES = {"r1": "hall", "r2": "shelf"}
KEYS = {"ibeacon": b"k" * 32}


def core() -> Core:
    return Core("boot", ZONES, shipped(), SubjectKeys(KEYS))


def at(t_s: float) -> Moment:
    return Moment(round(t_s * S), round(t_s * S), True)


def hear(agent: Core, t_s: float, receiver: str, identifier: str = "x", profile: str = "ibeacon") -> None:
    agent.hear(Sighting(round(t_s * S), receiver, profile, identifier, -50))


def change(agent: Core, **asked: Any) -> None:
    now = {"zones": ZONES, "profiles": shipped(), "keys": KEYS, "receivers": {}, "zone_rules": {}} | asked
    agent.change(now["zones"], now["profiles"], now["keys"], now["receivers"], now["zone_rules"])


def rows(bodies: list[Body]) -> list[tuple[str, str]]:
    return [(Kind(kind).name, body.zones[zone]) for body in bodies for kind, zone in zip(body.kind, body.zone, strict=True)]


def test_the_same_again_changes_nothing() -> None:
    agent = core()
    hear(agent, 1, "r1")
    hear(agent, 1, "r2", "y")
    assert rows(agent.tick(at(2), flush=True)) == [("ENTER", "hall"), ("ENTER", "shelf")]
    change(agent)
    hear(agent, 3, "r1")
    hear(agent, 3, "r2", "y")
    assert rows(agent.tick(at(4), flush=True)) == [("STAY", "hall"), ("STAY", "shelf")]


def test_who_is_heard_where_something_changed_leaves_and_enters_and_the_others_stay() -> None:
    for asked in (
        {"zones": {"r1": "hall", "r2": "till"}},
        {"zones": {**ZONES, "r3": "shelf"}},
        {"receivers": {"r2": ReceiverLimits(3.0)}},
        {"zone_rules": {"shelf": "mean_power"}},
    ):
        agent = core()
        hear(agent, 1, "r1")
        hear(agent, 1, "r2", "y")
        agent.tick(at(2), flush=True)
        change(agent, **asked)
        hear(agent, 3, "r1")
        hear(agent, 3, "r2", "y")
        zone = asked.get("zones", ZONES)["r2"]  # type: ignore[attr-defined]  # each value is a mapping of its own kind
        assert rows(agent.tick(at(4), flush=True)) == [("EXIT", "shelf"), ("STAY", "hall"), ("ENTER", zone)], asked


def test_a_receiver_that_is_gone_is_not_heard_and_one_that_came_is() -> None:
    agent = core()
    hear(agent, 1, "r2")
    agent.tick(at(2), flush=True)
    change(agent, zones={"r3": "door"})
    hear(agent, 3, "r2")
    hear(agent, 3, "r3")
    assert rows(agent.tick(at(4), flush=True)) == [("EXIT", "shelf"), ("ENTER", "door")]
    assert agent.dropped_total == {"sighting.receiver": 1}


def test_another_key_makes_other_subjects_and_touches_no_other_type() -> None:
    agent = core()
    hear(agent, 1, "r1")
    hear(agent, 1, "r1", "aa:bb", "ble-anonymous")
    agent.tick(at(2), flush=True)
    change(agent, keys={"ibeacon": b"n" * 32})
    hear(agent, 3, "r1")
    hear(agent, 3, "r1", "aa:bb", "ble-anonymous")
    (body,) = agent.tick(at(4), flush=True)
    assert rows([body]) == [("EXIT", "hall"), ("ENTER", "hall"), ("STAY", "hall")]
    assert body.subject.tolist()[:2] == [lasting_subject(key, "ibeacon", "x") for key in (b"k" * 32, b"n" * 32)]


def test_a_profile_that_changed_is_begun_anew_and_one_that_is_gone_is_dropped() -> None:
    agent = core()
    hear(agent, 1, "r1")
    hear(agent, 1, "r1", "aa:bb", "ble-anonymous")
    agent.tick(at(2), flush=True)
    known = dict(shipped())
    presence = known["ibeacon"].presence.model_copy(update={"enter_dbm": -70})
    own = {"ibeacon": known["ibeacon"].model_copy(update={"presence": presence})}
    change(agent, profiles=Registry({**known, **own}))
    hear(agent, 3, "r1")
    assert rows(agent.tick(at(4), flush=True)) == [("EXIT", "hall"), ("ENTER", "hall")]
    del known["ibeacon"]
    change(agent, profiles=Registry(known))
    hear(agent, 5, "r1")
    hear(agent, 5, "r1", "aa:bb", "ble-anonymous")
    assert rows(agent.tick(at(6), flush=True)) == [("EXIT", "hall"), ("STAY", "hall")]
    assert agent.dropped_total == {"sighting.profile": 1}


def test_slots_of_those_who_left_are_free_again() -> None:
    agent = Core("boot", ZONES, shipped(), SubjectKeys(KEYS), max_slots=2)
    for turn in range(5):
        t_s = 10 * turn
        hear(agent, t_s + 1, "r1", "x")
        hear(agent, t_s + 1, "r1", "y")
        agent.tick(at(t_s + 2), flush=True)
        change(agent, receivers={"r1": ReceiverLimits(float(turn + 1))})
    assert not agent.dropped_total
