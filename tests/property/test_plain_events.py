"""Whatever is done to plain events, they are journaled without an identifier in clear, or refused with a reason: nothing else happens."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import ContractError
from footfall.events import load_json
from gateway.accept.accept import Acceptor
from gateway.accept.events import Pseudonymiser
from gateway.accept.outcome import BUG, Outcome
from gateway.identity.facts_json import decode_facts
from gateway.site import Site
from gateway.site.index import Places
from tests.support.accept_inputs import EVENTS, SECRET, Memory
from tests.support.whole import examples

GOLDEN = Path("tests/golden/wire/v1")
SEEDS = [
    event
    for name in ("events-sale", "events-facts", "events-corrections", "events-array")
    for found in [json.loads((GOLDEN / f"{name}.bin").read_bytes())]
    for event in (found if isinstance(found, list) else [found])
]
ODD: list[Any] = [
    None, True, False, 0, -1, 10**400, 1e308, "", " ", "null", "a\nb", "anon-1", "phone:13800001111", "member:", "m" * 300, [], [[]], {},
    ["a", "a"], {"amount": 1, "in": 1}, ["member:13800001111", "F1"], "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00",
    "2026-11-21T10:02:03", "\u202e",
]  # fmt: skip
NOW = 1_795_262_400 * 10**9  # two hours after the last of them happened
SITE = Site.model_validate({
    "brand": "b",
    "stores": [{"name": "s1", "zones": [{"name": "checkout"}], "doors": ["main", "main-door"], "agents": [{"name": "till"}]},
               {"name": "flagship", "agents": [{"name": "till-1"}]}],
    "may_correct": [{"publisher": "till", "stage": "area"}],
})  # fmt: skip


@st.composite
def spoilt(draw: Any) -> dict[str, Any]:
    """A plain event with some keys left out, or with odd values, those within `set` too."""
    event = json.loads(json.dumps(draw(st.sampled_from(SEEDS))))
    for _ in range(draw(st.integers(0, 3))):
        inner = event["set"] if isinstance(event.get("set"), dict) and draw(st.booleans()) else event
        key = draw(st.sampled_from([*inner, "identifiers", "of", "of_link", "fan", "from", "to", "learned", "store", "publisher", "types"]))
        if draw(st.booleans()):
            inner[key] = draw(st.sampled_from(ODD))
        else:
            inner.pop(key, None)
    return dict(event)


def is_right(outcome: Outcome) -> None:
    """Every event is in one place, and no identifier is in the journal."""
    assert len(outcome.entries) + len(outcome.refused) + (outcome.dropped or ("", 0))[1] == outcome.units_in == 1
    assert not any(refused.reason == BUG for refused in outcome.refused)
    for entry in outcome.entries:
        values = json.loads(entry.body)
        stated = (values, values.get("set") or {})
        assert "13800001111" not in str([each.get(key) for each in stated for key in ("subjects", "identifier", "identifiers", "of_link")])
        assert values["kind"] != "fact" or decode_facts(entry.body)


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(spoilt(), min_size=1, max_size=4), st.booleans())
def test_a_spoilt_event_is_taken_or_refused_with_a_reason(events: list[dict[str, Any]], is_replayed: bool) -> None:
    accept = Acceptor(Places(SITE), Memory(), Pseudonymiser(SECRET))
    for event in events:
        text = json.dumps(event).encode()
        with suppress(ContractError):  # what is no JSON, such as a number beyond a double
            load_json(text)
            is_right(accept.events(EVENTS, text, NOW, is_replayed))


@settings(max_examples=examples(200), deadline=None)
@given(st.permutations(range(len(SEEDS))))
def test_what_is_journaled_of_an_event_does_not_depend_on_those_before_it(order: list[int]) -> None:
    """Corrections and facts may come before what they are about: each is taken, with the same values but for its number."""
    accept = Acceptor(Places(SITE), Memory(), Pseudonymiser(SECRET))
    found = {}
    for nth in order:
        outcome = accept.events(EVENTS, json.dumps(SEEDS[nth]).encode(), NOW)
        found[nth] = [entry.body for entry in outcome.entries], [refused.reason for refused in outcome.refused]
    alone = {}
    for nth, event in enumerate(SEEDS):
        outcome = Acceptor(Places(SITE), Memory(), Pseudonymiser(SECRET)).events(EVENTS, json.dumps(event).encode(), NOW)
        alone[nth] = [entry.body for entry in outcome.entries], [refused.reason for refused in outcome.refused]
    assert found == alone
    assert sum(bool(entries) for entries, _ in alone.values()) == len(SEEDS), alone
