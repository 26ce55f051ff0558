"""Peers get the same events as the gateway, in the gateway's own words."""

from __future__ import annotations

import json

from benchmarks.blast import packets
from benchmarks.messages import LOAD, messages
from footfall.events import Touch, parse_event
from gateway.points import SCHEMA
from simulators import mqtt


def test_lines_and_json_are_the_same_events() -> None:
    lines = [line for _, payload in messages("lines-500", 1000) for line in payload.decode().split("\n")]
    arrays = [row for _, payload in messages("json-500", 1000) for row in json.loads(payload)]
    singles = [json.loads(payload) for _, payload in messages("json", 1000)]
    assert arrays == singles
    assert len(lines) == len(singles) == 1000
    for line, row in zip(lines, singles, strict=True):
        assert line.endswith(f" {row['time_ms']}000000")
        assert f',agent={row["agent"]},kind={row["kind"]},store={row["store"]},zone={row["zone"]} subject="{row["subject"]}"' in line


def test_lines_have_every_field_of_the_gateways_schema() -> None:
    _, payload = next(iter(messages("lines-500", 500)))
    tags, fields, _ = payload.decode().split("\n")[0].split(" ")
    assert [pair.partition("=")[0] for pair in tags.split(",")[1:]] == list(SCHEMA["presence"].tags)
    assert [pair.partition("=")[0] for pair in fields.split(",")] == list(SCHEMA["presence"].fields)


def test_touches_are_valid_plain_events_of_agents_that_the_site_has() -> None:
    agents = {agent.name for _, agent in LOAD.site().agents()}
    ids = set()
    for topic, payload in messages("touch", 100):
        event = parse_event(json.loads(payload))
        assert isinstance(event, Touch)
        ids.add(event.id)
        assert topic.split("/")[3] in agents
    assert len(ids) == 100


def test_packets_are_what_is_sent() -> None:
    sent = [packet.message() for packet in mqtt.Incoming().feed(b"".join(packets("json-500", 1500)))]
    assert sent == list(messages("json-500", 1500))
