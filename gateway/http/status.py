"""A gateway's status, and what follows from it: a pure function from a status to its problems, each with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, Protocol

from footfall.units import NS_PER_S
from gateway.http.alarms import ALARMS as ALARMS
from gateway.http.alarms import Level, Scope

AgentState = Literal["ok", "late", "offline", "never", "quiet"]
"""`quiet`: silent, and nothing of it is due, as of a till without a sale."""
LATE_S: Final = 120.0
OFFLINE_S: Final = 600.0
"""Design, section 5: a store's watermark no longer waits for an agent that was silent for 10 minutes."""
UNKNOWN_MS: Final = 1e9
MEASURED_MS: Final = 2000.0
"""Clock bounds wider than this do not count as measured."""
LAG_S: Final = 60.0
SINK_REFUSED: Final = "sink.refused"
"""Held in quarantine, too, but a problem of its own."""


@dataclass(frozen=True, slots=True)
class AgentStatus:
    """One agent of `site.toml`. `heard_ns` 0: not since the gateway started; `clock_width_ms` >= UNKNOWN_MS: unknown."""

    store: str
    agent: str
    state: AgentState
    heard_ns: int = 0
    spool_frames: int = 0
    clock_width_ms: float = float("inf")
    devices: Mapping[str, str] = field(default_factory=dict)
    """Sources that it does not hear, by name: what is wrong with each."""
    oldest_unsent_s: float = 0.0
    """How long its oldest frame has waited for a receipt, by its own word."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """What is wrong there, by its own report and by what the gateway sees: codes of ALARMS, each with a text."""


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """`failing_since_ns` 0: the last write went well. Else the same batch is retried, and `last_error` has the reason."""

    kind: str
    where: str
    failing_since_ns: int = 0
    last_error: str = ""
    outbox_batches: int = 0
    outbox_bytes: int = 0
    outbox_max_bytes: int = 0


@dataclass(frozen=True, slots=True)
class BrokerStatus:
    where: str
    connected: bool
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class JournalStatus:
    """`head` is the last record written, `position` the last one folded whose points are in the outbox."""

    journal_id: str
    head: int = 0
    position: int = 0
    bytes: int = 0
    max_bytes: int = 0
    pausing: bool = False
    """At the quota: receipts ask agents to pause."""
    holding: bool = False
    """After a start: minutes, visits and dwells of before it wait until the agents were heard."""


@dataclass(frozen=True, slots=True)
class Status:
    """One moment of a gateway. `lag_s`: how old the oldest record is that is not folded yet, 0 with none."""

    version: str
    now_ns: int
    started_ns: int
    not_ready: str
    """Why nothing is taken in (the clock, for example), or empty."""
    journal: JournalStatus
    lag_s: float
    balance: Mapping[str, Any]
    """`Balance.as_json()`."""
    sink: SinkStatus
    broker: BrokerStatus
    agents: Sequence[AgentStatus] = ()
    quarantine: Mapping[str, int] = field(default_factory=dict)
    """Rows held, by reason: `Quarantine.counts()`."""
    stores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """The latest `traffic` of each store, field by field (in, out, occupancy, visits_open …)."""
    uncalibrated: Sequence[str] = ()
    """Stores whose zones are told apart by levels that nobody calibrated."""
    without_level: Sequence[str] = ()
    """Zones, `store/zone`, that let in whoever they hear though another zone of the store has an `entrance_dbm`."""
    own_beacons: int = 0
    """UUIDs of beacons in `site.toml`; 0: every iBeacon and AltBeacon is a fan's."""
    neighbours_total: int = 0
    """Sightings of others' beacons, since each agent's start."""
    seal_key: str = ""
    """The gateway's public key, base64, to which identifiers are sealed; "" without the brand's secret."""
    identifiers_blocked: Mapping[str, int] = field(default_factory=dict)
    """By type, identifiers of plain events that are none, such as `null`; their events are stored without them."""
    noticed: Mapping[str, str] = field(default_factory=dict)
    """What parts of the gateway noticed: `Notices.shown()`."""


class StatusSource(Protocol):
    """The running gateway. Called from the threads of the HTTP server, a few times a second at most; must not block."""

    def status(self) -> Status: ...


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    level: Level
    scope: Scope
    what: str
    todo: str


def agent_state(now_ns: int, heard_ns: int, late_s: float = LATE_S) -> AgentState:
    """Return the state of an agent last heard at `heard_ns` (0: never). One that left or was cut off is late sooner."""
    if not heard_ns:
        return "never"
    silent_s = (now_ns - heard_ns) / 1e9
    return "ok" if silent_s <= late_s else "late" if silent_s <= OFFLINE_S else "offline"


def problems(status: Status) -> list[Problem]:
    """Return what is wrong, the worst first, each with what to do."""
    found = [*_gateway(status), *_database(status), *status.noticed.items(), *_agents(status), *_reported_by_agents(status), *_data(status)]
    listed = [Problem(code, ALARMS[code].level, ALARMS[code].scope, what, ALARMS[code].todo) for code, what in found]
    return sorted(listed, key=lambda problem: (problem.level != "broken", problem.scope != "gateway"))


def as_json(status: Status) -> dict[str, Any]:
    """Return what `/status` answers: every field, and `problems`. Clock widths that are unknown are null."""
    values = asdict(status)
    for agent in values["agents"]:
        if agent["clock_width_ms"] >= UNKNOWN_MS:
            agent["clock_width_ms"] = None
    return values | {"problems": [asdict(problem) for problem in problems(status)]}


_Findings = Iterator[tuple[str, str]]


def _gateway(status: Status) -> _Findings:
    if status.not_ready:
        yield "not_ready", f"nothing is taken in: {status.not_ready}"
    if not status.broker.connected:
        yield "broker_lost", f"no connection to the broker {status.broker.where}: {status.broker.last_error or 'not yet'}"
    if status.journal.pausing:
        yield "journal_full", f"the journal is at its quota of {status.journal.max_bytes >> 20} MiB: agents are asked to pause"
    if status.balance["pending"] < 0:
        yield "balance", f"{-status.balance['pending']} more rows left than came in"


def _database(status: Status) -> _Findings:
    sink = status.sink
    if sink.failing_since_ns:
        yield "sink_down", f"{sink.kind} {sink.where} takes nothing for {_span(status.now_ns - sink.failing_since_ns)}: {sink.last_error}"
    if sink.outbox_max_bytes and sink.outbox_bytes >= sink.outbox_max_bytes:
        yield "outbox_full", f"{sink.outbox_batches} batches wait for the database, and the fold is paused"
    elif status.lag_s > LAG_S:
        yield "lag", f"rows are folded {_span(int(status.lag_s * 1e9))} after they came in"


def _reported_by_agents(status: Status) -> _Findings:
    """One problem a code, with the agents that have it. What only a newer release knows is shown as well."""
    who: dict[str, list[str]] = {}
    for agent in status.agents:
        for code, what in agent.problems.items():
            known, shown = (code, what) if code in ALARMS else ("agent_problem", f"{code}: {what}")
            who.setdefault(known, []).append(f"{agent.store}/{agent.agent} ({shown})" if shown else f"{agent.store}/{agent.agent}")
    for code, names in who.items():
        yield code, f"{_HAVE.get(code, code.replace('_', ' '))}: {named(names)}"


def _agents(status: Status) -> _Findings:
    for state, what in _SILENT.items():
        names = [f"{agent.store}/{agent.agent}" for agent in status.agents if agent.state == state]
        if names:
            yield f"agent_{state}", f"{_agents_are(names)} {what}: {named(names)}"
    wide = [f"{agent.store}/{agent.agent}" for agent in status.agents if agent.state == "ok" and _is_wide(agent.clock_width_ms)]
    if wide:
        yield "agent_clock", f"{_agents_are(wide)} not known to 2 s in time: {named(wide)}"
    lost = [f"{a.store}/{a.agent}/{name} ({what})" for a in status.agents if a.state == "ok" for name, what in a.devices.items()]
    if lost:
        yield "device_lost", f"{len(lost)} {'device is' if len(lost) == 1 else 'devices are'} not heard: {named(lost)}"


def _data(status: Status) -> _Findings:
    held = {reason: rows for reason, rows in status.quarantine.items() if reason != SINK_REFUSED}
    if held:
        yield "quarantine", f"{sum(held.values())} rows are held: {named([f'{reason} {rows}' for reason, rows in held.items()])}"


_HAVE: Final[Mapping[str, str]] = {
    "agent_stuck": "frames wait at agents and get no receipt",
    "two_gateways": "more than one gateway answers agents",
    "two_agents": "two agents use one name",
    "publish_denied": "the broker denies agents what they publish",
    "card_full": "the disk of agents is full",
    "spool_damaged": "the spool of agents is damaged",
    "packet_limit": "the broker refuses packets of agents for their size",
    "certificate_ends": "certificates of agents end within 30 days",
    "certificate_expired": "certificates of agents have ended",
    "clock_contradicts": "clocks of agents contradict the gateway's",
    "device_clock": "clocks of devices are wrong",
    "intake_no_key": "agents refuse identifiers, as no gateway has given them a key",
    "clients_refused": "agents refuse what tills or devices send",
    "restart_needed": "changes of settings wait for a restart",
    "agent_flooding": "agents send more than they may",
    "agent_problem": "agents report what this gateway does not know",
}

_SILENT: Final[Mapping[AgentState, str]] = {
    "offline": f"silent for more than {OFFLINE_S / 60:.0f} minutes",
    "late": "silent, or lost their connection",
    "never": "in site.toml, but not heard since the gateway started",
}


def _is_wide(clock_width_ms: float) -> bool:
    return MEASURED_MS < clock_width_ms < UNKNOWN_MS


def _agents_are(names: Sequence[str]) -> str:
    return "1 agent is" if len(names) == 1 else f"{len(names)} agents are"


def named(names: Sequence[str], limit: int = 5) -> str:
    """Return the first of the names, and how many more there are."""
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def _span(ns: int) -> str:
    seconds = max(ns // NS_PER_S, 0)
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
