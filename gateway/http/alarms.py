"""Every code that a problem of `footfall status` can have, how bad it is, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Level = Literal["broken", "warning"]
Scope = Literal["gateway", "estate"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """`broken`: somebody must act now. `scope` gateway: this process does not do its work; estate: something around it."""

    level: Level
    scope: Scope
    todo: str


_ISSUE: Final = "deploy/certificates/issue client NAME makes a new one: put it in the place of the old, nothing needs a restart"

ALARMS: Final[Mapping[str, Alarm]] = {
    "not_ready": Alarm("broken", "gateway", "repair what it names: it goes on by itself, and agents keep their frames meanwhile"),
    "broker_lost": Alarm("broken", "gateway", "start the broker, or correct [broker]; an embedded one is started again; frames are kept"),
    "journal_full": Alarm("broken", "gateway", "repair the database if it is away; else raise [journal] max_bytes or lower keep_days"),
    "balance": Alarm("broken", "gateway", "this is a bug: report it with what /status shows"),
    "sink_down": Alarm("broken", "gateway", "repair the database or correct [sink]; what came in meanwhile is kept, and written then"),
    "thread_stuck": Alarm("broken", "gateway", "restart the gateway, nothing is lost; report it with the log if it comes again"),
    "outbox_full": Alarm("warning", "gateway", "nothing is lost: repair the database, or give it time"),
    "lag": Alarm("warning", "gateway", "after an outage this shrinks by itself; if it grows, the machine is too small"),
    "serve_down": Alarm("warning", "estate", "do what it names, with [serve] in gateway.toml; its lines in the log have more"),
    "clock_jumped": Alarm("warning", "gateway", "see what sets this machine's clock (timedatectl); if it is right now, nothing"),
    "reload_refused": Alarm("warning", "estate", "correct the file that it names, then reload again; a restart would refuse it as well"),
    "restart_needed": Alarm("warning", "estate", "restart what it names when it suits: nothing is lost by it; or undo the change"),
    "sink_refused": Alarm("broken", "estate", "remove the cause in the database, then footfall quarantine replay --reason sink.refused"),
    "records_set_aside": Alarm("broken", "estate", "check the disk; what was set aside is stored as a gap: footfall quarantine list"),
    "quarantine_dropped": Alarm("broken", "estate", "footfall quarantine list: correct, replay or drop; or raise [quarantine] max_bytes"),
    "history_not_ours": Alarm("warning", "estate", "put the latest backup back, if there is one; the database keeps what it has"),
    "agent_offline": Alarm("broken", "estate", "look at power and network there; on the box: systemctl status footfall-agent"),
    "agent_stuck": Alarm("broken", "estate", "read the reason that is shown; on the box: journalctl -u footfall-agent"),
    "two_gateways": Alarm("broken", "estate", "stop the gateway that is not meant to run: each journal is one gateway's state_dir"),
    "two_agents": Alarm("broken", "estate", "give each box a name and a certificate of its own: footfall agent --check looks at both"),
    "publish_denied": Alarm("broken", "estate", "give the box its own certificate or user, or correct its agent.toml or the access list"),
    "card_full": Alarm("broken", "estate", "make room on the disk that it names; it goes on by itself, and what it has is not lost"),
    "spool_damaged": Alarm("broken", "estate", "change the storage card of that box; what was lost is stored as a gap"),
    "certificate_wrong": Alarm("broken", "estate", "correct the file that is named: it is read at the next connection"),
    "certificate_expired": Alarm("broken", "estate", _ISSUE),
    "certificate_ends": Alarm("warning", "estate", _ISSUE),
    "packet_limit": Alarm("warning", "estate", "raise the broker's limit on packets (Mosquitto: max_packet_size, message_size_limit)"),
    "clock_contradicts": Alarm("warning", "estate", "see which of the clocks is wrong, the box's or the gateway's, and set it (NTP)"),
    "device_clock": Alarm("warning", "estate", "set the clock of the device or till that is named"),
    "agent_flooding": Alarm("warning", "estate", "see what that agent sends: footfall quarantine list; the other agents are not slowed"),
    "agent_misplaced": Alarm("warning", "estate", "correct store and agent in its agent.toml, or its topic; or add it to site.toml"),
    "mqtt_version": Alarm("warning", "estate", "give that client the port of its version, or let it speak the other one"),
    "void_unknown": Alarm("warning", "estate", "wait for its event, or replay it from quarantine; only if `of` is wrong send another"),
    "rows_wait": Alarm("warning", "estate", "start the agent that is waited for, or replay its recording to the end; else it is given up"),
    "adjustment_waits": Alarm("warning", "estate", "void each that is wrong (footfall audit --waiting); others wait for late counts"),
    "identifier_type_unknown": Alarm("warning", "estate", "correct the type, or describe it in site.toml under [[identifier_types]]"),
    "returns_without_sale": Alarm("warning", "estate", "send returns with the `ref` of their sale; one of an unstored sale is right so"),
    "staff_unknown": Alarm("warning", "estate", "correct staff_id where it is sent, or [[staff]] in site.toml with its `from` and `to`"),
    "agent_late": Alarm("warning", "estate", "wait some minutes, then look at its network"),
    "agent_never": Alarm("warning", "estate", "start them, or take them out of site.toml; the log of one that runs has what it is denied"),
    "agent_clock": Alarm("warning", "estate", "their way to the broker is slow; times are marked `agent` or `bounded` until it is not"),
    "receiver_silent": Alarm("warning", "estate", "look at power and antenna of the receiver; one that is replaced is calibrated anew"),
    "counter_silent": Alarm("warning", "estate", "look at power, lens and line of the counter; footfall query doors has what it missed"),
    "calibration_stale": Alarm("warning", "estate", "footfall calibrate anew: a receiver that is re-hung hears otherwise"),
    "calibration_unused": Alarm("warning", "estate", "correct the profile in site.toml: footfall profile list has them"),
    "intake_no_key": Alarm("broken", "estate", "connect that agent to a gateway with brand_secret_file, or set keys.gateway_file there"),
    "clients_refused": Alarm("warning", "estate", "correct the till or device at that address: docs/sending.md has what each reason means"),
    "device_lost": Alarm("warning", "estate", "repair the device; the agent reconnects by itself and records a gap"),
    "agent_problem": Alarm("warning", "estate", "the agent is of a newer release and reports what this gateway does not know: upgrade it"),
    "quarantine": Alarm("warning", "estate", "footfall quarantine list, then replay or drop"),
}  # fmt: skip
"""`docs/operating.md` has a line for each."""
