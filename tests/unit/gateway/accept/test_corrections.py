"""Corrections at accept: whose event, who may, and how late."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.topics import Topic
from footfall.units import NS_PER_DAY, NS_PER_HOUR
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser, id_hash
from gateway.accept.outcome import Outcome
from gateway.site import Site
from gateway.site.index import Places
from tests.support.accept_inputs import NOW, SECRET, Memory

SITE = Site.model_validate({
    "brand": "b",
    "stores": [
        {"name": "s1", "zones": [{"name": "a"}], "doors": ["d"], "agents": [{"name": "till"}, {"name": "desk"}, {"name": "hq"}]},
        {"name": "s2", "zones": [{"name": "c"}], "doors": ["e"], "agents": [{"name": "far"}]},
    ],
    "may_correct": [
        {"publisher": "desk", "of": ["till"], "stores": ["s1"], "stage": "area"},
        {"publisher": "hq", "stage": "headquarters"},
    ],
})  # fmt: skip
WHY: dict[str, Any] = {"reason": "mistyped", "actor": "kim"}
SALE = {"kind": "touch", "what": "transaction", "id": "t1", "amount": 10.0, "zone": "a"}
COUNT = {"kind": "count", "id": "c1", "door": "d", "in": 2}
VOID = WHY | {"kind": "void", "id": "v1", "of": "t1"}
AMEND = WHY | {"kind": "amend", "id": "a1", "of": "t1", "set": {"amount": 12.5}}
ADJUSTMENT = WHY | {"kind": "adjustment", "id": "j1", "door": "d", "in": -3}


class Gateway:
    def __init__(self) -> None:
        self._accept = Acceptor(Places(SITE), Memory(), Pseudonymiser(SECRET))

    def take(self, value: Any, agent: str = "till", store: str = "s1", at_ns: int = NOW, replayed: bool = False) -> Outcome:
        return self._accept.events(Topic(store, agent, "events"), json.dumps(value).encode(), at_ns, replayed)

    def journaled(self, value: Any, agent: str = "till", store: str = "s1", at_ns: int = NOW, replayed: bool = False) -> dict[str, Any]:
        (entry,) = self.take(value, agent, store, at_ns, replayed).entries
        return json.loads(entry.body) | {"store": entry.store, "agent": entry.agent}

    def refusal(self, value: Any, agent: str = "till", store: str = "s1", at_ns: int = NOW, replayed: bool = False) -> tuple[str, str]:
        (refused,) = self.take(value, agent, store, at_ns, replayed).refused
        return refused.reason, refused.message


@pytest.fixture
def gateway() -> Gateway:
    found = Gateway()
    found.take(SALE)
    found.take(COUNT)
    return found


def test_a_void_is_of_its_sender_s_event_unless_it_names_another(gateway: Gateway) -> None:
    own = gateway.journaled(VOID)
    assert (own["of"], own["of_earlier"]) == (id_hash("s1", "till", "t1").hex(), id_hash("till", "t1").hex())
    assert (own["reason"], own["actor"]) == ("mistyped", "kim")
    assert (own["of_id"], own["own_id"]) == ("t1", "v1")
    by_command = f"correct-{8613912345678:032x}"
    private = gateway.journaled(VOID | {"of": "phone-8613912345678", "id": by_command})
    assert (private["of_id"], private["own_id"]) == ("", by_command)
    other = gateway.journaled(VOID | {"publisher": "till"}, "desk")
    assert (other["of"], other["agent"], other["store"]) == (own["of"], "desk", "s1")


def test_one_of_another_store_stands_in_that_store(gateway: Gateway) -> None:
    found = gateway.journaled(VOID | {"publisher": "far", "store": "s2"}, "hq")
    assert (found["of"], found["store"], found["agent"]) == (id_hash("s2", "far", "t1").hex(), "s2", "hq")


def test_a_correction_may_come_before_its_event() -> None:
    assert Gateway().journaled(VOID)["of"] == id_hash("s1", "till", "t1").hex()
    assert Gateway().journaled(AMEND)["set"] == {"amount": 12.5}


def test_an_amended_amount_is_taken_in_whole_hundredths() -> None:
    assert Gateway().journaled(AMEND | {"set": {"amount": 12.504}})["set"] == {"amount": 12.5}


@pytest.mark.parametrize(
    ("event", "agent", "reason", "words"),
    [
        (VOID | {"publisher": "desk"}, "till", "event.authority", "'till' may not correct events of 'desk' in store 's1'"),
        (AMEND | {"publisher": "hq"}, "desk", "event.authority", "no entry of may_correct in site.toml has them"),
        (VOID | {"publisher": "far", "store": "s2"}, "desk", "event.authority", "footfall quarantine replay"),
        (ADJUSTMENT | {"store": "s2", "door": "e"}, "till", "event.authority", "'till' may not correct doors in store 's2'"),
        (VOID | {"publisher": "far"}, "hq", "site.agent", "it is in s2: name the store with `store`"),
        (VOID | {"publisher": "tlil"}, "hq", "site.agent", "agent 'tlil' is not in store 's1' of site.toml: did you mean 'till'?"),
        (VOID | {"publisher": "nobody"}, "hq", "site.agent", "agent 'nobody' is not in store 's1'"),
        (VOID | {"store": "s9"}, "hq", "site.store", "store 's9' is not in site.toml"),
        (ADJUSTMENT | {"door": "e"}, "till", "site.door", "door 'e' is not in store 's1'"),
        (AMEND | {"set": {"zone": "c"}}, "till", "site.zone", "zone 'c' is not in store 's1'"),
        (AMEND | {"set": {"in": 3}}, "till", "event.invalid", "it has keys of a count, and the event is a touch"),
        (AMEND | {"of": "c1"}, "till", "event.invalid", "it has keys of a touch, and the event is a count"),
        (AMEND | {"set": {"what": "return", "amount": -5}}, "till", "event.invalid", "a return has no negative `amount`"),
    ],
)
def test_what_is_refused_names_why(gateway: Gateway, event: dict[str, Any], agent: str, reason: str, words: str) -> None:
    found = gateway.refusal(event, agent)
    assert (found[0], words in found[1]) == (reason, True), found


def test_a_correction_with_a_used_id_is_sent_again_under_a_new_one_since_nothing_takes_back_the_first(gateway: Gateway) -> None:
    gateway.take(AMEND)
    reason, message = gateway.refusal(AMEND | {"set": {"amount": 13.0}})
    assert (reason, message.startswith("an amend of ")) == ("event.id", True)
    assert "send this one under a new id: nothing takes back the first" in message


@pytest.mark.parametrize(
    ("agent", "in_time_ns", "stage", "limit"),
    [("till", 72 * NS_PER_HOUR, "store", "72.0 h"), ("desk", 40 * NS_PER_DAY, "area", "40 days")],
)
@pytest.mark.parametrize("event", [VOID, AMEND])
def test_a_stage_corrects_for_its_window(agent: str, in_time_ns: int, stage: str, limit: str, event: dict[str, Any]) -> None:
    late, early = Gateway(), Gateway()
    for each in (late, early):
        each.take(SALE)
    assert early.take(event | {"publisher": "till"}, agent, at_ns=NOW + in_time_ns).refused == []
    reason, message = late.refusal(event | {"publisher": "till"}, agent, at_ns=NOW + in_time_ns + 1)
    assert reason == "event.window"
    assert f"at the stage {stage}, up to {limit}; it waits in quarantine for headquarters" in message


def test_the_window_begins_when_the_event_was_taken_not_when_it_happened() -> None:
    gateway = Gateway()
    gateway.take(COUNT | {"time": "2020-01-01T00:00:00Z", "history": True})
    assert gateway.take(VOID | {"of": "c1"}).refused == []


def test_headquarters_replays_what_came_too_late_or_from_the_wrong_one(gateway: Gateway) -> None:
    at_ns = NOW + 300 * NS_PER_DAY
    assert gateway.journaled(VOID, at_ns=at_ns, replayed=True)["of"] == id_hash("s1", "till", "t1").hex()
    assert gateway.journaled(AMEND | {"publisher": "hq", "of": "x"}, "desk", replayed=True)["set"] == {"amount": 12.5}
    reason, message = gateway.refusal(VOID | {"id": "v2"}, at_ns=NOW + 401 * NS_PER_DAY, replayed=True)
    assert (reason, "nobody corrects what is older than 400 days" in message) == ("event.window", True)


def test_the_window_of_a_door_is_that_of_its_minute(gateway: Gateway) -> None:
    old = ADJUSTMENT | {"time": "2026-08-20T00:00:00Z"}  # 32 days before NOW
    assert gateway.refusal(old)[0] == "event.window"
    found = gateway.journaled(old, "hq")
    assert (found["kind"], found["door"], found["in"], found["out"]) == ("adjustment", "d", -3, 0)


def test_an_amend_has_the_keys_of_the_record(gateway: Gateway) -> None:
    stated = {"items": [{"sku": "A", "n": 2}], "fan": None, "identifiers": ["member:7", "member:null"], "zone": "a", "ref": "T-1"}
    outcome = gateway.take(AMEND | {"set": stated})
    found = json.loads(outcome.entries[0].body)["set"]
    subject = Pseudonymiser(SECRET).hex_subject("member:7")
    assert found == {"items": found["items"], "fan": "", "subjects": [subject], "types": ["member"], "blocked": ["member"],
                         "zone": "a", "ref": "T-1"}  # fmt: skip
    assert '"A"' in found["items"] or "A" in found["items"]
    assert dict(outcome.counted) == {"identifiers_blocked.member": 1}
    assert gateway.journaled(AMEND | {"id": "a2", "of": "c1", "set": {"in": 5, "out": 0}})["set"] == {"in": 5, "out": 0}


@pytest.mark.parametrize("kind", ["void", "amend"])
def test_what_lasts_is_not_taken_back(gateway: Gateway, kind: str) -> None:
    gateway.take({"void": VOID, "amend": AMEND}[kind])
    first = {"void": "v1", "amend": "a1"}[kind]
    reason, message = gateway.refusal(VOID | {"id": "v9", "of": first})
    assert (reason, f"void.of: it is {'a void' if kind == 'void' else 'an amend'}" in message) == ("event.invalid", True)


def test_a_fact_is_revoked_and_not_voided(gateway: Gateway) -> None:
    gateway.take({"kind": "fact", "fact": "merge", "id": "m1", "fans": ["A", "B"]})
    assert "send one that revokes it, or splits it" in gateway.refusal(VOID | {"of": "m1"})[1]


def test_a_correction_counts_once(gateway: Gateway) -> None:
    gateway.take(VOID)
    assert gateway.take(VOID).dropped == ("duplicate_event", 1)
    assert gateway.refusal(VOID | {"of": "c1"})[0] == "event.id"
