"""Statuses to try things with: one that is well, and what differs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.http.status import AgentStatus, BrokerStatus, JournalStatus, SinkStatus, Status
from gateway.state.balance import Balance

NOW_NS = 1_795_000_000_000_000_000

WELL = Status(
    version="0.1.0", now_ns=NOW_NS, started_ns=NOW_NS - 3_600_000_000_000, not_ready="",
    journal=JournalStatus("j-1", head=12, position=10, bytes=5 << 20, max_bytes=100 << 20), lag_s=0.2,
    balance=Balance(100, 90, 4, {"late": 5}).as_json(), sink=SinkStatus("influxdb", "http://127.0.0.1:8086", outbox_max_bytes=1 << 20),
    broker=BrokerStatus("127.0.0.1:1883", connected=True),
    agents=(AgentStatus("s1", "a1", "ok", NOW_NS - 1_000_000_000, 3, 20.0),), stores={"s1": {"in": 5, "out": 2, "occupancy": 3}},
)  # fmt: skip


def agent(state: Any, name: str = "a1", width_ms: float = 20.0) -> AgentStatus:
    return AgentStatus("s1", name, state, NOW_NS, 0, width_ms)


NOTICED = (
    "thread_stuck",
    "serve_down",
    "clock_jumped",
    "reload_refused",
    "restart_needed",
    "agent_misplaced",
    "mqtt_version",
    "void_unknown",
    "rows_wait",
    "adjustment_waits",
    "identifier_type_unknown",
    "staff_unknown",
    "returns_without_sale",
    "sink_refused",
    "records_set_aside",
    "quarantine_dropped",
    "history_not_ours",
    "receiver_silent",
    "counter_silent",
    "calibration_stale",
    "calibration_unused",
)
SAID_BY_AGENTS = (
    "agent_stuck", "two_gateways", "two_agents", "card_full", "spool_damaged", "packet_limit", "certificate_ends", "certificate_expired",
    "certificate_wrong",
    "clock_contradicts", "device_clock", "agent_flooding", "intake_no_key", "clients_refused", "publish_denied",
)  # fmt: skip

ILL = {
    "not_ready": replace(WELL, not_ready="the clock says 1970"),
    "broker_lost": replace(WELL, broker=BrokerStatus("127.0.0.1:1883", False, "connection refused")),
    "journal_full": replace(WELL, journal=replace(WELL.journal, pausing=True)),
    "balance": replace(WELL, balance=Balance(1, 2).as_json()),
    "sink_down": replace(WELL, sink=replace(WELL.sink, failing_since_ns=NOW_NS - 90_000_000_000, last_error="401 unauthorized")),
    "outbox_full": replace(WELL, sink=replace(WELL.sink, outbox_bytes=1 << 20), lag_s=1000),
    "lag": replace(WELL, lag_s=61),
    "agent_offline": replace(WELL, agents=(agent("ok"), agent("offline", "a2"))),
    "agent_late": replace(WELL, agents=(agent("late"),)),
    "agent_never": replace(WELL, agents=(agent("never"),)),
    "agent_clock": replace(WELL, agents=(agent("ok", width_ms=2001.0),)),
    "device_lost": replace(WELL, agents=(replace(agent("ok"), devices={"ble": "bluetoothd is not running"}),)),
    "quarantine": replace(WELL, quarantine={"frame.crc": 3}),
    "agent_problem": replace(WELL, agents=(replace(agent("ok"), problems={"of_tomorrow": "something new"}),)),
    **{code: replace(WELL, noticed={code: "so it is"}) for code in NOTICED},
    **{code: replace(WELL, agents=(replace(agent("ok"), problems={code: "so it is"}),)) for code in SAID_BY_AGENTS},
}
"""For every code of a problem the status that has it and no other."""
