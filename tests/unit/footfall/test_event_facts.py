"""Facts about identity: nine kinds, and each mistake is named with the key to change."""

from __future__ import annotations

from typing import Any

import pytest

from footfall.errors import ContractError
from footfall.event_times import AHEAD_NS, check_time
from footfall.events import parse_event
from footfall.identified import sealed_event, stated_identifiers
from footfall.sealing import public_key

S = 1_000_000_000
NOW = 1_790_000_000 * S  # 2026-09-21
FACT: dict[str, Any] = {"kind": "fact", "id": "x1"}
LINK = FACT | {"fact": "link", "identifier": "member:7", "fan": "F1"}
SAME = FACT | {"fact": "same", "identifiers": ["wx-mini:o", "phone:13800001111"]}
MERGE = FACT | {"fact": "merge", "fans": ["A", "B"]}
DISTINCT = FACT | {"fact": "distinct", "fans": ["A", "B"]}
SPLIT = FACT | {"fact": "split", "of": "m1"}
REVOKE = FACT | {"fact": "revoke", "of": "l1"}
REVOKE_LINK = FACT | {"fact": "revoke", "of_link": ["member:7", "F1"], "to": "2026-09-01T00:00:00Z"}
CONSENT = FACT | {"fact": "consent", "fan": "F1", "purpose": "identify", "granted": False, "version": "2"}
OWNER = FACT | {"fact": "owner", "fan": "F1", "staff_id": "s12", "store": "s1"}
ALL = (OWNER, LINK, SAME, MERGE, DISTINCT, SPLIT, REVOKE, REVOKE_LINK, CONSENT)
MORE = {"learned": "2026-09-01T00:00:00Z", "source": "desk", "actor": "kim", "reason": "asked"}


@pytest.mark.parametrize("fact", ALL)
def test_each_fact_is_read(fact: dict[str, Any]) -> None:
    assert parse_event(fact | MORE).id == "x1"
    parse_event(fact | ({"from": None} if "fact" in fact else {}))


def test_null_is_for_ever() -> None:
    link = parse_event(LINK | {"from": None, "to": "2026-09-01T00:00:00Z"})
    assert link.kind == "fact"
    assert link.moments_ns == {"to": 1_788_220_800 * S}


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (FACT, "fact: must be one of link, same, merge, distinct, split, revoke, consent, owner"),
        (FACT | {"fact": "lnk"}, "fact: must be one of link, same, merge"),
        ({key: value for key, value in LINK.items() if key != "id"}, "fact.link.id: Field required"),
        ({key: value for key, value in LINK.items() if key != "fan"}, "fact.link.fan: Field required"),
        (LINK | {"identifier": None}, "a link needs `identifier`, or `sealed` in its place"),
        (LINK | {"identifier": "member"}, "fact.link.identifier: String should match pattern"),
        (FACT | {"fact": "owner", "fan": "F1"}, "an owner needs `staff_id`, `store` or both"),
        (OWNER | {"store": "S1"}, "fact.owner.store: must be 1 to 64"),
        (LINK | {"form": None}, "did you mean 'from'?"),
        (LINK | {"time": "2026-09-01T00:00:00Z"}, "fact.link.time: Extra inputs"),
        (LINK | {"fan": "anon-0123456789abcdef"}, "fact.link.fan: begins with 'anon-'"),
        (LINK | {"fan": "phone:13800001111"}, "fact.link.fan: is written as an identifier"),
        (LINK | {"fan": "F\n1"}, "fact.link.fan: must not have control characters"),
        (LINK | {"fan": "F\u200b1"}, "fact.link.fan: must not have control characters or others that nobody sees"),
        (LINK | {"fan": "F\x851"}, "fact.link.fan: must not have control characters or others that nobody sees"),
        (LINK | {"fan": "F1 "}, "fact.link.fan: must not have blanks around it"),
        (LINK | {"fan": ""}, "fact.link.fan: String should have at least 1 character"),
        (LINK | {"id": "13800001111"}, "fact.link.id: is written as a phone number"),
        (LINK | {"from": "2026-09-02T00:00:00Z", "to": "2026-09-01T00:00:00Z"}, "is not before `to`"),
        (LINK | {"from": "2026-09-01T00:00:00Z", "to": "2026-09-01T08:00:00+08:00"}, "is not before `to`"),
        (LINK | {"from": 5}, "fact.link.from: must be text of ISO 8601"),
        (LINK | {"learned": "2026-09-01T00:00:00"}, "fact.link.learned: must have its offset"),
        (SAME | {"identifiers": ["member:7"]}, "`identifiers` has two or more that differ"),
        (SAME | {"identifiers": ["member:7", "member:7"]}, "`identifiers` has two or more that differ"),
        (SAME | {"identifiers": [f"member:{n}" for n in range(65)]}, "fact.same.identifiers: List should have at most 64 items"),
        (MERGE | {"fans": ["A"]}, "fact.merge.fans: List should have at least 2 items"),
        (MERGE | {"fans": ["A", "B", "A"]}, "`fans` has one fan twice"),
        (DISTINCT | {"fans": ["A", "A"]}, "`fans` has one fan twice"),
        (DISTINCT | {"fans": ["A", "B", "C"]}, "fact.distinct.fans: List should have at most 2 items"),
        (SPLIT | {"of": "x1"}, "`of` is its own id"),
        (REVOKE | {"of": "x1"}, "`of` is its own id"),
        (REVOKE | {"id": "void:x1"}, "fact.revoke.id: begins with 'void:'"),
        (REVOKE | {"of_link": ["member:7", "F1"]}, "a revoke needs `of`, the id of a fact, or `of_link`"),
        (FACT | {"fact": "revoke"}, "a revoke needs `of`, the id of a fact, or `of_link`"),
        (REVOKE | {"to": "2026-09-01T00:00:00Z"}, "a revoke of a fact has no `from` and `to`"),
        (REVOKE_LINK | {"from": "2026-08-01T00:00:00Z"}, "a revoke of a link has no `from`"),
        (REVOKE_LINK | {"of_link": ["member:7"]}, 'must be ["type:value", "fan"]'),
        (REVOKE_LINK | {"of_link": ["member", "F1"]}, 'must be ["type:value", "fan"]'),
        (REVOKE_LINK | {"of_link": ["member:7", "anon-1"]}, "begins with 'anon-'"),
        (CONSENT | {"granted": 0}, "fact.consent.granted: Input should be a valid boolean"),
        *(
            (CONSENT | {"purpose": word}, "fact.consent.purpose: is none that Footfall acts on: did you mean 'identify'?")
            for word in ("idenfity", "Identify", "IDENTIFY ")
        ),
        (CONSENT | {"purpose": "marketing"}, "is none that Footfall acts on: The purposes are: identify"),
        (CONSENT | {"purpose": 7}, "fact.consent.purpose: Input should be 'identify'"),
        (CONSENT | {"to": "2026-09-01T00:00:00Z"}, "a consent has no `to`"),
    ],
)
def test_a_mistake_names_what_to_change(fact: dict[str, Any], words: str) -> None:
    with pytest.raises(ContractError) as refused:
        parse_event(fact)
    assert refused.value.reason == "event.invalid"
    assert words in str(refused.value)


@pytest.mark.parametrize("fan", ["anon-1", "Anon-1", "f\u202e1"])
def test_a_touch_names_no_fan_that_cannot_be_the_brands(fan: str) -> None:
    with pytest.raises(ContractError, match=r"touch\.fan"):
        parse_event({"kind": "touch", "what": "scan", "fan": fan})


def test_identifiers_of_facts_are_sealed_as_those_of_touches() -> None:
    public = public_key(b"secret")
    for fact, key in ((LINK, "identifier"), (SAME, "identifiers"), (REVOKE_LINK, "of_link")):
        event = parse_event(fact)
        assert stated_identifiers(event)
        hidden = sealed_event(fact, event, public)
        assert (key in hidden, "sealed" in hidden) == (False, True)
        parse_event(hidden)
    assert sealed_event(MERGE, parse_event(MERGE), public) == MERGE


def iso(time_ns: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(time_ns / S, UTC).isoformat()


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"learned": iso(NOW + 601 * S)}, "`learned` is 601 s after"),
        ({"learned": "1999-12-31T00:00:00Z"}, "`learned` is before the year 2000"),
        ({"from": iso(NOW + AHEAD_NS + S)}, "`from` is 366 days after"),
    ],
)
def test_the_far_future_is_a_dead_clock(stated: dict[str, str], words: str) -> None:
    with pytest.raises(ContractError, match="is the clock of its sender right") as refused:
        check_time(parse_event(LINK | stated), NOW, NOW)
    assert (refused.value.reason, words in str(refused.value)) == ("event.time", True)


@pytest.mark.parametrize("time", ["1899-12-30T00:00:00+08:00", "1900-01-01T00:00:00Z", "1753-01-01T00:00:00Z", "0101-01-01T00:00:00Z"])
@pytest.mark.parametrize("key", ["from", "to"])
def test_what_an_empty_date_is_written_as_is_no_time(key: str, time: str) -> None:
    link = parse_event({each: value for each, value in LINK.items() if each not in ("from", "to")} | {key: time})
    with pytest.raises(ContractError, match="an empty date is written: leave it out where it is open") as refused:
        check_time(link, NOW, NOW)
    assert (refused.value.reason, f"`{key}` is before the year 1901" in str(refused.value)) == ("event.time", True)


def test_a_fact_may_begin_long_ago_or_soon_and_end_whenever_it_likes() -> None:
    for stated in (
        {"from": "1950-01-01T00:00:00Z"},
        {"from": "1901-01-01T00:00:00Z"},
        {"from": "0001-01-01T00:00:00Z"},
        {"from": iso(NOW + AHEAD_NS - S)},
        {"to": "9999-12-31T00:00:00Z"},
        {"learned": iso(NOW)},
    ):
        check_time(parse_event(LINK | stated), NOW, NOW)
