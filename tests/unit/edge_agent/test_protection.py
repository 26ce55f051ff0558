"""No identifier leaves the intake in clear."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge_agent.protection import NoKeyYet, Protection
from footfall.events import parse_event
from footfall.pseudonyms import lasting_subject, to_hex, type_key
from footfall.sealing import Opener, public_key

SECRET = b"the brand's secret"
PUBLIC = public_key(SECRET)
KEYS = {name: type_key(SECRET, name) for name in ("ibeacon", "nfc", "member")}
SCAN = {"kind": "touch", "what": "scan", "id": "e1"}


def protected(protection: Protection, **more: Any) -> dict[str, Any]:
    value = SCAN | more
    return dict(protection.protected(value, parse_event(value)))


def test_an_event_without_identifiers_is_left_as_it_is() -> None:
    assert protected(Protection({})) == SCAN
    assert protected(Protection({}), identifiers=[]) == SCAN | {"identifiers": []}


def test_what_the_box_can_hash_becomes_subjects_in_their_order() -> None:
    found = protected(Protection(KEYS), identifiers=["member:8613800001111", "nfc:04a1b2"])
    subjects = [to_hex(lasting_subject(KEYS[kind], kind, rest)) for kind, rest in (("member", "8613800001111"), ("nfc", "04a1b2"))]
    assert found == SCAN | {"subjects": subjects, "types": ["member", "nfc"]}
    parse_event(found)


@pytest.mark.parametrize("stated", ["member: 8613800001111", "nfc:04:A1:B2", "member:13800001111"])
def test_what_may_be_written_in_several_ways_is_left_to_the_gateway(stated: str) -> None:
    assert "sealed" in protected(Protection(KEYS, PUBLIC), identifiers=[stated])


def test_one_that_it_cannot_hash_seals_all_of_the_event() -> None:
    stated = ["ibeacon:u:1:2", "phone:8613800001111"]
    found = protected(Protection(KEYS, PUBLIC), identifiers=stated)
    assert set(found) == {*SCAN, "sealed"}
    assert json.loads(Opener([SECRET]).open(found["sealed"])) == {"identifiers": stated}
    parse_event(found)


def test_a_beacon_is_left_to_the_gateway_which_knows_what_of_it_identifies() -> None:
    assert "sealed" in protected(Protection(KEYS, PUBLIC), identifiers=["ibeacon:u:1:2"])


def test_without_a_key_it_is_not_taken() -> None:
    with pytest.raises(NoKeyYet):
        protected(Protection(KEYS), identifiers=["phone:8613800001111"])


def test_a_till_may_seal_or_hash_by_itself() -> None:
    sealed = protected(Protection({}, PUBLIC), identifiers=["phone:1"])
    assert dict(Protection({}).protected(sealed, parse_event(sealed))) == sealed
    hashed = SCAN | {"subjects": ["0123456789abcdef"]}
    assert dict(Protection({}).protected(hashed, parse_event(hashed))) == hashed


def test_a_key_is_replaced_by_that_of_a_receipt_unless_it_is_pinned() -> None:
    first, second = public_key(b"a"), public_key(b"b")
    learned = Protection({}, first)
    assert [learned.offer(key) for key in (None, first, second, second)] == [False, False, True, False]
    assert learned.public == second
    pinned = Protection({}, first, is_pinned=True)
    assert not pinned.offer(second)
    assert pinned.public == first


def test_what_an_earlier_release_spooled_is_protected_whatever_it_is() -> None:
    protection = Protection(KEYS, PUBLIC)
    plain = json.dumps(SCAN)
    assert protection.protected_text(plain) == plain
    for text in (
        json.dumps(SCAN | {"identifiers": ["phone:8613800001111"]}),
        '{"identifiers": ["phone:8613800001111"]}',
        'identifiers phone:8613800001111"',
    ):
        changed = protection.protected_text(text)
        assert "8613800001111" not in changed
        assert "8613800001111" in Opener([SECRET]).open(json.loads(changed)["sealed"]).decode()
    with pytest.raises(NoKeyYet):
        Protection({}).protected_text('{"identifiers": ["phone:1"]}')
