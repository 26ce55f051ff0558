"""What accept hands to the journal."""

from __future__ import annotations

import json
from pathlib import Path

from device_profiles.registry import shipped
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.sources.source import Crossing
from footfall.frames import Header, Kind, decode_body, encode_body, encode_frame
from footfall.topics import Topic
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser
from gateway.records import RecordKind
from gateway.site import Agent, Site, Store
from gateway.site.index import Places
from gateway.state.journal import Journal

SITE = Site(brand="b", stores=(Store(name="s1", doors=("main",), agents=(Agent(name="a1"),)),))
TOPIC = Topic("s1", "a1", "frames")


def test_a_frame_with_plain_events_can_be_read_again_from_the_journal(tmp_path: Path) -> None:
    """After a crash the fold reads the journal's bodies: the events' texts are gone from them, and nothing else is."""
    core = Core("boot", {}, shipped(), SubjectKeys())
    core.tick(Moment(1, 1, True))
    core.hear(Crossing(5, "main", 2, 0))
    core.event(json.dumps({"kind": "touch", "what": "scan", "identifiers": ["member:86139"]}), 6)
    core.event(json.dumps({"kind": "count", "id": "c1", "door": "main", "in": 1}), 7)
    (body,) = core.tick(Moment(8, 8, True), flush=True)
    payload = encode_frame(Header("s1", "a1", "e1", 1, 1, "boot", 9, 9), encode_body(body))
    journal = Journal(tmp_path / "journal.db")
    outcome = Acceptor(Places(SITE), journal, Pseudonymiser(b"secret")).frame(TOPIC, payload, 100)
    kinds = sorted(entry.kind for entry in outcome.entries)
    assert kinds == [RecordKind.FRAME, RecordKind.EVENT, RecordKind.EVENT]
    frame = next(entry for entry in outcome.entries if entry.kind == RecordKind.FRAME)
    assert b"86139" not in frame.body
    again = decode_body(frame.body)
    assert again.kind.tolist() == [Kind.IN, Kind.EVENT, Kind.EVENT]
    assert again.count.tolist()[0] == 2
    journal.close()
