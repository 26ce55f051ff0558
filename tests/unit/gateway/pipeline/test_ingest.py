"""What is acknowledged or receipted is durable; what was refused is kept once; what is replayed is taken once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from footfall.beacons import OwnBeacon
from footfall.denials import encode_denial
from footfall.frames import MAX_FRAME_BYTES, Body, Kind
from footfall.health import Health, encode_health
from footfall.receipts import MAX_RECEIPT_BYTES, Receipt, decode_receipt
from gateway.accept import accept, plain_events
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Message, Messages
from gateway.pipeline.ingest import PROMPT_S, Ingest
from gateway.records import Record, RecordKind
from gateway.site import Site
from gateway.site.index import Places
from gateway.state.day_keys import DayKeys
from gateway.state.journal import Journal
from gateway.state.quarantine.entries import Refusal
from gateway.state.quarantine.store import Quarantine
from tests.support.accept_inputs import NOW, SECRET, SITE, S, body, frame
from tests.support.identifier_search import Known, files_of

HEALTH = Health(state="online", agent="x", store="s1", boot="boot", uptime_s=1.0)
HEALTH_TOPIC = "footfall/1/s1/x/health"
FRAMES, EVENTS = "footfall/1/s1/x/frames", "footfall/1/s1/till/events"
SCAN = b'{"kind":"touch","what":"scan"}'


class Gate:
    """An intake on real files."""

    def __init__(self, folder: Path, site: Site = SITE) -> None:
        self.journal = Journal(folder / "journal.db", busy_timeout_s=0.05)
        self.quarantine = Quarantine(folder / "quarantine.db")
        self.published: list[tuple[str, bytes]] = []
        self.handed: list[tuple[Record, Body | None]] = []
        self.acceptor = Acceptor(Places(site), self.journal, Pseudonymiser(SECRET))
        self.ingest = Ingest(
            Messages(self.acceptor), self.journal, self.quarantine, DayKeys(folder / "keys.db", site),
            lambda topic, payload: self.published.append((topic, payload)), self.handed.extend,
        )  # fmt: skip

    def take(self, *messages: tuple[str, bytes], now_ns: int = NOW, retained: bool = False) -> None:
        self.ingest.take([Message(topic, payload, retained) for topic, payload in messages], now_ns)

    def receipts(self) -> list[Receipt]:
        return [decode_receipt(payload) for _, payload in self.published]

    def kinds(self) -> list[RecordKind]:
        return [record.kind for record in self.journal.read(0, 10**6)]

    def is_balanced(self) -> bool:
        """in = journaled + quarantined + dropped."""
        counted = self.journal.balance()
        rows = sum(1 for kind in self.kinds() if kind == RecordKind.EVENT)
        rows += sum(len(made) for _, made in self.handed if made is not None)
        dropped = sum(n for name, n in counted.items() if name.startswith("dropped."))
        return counted.get("in", 0) == rows + counted.get("quarantined", 0) + dropped

    def close(self) -> None:
        self.journal.close()
        self.quarantine.close()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    made.close()


def test_frames_are_durable_handed_over_and_receipted(gate: Gate) -> None:
    gate.take((FRAMES, frame(1, body(Kind.STAY))), (FRAMES, frame(2, body(Kind.STAY, Kind.STAY, first_row=1))))
    assert [record.seq for record in gate.journal.read(0, 9)] == [1, 2]
    assert [record.pos for record, made in gate.handed if made is not None] == [1, 2]
    (receipt,) = gate.receipts()
    assert (gate.published[0][0], receipt.epoch, receipt.upto, receipt.gateway_ns) == ("footfall/1/s1/x/receipts", "e", 2, NOW)
    assert receipt.journal_id == gate.journal.journal_id
    assert gate.journal.balance()["in"] == 3


def test_every_receipt_has_the_brand_s_beacons(gate: Gate) -> None:
    gate.take((FRAMES, frame(1, body(Kind.STAY))))
    assert gate.receipts()[-1].beacons == ()
    gate.ingest.beacons = (OwnBeacon("f7826da6-4fa2-4e98-8024-bc5b71e0893e", minor=False),)
    gate.take((FRAMES, frame(2, body(Kind.STAY, first_row=1))))
    assert gate.receipts()[-1].beacons == gate.ingest.beacons


def test_agents_of_a_store_are_asked_to_report_promptly_by_a_receipt_of_what_is_known_of_each(gate: Gate) -> None:
    gate.take((FRAMES, frame(1, body(Kind.STAY))))
    (first,) = gate.receipts()
    gate.ingest.prompt("s2", NOW + 1)
    assert len(gate.published) == 1, "of a store that nobody reported from, nobody is asked"
    gate.ingest.prompt("s1", NOW + 1)
    assert gate.published[1][0] == gate.published[0][0]
    assert gate.receipts()[1] == first._replace(gateway_ns=NOW + 1, prompt_s=PROMPT_S, echo_boot="", echo_boot_ns=0)


def test_the_day_s_key_is_sent_until_it_is_used(gate: Gate) -> None:
    gate.take((FRAMES, frame(1, body(Kind.STAY, key_id=0))))
    key = gate.receipts()[-1].key
    assert key is not None
    gate.take((FRAMES, frame(2, body(Kind.STAY, key_id=0, first_row=1))))
    assert gate.receipts()[-1].key == key
    gate.take((FRAMES, frame(3, body(Kind.STAY, key_id=key.key_id, first_row=2))))
    assert gate.receipts()[-1].key is None
    gate.take((FRAMES, frame(4, body(Kind.STAY, key_id=key.key_id, first_row=3))), now_ns=key.until_ns)
    later = gate.receipts()[-1].key
    assert later is not None
    assert later.key_id not in (key.key_id, 0)


def test_at_the_quota_receipts_ask_to_pause(gate: Gate) -> None:
    gate.ingest.pausing = True
    gate.take((FRAMES, frame(1, body(Kind.STAY))))
    assert gate.receipts()[-1].pause_s


def test_the_gateway_s_time_only_moves_forward(gate: Gate) -> None:
    gate.take((FRAMES, frame(1, body(Kind.STAY))), now_ns=NOW)
    gate.take((FRAMES, frame(2, body(Kind.STAY, first_row=1))), now_ns=NOW - 3600 * S)
    first, second = gate.journal.read(0, 9)
    assert second.received_ns == first.received_ns + 1


REFUSED = {
    "topic": ("footfall/1/s1/frames", b"x", False),
    "name": ("footfall/1/S1/x/frames", b"x", False),
    "frame.msgpack": (FRAMES, b"\xc1", False),
    "frame.topic": ("footfall/1/s1/till/frames", frame(1, body(Kind.STAY)), False),
    "retained": (FRAMES, frame(1, body(Kind.STAY)), True),
    "size": (FRAMES, bytes(MAX_FRAME_BYTES + 1), False),
    "event.json": (EVENTS, b"{", False),
    "site.store": ("footfall/1/nowhere/till/events", SCAN, False),
    "site.agent": ("footfall/1/s2/till/events", SCAN, False),
    "health.invalid": (HEALTH_TOPIC, b"{}", False),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_refused_is_kept_with_its_reason_and_the_good_beside_it_is_taken(gate: Gate, reason: str) -> None:
    topic, payload, retained = REFUSED[reason]
    gate.ingest.take([Message(EVENTS, SCAN), Message(topic, payload, retained), Message(EVENTS, SCAN)], NOW)
    (entry,) = gate.quarantine.entries()
    assert (entry.reason.partition(".")[0], entry.topic, entry.received_ns, entry.origin) == (
        reason.partition(".")[0],
        topic,
        NOW,
        "accept",
    )
    found = gate.quarantine.show(entry.id)
    assert found is not None
    assert found[1] == payload[:MAX_FRAME_BYTES]
    assert gate.kinds() == [RecordKind.EVENT] * 2
    assert gate.journal.balance() == {"in": 3, "quarantined": 1}


def test_what_goes_to_quarantine_is_a_line_a_reason_and_publisher_without_what_nobody_should_read(
    gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    gate.take(*[(EVENTS, b'{"member:8613800000000"')] * 5, (FRAMES, b"no frame"))
    lines = sorted(record.getMessage() for record in caplog.records)
    assert len(lines) == 2
    assert "5 rows of 'footfall/1/s1/till' went to quarantine: event.json" in lines[1]
    assert "86138" not in " ".join(lines)


def test_a_version_of_tomorrow_is_left_with_its_agent(gate: Gate) -> None:
    gate.take((FRAMES, frame(1, body(Kind.STAY), v=2)))
    assert (gate.published, gate.quarantine.entries(), gate.kinds()) == ([], [], [])
    assert gate.ingest.counted["frames_of_unknown_version_total"] == 1


def test_the_same_retained_message_at_every_connection_is_kept_once(gate: Gate) -> None:
    for _ in range(3):
        gate.take((EVENTS, SCAN), retained=True)
    assert len(gate.quarantine.entries()) == 1


def test_the_same_bad_message_again_is_another_one(gate: Gate) -> None:
    gate.take((EVENTS, b"{"), (EVENTS, b"{"))
    gate.take((EVENTS, b"{"))
    assert len(gate.quarantine.entries()) == 3


def test_a_refused_message_that_is_delivered_again_after_a_crash_is_kept_once(gate: Gate, tmp_path: Path) -> None:
    """Its name comes from the journal's position and its content, so another message that now comes first is not taken for it."""
    gate.journal._db.set_progress_handler(lambda: 1, 1)
    with pytest.raises(sqlite3.OperationalError):
        gate.take((EVENTS, b"{"), (EVENTS, b"{"))
    gate.close()
    again = Gate(tmp_path)
    again.take((EVENTS, b"["), (EVENTS, b"{"), (EVENTS, b"{"))
    kept = [again.quarantine.show(entry.id) for entry in again.quarantine.entries()]
    assert sorted(payload for _, payload in filter(None, kept)) == [b"[", b"{", b"{"]
    assert again.journal.balance()["quarantined"] == 3
    again.close()


def test_a_retained_health_is_remembered_but_no_sign_of_life(gate: Gate) -> None:
    gate.take((HEALTH_TOPIC, encode_health(HEALTH)), retained=True)
    assert (gate.ingest.healths["x"], gate.ingest.heard_ns, gate.kinds()) == (HEALTH, {}, [])
    gate.take((HEALTH_TOPIC, encode_health(HEALTH)))
    assert (gate.ingest.heard_ns, gate.kinds()) == ({"x": NOW}, [RecordKind.HEALTH])


@pytest.mark.parametrize("retained", [False, True])
def test_only_the_goodbye_of_a_recording_is_journaled_and_it_is_no_sign_of_life(gate: Gate, retained: bool) -> None:
    """Who has a clock of its own is an agent that runs; what was unsent when the connection began is a last will's."""
    left = HEALTH.model_copy(update={"state": "offline"})
    for no_goodbye in ({"sent_wall_ns": NOW}, {"spool_frames": 1}):
        gate.take((HEALTH_TOPIC, encode_health(left.model_copy(update=no_goodbye))), retained=retained)
    assert gate.kinds() == []
    gate.take((HEALTH_TOPIC, encode_health(left)), retained=retained)
    assert (gate.ingest.heard_ns, gate.kinds()) == ({}, [RecordKind.HEALTH])


def test_while_the_journal_is_locked_nothing_is_acknowledged_and_a_retry_takes_all_once(gate: Gate) -> None:
    """Whatever was refused in the meantime is not kept once a try."""
    messages = [Message(FRAMES, frame(1, body(Kind.STAY))), Message(EVENTS, b"{"), Message(EVENTS, json.dumps([SALE, 5]).encode())]
    other = sqlite3.connect(gate.journal.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(4):
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            gate.ingest.take(messages, NOW)
    assert (gate.published, gate.handed) == ([], [])
    other.execute("ROLLBACK")
    gate.ingest.take(messages, NOW)
    assert gate.kinds() == [RecordKind.FRAME]
    assert len(gate.quarantine.entries()) == 2
    assert gate.journal.balance() == {"in": 4, "quarantined": 3}
    assert gate.receipts()[-1].upto == 1


SALE = {"kind": "touch", "what": "transaction", "id": "t1", "amount": 5}


def test_when_a_look_up_fails_nothing_before_it_in_the_batch_counts_as_known(gate: Gate) -> None:
    """Else the retry would take the first frame for a duplicate, and the next commit would make its mark durable without it."""
    gate.take((FRAMES, frame(1, body(Kind.STAY))))
    messages = [
        Message(FRAMES, frame(2, body(Kind.STAY, first_row=1))),
        Message(FRAMES, frame(1, body(Kind.STAY), epoch="another")),
    ]
    gate.journal._db.set_progress_handler(lambda: 1, 1)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        gate.ingest.take(messages, NOW)
    gate.journal._db.set_progress_handler(None, 0)
    gate.ingest.take(messages, NOW)
    assert [record.seq for record in gate.journal.read(0, 9)] == [1, 2, 1]
    assert gate.journal.balance() == {"in": 3}


def test_a_replay_that_fails_half_way_is_taken_whole_by_the_next(gate: Gate) -> None:
    """The id of its first event would be known for ever otherwise, and the event nowhere."""
    gate.take((EVENTS, b"{"), (EVENTS, b"["))
    first, second = gate.quarantine.entries()
    gate.quarantine.ask_replay([first.id], "somebody", json.dumps(SALE).encode())
    gate.quarantine.ask_replay([second.id], "somebody")
    gate.quarantine._db.execute("PRAGMA busy_timeout=50")
    other = sqlite3.connect(gate.journal.path.with_name("quarantine.db"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        gate.ingest.replay(NOW)
    other.execute("ROLLBACK")
    gate.ingest.tick(NOW + S)
    assert gate.ingest.replay(NOW + 2 * S) == 1
    assert gate.kinds() == [RecordKind.TICK, RecordKind.TICK, RecordKind.NOTE, RecordKind.EVENT]
    assert gate.journal.balance()["in"] == 3


def test_a_tick_is_a_record(gate: Gate) -> None:
    gate.ingest.tick(NOW)
    assert gate.kinds() == [RecordKind.TICK]


# Replay


def ask(gate: Gate, payload: bytes | None = None) -> int:
    ids = [entry.id for entry in gate.quarantine.entries()]
    gate.quarantine.ask_replay(ids, "somebody", payload)
    return gate.ingest.replay(NOW + S)


def test_a_mended_event_is_taken_and_leaves_quarantine(gate: Gate) -> None:
    gate.take((EVENTS, b'{"kind":"dance"}'))
    assert ask(gate, SCAN) == 1
    assert (gate.kinds(), gate.quarantine.entries()) == ([RecordKind.TICK, RecordKind.NOTE, RecordKind.EVENT], [])
    assert b"somebody" in gate.journal.read(1, 1)[0].body
    assert gate.is_balanced()


def test_what_is_refused_again_can_be_mended_and_replayed_later(gate: Gate) -> None:
    gate.take((EVENTS, b'{"kind":"dance"}'))
    for _ in range(2):
        assert ask(gate) == 0
        gate.ingest.tick(NOW + 5 * S)
    assert [entry.state for entry in gate.quarantine.entries()] == ["held"]
    assert ask(gate, SCAN) == 1
    assert RecordKind.EVENT in gate.kinds()
    assert gate.quarantine.entries() == []


def test_after_a_crash_between_journal_and_quarantine_it_is_taken_once(gate: Gate, tmp_path: Path) -> None:
    gate.take((EVENTS, b"{"))
    (entry,) = gate.quarantine.entries()
    gate.quarantine.ask_replay([entry.id], "somebody", SCAN)
    gate.quarantine.replayed, kept = (lambda ids, now_ns: None), gate.quarantine.replayed  # type: ignore[method-assign, assignment] # the crash
    gate.ingest.replay(NOW)
    gate.quarantine.replayed = kept  # type: ignore[method-assign]
    gate.close()
    again = Gate(tmp_path)
    again.ingest.replay(NOW + S)
    assert again.kinds() == [RecordKind.TICK, RecordKind.NOTE, RecordKind.EVENT]
    assert again.quarantine.entries() == []
    again.close()


def test_an_array_with_too_many_events_counts_as_all_of_them(gate: Gate) -> None:
    gate.take((EVENTS, json.dumps([json.loads(SCAN)] * 1001).encode()))
    (entry,) = gate.quarantine.entries()
    assert (entry.reason, entry.rows) == ("event.rows", 1001)
    assert (gate.journal.balance()["in"], gate.journal.balance()["quarantined"]) == (1001, 1001)
    assert gate.is_balanced()


def test_an_array_is_replayed_whole_or_stays(gate: Gate, tmp_path: Path) -> None:
    """An array for a store that was not in the estate yet; now it is, but one of its events is wrong."""
    values = [SALE, {"kind": "dance"}, SALE | {"id": "t2"}]
    gate.take(("footfall/1/s3/till-3/events", json.dumps(values).encode()))
    gate.close()
    opened = Site.model_validate({"brand": "b", "stores": [{"name": "s3", "agents": [{"name": "till-3"}]}]})
    later = Gate(tmp_path, opened)
    ask(later)
    assert later.kinds() == [RecordKind.TICK]
    (left,) = later.quarantine.entries()
    found = later.quarantine.show(left.id)
    assert found is not None
    assert json.loads(found[1]) == values
    ask(later, json.dumps([SALE, json.loads(SCAN), SALE | {"id": "t2"}]).encode())
    assert later.kinds().count(RecordKind.EVENT) == 3
    assert not later.quarantine.entries()
    later.close()


COUNT = '{"kind":"count","id":"north/1","door":"north","in":7,"out":5,"time":"2025-09-20T10:00:00Z","history":true}'
WITH_NORTH = Site.model_validate({"brand": "b", "stores": [{"name": "s1", "doors": ["d", "north"], "agents": [{"name": "x"}]}]})


def test_an_event_that_an_agent_relayed_is_replayed_once_its_door_is_in_the_estate(gate: Gate, tmp_path: Path) -> None:
    relayed = body(Kind.EVENT, extra={0: {"event": COUNT}})
    gate.take((FRAMES, frame(1, relayed)))
    (held,) = gate.quarantine.entries()
    assert (held.reason, held.topic) == ("site.door", "footfall/1/s1/x/events"), "as the agent could have published it"
    before = Refusal("site.door", "of the release before", FRAMES, NOW, COUNT.replace("north/1", "north/2").encode(), "accept")
    gate.quarantine.add([before])
    assert ask(gate) == 0
    assert {entry.reason for entry in gate.quarantine.entries()} == {"site.door"}, "the reason stays what is wrong"
    gate.close()
    later = Gate(tmp_path, WITH_NORTH)
    assert ask(later) == 2
    counts = [json.loads(record.body) for record in later.journal.read(0, 99) if record.kind == RecordKind.EVENT]
    assert [(count["door"], count["in"], count["out"]) for count in counts] == [("north", 7, 5)] * 2
    assert later.quarantine.entries() == []
    later.close()


def test_input_that_a_source_could_not_read_keeps_its_reason_when_it_is_replayed(gate: Gate) -> None:
    unread = {"reason": "the time is no time", "data": b'{"a":1}', "where": "counts.csv:4"}
    gate.take((FRAMES, frame(1, body(Kind.REFUSED, extra={0: unread}))))
    assert ask(gate) == 0
    (entry,) = gate.quarantine.entries()
    assert (entry.reason, entry.message) == ("source.unread", "counts.csv:4: the time is no time")


def test_receipts_have_how_many_rows_of_their_epoch_went_to_quarantine(gate: Gate) -> None:
    """Not the lines that the sender itself could not read; and a frame that comes again is not refused again."""
    extra: dict[int, Any] = {0: {"event": COUNT}, 1: {"event": SCAN.decode()}, 2: {"reason": "?", "data": b"", "where": ""}}
    first = frame(1, body(Kind.EVENT, Kind.EVENT, Kind.REFUSED, extra=extra))
    gate.take((FRAMES, first))
    assert gate.receipts()[-1].refused == 1
    gate.take((FRAMES, first), (FRAMES, frame(2, body(Kind.STAY, Kind.STAY, zones=("cellar", "d"), first_row=3))))
    assert gate.receipts()[-1].refused == 3
    gate.take((FRAMES, frame(1, body(Kind.STAY), epoch="another")))
    assert gate.receipts()[-1].refused == 0


def test_how_many_rows_of_an_epoch_were_refused_outlives_the_gateway_and_counts_each_once(gate: Gate, tmp_path: Path) -> None:
    first, second = frame(1, body(Kind.STAY, zones=("cellar",))), frame(2, body(Kind.STAY, Kind.STAY, zones=("cellar", "d"), first_row=1))
    gate.take((FRAMES, first))
    gate.journal._db.set_progress_handler(lambda: 1, 1)
    with pytest.raises(sqlite3.OperationalError):
        gate.take((FRAMES, second))
    gate.close()
    again = Gate(tmp_path)
    again.take((FRAMES, first))
    assert again.receipts()[-1].refused == 1
    again.take((FRAMES, second))
    assert again.receipts()[-1].refused == 3
    assert again.journal.balance() == {"in": 4, "quarantined": 3, "dropped.duplicate": 1}
    again.close()


def test_an_empty_array_of_events_is_nothing(gate: Gate) -> None:
    gate.take((EVENTS, b"[]"))
    assert (gate.journal.balance()["in"], gate.quarantine.entries(), gate.kinds()) == (0, [], [])


def test_what_a_broker_denies_is_noticed_and_is_no_row_and_no_sign_of_life(gate: Gate) -> None:
    noticed: list[tuple[str, str, str]] = []
    gate.ingest.on_noticed = lambda *notice: noticed.append(notice)
    gate.take(("footfall/1/s1/thief/denied", encode_denial([FRAMES])))
    assert [notice[:2] for notice in noticed] == [("thief", "publish_denied")]
    assert FRAMES in noticed[0][2]
    gate.take(("footfall/1/s1/thief/denied", encode_denial([FRAMES])), retained=True)
    assert (len(noticed), gate.journal.balance(), gate.ingest.heard_ns) == (1, {}, {})
    gate.take(("footfall/1/s1/thief/denied", b"{"))
    assert [entry.reason for entry in gate.quarantine.entries()] == ["denied"]


def test_a_strangers_topic_that_holds_an_identifier_is_nowhere_in_clear_and_can_be_replayed(
    gate: Gate, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    phone = "8613977040826"
    noticed: list[str] = []
    gate.ingest.on_noticed = lambda agent, code, what: noticed.append(f"{agent} {what}")
    gate.take((f"footfall/1/s1/{phone}/events", SCAN), (f"footfall/1/{phone}/till/events", SCAN), (f"{phone}/x/y", b"1"))
    gate.take((f"footfall/1/s1/till/events/{phone}", SCAN), (f"footfall/1/s1/+{phone}/events", SCAN), (f"a/{phone}{'x' * 300}", b""))
    gate.take((f"footfall/1/s1/{phone}/events", SCAN), retained=True)
    gate.quarantine.ask_replay([1], "anna")
    gate.ingest.replay(NOW)
    entries = gate.quarantine.entries()
    assert [entry.topic for entry in entries[:3]] == [
        "footfall/1/s1/<13 characters>/events", "footfall/1/<13 characters>/till/events", "<13 characters>/x/y",
    ]  # fmt: skip
    assert entries[0].message == "agent '<13 characters>' is not in store 's1' of site.toml"
    assert len(entries) == 7
    assert noticed
    assert phone not in f"{entries} {noticed} {caplog.text}"
    gate.close()
    assert Known([phone], []).found(files_of(tmp_path)) == []
    first, *others = SITE.stores
    grown = first.model_copy(update={"agents": (*first.agents, first.agents[0].model_copy(update={"name": phone}))})
    again = Gate(tmp_path, SITE.model_copy(update={"stores": (grown, *others)}))
    again.quarantine.ask_replay([1], "anna")
    assert again.ingest.replay(NOW) == 1
    again.close()


def test_a_frame_is_replayed_at_the_time_of_its_events(gate: Gate, tmp_path: Path) -> None:
    """A day later, when its zone is in the estate: the clock of its boot is still known."""
    day, boot_day = 86_400 * S, 100 * S + 86_400 * S
    echoed: dict[str, Any] = {"gateway_ns": NOW - S // 10, "heard_boot_ns": 100 * S - S // 10}
    gate.take((FRAMES, frame(1, body(Kind.STAY, zones=("cellar", "d")), **echoed)), now_ns=NOW + S // 10)
    late = {"gateway_ns": NOW + day - S // 10, "heard_boot_ns": boot_day - S // 10, "sent_boot_ns": boot_day}
    gate.take((FRAMES, frame(2, body(Kind.STAY, first_row=1, made_boot_ns=boot_day), **late)), now_ns=NOW + day + S // 10)
    gate.close()
    stores = [{"name": "s1", "zones": [{"name": "cellar"}], "agents": [{"name": "x"}]}]
    later = Gate(tmp_path, Site.model_validate({"brand": "b", "stores": stores}))
    later.quarantine.ask_replay([entry.id for entry in later.quarantine.entries()], "somebody", None)
    assert later.ingest.replay(NOW + day + 60 * S) == 1
    record, made = later.handed[-1]
    assert made is not None
    told_ns = int(made.t_boot_ns[0]) + record.offset_ns
    assert abs(told_ns - (NOW - S)) < 10 * S
    later.take(
        (FRAMES, frame(3, body(Kind.STAY, zones=("cellar", "d"), first_row=2, made_boot_ns=boot_day), **late)), now_ns=NOW + day + 61 * S
    )
    assert later.receipts()[-1].upto == 3
    later.close()


def test_what_was_cut_cannot_be_replayed(gate: Gate) -> None:
    gate.take((FRAMES, bytes(MAX_FRAME_BYTES + 1)))
    assert ask(gate) == 0
    assert len(gate.quarantine.entries()) == 1


def test_what_a_broker_keeps_and_repeats_is_refused_once_also_after_a_restart(tmp_path: Path) -> None:
    repeated = [(FRAMES, frame(1, body(Kind.STAY)), True), ("footfall/1/s1/x/health", b"{", True)]
    for run in range(3):
        made = Gate(tmp_path)
        for topic, payload, retained in repeated:
            made.take((topic, payload), now_ns=NOW + run * S, retained=retained)
        assert (made.journal.balance()["in"], made.journal.balance()["quarantined"]) == (2, 2)
        assert len(made.quarantine.entries()) == 2
        made.close()


def test_what_somebody_dropped_does_not_come_back_at_the_next_connection(gate: Gate) -> None:
    for _ in range(2):
        gate.take((FRAMES, frame(1, body(Kind.STAY))), retained=True)
        gate.quarantine.drop([entry.id for entry in gate.quarantine.entries()], "anna", NOW)
    assert gate.journal.balance()["in"] == 1


RENAMED = Site.model_validate({
    "brand": "b",
    "stores": [{
        "name": "new", "aliases": [{"name": "s1", "until": "2026-09-21T14:13:20Z"}], "zones": [{"name": "a"}], "doors": ["d"],
        "agents": [{"name": "y", "aliases": [{"name": "x", "until": "2026-09-21T14:13:20Z"}]}, {"name": "till"}],
    }],
})  # fmt: skip
"""At NOW store s1 and agent x got other names."""


def test_a_renamed_agent_s_health_is_one_agent_s_and_stored_by_the_name_of_its_time(tmp_path: Path) -> None:
    made = Gate(tmp_path, RENAMED)
    made.take(("footfall/1/s1/x/health", encode_health(HEALTH)), now_ns=NOW - S)
    made.take(("footfall/1/s1/x/health", encode_health(HEALTH)), now_ns=NOW)
    made.take(("footfall/1/new/y/health", encode_health(HEALTH.model_copy(update={"store": "new", "agent": "y"}))), now_ns=NOW + S)
    assert [(record.store, record.agent) for record in made.journal.read(0, 9)] == [("s1", "x"), ("new", "y"), ("new", "y")]
    assert (list(made.ingest.healths), made.ingest.heard_ns) == (["y"], {"y": NOW + S})
    made.close()


def test_a_renamed_store_keeps_its_key_of_the_day(tmp_path: Path) -> None:
    before = DayKeys(tmp_path / "keys.db", SITE)
    key = before.current("s1", NOW)
    before.close()
    after = DayKeys(tmp_path / "keys.db", RENAMED)
    assert key is not None
    assert after.current("new", NOW + S) == key
    later = after.current("new", key.until_ns)
    assert later is not None
    assert later.secret != key.secret
    after.close()


def test_a_receipt_names_which_message_it_answers(gate: Gate) -> None:
    """Of several the last: it was sent last, and so bounds the sender's clock best."""
    frames = [frame(seq, body(Kind.STAY, first_row=seq), sent_boot_ns=(100 + seq) * S) for seq in (1, 2)]
    gate.take(*[(FRAMES, payload) for payload in frames])
    (receipt,) = gate.receipts()
    assert (receipt.echo_boot, receipt.echo_boot_ns, receipt.parts) == ("boot", 102 * S, True)


def test_dates_are_sent_with_every_receipt_until_they_are_confirmed_also_after_a_restart(gate: Gate, tmp_path: Path) -> None:
    gate.take((FRAMES, frame(1, body(Kind.STAY), times_n=0)))
    first = gate.receipts()[-1].times
    gate.take((FRAMES, frame(0, b"", times_n=0)), now_ns=NOW + S)
    assert first is not None
    assert gate.receipts()[-1].times == first
    gate.close()
    again = Gate(tmp_path)
    again.take((FRAMES, frame(0, b"", times_n=0)), now_ns=NOW + 2 * S)
    assert again.receipts()[-1].times == first
    again.take((FRAMES, frame(0, b"", times_n=first.n)), now_ns=NOW + 3 * S)
    assert again.receipts()[-1].times is None
    again.close()


def test_a_receipt_fits_its_bytes_with_a_key_and_as_many_dates_as_go_in(gate: Gate) -> None:
    epoch = "e" * 64
    for seq in range(1, 80):  # all dates differ: a frame without an echo is dated by its arrival
        made = body(Kind.STAY, first_row=seq, key_id=0)
        gate.take((FRAMES, frame(seq, made, epoch=epoch, times_n=0, sent_boot_ns=100 * S + seq)), now_ns=NOW + seq * S)
    assert len(gate.published[-1][1]) <= MAX_RECEIPT_BYTES
    receipt = gate.receipts()[-1]
    assert receipt.key is not None
    assert receipt.times is not None
    assert receipt.times.runs[0].first_seq == 1


def test_a_state_that_is_new_is_journaled_as_such_before_the_first_receipt(gate: Gate) -> None:
    gate.take((FRAMES, frame(0, b"", receipted=5, receipted_ns=NOW - 60 * S)))
    assert gate.kinds() == [RecordKind.HISTORY]
    assert gate.journal.decided.histories() == {"s1": NOW - 60 * S}
    gate.take((FRAMES, frame(0, b"", receipted=5, receipted_ns=NOW + S)), now_ns=NOW + 2 * S)
    assert RecordKind.HISTORY not in gate.kinds()[1:]


def test_a_backup_that_was_put_back_knows_the_receipts_that_it_did_not_give(gate: Gate, tmp_path: Path) -> None:
    gate.take((FRAMES, frame(1, body(Kind.STAY))))
    gate.close()
    later = Gate(tmp_path)
    later.take((FRAMES, frame(0, b"", receipted=4, receipted_ns=NOW + 20 * S)), now_ns=NOW + 90 * S)
    assert later.journal.decided.histories() == {"s1": NOW + 20 * S}
    later.close()


def test_hellos_alone_leave_a_trace_of_when_they_were_answered(gate: Gate) -> None:
    gate.take((FRAMES, frame(0, b"")))
    assert gate.kinds() == [RecordKind.TICK]


def test_two_reports_of_health_that_came_at_one_moment_have_two_points(gate: Gate) -> None:
    gate.take((HEALTH_TOPIC, encode_health(HEALTH)), (HEALTH_TOPIC, encode_health(HEALTH)))
    first, second = gate.journal.read(0, 9)
    assert first.key_base == NOW % 500_000
    assert second.key_base == first.key_base + 1


def test_an_agent_that_floods_is_asked_to_pause_and_nobody_else_is(gate: Gate) -> None:
    noticed: list[tuple[str, str]] = []
    gate.ingest.on_noticed = lambda agent, code, what: noticed.append((agent, code))
    gate.acceptor.limits.spend("x", "rows", 10**8, NOW)
    gate.take((FRAMES, frame(1, body(Kind.STAY))), (EVENTS, SCAN))
    (receipt,) = gate.receipts()
    assert (receipt.upto, receipt.pause_s) == (0, 60)
    assert noticed == [("x", "agent_flooding")]
    assert gate.kinds() == [RecordKind.EVENT]
    gate.take((FRAMES, frame(1, body(Kind.STAY))), now_ns=NOW + 61 * S)
    assert (gate.receipts()[-1].upto, gate.receipts()[-1].pause_s) == (1, None)
    assert gate.is_balanced()


def test_who_sends_on_all_the_same_is_not_even_read(gate: Gate) -> None:
    gate.acceptor.limits.spend("x", "messages", 10**8, NOW)
    gate.take((FRAMES, b"rubbish"), (FRAMES, frame(1, body(Kind.STAY))), (EVENTS, SCAN))
    assert (gate.kinds(), gate.published, gate.quarantine.entries()) == ([RecordKind.EVENT], [], [])
    assert gate.journal.balance()["dropped.flood"] == 2
    assert gate.is_balanced()


def test_plain_events_beyond_the_pace_are_quarantined_and_can_be_replayed(gate: Gate) -> None:
    gate.acceptor.limits.spend("till", "events", 10**8, NOW)
    gate.take((EVENTS, SCAN))
    (held,) = gate.quarantine.entries()
    assert held.reason == "agent.flood"
    gate.quarantine.ask_replay([held.id], "anna")
    assert gate.ingest.replay(NOW + 3600 * S) == 1
    (event,) = (record for record in gate.journal.read(0, 9) if record.kind == RecordKind.EVENT)
    assert json.loads(event.body)["time_ns"] == NOW, "it happened when it came, not when it was replayed"
    assert gate.is_balanced()


def test_plain_events_are_never_dropped_for_coming_fast_nobody_sends_them_again(gate: Gate) -> None:
    """A broker that kept a day of a till's events gives them all at once."""
    gate.acceptor.limits.spend("till", "messages", 10**8, NOW)
    gate.take((EVENTS, SCAN))
    assert gate.kinds() == [RecordKind.EVENT]
    gate.acceptor.limits.spend("till", "bytes", 10**12, NOW)
    gate.take((EVENTS, SCAN))
    assert [entry.reason for entry in gate.quarantine.entries()] == ["agent.flood"]
    assert "dropped.flood" not in gate.journal.balance()
    assert gate.is_balanced()


def test_rubbish_instead_of_plain_events_counts_as_well(gate: Gate) -> None:
    gate.acceptor.limits.spend("till", "events", 600_000, NOW)
    gate.take(*[(EVENTS, b"rubbish")] * 3, (EVENTS, SCAN))
    assert [entry.reason for entry in gate.quarantine.entries()] == ["event.json", "agent.flood", "agent.flood", "agent.flood"]


def test_a_clock_that_was_ahead_holds_nobody_back_when_it_is_set_right(gate: Gate) -> None:
    gate.take((FRAMES, frame(1, body(Kind.STAY))), (EVENTS, SCAN), now_ns=NOW + 86_400 * S)
    gate.journal.accept_clock(NOW, "it was ahead")
    gate.take((FRAMES, frame(2, body(Kind.STAY, first_row=1))), (EVENTS, SCAN), (HEALTH_TOPIC, encode_health(HEALTH)), now_ns=NOW)
    assert (gate.receipts()[-1].upto, gate.receipts()[-1].pause_s) == (2, None)
    assert gate.quarantine.entries() == []
    assert gate.kinds().count(RecordKind.EVENT) == 2
    assert gate.kinds()[-1] == RecordKind.HEALTH


def test_who_falls_silent_when_the_clock_is_set_right_is_silent_from_then_on(gate: Gate) -> None:
    gate.take((HEALTH_TOPIC, encode_health(HEALTH)), now_ns=NOW + 86_400 * S)
    gate.journal.accept_clock(NOW, "it was ahead")
    gate.ingest.tick(NOW)
    assert gate.ingest.heard_ns["x"] <= NOW + 1


def test_health_that_comes_too_often_is_not_stored(gate: Gate) -> None:
    for i in range(300):
        gate.take(("footfall/1/s1/x/health", encode_health(HEALTH)), now_ns=NOW + i)
    assert len(gate.kinds()) == 120


@pytest.mark.parametrize("ref", [b"\xed\xa0\x80", b"\\ud800"])
def test_half_a_surrogate_pair_is_quarantined_however_it_is_written(gate: Gate, ref: bytes) -> None:
    gate.take((EVENTS, b'{"kind":"touch","what":"scan","ref":"%b"}' % ref), (EVENTS, SCAN))
    assert [entry.reason for entry in gate.quarantine.entries()] == ["event.json"]
    assert gate.kinds() == [RecordKind.EVENT]


def test_a_message_at_which_the_gateway_fails_is_quarantined_and_its_neighbours_are_taken(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours ends nothing: it would come again at every start."""
    poison = frame(1, body(Kind.STAY, Kind.STAY))
    with monkeypatch.context() as broken:
        broken.setattr(accept, "check_plausible", lambda made: 1 // (2 - len(made)))
        broken.setattr(plain_events, "normalise", lambda *given: {}[given])
        gate.take((FRAMES, poison), (EVENTS, b'{"kind":"touch","what":"scan","id":"i"}'), (FRAMES, frame(2, body(Kind.STAY, first_row=2))))
    assert [entry.reason for entry in gate.quarantine.entries()] == ["accept.bug", "accept.bug"]
    assert "ZeroDivisionError in test_ingest.py" in gate.quarantine.entries()[0].message
    assert gate.kinds() == [RecordKind.FRAME]
    assert gate.receipts()[-1].upto == 2
    assert gate.is_balanced()
    gate.quarantine.ask_replay([entry.id for entry in gate.quarantine.entries()], "me")
    assert gate.ingest.replay(NOW + S) == 2
    assert sorted(gate.kinds()) == [RecordKind.FRAME, RecordKind.FRAME, RecordKind.EVENT, RecordKind.NOTE, RecordKind.NOTE]
    assert gate.is_balanced()


def test_a_disk_that_fails_is_no_mistake_of_ours(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(agent: str, epoch: str) -> None:
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(gate.journal, "mark", full)
    with pytest.raises(sqlite3.OperationalError):
        gate.take((FRAMES, frame(1, body(Kind.STAY))))
    assert gate.quarantine.entries() == []


def test_a_correction_that_comes_too_late_waits_until_headquarters_takes_it(gate: Gate) -> None:
    void = {"kind": "void", "id": "v1", "of": "t1", "reason": "rung up twice", "actor": "kim"}
    gate.take((EVENTS, b'{"kind":"touch","what":"transaction","id":"t1","amount":5}'))
    late_ns = NOW + 80 * 3600 * S
    gate.take((EVENTS, json.dumps(void).encode()), now_ns=late_ns)
    (entry,) = gate.quarantine.entries()
    assert (entry.reason, entry.private) == ("event.window", False)
    gate.quarantine.expire(late_ns + 400 * 3600 * S)
    gate.quarantine.ask_replay([entry.id], "lee")
    assert gate.ingest.replay(late_ns + 400 * 3600 * S) == 1
    events = [json.loads(record.body) for record in gate.journal.read(0, 99) if record.kind == RecordKind.EVENT]
    assert [(each["kind"], each.get("actor")) for each in events] == [("touch", None), ("void", "kim")]
    assert events[1]["of"] == events[0]["id"]
    assert gate.quarantine.actions()[0].actor == "lee"
    assert gate.is_balanced()


def test_a_correction_by_command_is_taken_as_one_of_headquarters(gate: Gate) -> None:
    gate.take((EVENTS, b'{"kind":"touch","what":"transaction","id":"t1","amount":5}'))
    amend = {"kind": "amend", "id": "a1", "of": "t1", "set": {"amount": 7}, "reason": "mistyped", "actor": "kim"}
    later_ns = NOW + 100 * 24 * 3600 * S
    gate.quarantine.add([Refusal("event.correction", "decided", EVENTS, later_ns, json.dumps(amend).encode(), "accept", key="a1")])
    gate.quarantine.ask_replay([entry.id for entry in gate.quarantine.entries()], "lee")
    assert gate.ingest.replay(later_ns) == 1
    assert json.loads(gate.journal.read(0, 99)[-1].body)["set"] == {"amount": 7.0}


def test_a_fact_is_known_after_a_restart_whoever_sends_it(tmp_path: Path) -> None:
    merge = b'{"kind":"fact","fact":"merge","id":"m1","fans":["A","B"]}'
    first = Gate(tmp_path)
    first.take((EVENTS, merge))
    first.close()
    again = Gate(tmp_path)
    again.take(("footfall/1/s2/y/events", merge), now_ns=NOW + S)
    again.take(("footfall/1/s2/y/events", merge.replace(b'"B"', b'"C"')), now_ns=NOW + 2 * S)
    (entry,) = again.quarantine.entries()
    assert entry.reason == "event.id"
    assert '"fans":["A","B"]' in entry.message
    assert '"fans":["A","C"]' in entry.message
    assert again.journal.balance()["dropped.duplicate_event"] == 1
    assert again.is_balanced()
    again.close()
