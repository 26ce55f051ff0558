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
def gateway(tmp_path: Path) -> Iterator[EmbeddedGateway]:
    with EmbeddedGateway(tmp_path / "gateway") as running:
        yield running


def test_a_page_opened_late_shows_the_counters_and_then_who_arrives(gateway: EmbeddedGateway, browser: Browser, tmp_path: Path) -> None:
    played = recording(tmp_path / "heard", minutes=1, start_s=int(time.time()) - 122, people=1)
    known = f"{max(int(body.subject.max()) for body in played.bodies if len(body)):016x}"
    link = encode_links([Link(known, "fan-<b>1</b>", 0, 1 << 62, "crm", 1.0)])
    append(gateway.folder / "state" / "journal.db", [Entry(RecordKind.LINKS, "", "", 0, link)])
    until(lambda: gateway.post({"kind": "count", "id": "c-1", "door": "main", "in": 1205, "out": 3}) == 202, "the broker")
    until(lambda: gateway.counters("s3").get("in") == 1205, "the counters")

    page = browser.open(f"{gateway.page_url}/", 1120, 640)
    assert page.wait_for("document.querySelector('#stores .tile') && document.querySelector('#stream').textContent === 'live'", LOOK_S)
    assert page.text("#stores .tile h3") == "s3"
    assert page.text("#stores .tile .big") == "1,202 inside now"
    assert page.wait_for("document.querySelector('#gateway dd')", LOOK_S), "the status"
    assert page.text("#arrivals") == "None since this page was opened."

    gateway.play(played)
    assert page.wait_for("document.querySelector('#arrivals strong')", LOOK_S)
    assert page.text("#arrivals li:last-child strong") == "fan-<b>1</b>", "a text, not markup"
    assert "s1 · entrance" in page.text("#arrivals li:last-child")
    assert page.wait_for("document.querySelectorAll('#stores .tile').length === 2", LOOK_S), "the counters of the other store"
    assert browser.errors == [], "no exception, and nothing against its content security policy"


def test_it_shows_a_problem_with_what_to_do(gateway: EmbeddedGateway, browser: Browser) -> None:
    page = browser.open(f"{gateway.page_url}/", 1120, 640)
    assert page.wait_for("document.querySelector('#problems li')", LOOK_S), "agents that were never heard"
    assert "start them, or take them out of site.toml" in page.text("#problems")
    assert page.text("#state") == "works, with warnings"
