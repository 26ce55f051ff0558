"""A chain with many stores for the live page: its site.toml, and the counters that a gateway would publish of them.

Every 50th store was never heard, every 20th is stale, and store 7 was heard last four weeks ago, with somebody inside. The others are
live for an hour, however slow the machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from footfall.topics import live_topic
from simulators.files import toml_text
from simulators.parts.mosquitto import Mosquitto
from tests.support.waiting import PATIENCE_S

S: Final = 10**9
REGIONS: Final = (("acme/north", "Asia/Shanghai", "Harbour Mall"), ("acme/south/islands", "Asia/Tokyo", "Seaside"),
                  ("franchise/west", "America/St_Johns", "Old Town"))  # fmt: skip
FORGOTTEN: Final = 7


def stores(number: int) -> list[dict[str, Any]]:
    """Return the stores of site.toml."""
    found = []
    for n in range(number):
        path, timezone, title = REGIONS[n % len(REGIONS)]
        found.append({"name": f"s{n:04}", "title": f"{title} {n}", "path": f"{path}/city-{n % 12:02}", "timezone": timezone})
    return found


def write(folder: Path, number: int, broker: Mosquitto) -> None:
    """Write gateway.toml and site.toml."""
    (folder / "site.toml").write_text(toml_text({"brand": "acme", "stores": stores(number)}))
    (folder / "gateway.toml").write_text(f"[broker]\nport = {broker.port}\n")


def counters(number: int, now_ns: int) -> Iterator[dict[str, Any]]:
    """Yield the message of each store that was heard."""
    for n, store in enumerate(stores(number)):
        if n % 50 == 3:
            continue
        ago_s = 28 * 86_400 if n == FORGOTTEN else 1200 if n % 20 == 5 else -3600
        yield message(
            store["name"], store["timezone"], now_ns - ago_s * S, {"in": n % 400, "transactions": n % 30, "occupancy": n % 13 or 1}
        )


def message(store: str, timezone: str, as_of_ns: int, today: dict[str, float]) -> dict[str, Any]:
    """Return the counters of a store whose day begins at 04:00."""
    day = (datetime.fromtimestamp(as_of_ns / S, UTC).astimezone(ZoneInfo(timezone)).replace(tzinfo=None) - timedelta(hours=4)).date()
    entered, sales = today.get("in", 0), today.get("transactions", 0)
    full = {
        "in": entered, "out": max(0, entered - today.get("occupancy", 0)), "visits_started": entered // 2, "visits_closed": entered // 3,
        "transactions": sales, "transactions_known": sales // 2, "revenue": sales * 12.5, "returns": 0, "touches": 2 * sales,
        "occupancy": 0, "visits_open": 2, "known_open": 1, **today,
    }  # fmt: skip
    return {
        "kind": "counters", "store": store, "time_ns": as_of_ns // (60 * S) * 60 * S, "fields": {"in": 2, "out": 1}, "day": day.isoformat(),
        "since_ns": 0, "as_of_ns": as_of_ns, "today": full,
    }  # fmt: skip


def publish(client: Any, messages: Iterator[dict[str, Any]]) -> None:
    """Publish them as the gateway does, and wait until the broker has them."""
    sent = [client.publish(live_topic(each["store"]), json.dumps(each), qos=1, retain=True) for each in messages]
    for each in sent:
        each.wait_for_publish(PATIENCE_S)
