"""The live page of a chain with 7,000 stores in a real browser: every store is found, few are drawn, and all text can be read."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from footfall.topics import live_topic
from serve.views import ROWS
from simulators.parts.mosquitto import Mosquitto
from tests.support.live_chain import FORGOTTEN, counters, message, publish, stores, write
from tests.support.real_parts import require_mosquitto
from tests.support.serve_process import ServeProcess
from tests.support.waiting import until
from tools.browser import Browser, BrowserPage

LOOK_S = 50.0
NUMBER = 7000
CONTRAST = """(() => {
  const rgba = text => { const n = text.match(/[0-9.]+/g).map(Number); return [n[0], n[1], n[2], n[3] === undefined ? 1 : n[3]]; };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = c => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  const chain = element => element ? [...chain(element.parentElement), element] : [];
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    const style = getComputedStyle(element);
    if (!own || !element.getClientRects().length || style.visibility !== "visible") continue;
    let below = [255, 0, 255, 1], opacity = 1;
    for (const each of chain(element)) {
      below = over(rgba(getComputedStyle(each).backgroundColor), below);
      opacity *= Number(getComputedStyle(each).opacity);
    }
    const colour = rgba(style.color);
    colour[3] *= opacity;
    const [dark, light] = [luminance(over(colour, below)), luminance(below)].sort((a, b) => a - b);
    const name = element.tagName + "." + element.className + "#" + element.id;
    found.push([(light + 0.05) / (dark + 0.05), name, element.textContent.slice(0, 40)]);
  }
  return found;
})()"""
"""Contrast of each text with what is behind it (WCAG 2), its element and its words."""


@dataclass
class Chain:
    """A broker that has the retained counters, and a page of them."""

    folder: Path
    client: Client
    url: str = ""

    def publish(self, **counted: Any) -> None:
        publish(self.client, iter([message(**counted)]))


@contextmanager
def running(folder: Path, broker: Mosquitto, number: int) -> Iterator[Chain]:
    """A page that has every store's counters."""
    write(folder, number, broker)
    client = Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    publish(client, counters(number, time.time_ns()))
    made = Chain(folder, client)
    with ServeProcess(made) as page:
        made.url = page.url
        until(lambda: _heard(page) == number - number // 50, "every store's counters")
        yield made
    client.loop_stop()


@pytest.fixture
def chain(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Chain]:
    with running(tmp_path, mosquitto, NUMBER) as made:
        yield made


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """The same with fewer stores, for what does not depend on their number, and changes nothing of them."""
    require_mosquitto()
    folder = tmp_path_factory.mktemp("region")
    with Mosquitto(folder / "mosquitto") as broker, running(folder, broker, NUMBER // 10) as made:
        yield made


def _heard(page: ServeProcess) -> int:
    sums = _first(page)["sums"]
    return int(sums.get("live", 0) + sums.get("stale", 0))


def _first(page: ServeProcess) -> Any:
    with urllib.request.urlopen(f"{page.url}/live/board", timeout=LOOK_S) as answer:  # noqa: S310 # our own http
        answer.readline()
        answer.readline()
        return json.loads(answer.readline()[6:])


def search(page: BrowserPage, text: str) -> None:
    """Type into the field."""
    page.value(f"document.querySelector('#search').value = '{text}'")
    page.value("document.querySelector('#search').dispatchEvent(new Event('input'))")


def titles(page: BrowserPage) -> list[str]:
    return page.text("#stores th span").split("\n")


def test_of_7000_stores_each_is_found_and_fifty_are_drawn(chain: Chain, browser: Browser) -> None:
    page = browser.open(f"{chain.url}/", 1120, 900)
    assert page.wait_for(f"document.querySelectorAll('#stores tr').length === {ROWS}", LOOK_S)
    assert page.text("#count") == "1 to 50 of 7,000"
    assert page.value("document.querySelectorAll('*').length") < 1500, "however many stores there are"
    assert page.text("#totals div:last-child").split("\n")[2] == "of 7,000: 351 stale, 140 never heard"
    assert titles(page)[:3] == ["Harbour Mall 0", "Harbour Mall 3", "Harbour Mall 6"]

    page.value("document.querySelector('#next').click()")
    assert page.wait_for("document.querySelector('#count').textContent === '51 to 100 of 7,000'", LOOK_S)
    search(page, "TOWN 6998")
    assert page.wait_for("document.querySelector('#count').textContent === '1'", LOOK_S)
    assert (titles(page), page.value("location.hash")) == (["Old Town 6998"], "#search=TOWN+6998")
    chain.publish(store="s6998", timezone="America/St_Johns", as_of_ns=time.time_ns(), today={"in": 4321, "occupancy": 11})
    assert page.wait_for("document.querySelector('#stores .number').textContent === '4,321'", LOOK_S), "it follows"
    search(page, "nowhere")
    assert page.wait_for("!document.querySelector('#none').hidden", LOOK_S)
    assert page.text("#none") == "No store here has “nowhere” in its title, name or path."
    assert browser.errors == []


def test_who_was_heard_four_weeks_ago_is_stale_and_has_nobody_inside_now(region: Chain, browser: Browser) -> None:
    page = browser.open(f"{region.url}/#search=s{FORGOTTEN:04}", 1120, 900)
    assert page.wait_for("document.querySelectorAll('#stores tr').length === 1", LOOK_S)
    assert page.value("document.querySelector('#stores tr').className") == "stale"
    assert page.text("#stores .number").split("\n") == ["–"] * 4
    assert page.text("#stores .mark") == "stale: 28 days ago"
    assert "Asia/Tokyo" in page.text("#stores td:last-child small"), "in the time zone of the store, which is named"


def test_paths_lead_to_their_stores_and_back(region: Chain, browser: Browser) -> None:
    page = browser.open(f"{region.url}/", 1120, 900)
    assert page.wait_for("document.querySelectorAll('#nodes tr').length === 2", LOOK_S)
    for below in ("acme", "south", "islands / city-04"):
        page.value(f"[...document.querySelectorAll('#nodes button')].find(each => each.textContent === '{below}').click()")
        here = below.split(" / ")[-1]
        assert page.wait_for(f"document.querySelector('#path button[aria-current]').textContent === '{here}'", LOOK_S)
    listed = [each["title"] for each in stores(NUMBER // 10) if each["path"] == "acme/south/islands/city-04"]
    assert page.text("#count") == f"1 to {ROWS} of {len(listed)}"
    assert titles(page) == listed[:ROWS]
    assert page.value("document.querySelector('#below').hidden"), "nothing is below it"
    page.value("history.back()")
    assert page.wait_for("document.querySelector('#path button[aria-current]').textContent === 'south'", LOOK_S)
    page.value("document.querySelector('#path button').click()")
    assert page.wait_for("document.querySelector('#count').textContent.endsWith('of 700')", LOOK_S)


def test_stores_are_sorted_by_a_click_and_by_the_keyboard(region: Chain, browser: Browser) -> None:
    page = browser.open(f"{region.url}/", 1120, 900)
    assert page.wait_for(f"document.querySelectorAll('#stores tr').length === {ROWS}", LOOK_S)
    page.value("document.querySelector('th[data-sort=in] button').focus()")
    for kind in ("keyDown", "keyUp"):
        page.call(
            "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r" if kind == "keyDown" else ""
        )
    assert page.wait_for("document.querySelector('th[data-sort=in]').ariaSort === 'descending'", LOOK_S)
    assert page.wait_for("document.querySelector('#stores .number').textContent === '399'", LOOK_S)
    assert page.value("document.activeElement.textContent") == "In today", "the focus stays"
    page.value("document.activeElement.click()")
    assert page.wait_for("document.querySelector('#stores .number').textContent === '0'", LOOK_S)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_a_contrast_of_4_5(region: Chain, browser: Browser, scheme: str) -> None:
    page = browser.open(f"{region.url}/#sort=-state", 1120, 900)
    page.prefer(scheme)
    assert page.wait_for("document.querySelector('#problems li')", LOOK_S), "no gateway answers here"
    page.value("showArrival({ id: 'a', store: 's1', title: 'Mall', timezone: 'UTC', zone: 'a', fan: 'f', time_ns: 1 })")
    for sort in ("state", "-state"):
        page.value(f"go({{ sort: '{sort}' }})")
        assert page.wait_for(f"document.querySelector('#stores tr').className === '{'stale' if sort == 'state' else 'live'}'", LOOK_S)
        for state in ("showStatus({ problems: [{ code: 'x', level: 'warning', what: 'w', todo: 't' }], balance: undefined })",
                      "document.body.className = ''", "showState('all is well', 'good')"):  # fmt: skip
            page.value(state)
            texts = page.value(CONTRAST)
            assert len(texts) > 300
            assert [text for text in texts if text[0] < 4.5] == []


def test_an_arrival_is_shown_in_the_time_zone_of_its_store(region: Chain, browser: Browser) -> None:
    page = browser.open(f"{region.url}/", 1120, 900)
    assert page.wait_for("document.querySelector('#stream').textContent === 'live'", LOOK_S)
    arrival = {
        "kind": "arrival",
        "id": "s0004/1/x",
        "store": "s0004",
        "zone": "entrance",
        "fan": "fan-17",
        "time_ns": 1_795_953_600 * 10**9,
    }
    region.client.publish(live_topic("s0004"), json.dumps(arrival), 1)
    assert page.wait_for("document.querySelector('#arrivals strong')", LOOK_S)
    assert page.text("#arrivals li").split("\n") == ["2026-11-29 21:00:00 Asia/Tokyo", "fan-17", "Seaside 4 · entrance"]


def test_a_reader_of_a_screen_finds_names_for_all_that_can_be_used(region: Chain, browser: Browser) -> None:
    page = browser.open(f"{region.url}/", 1120, 900)
    assert page.wait_for(f"document.querySelectorAll('#stores tr').length === {ROWS}", LOOK_S)
    page.call("Accessibility.enable")
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    named: dict[str, list[str]] = {role: [] for role in ("button", "searchbox", "table", "navigation", "columnheader", "rowheader")}
    for each in nodes:
        if not each.get("ignored") and (role := each["role"]["value"]) in named:
            named[role].append(each.get("name", {}).get("value", ""))
    assert all(names and all(names) for names in named.values()), named
    assert named["searchbox"] == ["Search by title, name or path"]
