"""One other decoder of advertising data, in the environment that it was installed into: nothing of ours is imported here.

python advertisement_peers.py bleparser | theengs  < {"events": […hex], "passes": n}  > {"bleparser": us}
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any


def bleparser(events: list[bytes]) -> Callable[[], int]:
    from bleparser import BleParser  # type: ignore[import-not-found]  # it lives in an environment of its own

    parser = BleParser(discovery=True, filter_duplicates=False)
    return lambda: sum(parser.parse_raw_data(event)[0] is not None for event in events)


def theengs(events: list[bytes]) -> Callable[[], int]:
    from TheengsDecoder import decodeBLE  # type: ignore[import-not-found]  # as above

    messages = [json.dumps(_described(event)) for event in events]
    return lambda: sum(decodeBLE(message) is not None for message in messages)


def _described(event: bytes) -> dict[str, Any]:
    """What a scanner gives to Theengs: address, RSSI, hex of manufacturer or service data."""
    values: dict[str, Any] = {"id": event[12:6:-1].hex(":").upper(), "rssi": event[-1] - 256}
    data = event[14:-1]
    while data:
        kind, value = data[1], data[2 : 1 + data[0]]
        if kind == 0xFF:
            values["manufacturerdata"] = value.hex()
        elif kind == 0x16:
            values |= {"servicedatauuid": value[1::-1].hex(), "servicedata": value[2:].hex()}
        data = data[1 + data[0] :]
    return values


def main() -> None:
    name = sys.argv[1]
    task = json.load(sys.stdin)
    events = [bytes.fromhex(text) for text in task["events"]]
    once = {"bleparser": bleparser, "theengs": theengs}[name](events)
    best_s = float("inf")
    for _ in range(task["passes"]):
        began_s = time.process_time()
        decoded = once()
        best_s = min(best_s, time.process_time() - began_s)
        if decoded < len(events):
            sys.exit(f"{name} decoded {decoded} of {len(events)}")
    print(json.dumps({name: best_s / len(events) * 1e6}))


if __name__ == "__main__":
    main()
