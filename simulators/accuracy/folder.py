"""A folder that `footfall simulate --out` wrote, played: what its agents' devices heard, through agent and gateway."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from device_profiles.registry import shipped
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.sources.recording import read_recording
from edge_agent.sources.source import Gap, Heard
from footfall.errors import ConfigError
from footfall.frames import Body, Header, encode_body, encode_frame
from footfall.pseudonyms import type_key
from footfall.receipts import DayKey
from footfall.topics import Topic
from footfall.units import NS_PER_S
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Message
from gateway.config import load_site
from gateway.site import Agent
from simulators.accuracy.decisions import DecisionSink
from simulators.accuracy.playing import Played, Sent, drive, links_known
from simulators.accuracy.progress import Reached, ignore
from simulators.chain.gateway import InProcessGateway
from simulators.feed import ID_TYPES, UPTIME_NS
from simulators.files import moment_ns
from simulators.truth import Store, Truth


def play_folder(folder: Path, truth: Truth, secret: bytes, reached: Reached = ignore) -> Played:
    """Return what becomes of the recordings of all agents; report up to when they are played. Raise ConfigError if one is missing."""
    site = load_site(folder / "site.toml", {})
    sink = DecisionSink()
    gateway = InProcessGateway(site, Pseudonymiser(secret), [sink], write_points=0)
    gateway.start(min(store.start_ns for store in truth.stores), list(links_known(truth.links, secret)))
    played = Played(sink, truth.end_ns, seconds=sum(store.end_ns - store.start_ns for store in truth.stores) / NS_PER_S)
    cores = [(store, agent, _core(store, agent, secret)) for store in truth.stores for agent in site.by_name[store.store].agents]
    streams = [_timed(_frames(folder, store, agent, core), reached) for store, agent, core in cores]
    played.leads = drive(gateway, sink, streams, truth.end_ns)
    played.rows = sum(core.rows_total for _, _, core in cores)
    return played


def _timed(stream: Iterator[Sent], reached: Reached) -> Iterator[Sent]:
    for sent in stream:
        reached(sent[0])
        yield sent


def _recording_of(folder: Path, agent: Agent) -> Path:
    path = folder / f"{agent.name}.jsonl.gz"
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such recording: `footfall simulate --out` writes one for each agent of site.toml")
    return path


def _core(store: Store, agent: Agent, secret: bytes) -> Core:
    """Return an agent that has its keys: the long-lived ones, and one of the day as from a receipt."""
    keys = SubjectKeys({id_type: type_key(secret, id_type) for id_type in ID_TYPES}, agent.name.encode())
    keys.offer(DayKey(1, hashlib.sha256(f"{store.seed}/{store.store}/day".encode()).digest(), store.start_ns, store.end_ns), store.start_ns)
    return Core("simulated", agent.receivers, shipped(), keys)


def _frames(folder: Path, store: Store, agent: Agent, core: Core) -> Iterator[Sent]:
    topic = str(Topic(store.store, agent.name, "frames"))
    for seq, (t_ns, body) in enumerate(_bodies(store, core, _heard(folder, store, agent)), 1):
        header = Header(store.store, agent.name, "simulated", seq, 1, "simulated", UPTIME_NS + t_ns, store.start_ns + t_ns)
        yield store.start_ns + t_ns, Message(topic, encode_frame(header, encode_body(body)))


def _heard(folder: Path, store: Store, agent: Agent) -> Iterator[tuple[int, Heard | str]]:
    """Yield what the agent's devices and its till sent, with its time, ns since the world began."""
    devices = ((one.from_boot_ns if isinstance(one, Gap) else one.t_boot_ns, one) for one in read_recording(_recording_of(folder, agent)))
    yield from heapq.merge(devices, _sales(folder / f"{agent.name}.events.jsonl", store), key=lambda each: each[0])


def _sales(path: Path, store: Store) -> Iterator[tuple[int, str]]:
    """Yield the lines that a till wrote; most agents have none."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    yield from ((moment_ns(json.loads(line)["time"]) - store.start_ns, line) for line in lines)


def _bodies(store: Store, core: Core, heard: Iterable[tuple[int, Heard | str]]) -> Iterator[tuple[int, Body]]:
    """Yield bodies with the time at which each was made, ns since the world began: the agent is asked every second."""
    tick_ns = 0
    for t_ns, one in heard:
        while tick_ns <= t_ns:
            yield from ((tick_ns, body) for body in core.tick(_moment(store, tick_ns)))
            tick_ns += NS_PER_S
        if isinstance(one, str):
            core.event(one, UPTIME_NS + t_ns)
        elif not isinstance(one, Gap):
            core.hear(replace(one, t_boot_ns=UPTIME_NS + t_ns))
    end_ns = max(store.end_ns - store.start_ns, tick_ns)
    yield from ((end_ns, body) for body in core.finish(_moment(store, end_ns)))


def _moment(store: Store, t_ns: int) -> Moment:
    return Moment(UPTIME_NS + t_ns, store.start_ns + t_ns, True)
