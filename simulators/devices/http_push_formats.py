"""What cameras post when people pass them. Pure: what their counters show and when, the requests' content types and bodies.

    camera = FORMATS["xovis"]
    camera.posts(counter) -> [(content type, body), …]      # of what passed since the last; `counter` moves on
    camera.line -> str                                      # as edge_agent names it, with the channel's number: camera.line(1)

Each is named like the profile that reads it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from footfall.units import NS_PER_S

MS: Final = 1_000_000
ADDRESS: Final = "84:9a:40:ec:f1:6d"
SERIAL: Final = "00:6E:02:01:02:03"
PICTURE: Final = b"\xff\xd8\xff\xe0 not a picture of anybody \xff\xd9"
_BOUNDARY: Final = "MIME_boundary"

Post = tuple[str, bytes]


@dataclass(slots=True)
class Counter:
    """One line's totals, what of them no report of a period has held yet, and the span of the report that is due."""

    channel: int
    totals: list[int] = field(default_factory=lambda: [0, 0])
    unreported: list[int] = field(default_factory=lambda: [0, 0])
    from_ns: int = 0
    to_ns: int = 0
    number: int = 0


def hikvision(counter: Counter) -> list[Post]:
    """Totals, and beside them the same people as those of a period, as multipart with a picture: the trap that must count once."""
    entered, left = counter.totals
    at = _iso(counter.to_ns)
    real_time = f"<statisticalMethods>realTime</statisticalMethods><RealTime><time>{at}</time></RealTime>"
    period = (
        "<statisticalMethods>timeRange</statisticalMethods>"
        f"<TimeRange><startTime>{_iso(counter.from_ns)}</startTime><endTime>{at}</endTime></TimeRange>"
    )
    total = _alert(counter, at, f"{real_time}<enter>{entered}</enter><exit>{left}</exit>")
    entered, left = counter.unreported
    return [("application/xml", total), _multipart(_alert(counter, at, f"{period}<enter>{entered}</enter><exit>{left}</exit>"))]


def _alert(counter: Counter, at: str, counting: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><EventNotificationAlert version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">'
        f"<macAddress>{ADDRESS}</macAddress><channelID>{counter.channel}</channelID><dateTime>{at}</dateTime>"
        f"<activePostCount>{counter.number}</activePostCount><eventType>PeopleCounting</eventType><eventState>active</eventState>"
        f"<peopleCounting>{counting}</peopleCounting><isDataRetransmission>false</isDataRetransmission></EventNotificationAlert>"
    ).encode()


def _multipart(document: bytes) -> Post:
    parts = [("application/xml", "PeopleCounting.xml", document), ("image/jpeg", "picture.jpg", PICTURE)]
    body = b""
    for content_type, name, content in parts:
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\nContent-Type: {content_type}\r\n'
        body += head.encode() + f"Content-Length: {len(content)}\r\n\r\n".encode() + content + b"\r\n"
    return f"multipart/form-data; boundary={_BOUNDARY}", body + f"--{_BOUNDARY}--\r\n".encode()


def xovis(counter: Counter) -> list[Post]:
    """A line's record of a period, as sensors with firmware 5 send it: times as milliseconds, the sensor not named."""
    entered, left = counter.unreported
    counts = [{"id": 1, "name": "fw", "value": entered}, {"id": 2, "name": "bw", "value": left}]
    record = {"from": counter.from_ns // MS, "to": counter.to_ns // MS, "samples": 1, "samples_expected": 1, "counts": counts}
    said = {
        "package_info": {"version": "5.0", "id": counter.number, "agent_id": 1000},
        "logics": [{"id": counter.channel, "name": "line", "records": [record]}],
    }
    return [("application/json", _json({"logics_data": said}))]


def axis(counter: Counter) -> list[Post]:
    """A period's people; the camera has one line, so no channel is named."""
    entered, left = counter.unreported
    span = {"utcFrom": _iso(counter.from_ns), "utcTo": _iso(counter.to_ns)}
    items = [{"direction": "in", "count": entered, "adults": entered}, {"direction": "out", "count": left, "adults": left}]
    said = {
        "apiName": "Axis Retail Data", "apiVersion": "0.4", "utcSent": _iso(counter.to_ns),
        "data": {**span, "measurements": [{"kind": "people-counts", **span, "items": items}]},
        "sensor": {"application": "AXIS 3D People Counter", "serial": f"{SERIAL[:-2]}{counter.channel:02x}"},
    }  # fmt: skip
    return [("application/json", _json(said))]


def milesight(counter: Counter) -> list[Post]:
    """A period's people and the totals in one message."""
    line = {"line": counter.channel, "line_name": f"Line{counter.channel}"}
    entered, left = counter.unreported
    totals = {"in_counted": counter.totals[0], "out_counted": counter.totals[1], "capacity_counted": 0}
    said = {
        "device_info": {"device_name": "People Counter", "device_sn": "6537F28545220003"},
        "line_periodic_data": [{**line, "total": {"in": entered, "out": left}}],
        "line_total_data": [{**line, "total": totals}],
        "time_info": {"start_time": _iso(counter.from_ns), "end_time": _iso(counter.to_ns), "time_zone": "UTC-0:00"},
    }
    return [("application/json", _json(said))]


@dataclass(frozen=True, slots=True)
class Format:
    """`line`: what edge_agent calls a channel of it. `shows_totals`: counting begins at the first that is seen."""

    posts: Callable[[Counter], list[Post]]
    line: Callable[[int], str]
    shows_totals: bool


def _iso(t_ns: int) -> str:
    return datetime.fromtimestamp(t_ns // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{t_ns // MS % 1000:03d}Z"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


FORMATS: Final[Mapping[str, Format]] = {
    "hikvision-people-counting": Format(hikvision, lambda n: f"{ADDRESS.replace(':', '')}.{n}", True),
    "xovis": Format(xovis, str, False),
    "axis-people-counter": Format(axis, lambda n: f"{SERIAL[:-2].lower().replace(':', '')}{n:02x}", False),
    "milesight-vs": Format(milesight, lambda n: f"6537f28545220003.{n}", True),
}
