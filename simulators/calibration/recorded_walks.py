"""Walks of a recording with its truth: what an agent would have sent of it, as a calibration hears it from a broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from device_profiles.registry import Registry, shipped
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.sources.source import Gap, Heard, RefusedReading, Reported, Sighting
from footfall.frames import Body, Kind
from footfall.pseudonyms import lasting_subject, type_key
from footfall.units import NS_PER_S
from gateway.calibration.advice import ReceiverHeard
from gateway.calibration.trials import STEP_NS, Workshop
from gateway.calibration.walks import LevelRow, Walk, rows_of
from gateway.state.ledger import Ledger
from simulators.accuracy.carried import TrueZones
from simulators.accuracy.playing import SILENCE_NS
from simulators.accuracy.recorded import AGENT, TrueRecording

_SECRET: Final = b"recordings have no secrets"


def walks_of(recording: TrueRecording, profiles: Registry | None = None, agent: str = AGENT) -> list[Walk]:
    """Return a walk for each identifier in each run of a recording."""
    known = profiles or shipped()
    by_subject: dict[int, list[LevelRow]] = {}
    reported_ns = 0
    for body in bodies_of(recording, known):
        for subject, _, row in rows_of(body, agent, 0, reported_ns):
            by_subject.setdefault(subject, []).append(row)
        reported_ns = body.made_wall_ns
    id_types = {identifier: known[profile].identifier_type for identifier, profile in recording.profiles().items()}
    found = []
    for run, identifier, truth, *_ in recording.carried:
        id_type = id_types[identifier]
        subject = lasting_subject(type_key(_SECRET, id_type), id_type, identifier)
        rows = [row for row in by_subject.get(subject, ()) if truth[0][0] <= row.t_ns <= truth[-1][0]]
        found.append(Walk(f"{run} {identifier}", rows, truth))
    return found


def workshop(profiles: Registry | None = None) -> Workshop:
    """Return what trials are played with, in memory."""
    return Workshop(profiles or shipped(), lambda: Ledger(":memory:"))


def heard_by_receiver(recording: TrueRecording) -> list[ReceiverHeard]:
    """Return what each receiver of a recording heard of its carriers, by where they truly were."""
    levels: dict[str, dict[str, list[float]]] = {name: {} for name in recording.receivers}
    seconds: dict[str, dict[str, set[tuple[str, int]]]] = {name: {} for name in recording.receivers}
    truths = TrueZones(recording.carried)
    for one in recording.heard:
        if not isinstance(one, Sighting) or one.receiver not in levels or (isinstance(one, Reported) and one.kind == Kind.EXIT):
            continue
        zone, where = truths.at(one.identifier, one.t_wall_ns), (one.identifier, one.t_wall_ns // NS_PER_S)
        if not zone:
            continue
        levels[one.receiver].setdefault(zone, []).append(one.rssi_dbm)
        seconds[one.receiver].setdefault(zone, set()).add(where)
    return [
        ReceiverHeard(name, zone, levels[name], {each: len(found) for each, found in seconds[name].items()})
        for name, zone in recording.receivers.items()
    ]


def walked_s(recording: TrueRecording) -> dict[str, int]:
    """Return how many seconds carriers truly were in each zone."""
    seconds = {(carried.identifier, t_ns // NS_PER_S, zone) for carried in recording.carried for t_ns, zone in carried.rows}
    return dict(Counter(zone for _, _, zone in seconds))


def bodies_of(recording: TrueRecording, profiles: Registry) -> Iterator[Body]:
    """Yield what an agent sends of what it heard, in the order of its time (`t_wall_ns`)."""
    types = {profile.identifier_type for profile in profiles.values()}
    keys = SubjectKeys({id_type: type_key(_SECRET, id_type) for id_type in types})
    step_s = STEP_NS / NS_PER_S
    core = Core(
        "recorded", recording.receivers, profiles, keys, recorded=True, flush_s=step_s / 2, heartbeat_s=step_s / 2,
        zone_rules=recording.zone_rules,
    )  # fmt: skip
    now_ns = 0
    for t_ns, group in groupby(recording.heard, key=lambda one: -(-_time_ns(one) // STEP_NS) * STEP_NS):
        for silent_ns in range(now_ns + STEP_NS, min(t_ns, now_ns + SILENCE_NS) if now_ns else 0, STEP_NS):
            yield from core.tick(Moment(0, silent_ns, True))
        now_ns = t_ns
        for one in group:
            if not isinstance(one, RefusedReading):
                core.hear(one)
        yield from core.tick(Moment(0, now_ns, True))
    yield from core.finish(Moment(0, now_ns, True))


def _time_ns(heard: Heard) -> int:
    return heard.from_boot_ns if isinstance(heard, Gap) else heard.t_wall_ns
