"""The core: things heard in, bodies out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.reading import Counted
from device_profiles.registry import shipped
from edge_agent.clock import Moment
from edge_agent.core import Core, lost_frame
from edge_agent.keys import SubjectKeys
from edge_agent.sources.source import AliveUntil, Crossing, Gap, Heard, Observed, RefusedReading, Sighting, Tally, Unexplained
from footfall.beacons import BeaconRule, OwnBeacon
from footfall.frames import Body, Kind, decode_body, encode_body
from footfall.pseudonyms import lasting_subject
from footfall.receipts import DayKey

S = 1_000_000_000
WALL = 1_800_000_000 * S
EVIDENCE = (Kind.ENTER, Kind.STAY, Kind.IN, Kind.OUT)


def core(**options: Any) -> Core:
    return Core("boot", {"r1": "hall", "r2": "shelf"}, shipped(), SubjectKeys({"ibeacon": b"k" * 32}), **options)


def at(t_s: float, synced: bool = True) -> Moment:
    return Moment(round(t_s * S), WALL + round(t_s * S), synced)


def sighting(t_s: float, identifier: str = "x", receiver: str = "r1", profile: str = "ibeacon", rssi_dbm: int = -60) -> Sighting:
    return Sighting(round(t_s * S), receiver, profile, identifier, rssi_dbm)


def kinds(bodies: list[Body]) -> list[str]:
    return [Kind(kind).name for body in bodies for kind in body.kind]


def test_rows_go_out_after_a_second_and_silence_after_five() -> None:
    agent = core()
    assert agent.tick(at(0)) == []
    agent.hear(sighting(0.5))
    assert agent.tick(at(0.6)) == []
    assert kinds(agent.tick(at(1.0))) == ["ENTER"]
    assert agent.tick(at(5.9)) == []
    (empty,) = agent.tick(at(6.0))
    assert len(empty) == 0
    assert empty.made_boot_ns == 6 * S
    assert empty.first_row == 1


def test_while_the_gateway_waits_for_somebody_s_arrival_rows_and_silence_go_out_twice_a_second() -> None:
    agent = core()
    agent.tick(at(0))
    agent.prompt_until_ns = round(1.6 * S)
    assert [len(body) for body in agent.tick(at(0.5))] == [0], "that nobody was heard"
    agent.hear(sighting(0.7))
    assert agent.tick(at(0.9)) == []
    assert kinds(agent.tick(at(1.0))) == ["ENTER"]
    assert [len(body) for body in agent.tick(at(1.5))] == [0]
    assert agent.tick(at(6.4)) == []
    assert [len(body) for body in agent.tick(at(6.5))] == [0]


def test_what_a_sensor_sees_is_an_event_in_a_frame() -> None:
    agent = core()
    agent.tick(at(0))
    for t_s, people in ((0.1, 2), (0.2, 2), (0.3, 0)):
        agent.hear(Observed(round(t_s * S), "hall", "radar", people, True))
    (body,) = agent.tick(at(0.4), flush=True)
    assert [json.loads(more["event"])["people"] for more in body.extra.values()] == [2, 0]
    assert body.t_boot_ns.tolist() == [round(0.1 * S), round(0.3 * S)]


def test_flush_does_not_wait() -> None:
    agent = core()
    agent.tick(at(0))
    agent.event('{"kind":"touch"}', 0)
    (body,) = agent.tick(at(0.1), flush=True)
    assert body.extra == {0: {"event": '{"kind":"touch"}'}}
    assert agent.tick(at(0.2), flush=True) == []


def test_every_kind_survives_the_wire() -> None:
    agent = core()
    heard: list[Heard] = [
        sighting(1),
        Crossing(2 * S, "main", 3, 2),
        Crossing(3 * S, "main", 0, 0),
        Gap(1 * S, 4 * S, "reader", source="ble0", task="presence"),
        RefusedReading(5 * S, "csv.line", "f:3", b'"'),
        AliveUntil(6 * S),
    ]
    for one in heard:
        agent.hear(one)
    (body,) = agent.finish(at(7))
    body = decode_body(encode_body(body))
    assert kinds([body]) == ["ENTER", "IN", "OUT", "GAP", "REFUSED", "EXIT"]
    assert body.count.tolist() == [1, 3, 2, 0, 0, 0]
    assert [body.zones[i] for i in body.zone][:3] == ["hall", "main", "main"]
    assert body.extra == {
        3: {"to_boot_ns": 4 * S, "rows": 0, "reason": "reader: ble0", "task": "presence"},
        4: {"reason": "csv.line", "where": "f:3", "data": b'"'},
    }
    assert body.t_wall_ns is None


@pytest.mark.parametrize(
    ("heard", "reason"),
    [
        (sighting(1, receiver="r9"), "sighting.receiver"),
        (sighting(1, profile="fax"), "sighting.profile"),
        (Crossing(S, "Main Door", 1, 0), "crossing"),
        (Crossing(S, "main", -1, 0), "crossing"),
        (Crossing(S, "main", 1 << 31, 0), "crossing"),
        (Crossing(S, "main", 1, 0, profile="fax"), "crossing"),
    ],
)
def test_what_nothing_explains_is_dropped_and_counted(heard: Heard, reason: str) -> None:
    agent = core()
    agent.hear(heard)
    assert agent.dropped_total == {reason: 1}
    assert kinds(agent.finish(at(2))) == []


def test_totals_become_people_and_a_baseline_does_not_wait_for_the_heartbeat() -> None:
    agent = core()
    agent.tick(at(0))
    agent.hear(Tally(S, "box", "main", Counted(70, 60, True), "door-counter"))
    (baseline,) = agent.tick(at(1.1))
    assert len(baseline) == 0
    assert agent.counters.changed()
    agent.hear(Tally(2 * S, "box", "main", Counted(73, 61, True), "door-counter"))
    agent.hear(Tally(3 * S, "box", "main", Counted(73, 61, True), "fax"))
    (body,) = agent.tick(at(3))
    assert kinds([body]) == ["IN", "OUT"]
    assert body.count.tolist() == [3, 1]
    assert agent.dropped_total == {"tally.profile": 1}


def test_a_full_memory_drops_and_counts() -> None:
    agent = core(max_slots=1)
    agent.hear(sighting(1, "a"))
    agent.hear(sighting(1, "b"))
    assert agent.dropped_total == {"sighting.full": 1}
    assert agent.sightings_total == 2


def test_a_new_key_ends_day_subjects_under_the_old_one_and_leaves_the_others() -> None:
    agent = core()
    agent.tick(at(0))
    agent.hear(sighting(1, "fan"))
    agent.hear(sighting(1, "aa:bb", profile="ble-anonymous"))
    agent.rekey(lambda keys: keys.offer(DayKey(9, b"d" * 32, 0, 10), 5))
    agent.hear(sighting(2, "aa:bb", profile="ble-anonymous"))
    before, after = agent.tick(at(3))
    assert (before.key_id, kinds([before])) == (0, ["ENTER", "ENTER", "EXIT"])
    assert (after.key_id, kinds([after])) == (9, ["ENTER"])
    assert before.subject[1] == before.subject[2] != after.subject[0]
    agent.rekey(lambda keys: keys.expire(10))
    assert [body.key_id for body in agent.tick(at(5))] == [9]
    assert [body.key_id for body in agent.tick(at(11))] == [0]


def test_frames_hold_no_more_rows_or_text_than_they_may() -> None:
    agent = core(max_rows=100)
    for i in range(250):
        agent.hear(Crossing(i * S, "main", 1, 0))
    assert [len(body) for body in agent.tick(at(300))] == [100, 100, 50]
    for _ in range(40):
        agent.event("x" * 60_000, 0)
    bodies = agent.tick(at(400))
    assert len(bodies) > 5
    assert all(len(encode_body(body)) < 1 << 20 for body in bodies)
    assert sum(map(len, bodies)) == 40


@given(st.lists(st.tuples(st.integers(0, 900), st.sampled_from("abcde"), st.sampled_from(["r1", "r2"])), max_size=200), st.integers(1, 20))
def test_row_numbers_run_on_and_made_times_keep_their_promise(steps: list[tuple[int, str, str]], max_rows: int) -> None:
    agent = core(max_rows=max_rows)
    bodies, t_ms = [], 0
    for step_ms, identifier, receiver in steps:
        t_ms += step_ms
        agent.hear(sighting(t_ms / 1000, identifier, receiver))
        if step_ms % 3 == 0:
            bodies += agent.tick(at(t_ms / 1000))
    bodies += agent.finish(at(t_ms / 1000))
    row = 0
    for body in bodies:
        assert body.first_row == row
        assert body.made_wall_ns - body.made_boot_ns == WALL, "both clocks of one instant"
        row += len(body)
    assert agent.rows_total == row
    for i, body in enumerate(bodies):
        later = [int(t) for after in bodies[i + 1 :] for t, kind in zip(after.t_boot_ns, after.kind, strict=True) if kind in EVIDENCE]
        assert all(t >= body.made_boot_ns for t in later)


def test_recorded_time_is_the_files_own() -> None:
    agent = core(recorded=True, flush_s=float("inf"), heartbeat_s=float("inf"))
    for t_s in (0, 6):
        agent.hear(replace(sighting(0), t_wall_ns=WALL + t_s * S))
    agent.hear(Crossing(0, "main", 1, 0, t_wall_ns=WALL + 7 * S))
    agent.hear(Gap(WALL + 8 * S, WALL + 9 * S, "reader"))
    assert agent.tick(Moment(0, WALL + 5 * S, True)) == []
    body, last = agent.finish(Moment(0, WALL + 10 * S, True))
    assert kinds([body, last]) == ["ENTER", "STAY", "IN", "GAP", "EXIT"]
    assert body.t_wall_ns is not None
    assert last.t_wall_ns is not None
    assert [(t - WALL) / S for t in [*body.t_wall_ns.tolist(), *last.t_wall_ns.tolist()]] == [0, 6, 7, 8, 6]
    assert not body.t_boot_ns.any()
    assert (body.made_boot_ns, body.made_wall_ns) == (0, WALL + 10 * S)
    assert body.extra[3]["to_boot_ns"] == S, "counted from the row's boot time, 0"


def test_an_exit_of_a_recording_comes_when_a_live_agent_sends_it() -> None:
    """A gateway takes an EXIT no earlier than the time of the body before: that is the end of the timeout, not the last sighting."""
    agent = core(recorded=True, flush_s=float("inf"), heartbeat_s=float("inf"))
    agent.hear(replace(sighting(0), t_wall_ns=WALL))
    agent.lapse(WALL + 3600 * S)
    (before,) = agent.tick(Moment(0, WALL + 3600 * S, True))
    (exits,) = agent.finish(Moment(0, WALL + 3600 * S, True))
    assert (kinds([before]), kinds([exits])) == (["ENTER"], ["EXIT"])
    assert 5 <= (before.made_wall_ns - WALL) / S <= 61


def test_a_wall_clock_before_1970_does_not_stop_it() -> None:
    agent = core()
    agent.tick(Moment(0, -5 * S, False))
    agent.hear(sighting(1))
    (body,) = agent.tick(Moment(2 * S, -3 * S, False))
    assert decode_body(encode_body(body)).made_wall_ns == 0


def test_a_lost_frame_is_one_gap_of_its_rows() -> None:
    body = lost_frame("boot", 5 * S, 700, 30, {}, shipped(), "old")
    assert kinds([decode_body(encode_body(body))]) == ["GAP"]
    assert body.extra[0] == {"to_boot_ns": 5 * S, "rows": 30, "reason": "spool.crc32"}
    assert (body.first_row, body.store) == (700, "old")


def test_what_no_profile_explains_is_counted_by_its_reason() -> None:
    core = Core("boot", {"r": "door"}, shipped(), SubjectKeys())
    for reason, total in (("ble.unknown", 3), ("ibeacon.length", 1), ("ble.unknown", 2)):
        core.hear(Unexplained(0, reason, total))
    assert core.dropped_total == {"ble.unknown": 5, "ibeacon.length": 1}


OURS, OTHER = "f7826da6-4fa2-4e98-8024-bc5b71e0893e", "e2c56db5-dffb-48d2-b060-d0f5a71096e0"


def heard_by(agent: Core, *identifiers: str, profile: str = "ibeacon") -> set[int]:
    """The subjects of what was heard."""
    agent.tick(at(0))
    for t_s, identifier in enumerate(identifiers):
        agent.hear(sighting(t_s / 10, identifier, profile=profile))
    return {int(subject) for body in agent.tick(at(3), flush=True) for subject in body.subject}


def test_a_beacon_whose_minor_is_a_measurement_is_one_subject() -> None:
    measured = [f"{OURS}:7:{minor}" for minor in range(20)]
    assert len(heard_by(core(), *measured)) == 20
    agent = core()
    agent.beacon_rule = BeaconRule([OwnBeacon(OURS, minor=False)])
    assert heard_by(agent, *measured, f"{OURS}:8:1") == {
        lasting_subject(b"k" * 32, "ibeacon", f"{OURS}:7:*"), lasting_subject(b"k" * 32, "ibeacon", f"{OURS}:8:*")
    }  # fmt: skip
    assert agent.neighbours_total == 0


@pytest.mark.parametrize("profile", ["ibeacon", "altbeacon"])
def test_neighbours_beacons_are_counted_and_give_no_rows(profile: str) -> None:
    agent = core()
    agent.beacon_rule = BeaconRule([OwnBeacon(OURS)])
    assert len(heard_by(agent, f"{OTHER}:1:1", f"{OURS}:1:1", f"{OTHER}:1:2", profile=profile)) == 1
    assert (agent.neighbours_total, agent.sightings_total, agent.dropped_total.total()) == (2, 1, 0)


@pytest.mark.parametrize(("profile", "identifier"), [("staff-badge", f"{OTHER}:1:1"), ("eddystone-uid", "00:01"), ("garment-tag", "3034")])
def test_whoever_asks_for_a_uuid_or_has_none_is_no_neighbour(profile: str, identifier: str) -> None:
    agent = core()
    agent.beacon_rule = BeaconRule([OwnBeacon(OURS)])
    agent.hear(sighting(0.1, identifier, profile=profile))
    assert (agent.neighbours_total, agent.sightings_total) == (0, 1)
