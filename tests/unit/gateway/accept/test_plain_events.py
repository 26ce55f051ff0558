"""Plain events: normalised and pseudonymised before anything is written; once by their id."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from footfall.errors import ContractError
from footfall.frames import Kind, decode_body
from footfall.pseudonyms import lasting_subject, to_hex, type_key
from footfall.topics import Topic
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser, id_hash
from gateway.accept.outcome import Outcome
from gateway.identity.types import IdentifierTypes
from gateway.points import key_base
from gateway.records import RecordKind
from gateway.site import Site
from gateway.site.identifier_types import IdentifierTypeEntry
from gateway.site.index import Places
from tests.support.accept_inputs import EVENTS, NOW, SECRET, SITE, TOPIC, Memory, S, acceptor, body, frame

SALE = {
    "kind": "touch", "what": "transaction", "id": "pos-881", "time": "2026-09-20T10:02:03.5+08:00", "zone": "a",
    "identifiers": ["member:8613800000000", "phone:13800000001"], "staff_id": "s12", "amount": 129.0, "items": [{"sku": "A1", "n": 1}],
}  # fmt: skip


def events(value: Any, memory: Memory | None = None, topic: Topic = EVENTS, received_ns: int = NOW) -> Outcome:
    return acceptor(memory).events(topic, json.dumps(value).encode(), received_ns)


def test_no_identifier_is_in_any_journaled_byte() -> None:
    through_agent = frame(1, body(Kind.EVENT, Kind.STAY, extra={0: {"event": json.dumps(SALE), "note": "8613800000000"}}))
    for outcome in (events(SALE), acceptor().frame(TOPIC, through_agent, NOW)):
        assert not outcome.refused
        for entry in outcome.entries:
            assert b"13800000" not in entry.body
            assert b"pos-881" not in entry.body
    (entry,) = events(SALE).entries
    member = lasting_subject(type_key(SECRET, "member"), "member", "8613800000000")
    assert json.loads(entry.body)["subjects"][0] == to_hex(member)


def subject_of(id_type: str, value: str) -> str:
    return to_hex(lasting_subject(type_key(SECRET, id_type), id_type, value))


def touch_of(*identifiers: str) -> dict[str, Any]:
    (entry,) = events({"kind": "touch", "what": "scan", "identifiers": list(identifiers)}).entries
    return dict(json.loads(entry.body))


def test_money_in_finer_parts_is_taken_in_whole_hundredths() -> None:
    (entry,) = events(SALE | {"amount": 0.1 + 0.2}).entries
    assert json.loads(entry.body)["amount"] == 0.3


def test_a_touch_has_the_type_of_each_subject() -> None:
    found = touch_of("wx-mini:o1", "member:7")
    assert found["types"] == ["wx-mini", "member"]
    assert found["subjects"] == [subject_of("wx-mini", "o1"), subject_of("member", "7")]


@pytest.mark.parametrize("written", ["13800001111", "+86 138-0000-1111", "8613800001111", "１３８００００１１１１"])
def test_every_spelling_of_a_number_is_one_subject(written: str) -> None:
    found = touch_of(f"phone:{written}", f"phone:{written} ")
    assert (found["types"], found["subjects"]) == (["phone"], [subject_of("phone", "8613800001111")])


def test_a_number_may_have_its_subject_of_earlier_releases_beside_it() -> None:
    """They hashed what was written: links to a number without its country go on naming it."""
    pseudonyms = Pseudonymiser(SECRET)
    pseudonyms.types = IdentifierTypes([IdentifierTypeEntry(type="phone", both_spellings=True)])
    accept = Acceptor(Places(SITE), Memory(), pseudonyms)
    (entry,) = accept.events(EVENTS, b'{"kind": "touch", "what": "scan", "identifiers": ["phone:+86 138 0000 1111"]}', NOW).entries
    found = json.loads(entry.body)
    assert found["types"] == ["phone", "phone.national"]
    assert found["subjects"] == [subject_of("phone", "8613800001111"), subject_of("phone", "13800001111")]


def test_what_is_no_identifier_is_counted_by_type_and_the_touch_is_stored() -> None:
    values = ["member:null", "member:7", "wx-mini:undefined", "phone:13800138000", "13800001111:none"]
    outcome = events({"kind": "touch", "what": "scan", "identifiers": values})
    (entry,) = outcome.entries
    assert json.loads(entry.body)["types"] == ["member"]
    assert dict(outcome.counted) == {f"identifiers_blocked.{name}": 1 for name in ("member", "wx-*", "phone", "unknown")}
    assert outcome.units_in == 1, "they are no rows"


def test_a_repetition_counts_nothing_twice() -> None:
    memory, touch = Memory(), {"kind": "touch", "what": "scan", "id": "e", "identifiers": ["member:null"]}
    assert [dict(events(touch, memory).counted) for _ in range(2)] == [{"identifiers_blocked.member": 1}, {}]


def test_a_type_that_nobody_described_is_named_unless_it_may_be_an_identifier() -> None:
    outcome = events({"kind": "touch", "what": "scan", "identifiers": ["loyalty:7", "8613800001111:7"]})
    assert outcome.noticed["identifier_type_unknown"].endswith("loyalty, …")


def test_an_event_through_an_agent_is_an_entry_of_its_own_at_its_own_time() -> None:
    without_time = {key: value for key, value in SALE.items() if key != "time"}
    data = body(Kind.STAY, Kind.EVENT, extra={1: {"event": json.dumps(without_time)}})
    outcome = acceptor().frame(TOPIC, frame(1, data), NOW)
    kinds = [entry.kind for entry in outcome.entries]
    assert sorted(kinds) == [RecordKind.FRAME, RecordKind.EVENT]
    event, taken = (next(entry for entry in outcome.entries if entry.kind == kind) for kind in (RecordKind.EVENT, RecordKind.FRAME))
    assert json.loads(event.body)["time_ns"] == NOW - S, "its row is a second older than the frame, which arrived at once"
    assert (taken.rows, event.rows, outcome.units_in) == (1, 1, 2)
    assert len(decode_body(taken.body)) == 2, "row numbers stay"


def test_an_id_counts_once_for_its_publisher() -> None:
    memory = Memory()
    assert len(events([SALE, SALE], memory).entries) == 1
    again = events(SALE, memory)
    assert (again.entries, again.dropped, again.units_in) == ([], ("duplicate_event", 1), 1)
    assert len(events(SALE, memory, Topic("s1", "x", "events")).entries) == 1, "another publisher's ids are its own"


def test_events_are_numbered_by_publisher() -> None:
    memory = Memory()
    scans = [{"kind": "touch", "what": "scan"}] * 3
    assert [entry.seq for entry in events(scans, memory).entries] == [1, 2, 3]
    assert [entry.seq for entry in events(scans, memory).entries] == [4, 5, 6]
    assert [entry.seq for entry in events(scans, memory, Topic("s1", "x", "events")).entries] == [1, 2, 3]


SCAN = {"kind": "touch", "what": "scan"}
COUNT = {"kind": "count", "id": "c1", "door": "d", "in": 2}


@pytest.mark.parametrize(
    ("wrong", "reason", "message"),
    [
        ({"kind": "dance"}, "event.invalid", "event 1: kind: must be one of"),
        (5, "event.invalid", "event 1: "),
        (SCAN | {"zone": "cellar"}, "site.zone", "event 1: "),
        (SCAN | {"time": "1970-01-01T00:00:00Z"}, "event.time", "event 1: `time` is"),
        (SCAN | {"time": 1_795_000_000}, "event.invalid", "event 1: touch.time: must be text of ISO 8601"),
    ],
)
def test_an_array_is_accepted_whole_or_not_at_all(wrong: object, reason: str, message: str) -> None:
    """As by HTTP. It lies in quarantine as it came, so that it can be mended and replayed whole."""
    memory, array = Memory(), [SALE, wrong, SCAN]
    outcome = events(array, memory)
    (refused,) = outcome.refused
    assert (outcome.entries, refused.reason, refused.rows, outcome.units_in) == ([], reason, 3, 3)
    assert refused.message.startswith(message)
    assert refused.message.endswith("nothing of this array of 3 was taken")
    assert json.loads(refused.payload) == array
    assert len(events([SALE, SCAN], memory).entries) == 2, "ids of a refused array are not taken for sent"


def test_a_time_is_its_own_and_else_that_of_arrival() -> None:
    outcome = events([SALE, {"kind": "touch", "what": "scan"}])
    assert [json.loads(entry.body)["time_ns"] for entry in outcome.entries] == [1_789_869_723_500_000_000, NOW]


def test_without_the_secret_identifiers_are_refused() -> None:
    accept = acceptor(secret=None)
    outcome = accept.events(EVENTS, json.dumps(SALE).encode(), NOW)
    assert ([each.reason for each in outcome.refused], outcome.entries) == (["event.secret"], [])
    assert len(accept.events(EVENTS, json.dumps(SCAN).encode(), NOW).entries) == 1


def test_recorded_history_is_compared_with_the_moment_at_which_it_came() -> None:
    """The rows of a recording have no boot time: the machine that sends it may have been started after they happened, or before."""
    counts = [COUNT | {"id": str(ago), "time": at(NOW - ago * S), "history": True} for ago in (60, 3600, 400 * 86_400)]
    data = body(
        Kind.EVENT, Kind.EVENT, Kind.EVENT, made_boot_ns=0, extra={row: {"event": json.dumps(one)} for row, one in enumerate(counts)}
    )
    data = replace(data, t_wall_ns=np.array([NOW] * 3, "<i8"))
    data.t_boot_ns[:] = 0
    outcome = acceptor().frame(TOPIC, frame(1, data, sent_boot_ns=7200 * S), NOW)
    assert not outcome.refused
    assert [entry.kind for entry in outcome.entries].count(RecordKind.EVENT) == 3


def test_a_count_may_state_over_how_long_it_was_made() -> None:
    (entry,) = events(COUNT | {"seconds": 3600}).entries
    assert json.loads(entry.body)["seconds"] == 3600
    (entry,) = events(COUNT).entries
    assert "seconds" not in json.loads(entry.body), "as earlier releases journaled it"
    assert [each.reason for each in events(COUNT | {"seconds": 0}).refused] == ["event.invalid"]
    assert [each.reason for each in events(COUNT | {"seconds": 86_401}).refused] == ["event.invalid"]


def test_an_interval_without_a_time_ends_when_it_arrives() -> None:
    (entry,) = events(COUNT | {"seconds": 3600}).entries
    assert json.loads(entry.body)["time_ns"] == NOW - 3600 * S
    (entry,) = events(COUNT | {"seconds": 3600, "time": at(NOW - 60 * S)}).entries
    assert json.loads(entry.body)["time_ns"] == NOW - 60 * S, "a time that is stated is the beginning"
    through_agent = frame(1, body(Kind.STAY, Kind.EVENT, extra={1: {"event": json.dumps(COUNT | {"seconds": 60})}}))
    entries = acceptor().frame(TOPIC, through_agent, NOW).entries
    assert [json.loads(each.body)["time_ns"] for each in entries if each.kind == RecordKind.EVENT] == [NOW - 61 * S]
    assert not events([COUNT | {"seconds": 60}], received_ns=NOW).refused


def test_an_id_belongs_to_its_store() -> None:
    """Another store may be another shard's, which knows nothing of it."""
    two = Site.model_validate({"brand": "b", "stores": [
        {"name": "s1", "zones": [{"name": "a"}], "agents": [{"name": "till", "to": "2026-12-31"}]},
        {"name": "s2", "zones": [{"name": "a"}], "agents": [{"name": "till", "from": "2027-01-01"}]},
    ]})  # fmt: skip
    accept = Acceptor(Places(two), Memory(), Pseudonymiser(SECRET))
    sale = json.dumps({"kind": "touch", "what": "transaction", "id": "1"}).encode()
    first = accept.events(Topic("s1", "till", "events"), sale, NOW)
    second = accept.events(Topic("s2", "till", "events"), sale, NOW + 200 * 86_400 * S)
    ids = [json.loads(entry.body)["id"] for outcome in (first, second) for entry in outcome.entries]
    assert len(set(ids)) == 2


def test_an_id_that_an_earlier_release_took_is_still_known() -> None:
    memory = Memory()
    memory.ids.add(id_hash("till", "pos-881"))
    assert events(SALE, memory).dropped == ("duplicate_event", 1)


def test_the_digits_of_a_point_do_not_depend_on_how_ids_are_remembered() -> None:
    """They are the same whichever gateway, of whichever release, takes the event."""
    (entry,) = events(SALE).entries
    assert json.loads(entry.body)["key"] == key_base(id_hash("till", "pos-881").hex())


def test_a_void_names_the_same_hash_as_the_event() -> None:
    sale, void = events([SALE, {"kind": "void", "id": "v1", "of": "pos-881", "reason": "wrong", "actor": "till"}]).entries
    assert json.loads(void.body)["of"] == json.loads(sale.body)["id"]
    assert json.loads(void.body)["of_earlier"] == id_hash("till", "pos-881").hex(), "as earlier releases stored it"


@pytest.mark.parametrize("topic", [Topic("nowhere", "till", "events"), Topic("s1", "y", "events")])
def test_events_of_strangers_are_refused_as_a_whole(topic: Topic) -> None:
    with pytest.raises(ContractError, match="not in"):
        events(SALE, topic=topic)


def test_unread_input_is_in_quarantine_row_by_row() -> None:
    more = {"reason": "no number", "where": "counts.csv line 7", "data": b"x,y"}
    outcome = acceptor().frame(TOPIC, frame(1, body(Kind.REFUSED, Kind.STAY, Kind.REFUSED, extra={0: more, 2: {}})), NOW)
    assert [(each.reason, each.payload, each.key) for each in outcome.refused] == [
        ("source.unread", b"x,y", "x/e/1/0"),
        ("source.unread", b"", "x/e/1/2"),
    ]
    assert "counts.csv line 7" in outcome.refused[0].message
    assert (outcome.entries[0].rows, outcome.units_in) == (1, 3)


@pytest.mark.parametrize("time", ["2300-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1600-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
@pytest.mark.parametrize("history", [False, True])
def test_a_time_that_cannot_be_is_refused(time: str, history: bool) -> None:
    outcome = events([SALE | {"time": time, "history": history}])
    assert ([refused.reason for refused in outcome.refused], outcome.entries, outcome.units_in) == (["event.time"], [], 1)


def at(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // S, UTC).isoformat()


DAY = 86_400 * S


@pytest.mark.parametrize(
    ("time_ns", "history", "is_taken"),
    [
        (NOW - 40 * DAY, False, True),
        (NOW - 40 * DAY - S, False, False),
        (NOW - 40 * DAY - S, True, True),
        (NOW - 20 * 365 * DAY, True, True),
        (NOW + 600 * S, False, True),
        (NOW + 601 * S, False, False),
        (NOW + 601 * S, True, False),
    ],
)
def test_what_only_a_dead_clock_dates_is_refused_unless_it_comes_as_history(time_ns: int, history: bool, is_taken: bool) -> None:
    outcome = events(SALE | {"time": at(time_ns), "history": history})
    assert [refused.reason for refused in outcome.refused] == ([] if is_taken else ["event.time"])
    assert [json.loads(entry.body)["time_ns"] for entry in outcome.entries] == ([time_ns] if is_taken else [])
    assert outcome.units_in == 1


def test_an_event_s_time_is_compared_with_when_its_agent_took_it() -> None:
    """A box that was without a gateway for 50 days delivers a sale of 50 days ago, and one that claims to be of today."""
    sales = [SALE | {"id": name, "time": at(time_ns)} for name, time_ns in (("then", NOW - 50 * DAY), ("now", NOW))]
    data = body(Kind.EVENT, Kind.EVENT, made_boot_ns=60 * DAY, extra={row: {"event": json.dumps(sale)} for row, sale in enumerate(sales)})
    data.t_boot_ns[:] = 10 * DAY
    outcome = acceptor().frame(TOPIC, frame(1, data, sent_boot_ns=60 * DAY), NOW)
    assert [refused.reason for refused in outcome.refused] == ["event.time"]
    (event,) = (entry for entry in outcome.entries if entry.kind == RecordKind.EVENT)
    assert json.loads(event.body)["time_ns"] == NOW - 50 * DAY


def test_an_event_without_a_time_is_never_later_than_its_arrival() -> None:
    data = body(Kind.EVENT, extra={0: {"event": '{"kind":"touch","what":"scan"}'}})
    data.t_boot_ns[0] = 1 << 62
    (event,) = (entry for entry in acceptor().frame(TOPIC, frame(1, data), NOW).entries if entry.kind == RecordKind.EVENT)
    assert json.loads(event.body)["time_ns"] == NOW


@pytest.mark.parametrize(
    ("change", "is_other"),
    [
        ({}, False),
        ({"history": True}, False),
        ({"time": "2026-09-20T02:02:03.500Z"}, False),
        ({"amount": 129}, False),
        ({"amount": 129.0000000001}, False),
        ({"department": None}, False),
        ({"amount": 130.0}, True),
        ({"time": "2026-09-20T10:02:04.5+08:00"}, True),
        ({"identifiers": ["member:8613800000001"]}, True),
        ({"items": [{"sku": "A1", "n": 2}]}, True),
        ({"what": "payment"}, True),
        ({"zone": "b"}, True),
    ],
)
def test_an_id_that_comes_again_with_other_content_is_refused_and_with_the_same_dropped(change: dict[str, Any], is_other: bool) -> None:
    memory = Memory()
    assert len(events(SALE, memory).entries) == 1
    for payload in (SALE | change, [SCAN, SALE | change]):
        outcome = events(payload, memory)
        if is_other:
            (refused,) = outcome.refused
            assert (refused.reason, outcome.entries, outcome.units_in) == ("event.id", [], refused.rows)
            assert "a touch of 2026-09-20 02:02:0" in refused.message
            assert "Z: its id was sent before with other content" in refused.message
            assert "pos-881" not in refused.message
        else:
            assert (outcome.refused, outcome.dropped) == ([], ("duplicate_event", 1))


def test_a_touch_without_an_id_states_what_it_does_under_one_that_does_not_depend_on_what_came_before() -> None:
    scans = [{"kind": "touch", "what": "scan", "time": "2026-09-20T10:02:03Z", "identifiers": [f"member:{nth}"]} for nth in (7, 8)]
    stated = []
    for order in (scans, scans[::-1]):
        memory = Memory()
        bodies = [json.loads(entry.body) for each in order for entry in events(each, memory).entries]
        stated.append({body["subjects"][0]: body["mention"] for body in bodies})
    assert stated[0] == stated[1]
    assert len(set(stated[0].values())) == 2
    assert all(each.startswith("s1/till/1789898523000000000/") for each in stated[0].values())
    (named,), (of_nobody,) = events(SALE, Memory()).entries, events({"kind": "touch", "what": "scan"}, Memory()).entries
    assert "mention" not in json.loads(named.body).keys() | json.loads(of_nobody.body).keys()


def test_an_event_without_a_time_is_the_same_whenever_it_comes_again() -> None:
    memory, sale = Memory(), {key: value for key, value in SALE.items() if key != "time"}
    events(sale, memory)
    assert events(sale, memory, received_ns=NOW + 3600 * S).dropped == ("duplicate_event", 1)
    assert [each.reason for each in events(sale | {"amount": 1.0}, memory, received_ns=NOW + 3600 * S).refused] == ["event.id"]


def test_a_count_of_a_mended_file_that_has_other_numbers_is_refused_through_an_agent_too() -> None:
    memory, count = Memory(), COUNT | {"time": at(NOW), "history": True}
    texts = [count, count, count | {"in": 3}]
    for seq, one in enumerate(texts, 1):
        data = body(Kind.EVENT, first_row=seq, extra={0: {"event": json.dumps(one)}})
        outcome = acceptor(memory).frame(TOPIC, frame(seq, data, oldest=seq), NOW)
        assert [each.reason for each in outcome.refused] == (["event.id"] if seq == 3 else [])


def test_what_an_earlier_release_took_has_no_known_content_and_is_dropped() -> None:
    memory = Memory()
    memory.ids.add(id_hash("s1", "till", "pos-881"))
    assert events(SALE | {"amount": 1.0}, memory).dropped == ("duplicate_event", 1)
