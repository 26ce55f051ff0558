"""A guide's page in a real browser, with the token of a store: who comes there, what happened there before, and nothing of other stores."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from footfall.topics import live_topic
from serve.roles import Role
from simulators.files import toml_text
from simulators.parts.mosquitto import Mosquitto
from tests.support.serve_process import ServeProcess
from tests.support.served_brand import GATEWAY, ServedBrand
from tests.support.served_ledger import DAY_NS, NOW_NS
from tests.support.waiting import until
from tools.browser import Browser

LOOK_S = 50.0
LATE = "became known late: may have left"


class Guided(ServedBrand):
    """A brand whose server asks everybody for a token, and hears of arrivals by a broker."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        super().__init__(folder)
        (folder / "gateway.toml").write_text(GATEWAY + toml_text({"broker": {"port": broker.port}}))
        (folder / "token").write_text("of headquarters")
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()

    def arrive(self, fan: str, store: str, time_ns: int = NOW_NS + 9 * DAY_NS) -> None:
        arrival = {"kind": "arrival", "id": f"{store}/{time_ns}/{fan}", "store": store, "zone": "a", "fan": fan, "time_ns": time_ns}
        self.client.publish(live_topic(store), json.dumps(arrival), qos=1).wait_for_publish(LOOK_S)


@pytest.fixture
def brand(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Guided]:
    made = Guided(tmp_path / "brand", mosquitto)
    yield made
    made.client.loop_stop()
    made.client.disconnect()


def test_the_token_of_a_store_opens_its_arrivals_with_last_visits_and_interests(brand: Guided, browser: Browser) -> None:
    with ServeProcess(brand, token_file="token") as server:
        assert server.get("/").status == 401, "who has no token sees nothing"
        until(lambda: b"footfall_serve_broker_connected 1" in server.get("/metrics", Authorization="Bearer of headquarters").data, "broker")
        guide = browser.open(server.url.replace("://", f"://guide:{brand.tokens[Role.STORE]}@") + "/", 420, 900)
        assert guide.wait_for("document.querySelector('#stream')?.textContent === 'live'", LOOK_S), guide.text("body")
        brand.arrive("f-2", "s2")
        brand.arrive("f-1", "s1")
        assert guide.wait_for("document.querySelector('#arrivals strong')", LOOK_S)
        begun = time.strftime("%Y-%m-%d %H:%M", time.gmtime((NOW_NS + 2 * DAY_NS) // 10**9))
        when, *shown = guide.text("#arrivals li").split("\n")[:4]
        assert when.startswith(time.strftime("%Y-%m-%d ", time.gmtime((NOW_NS + 9 * DAY_NS) // 10**9))), "it is of another day"
        assert shown == ["f-1", "s1 · a", LATE]
        assert f"{begun} (s1, 30 min, a)" in guide.text("#arrivals li")
        assert guide.text("#arrivals dt").split("\n")[:3] == ["Came before", "Last", "Liked"]
        brand.arrive("f-1", "s1", time.time_ns())
        assert guide.wait_for("document.querySelectorAll('#arrivals strong').length === 2", LOOK_S)
        assert LATE not in guide.text("#arrivals li:first-child"), "who comes now is not late"
        assert "s2" not in guide.value("document.documentElement.outerHTML"), "nothing of another store"
        assert guide.value("document.documentElement.scrollWidth") <= 420, "it fits a phone"
        beyond = browser.open(f"{server.url}/arrivals?store=s2", 420, 900)
        assert beyond.wait_for("document.querySelector('#state')?.textContent.includes('beyond this token')", LOOK_S)
        assert beyond.text("#stream") == "refused"
    assert [each for each in browser.errors if "403" not in each and "ERR_" not in each] == []
