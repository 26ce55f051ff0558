"""Arrivals of known fans for the live stream: one a visit, in the zone in which the visit begins as it is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.frames import Kind
from gateway.fold.arrivals import Arrival
from gateway.records import Record, RecordKind
from tests.support.journal_stories import STAFF, Link, Row, Rows, Story, new_fold, of, pairs, store
from tests.support.memory_fold_store import MemoryStore
from tests.support.whole import examples

KNOWN, SECOND, OTHER = 100, 101, 102
SETTLED_S = 5.5
"""After so long the first zone of an ibeacon is decided."""
FANS = {KNOWN: "fan-1", SECOND: "fan-2", STAFF: "fan-3"}


def link(subject: int, fan: str) -> Link:
    return Link(f"{subject:016x}", fan, 0, 1 << 62, "crm", 1.0)


def story() -> Story:
    return Story().links([link(subject, fan) for subject, fan in FANS.items()]).frame(0, []).frame(1, [])


def entered(journal: Story, subject: int = KNOWN, agent: int = 0, **more: Any) -> Story:
    return journal.frame(agent, [Row(Kind.ENTER, subject, **more)])


def heard(journal: Story) -> Story:
    """Both agents have reported what they heard until now, the zone is settled, and the batch is closed."""
    return journal.wait(SETTLED_S).frame(0, []).frame(1, []).wait(1.5).tick()


def moments(records: Sequence[Record]) -> Iterator[tuple[Record, list[Arrival], Rows]]:
    """Fold one record at a time; yield what arrives with each, and what is stored after it."""
    fold, rows = new_fold(), {}
    for pair in pairs(records):
        store(fold.apply([pair]), rows)
        yield pair[0], fold.arrivals.take(), rows


def arrived(journal: Story) -> list[Arrival]:
    return [arrival for _, found, _ in moments(journal.records) for arrival in found]


def test_a_fan_who_flaps_between_zones_arrives_once_in_the_zone_that_the_store_has() -> None:
    journal = story()
    for place, rssi_dbm in ((1, -80), (0, -50), (1, -70), (0, -55)):
        entered(journal.wait(2), place=place, rssi_dbm=rssi_dbm)
    *_, (_, _, rows) = moments(heard(journal).records)
    (arrival,) = arrived(journal)
    (visit,), first = of(rows, "visit"), min(of(rows, "dwell"), key=lambda row: row["time_ns"])
    assert arrival == Arrival(f"s1/{visit['time_ns']}/x", "s1", first["zone"], "fan-1", visit["started_ms"] * 10**6, arrival.place)


def test_nobody_arrives_before_all_agents_have_reported_what_they_heard() -> None:
    journal = entered(story().wait(2), place=1)  # agent x hears b …
    journal.wait(1).frame(0, []).wait(1.5).tick()
    assert arrived(journal) == []
    journal.frame(1, [Row(Kind.ENTER, KNOWN, place=1, age_s=3.0)])  # … and y had heard a before
    (arrival,) = arrived(heard(journal))
    assert arrival.zone == "a"


def test_a_fan_who_stays_in_the_visit_does_not_arrive_again() -> None:
    journal = entered(story().wait(2))
    for _ in range(4):
        entered(journal.wait(250).frame(1, []))
    assert len(arrived(heard(journal))) == 1


def test_the_next_visit_is_the_next_arrival() -> None:
    journal = entered(story().wait(2)).end(2.0)
    found = arrived(heard(entered(journal)))
    assert [arrival.fan for arrival in found] == ["fan-1", "fan-1"]
    assert len({arrival.id for arrival in found}) == 2


def test_people_whom_nobody_knows_and_staff_do_not_arrive() -> None:
    assert arrived(heard(entered(entered(story().wait(2), OTHER), STAFF))) == []


def test_a_provisional_fan_does_not_arrive() -> None:
    journal = Story().links([link(KNOWN, "anon-0123456789abcdef")]).frame(0, []).frame(1, [])
    assert arrived(heard(entered(journal.wait(2)))) == []


def test_passing_outside_is_no_arrival() -> None:
    assert arrived(heard(entered(story().wait(2), place=2))) == []


def test_a_fan_with_two_devices_arrives_once() -> None:
    journal = Story().links([link(KNOWN, "fan-1"), link(SECOND, "fan-1")]).frame(0, []).frame(1, [])
    entered(journal.wait(2), SECOND)
    entered(journal.wait(30), KNOWN)
    assert len(arrived(heard(journal))) == 1


def test_a_fan_who_is_named_during_the_visit_does_not_arrive() -> None:
    journal = entered(story().wait(2), OTHER, place=1)
    entered(heard(journal).wait(60), OTHER, place=0, rssi_dbm=-40).links([link(OTHER, "fan-9")])
    assert arrived(heard(entered(heard(journal), OTHER))) == []


def test_a_fan_who_is_named_before_the_first_zone_is_settled_arrives() -> None:
    journal = entered(story().wait(2), OTHER).links([link(OTHER, "fan-9")])
    assert [arrival.fan for arrival in arrived(heard(journal))] == ["fan-9"]


def test_a_fan_who_becomes_known_after_the_visit_does_not_arrive() -> None:
    journal = entered(story().wait(2), OTHER).end(1.0).links([link(OTHER, "fan-9")])
    assert arrived(heard(journal)) == []


def test_a_visit_that_another_gateway_made_is_no_arrival() -> None:
    journal = entered(story().wait(2))
    journal.wait(SETTLED_S).frame(0, []).frame(1, [])
    journal.add(RecordKind.HISTORY, json.dumps({"until_ns": journal.now_ns}).encode(), "s1")
    assert arrived(journal.wait(1.5).tick()) == []


def test_an_arrival_is_reported_once_its_zone_is_settled_and_not_a_second_later() -> None:
    journal = entered(story().wait(2)).wait(SETTLED_S).frame(0, []).frame(1, [])
    settled_ns = journal.now_ns
    (record,) = [record for record, found, _ in moments(journal.wait(0.3).tick().wait(0.7).tick().records) if found]
    assert record.received_ns - settled_ns == 300_000_000


def test_the_agents_of_a_store_are_asked_to_report_promptly_when_a_fan_enters_who_has_no_visit_there() -> None:
    fold, asked = new_fold(), list[list[str]]()
    journal = heard(entered(entered(entered(story().wait(2), OTHER).wait(3), KNOWN).wait(0.1), SECOND, agent=1)).wait(1)
    for pair in pairs(entered(journal, place=1).records):
        fold.apply([pair])
        if prompts := fold.awaited.take():
            asked.append([prompt.store for prompt in prompts])
    assert asked == [["s1"]], "not for who is nobody, not twice at once, and not for who is in the store already"


def test_a_second_device_that_becomes_known_does_not_make_its_fan_arrive_again() -> None:
    journal = entered(entered(story().wait(2)), OTHER)
    heard(journal).links([link(OTHER, "fan-1")])
    assert len(arrived(heard(journal))) == 1


@pytest.mark.parametrize("records", range(1, 11))
def test_after_a_restart_only_the_same_arrivals_are_repeated(records: int) -> None:
    journal = story()
    for place in (0, 1, 0, 1):
        entered(journal.wait(2), place=place)
    journal = heard(journal)
    fold, ledger, found = new_fold(stored := MemoryStore()), stored, []
    for number, pair in enumerate(pairs(journal.records)):
        fold.apply([pair])
        found += fold.arrivals.take()
        if number == records:
            fold.checkpoint({})
            parts = dict(fold.parts())
    again = new_fold(ledger)
    again.load(parts)
    again.apply(pairs(journal.records[records + 1 :]))
    assert {*again.arrivals.take()} <= {*found}
    assert len(found) == 1


rows = st.builds(
    Row,
    kind=st.sampled_from([Kind.ENTER, Kind.STAY, Kind.EXIT]),
    subject=st.sampled_from([KNOWN, SECOND, OTHER, STAFF]),
    place=st.integers(0, 2),
    age_s=st.sampled_from([0.0, 0.5, 0.9]),
    rssi_dbm=st.sampled_from([-90, -75, -60, -40]),
)
turns = st.tuples(st.sampled_from([1.0, 2.0, 5.0, 100.0, 310.0]), st.lists(rows, max_size=5), st.lists(rows, max_size=5))


@settings(max_examples=examples(80), deadline=None)
@given(st.lists(turns, max_size=15))
def test_of_agents_that_report_in_time_each_stored_visit_of_a_fan_is_one_arrival(turns: list[tuple[float, list[Row], list[Row]]]) -> None:
    journal = story()
    for wait_s, of_x, of_y in turns:
        journal.wait(wait_s).frame(0, of_x).frame(1, of_y)
    *_, (_, _, stored) = moments(heard(journal).records)
    visits = [row for row in of(stored, "visit") if row["known"] and not row["is_staff"] and not row["void"]]
    ids = [f"{row['store']}/{row['time_ns']}/{row['agent']}" for row in visits]
    found = arrived(journal)
    assert sorted(arrival.id for arrival in found) == sorted(ids)
    for arrival, visit in ((arrival, visits[ids.index(arrival.id)]) for arrival in found):
        assert (arrival.fan, arrival.time_ns // 10**6) == (visit["fan"], visit["started_ms"])
        dwells = [row for row in of(stored, "dwell") if row["subject"] == visit["subject"] and row["zone"] != "street"]
        begun = {row["zone"] for row in dwells if row["time_ns"] // 10**6 == visit["started_ms"]}
        exits = {(row["subject"], row["time_ns"] // 10**6) for row in of(stored, "presence") if row["kind"] == "exit"}
        is_exit = (visit["subject"], visit["started_ms"]) in exits
        assert not begun or is_exit or arrival.zone in begun, "a visit that begins with an EXIT begins without a dwell"
