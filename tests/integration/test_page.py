"""The live page in a real browser: what it shows of a real gateway with an embedded broker, which starts `footfall serve` itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.accept.outcome import Entry
from gateway.identity.links import Link, encode_links
from gateway.records import RecordKind
from gateway.state.journal import append
from tests.support.embedded_gateway import EmbeddedGateway
from tests.support.running_gateway import recording
from tests.support.waiting import until
from tools.browser import Browser

LOOK_S = 50.0


@pytest.fixture
def own_gateway(tmp_path: Path) -> Iterator[EmbeddedGateway]:
    with EmbeddedGateway(tmp_path / "gateway") as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedGateway]:
    """One to which nobody sends anything."""
    with EmbeddedGateway(tmp_path_factory.mktemp("silent") / "gateway") as running:
        yield running


def test_a_page_opened_late_shows_the_day_so_far_and_then_who_arrives(
    own_gateway: EmbeddedGateway, browser: Browser, tmp_path: Path
) -> None:
    played = recording(tmp_path / "heard", minutes=1, start_s=int(time.time()) - 122, people=1)
    known = f"{max(int(body.subject.max()) for body in played.bodies if len(body)):016x}"
    link = encode_links([Link(known, "fan-<b>1</b>", 0, 1 << 62, "crm", 1.0)])
    append(own_gateway.folder / "state" / "journal.db", [Entry(RecordKind.LINKS, "", "", 0, link)])
    until(lambda: own_gateway.post({"kind": "count", "id": "c-1", "door": "main", "in": 1205, "out": 3}) == 202, "the broker")
    until(lambda: own_gateway.counters("s3").get("in") == 1205, "the counters")

    page = browser.open(f"{own_gateway.page_url}/", 1120, 640)
    assert page.wait_for(
        "document.querySelectorAll('#stores tr').length === 3 && document.querySelector('#stream').textContent === 'live'", LOOK_S
    )
    assert page.text("#stores tr.live th span") == "s3"
    assert page.text("#stores tr.live .number").split("\n")[:2] == ["1,205", "1,202"]
    assert page.text("#totals div:first-child").split("\n") == ["In today", "1,205", "3 out"]
    assert page.text("#stores tr.never .mark") == "never heard\nnever heard"
    assert page.wait_for("document.querySelector('#gateway dd')", LOOK_S), "the status"
    assert page.text("#arrivals") == "None yet."

    own_gateway.play(played)
    assert page.wait_for("document.querySelector('#arrivals strong')", LOOK_S)
    assert page.text("#arrivals strong") == "fan-<b>1</b>", "a text, not markup, and one arrival for one visit"
    assert "s1 · entrance" in page.text("#arrivals li")
    assert page.wait_for("document.querySelectorAll('#stores tr.live').length === 2", LOOK_S), "the counters of the other store"
    assert browser.errors == [], "no exception, and nothing against its content security policy"


def test_it_shows_a_problem_with_what_to_do(gateway: EmbeddedGateway, browser: Browser) -> None:
    page = browser.open(f"{gateway.page_url}/", 1120, 640)
    assert page.wait_for("document.querySelector('#problems li')", LOOK_S), "agents that were never heard"
    assert "start them, or take them out of site.toml" in page.text("#problems")
    assert page.text("#state") == "works, with warnings"


def test_the_name_of_a_store_has_room_on_a_phone(gateway: EmbeddedGateway, browser: Browser) -> None:
    page = browser.open(f"{gateway.page_url}/", 420, 900)
    assert page.wait_for("document.querySelector('#stores th') && document.querySelector('#stores th').offsetWidth >= 120", LOOK_S)
    assert page.wait_for("document.documentElement.scrollWidth <= 420", LOOK_S), "the table scrolls, not the page"


def test_arrivals_are_in_the_order_of_their_time_each_once(gateway: EmbeddedGateway, browser: Browser) -> None:
    page = browser.open(f"{gateway.page_url}/", 1120, 640)
    assert page.wait_for("document.querySelector('#gateway dd')", LOOK_S), "the status"
    for second in (3, 1, 4, 2, 3):
        arrival = f"kind: 'arrival', id: 's1/{second}/x', store: 's1', title: 'Mall', timezone: 'Asia/Tokyo', zone: 'a', fan: 'f{second}'"
        page.value(f"showArrival({{ {arrival}, time_ns: {second * 10**9} }})")
    assert page.value("[...document.querySelectorAll('#arrivals strong')].map(each => each.textContent).join()") == "f4,f3,f2,f1"
    assert page.text("#arrivals li:last-child").split("\n") == ["1970-01-01 09:00:01 Asia/Tokyo", "f1", "Mall · a"], "not of today"


def test_numbers_of_a_gateway_that_is_gone_are_dimmed(gateway: EmbeddedGateway, browser: Browser) -> None:
    page = browser.open(f"{gateway.page_url}/", 1120, 640)
    assert page.wait_for("document.querySelector('#gateway dd')", LOOK_S), "the status"
    page.value(
        "showStatus({ problems: [{ code: 'unreachable', level: 'broken', what: 'no gateway answers', todo: 'start it' }] })",
    )
    assert page.value("document.body.className") == "gone"
    assert page.text("#state") == "the gateway does not answer; numbers are its last"
    assert page.text("#problems").startswith("no gateway answers")
    assert page.wait_for("!document.body.className && document.querySelector('#state').textContent !== '…'", LOOK_S), "the next status"
