"""What of a stranger's topic may stand in clear."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.shown_topics import looks_like_identifier, shown_topic
from tests.support.identifier_search import Known

PHONE, CARD, MAC = "8613977040826", "40063813300100", "4a00001eef11"
KNOWN = Known([PHONE, CARD], [MAC])
ENCODED = [
    form
    for number in (PHONE, CARD, MAC, f"phone:{PHONE}", f"+{PHONE}", f"till-{PHONE}", f"{PHONE}@till")
    for form in (
        number, number[::-1], number.upper(), number.encode().hex(), number.encode().hex().upper(),
        base64.b64encode(number.encode()).decode(),
        base64.b64encode(b"a" + number.encode()).decode(), base64.b64encode(b"ab" + number.encode()).decode().rstrip("="),
        "till-" + base64.b64encode(number.encode()).decode(), base64.urlsafe_b64encode(number.encode()).decode(),
    )
]  # fmt: skip


@pytest.mark.parametrize("part", [
    *ENCODED, "139 7704 0826", "139-7704-0826", "(021) 6472 8000", "fan@example.com", "fan%40example.com", "%2B8613977040826", "phone:x",
    "e-mail=x", "4a:00:00:1e:ef:11", "4A-00-00-1E-EF-11", "4a00.001e.ef11", "８６１３９７７０４０８２６", "card_1234", "<13 characters>",
])  # fmt: skip
def test_what_looks_like_an_identifier_is_hidden_in_any_form(part: str) -> None:
    shown = shown_topic(f"footfall/1/flagship/{part}/events", {"flagship"}.__contains__)
    assert shown.text == f"footfall/1/flagship/<{len(part)} characters>/events"
    assert KNOWN.found({"shown": shown.text.encode()}) == []


@pytest.mark.parametrize(
    "part", ["till", "till-3", "flagship-door", "hotel-5", "rfid-1", "table-12", "v1", "Events", "decade", "2026", "ble-gw"]
)
def test_names_of_boxes_are_shown(part: str) -> None:
    assert not looks_like_identifier(part)


def test_what_the_estate_has_is_shown_whatever_it_looks_like() -> None:
    topic = "footfall/1/flagship/ac233fc001ea/events"
    assert shown_topic(topic, {"flagship", "ac233fc001ea"}.__contains__).text == topic
    assert shown_topic(topic, {"flagship"}.__contains__).text == "footfall/1/flagship/<12 characters>/events"


def test_a_number_in_several_parts_hides_the_whole() -> None:
    assert shown_topic("footfall/1/shop/139/7704/0826/events", {"shop"}.__contains__).text == "<36 characters>"


@pytest.mark.parametrize("quote", [lambda topic: topic, repr, lambda topic: repr(topic[:200]), lambda topic: repr(topic)[:80]])
def test_texts_about_a_topic_have_nothing_of_what_is_hidden(quote: object) -> None:
    for part in (PHONE, PHONE * 20, f"{PHONE}\n'\"é"):
        shown = shown_topic(f"{part}/x", lambda name: False)
        assert callable(quote)
        assert "139770" not in shown.without(f"not a topic: {quote(f'{part}/x')}")


@given(st.text(max_size=60))
def test_any_topic_is_shown_so_that_it_can_be_shown_again(topic: str) -> None:
    shown = shown_topic(topic, lambda name: False)
    assert shown.without(topic) == shown.text or topic in shown.hidden
