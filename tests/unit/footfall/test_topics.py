from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from footfall.errors import ContractError
from footfall.topics import LEAVES, Topic, check_name, is_name, live_topic, parse_topic, strays, wildcard
from tests.unit.footfall.strategies import names, outcome


@given(names, names, st.sampled_from(sorted(LEAVES)))
def test_a_topic_reads_as_it_was_spelled(store: str, agent: str, leaf: str) -> None:
    topic = Topic(store, agent, leaf)
    assert parse_topic(str(topic)) == topic


@given(st.text(max_size=80))
def test_any_text_is_a_topic_spelled_exactly_so_or_a_contract_error(text: str) -> None:
    found = outcome(lambda payload: parse_topic(payload.decode()), text.encode())
    assert found.reason in ("topic", "name") if isinstance(found, ContractError) else str(found) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "footfall", "footfall/1/s/a", "footfall/1/s/a/frames/",
        "/footfall/1/s/a/frames", "footfall/2/s/a/frames", "footfall/1/s/a/live",
        "footfall/1/+/a/frames", "footfall/1/s/#/frames", "footfall/1//a/frames", "footfall/1/S/a/frames", "footfall/1/s/a\n/frames",
        "footfall/1/s\x00/a/frames", "footfall/1/ſ/a/frames", "footfall/1/١/a/frames", f"footfall/1/{'a' * 65}/a/frames",
    ],
)  # fmt: skip
def test_what_is_no_topic_is_refused(text: str) -> None:
    with pytest.raises(ContractError):
        parse_topic(text)


@given(st.text(max_size=70))
def test_a_name_is_1_to_64_of_its_letters(text: str) -> None:
    expected = 1 <= len(text) <= 64 and all(char in "abcdefghijklmnopqrstuvwxyz0123456789._-" for char in text)
    assert is_name(text) == expected


@pytest.mark.parametrize("value", [None, 1, b"a", ["a"], {}, 1.5, "a\n", "a" * 65, ""])
def test_only_a_name_passes_for_one(value: object) -> None:
    with pytest.raises(ContractError) as refused:
        check_name(value, "store")
    assert refused.value.reason == "name"
    assert "store" in str(refused.value)


def test_topics_of_the_gateway() -> None:
    assert live_topic("s") == "footfall/1/s/live"
    assert wildcard("frames") == "footfall/1/+/+/frames"


@pytest.mark.parametrize(
    "text",
    [
        "footfall/1/s/a/events/", "footfall/1/s/a/event", "footfall/1/s/a/Events", "/footfall/1/s/a/events", "footfall/s/a/events",
        "footfall/v1/s/a/events", "footfall/2/s/a/events", "footfall/1/s/a/more/events",
    ],
)  # fmt: skip
def test_a_topic_that_nearly_is_one_is_answered_with_the_right_one_and_is_read_as_a_stray(text: str) -> None:
    with pytest.raises(ContractError, match=r"nobody reads it: publish to footfall/1/s/a/events$"):
        parse_topic(text)
    assert [stray for stray in strays() if topic_matches_sub(stray, text)]


def test_a_topic_without_its_agent_is_answered_with_where_that_belongs() -> None:
    with pytest.raises(ContractError, match=r"publish to footfall/1/s/AGENT/events$"):
        parse_topic("footfall/1/s/events")


@given(names, names, st.sampled_from(sorted(LEAVES)))
def test_no_topic_that_is_read_is_a_stray(store: str, agent: str, leaf: str) -> None:
    for topic in (str(Topic(store, agent, leaf)), live_topic(store)):
        assert not [stray for stray in strays() if topic_matches_sub(stray, topic)]
