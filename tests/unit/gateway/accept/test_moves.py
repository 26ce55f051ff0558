"""Agents that move, and things that are renamed while rows are under way: whose rows they are, and that none counts twice."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from footfall.errors import ContractError
from footfall.frames import Body, Kind, decode_body
from footfall.topics import Topic
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser
from gateway.accept.outcome import Outcome
from gateway.records import RecordKind
from gateway.site import Site
from gateway.site.index import Places
from tests.support.accept_inputs import NOW, SECRET, SITE, Memory, S, body, frame

AT = "2026-09-21T14:13:20Z"
"""NOW, when things change."""
ZONES = {"zones": [{"name": "a"}], "doors": ["d"]}
MOVED = Site.model_validate({
    "brand": "b",
    "stores": [
        {"name": "s1", "agents": [{"name": "x", "to": AT}, {"name": "till"}]} | ZONES,
        {"name": "s2", "agents": [{"name": "x", "from": AT}]} | ZONES,
        {"name": "s3", "agents": [{"name": "y"}]} | ZONES,
    ],
})  # fmt: skip
RENAMED = Site.model_validate({
    "brand": "b",
    "stores": [{
        "name": "new", "aliases": [{"name": "s1", "until": AT}],
        "zones": [{"name": "a2", "aliases": [{"name": "a", "until": AT}]}],
        "doors": ["d2"], "door_aliases": [{"door": "d2", "name": "d", "until": AT}],
        "agents": [{"name": "y", "aliases": [{"name": "x", "until": AT}]}, {"name": "desk", "aliases": [{"name": "till", "until": AT}]}],
    }],
})  # fmt: skip


def acceptor(site: Site, memory: Memory | None = None) -> Acceptor:
    return Acceptor(Places(site), memory or Memory(), Pseudonymiser(SECRET))


def send(
    accept: Acceptor,
    data: Body,
    made_ns: int,
    seq: int = 1,
    store: str = "s2",
    agent: str = "x",
    received_ns: int = NOW + 100 * S,
    **more: Any,
) -> Outcome:
    """A frame whose clock is known to a microsecond: it was made at `made_ns`."""
    offset_ns = made_ns - data.made_boot_ns
    sent_boot_ns = received_ns - offset_ns
    header = {"sent_boot_ns": sent_boot_ns, "gateway_ns": received_ns - 1000, "heard_boot_ns": sent_boot_ns - 1000, "oldest": seq} | more
    return accept.frame(Topic(store, agent, "frames"), frame(seq, data, store=store, agent=agent, **header), received_ns)


def whose(outcome: Outcome) -> list[tuple[str, str]]:
    return [(entry.store, entry.agent) for entry in outcome.entries if entry.kind in (RecordKind.FRAME, RecordKind.EVENT)]


@pytest.mark.parametrize(
    ("made_ns", "store", "is_taken"),
    [(NOW - S, "s1", True), (NOW + S, "s2", True), (NOW + S, "s1", False), (NOW - S, "s2", False), (NOW - S, "s3", False)],
)
def test_a_store_takes_an_agent_s_rows_of_when_it_was_there(made_ns: int, store: str, is_taken: bool) -> None:
    """It moved at NOW; its topic is the new store's, also for what it heard in the old one."""
    outcome = send(acceptor(MOVED), body(Kind.STAY, Kind.IN, store=store), made_ns)
    assert whose(outcome) == ([(store, "x")] if is_taken else [])
    assert [refused.reason for refused in outcome.refused] == ([] if is_taken else ["site.agent"])
    assert outcome.receipt == ("e", 1), "what is in quarantine is receipted"
    assert outcome.units_in == 2


def test_where_it_is_not_known_when_it_was_heard_either_store_may_be_meant() -> None:
    """A frame of a boot that nobody knows: heard at some time before it came."""
    for store in ("s1", "s2"):
        outcome = acceptor(MOVED).frame(Topic("s2", "x", "frames"), frame(1, body(Kind.STAY, store=store), store="s2"), NOW + S)
        assert whose(outcome) == [(store, "x")]


def test_both_its_stores_answer_a_moved_agent_and_no_other_does() -> None:
    for store in ("s1", "s2"):
        hello = frame(0, b"", store=store)
        assert acceptor(MOVED).frame(Topic(store, "x", "frames"), hello, NOW).receipt == ("e", 0)
    with pytest.raises(ContractError, match="not in store 's3'"):
        acceptor(MOVED).frame(Topic("s3", "x", "frames"), frame(0, b"", store="s3"), NOW)


@pytest.mark.parametrize("store", ["s2", "nowhere"])
def test_nothing_is_written_where_an_agent_never_was_not_even_a_gap(store: str) -> None:
    """SITE has x in s1 only."""
    memory = Memory()
    accept = acceptor(SITE, memory)
    send(accept, body(Kind.STAY), NOW, store="s1")
    later = body(Kind.STAY, first_row=50)
    outcome = send(accept, later, NOW, seq=9, store=store)
    assert outcome.entries == []
    assert len(outcome.refused) == 1
    other = send(accept, body(Kind.STAY, first_row=80, store=store), NOW, seq=20, store="s1")
    assert {entry.store for entry in other.entries} <= {"s1"}
    assert len(other.refused) == 1


def test_what_is_missing_before_a_refused_frame_is_missing_in_the_store_that_the_frame_names() -> None:
    memory = Memory()
    send(acceptor(MOVED, memory), body(Kind.STAY, store="s1"), NOW - 9 * S, store="s2")
    bad = body(Kind.STAY, first_row=50, store="s1", zones=("nowhere", "d"))
    outcome = send(acceptor(MOVED, memory), bad, NOW - S, seq=9)
    assert [refused.reason for refused in outcome.refused] == ["site.zone"]
    assert [(entry.kind, entry.store) for entry in outcome.entries] == [(RecordKind.GAP, "s1")]


def test_plain_events_go_by_when_they_were_taken() -> None:
    scan = b'{"kind":"touch","what":"scan"}'
    assert whose(acceptor(MOVED).events(Topic("s1", "x", "events"), scan, NOW - S)) == [("s1", "x")]
    assert whose(acceptor(MOVED).events(Topic("s2", "x", "events"), scan, NOW)) == [("s2", "x")]
    for store, received_ns in (("s1", NOW), ("s2", NOW - S), ("s3", NOW)):
        with pytest.raises(ContractError, match="store"):
            acceptor(MOVED).events(Topic(store, "x", "events"), scan, received_ns)


@pytest.mark.parametrize(
    ("made_ns", "store", "agent", "zone", "door"),
    [(NOW - S, "s1", "x", "a", "d"), (NOW, "new", "y", "a2", "d2"), (NOW + S, "new", "y", "a2", "d2")],
)
@pytest.mark.parametrize("under", [("s1", "x", "a", "d"), ("new", "y", "a2", "d2"), ("new", "x", "a", "d2")])
def test_rows_have_the_names_of_their_time_whatever_they_came_under(
    under: tuple[str, str, str, str], made_ns: int, store: str, agent: str, zone: str, door: str
) -> None:
    outcome = send(acceptor(RENAMED), body(Kind.STAY, Kind.IN, zones=under[2:]), made_ns, store=under[0], agent=under[1])
    assert whose(outcome) == [(store, agent)]
    (entry,) = outcome.entries
    written = decode_body(entry.body)
    assert [written.zones[place] for place in written.zone] == [zone, door]
    assert entry.frame is not None
    assert (entry.frame.zones, entry.frame.zone.tolist()) == (written.zones, written.zone.tolist())


def test_an_epoch_is_known_under_the_new_name_too() -> None:
    """Sent and receipted under the old name; sent again, and gone on with, under the new one."""
    memory = Memory()
    first = acceptor(SITE, memory)
    assert send(first, body(Kind.STAY), NOW - 2 * S, store="s1").receipt == ("e", 1)
    after = acceptor(RENAMED, memory)
    again = send(after, body(Kind.STAY), NOW - 2 * S, store="new", agent="y")
    assert (again.entries, again.receipt, again.dropped) == ([], ("e", 1), ("duplicate", 1))
    second = send(after, body(Kind.STAY, first_row=1), NOW - S, seq=2, store="new", agent="y", oldest=1)
    assert (whose(second), second.receipt) == ([("s1", "x")], ("e", 2))
    assert whose(send(after, body(Kind.STAY, first_row=2), NOW + S, seq=3, store="s1", agent="x", oldest=1)) == [("new", "y")]
    assert send(after, body(Kind.STAY, first_row=1), NOW - S, seq=2, store="s1", oldest=1).dropped == ("duplicate", 1)


def test_points_of_a_renamed_agent_stay_where_they_were() -> None:
    """Another gateway, without any state, makes the same record of it after the renaming as the first one did before."""
    data = body(Kind.IN, t_wall_ns=np.array([NOW - 7 * S], "<i8"))
    before = send(acceptor(SITE), data, NOW - 5 * S, store="s1").entries[0]
    after = send(acceptor(RENAMED), data, NOW - 5 * S, store="new", agent="y").entries[0]
    names = ("store", "agent", "key_base", "offset_ns", "time_quality", "clock_width_ns")
    assert [getattr(after, name) for name in names] == [getattr(before, name) for name in names]
    (written,) = decode_body(after.body).zones
    assert written == "d"


SALE = {"kind": "touch", "what": "transaction", "id": "t1", "zone": "a", "amount": 5}
TILL, DESK = Topic("s1", "till", "events"), Topic("new", "desk", "events")


def test_an_event_of_a_renamed_till_counts_once_and_can_be_taken_back() -> None:
    memory = Memory()
    (first,) = acceptor(SITE, memory).events(TILL, json.dumps(SALE).encode(), NOW - S).entries
    after = acceptor(RENAMED, memory)
    for topic in (TILL, DESK):
        again = after.events(topic, json.dumps(SALE).encode(), NOW + S)
        assert (again.entries, again.dropped) == ([], ("duplicate_event", 1))
    void = {"kind": "void", "id": "v", "of": "t1", "reason": "r", "actor": "a"}
    (taken_back,) = after.events(DESK, json.dumps(void).encode(), NOW + S).entries
    assert json.loads(taken_back.body)["of"] == json.loads(first.body)["id"]
    assert taken_back.seq == first.seq + 1, "its events are numbered on"


@pytest.mark.parametrize("topic", [TILL, DESK, Topic("new", "till", "events")])
@pytest.mark.parametrize("zone", ["a", "a2"])
@pytest.mark.parametrize(("time", "stored"), [("2026-09-21T14:13:19Z", ("s1", "till", "a")), (AT, ("new", "desk", "a2"))])
def test_an_event_has_the_names_of_its_own_time(topic: Topic, zone: str, time: str, stored: tuple[str, str, str]) -> None:
    (entry,) = acceptor(RENAMED).events(topic, json.dumps(SALE | {"zone": zone, "time": time}).encode(), NOW + 60 * S).entries
    assert (entry.store, entry.agent, json.loads(entry.body)["zone"]) == stored


def test_a_name_that_is_nobody_s_is_refused_as_ever() -> None:
    outcome = send(acceptor(RENAMED), body(Kind.STAY, zones=("elsewhere", "d")), NOW, store="s1")
    assert [refused.reason for refused in outcome.refused] == ["site.zone"]
    with pytest.raises(ContractError, match="not in store"):
        acceptor(RENAMED).events(Topic("s1", "stranger", "events"), b"[]", NOW)


def test_a_number_that_frames_between_cannot_have_reached_is_a_gap_of_unknown_size() -> None:
    accept = acceptor(SITE)
    send(accept, body(Kind.STAY), NOW, store="s1")
    gaps = [
        entry for entry in send(accept, body(Kind.STAY, first_row=10**11), NOW, seq=5, store="s1").entries if entry.kind == RecordKind.GAP
    ]
    assert [json.loads(entry.body)["rows"] for entry in gaps] == [0]
    refused = send(accept, body(Kind.STAY, first_row=9 * 10**18), NOW, seq=9, store="s1")
    assert [each.reason for each in refused.refused] == ["body.rows"]
    assert [json.loads(entry.body)["rows"] for entry in refused.entries] == [0]


def test_a_dead_clock_is_named_and_its_rows_have_the_agent_s_time() -> None:
    data = body(Kind.IN, Kind.IN, t_wall_ns=np.array([NOW - 50 * 86_400 * S, NOW - 2 * S], "<i8"))
    outcome = send(acceptor(SITE), data, NOW - S, store="s1")
    (entry,) = outcome.entries
    written = decode_body(entry.body)
    assert written.t_wall_ns is not None
    assert written.t_wall_ns.tolist() == [1, NOW - 2 * S]
    assert outcome.noticed == {"device_clock": "a device's clock is 4319998 s behind"}
    late = acceptor(SITE).events(Topic("s1", "till", "events"), json.dumps(SALE | {"time": "1970-01-01T00:00:00Z"}).encode(), NOW)
    assert "plain events" in late.noticed["device_clock"]
