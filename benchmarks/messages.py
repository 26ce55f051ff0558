"""The same events for everybody: the rows of load's frames as line protocol and as JSON, and touches as plain events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import numpy as np

from footfall.frames import KINDS, decode_body, decode_frame
from simulators.load import UPTIME_NS
from simulators.load_frames import FrameFactory, Load, Sending

Format = Literal["lines-500", "json-500", "json", "touch"]
BATCH: Final = 500
LOAD: Final = Load(stores=10, agents=4, rows=BATCH)
_BEGAN: Final = datetime(2026, 11, 20, 2, tzinfo=UTC)
_KIND: Final = ("", *KINDS)


def messages(form: Format, events: int) -> Iterator[tuple[str, bytes]]:
    """(topic, payload) of at least `events` events; messages of 500 hold one frame of load each."""
    if form == "touch":
        yield from _touches(events)
        return
    for topic, rows in _frames(-(-events // BATCH)):
        if form == "lines-500":
            yield topic, "\n".join(map(_line, rows)).encode()
        elif form == "json-500":
            yield topic, json.dumps(rows, separators=(",", ":")).encode()
        else:
            yield from ((topic, json.dumps(row, separators=(",", ":")).encode()) for row in rows)


def _frames(count: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    began_ns = int(_BEGAN.timestamp()) * 1_000_000_000
    nothing = np.zeros(LOAD.total_agents, "i8")
    sending = Sending(UPTIME_NS, began_ns + UPTIME_NS, 0, nothing, nothing)
    agent, seq = np.arange(count, dtype="i8") % LOAD.total_agents, np.arange(count, dtype="i8") // LOAD.total_agents + 1
    for _, payload in FrameFactory(LOAD).payloads(agent, seq, sending):
        header, data = decode_frame(payload)
        body = decode_body(data)
        yield (
            f"footfall/1/{header.store}/{header.agent}/bench",
            [
                {
                    "time_ms": (began_ns + t_ns) // 1_000_000, "store": header.store, "zone": body.zones[zone], "agent": header.agent,
                    "kind": _KIND[kind], "subject": f"{subject:016x}", "profile": body.profiles[profile], "rssi_dbm": rssi_dbm,
                    "dwell_s": round(value, 3), "time_quality": "measured", "time_width_ms": 3, "lag_ms": 120 + k % 50,
                }
                for k, (t_ns, zone, kind, subject, profile, rssi_dbm, value) in enumerate(
                    zip(
                        body.t_boot_ns.tolist(), body.zone.tolist(), body.kind.tolist(), body.subject.tolist(), body.profile.tolist(),
                        body.rssi_dbm.tolist(), body.value.tolist(), strict=True,
                    )
                )
            ],
        )  # fmt: skip


def _line(row: dict[str, Any]) -> str:
    """As the gateway writes it."""
    return (
        f"presence,agent={row['agent']},kind={row['kind']},store={row['store']},zone={row['zone']} "
        f'subject="{row["subject"]}",profile="{row["profile"]}",rssi_dbm={row["rssi_dbm"]}i,dwell_s={row["dwell_s"]},'
        f'time_quality="{row["time_quality"]}",time_width_ms={row["time_width_ms"]}i,lag_ms={row["lag_ms"]}i {row["time_ms"]}000000'
    )


def _touches(events: int) -> Iterator[tuple[str, bytes]]:
    for k in range(events):
        agent = k % LOAD.total_agents
        event = {
            "kind": "touch", "what": ("scan", "try_on", "payment", "service")[k % 4], "id": f"e-{k:09d}",
            "time": (_BEGAN + timedelta(milliseconds=20 * k)).isoformat(timespec="milliseconds"), "zone": "checkout",
            "identifiers": [f"member:86138{k % 100_000:08d}"], "staff_id": f"s{k % 17}", "channel": "own_store", "ref": f"T-{k}",
            "amount": 9.5 + k % 100,
        }  # fmt: skip
        yield f"footfall/1/{LOAD.store(agent)}/{LOAD.agent(agent)}/events", json.dumps(event, separators=(",", ":")).encode()
