"""What is posted to the page is published without identifiers in clear."""

from __future__ import annotations

import json

import pytest

from footfall.events import parse_event
from footfall.sealing import Opener, public_key, public_key_text
from serve.broker_client import NotPublished
from serve.sealing import EventSealer

SCAN = {"kind": "touch", "what": "scan", "id": "e1", "identifiers": ["phone:8613800001111"]}
VOID = {"kind": "void", "id": "v1", "of": "e1", "reason": "typo", "actor": "kim"}
EVENTS = [parse_event(SCAN), parse_event(VOID)]
KNOWN = {"version": "1", "seal_key": public_key_text(public_key(b"secret"))}
AWAY = {"problems": [{"code": "unreachable"}]}


def test_identifiers_are_sealed_and_all_else_stays() -> None:
    sealer = EventSealer()
    assert sealer.needs_key(EVENTS)
    assert not sealer.needs_key(EVENTS[1:])
    scan, void = sealer.sealed([SCAN, VOID], EVENTS, KNOWN)
    assert void == VOID
    assert json.loads(Opener([b"secret"]).open(scan.pop("sealed"))) == {"identifiers": SCAN["identifiers"]}
    assert scan == {key: value for key, value in SCAN.items() if key != "identifiers"}


def test_a_gateway_that_is_away_is_remembered_and_one_that_was_never_heard_waited_for() -> None:
    sealer = EventSealer()
    with pytest.raises(NotPublished, match="the gateway does not answer"):
        sealer.sealed([SCAN, VOID], EVENTS, AWAY)
    sealer.sealed([SCAN, VOID], EVENTS, KNOWN)
    assert "sealed" in sealer.sealed([SCAN, VOID], EVENTS, AWAY)[0]


def test_a_gateway_without_a_secret_refuses_them_itself() -> None:
    assert EventSealer().sealed([SCAN, VOID], EVENTS, {"version": "1", "seal_key": ""}) == [SCAN, VOID]
    assert EventSealer().sealed([SCAN, VOID], EVENTS, {"version": "of an earlier release"}) == [SCAN, VOID]


def test_with_a_key_that_seals_nothing_no_identifier_is_published() -> None:
    sealer = EventSealer()
    for key in (public_key_text(bytes(32)), "none"):
        with pytest.raises(NotPublished, match="seal_key is no public key"):
            sealer.sealed([SCAN, VOID], EVENTS, {"version": "1", "seal_key": key})
