"""Sends a recording through core, spool and publisher, and waits for the receipts.

    Recording.read(format, paths, settings, store, agent, keys, profiles) -> Recording   # pure but for reading the files
    deliver(recording, broker, timeout_s, on_progress) -> rows refused         # Undelivered if it does not arrive

The same files and settings give the same frames, byte by byte, and their digest is the epoch: a gateway knows them again.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Final, cast

from device_profiles.registry import Registry, shipped
from edge_agent.clock import Clock, Moment, SystemClock
from edge_agent.core import Core, lost_frame
from edge_agent.keys import SubjectKeys
from edge_agent.publisher import Publisher
from edge_agent.recorded_contents import Contents
from edge_agent.sources.replay import FormatName, expand, has_counts_alone, read, zone_of, zone_rules, zones
from edge_agent.sources.replay_settings import FileNote, ReplaySettings
from edge_agent.sources.source import Crossing, Gap, RefusedReading, Sighting
from edge_agent.spool import Spool, SpooledFrame
from footfall.broker import Broker
from footfall.errors import ConfigError, FootfallError
from footfall.frames import Body, encode_body
from footfall.health import Health
from footfall.mistakes import unknown
from footfall.pseudonyms import type_key
from footfall.units import NS_PER_S

BOOT: Final = "recorded"
POLL_S: Final = 0.1
CONNECT_S: Final = 15.0


class Undelivered(FootfallError):
    """The broker cannot be reached, or no gateway receipts what was sent."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Files as frames of one epoch. Lines that could not be read are rows too; `contents` counts them.

    Counts with ids are rows of plain events, which are stored once, whatever file has them.
    """

    store: str
    agent: str
    epoch: str
    bodies: Sequence[Body]
    zones: Mapping[str, str]
    contents: Contents
    profiles: Registry
    strangers: Mapping[str, int]
    """By receiver without a zone: how many sightings of it are left out."""
    notes: Sequence[FileNote] = ()

    @property
    def rows(self) -> int:
        return sum(len(body) for body in self.bodies)

    @property
    def refused(self) -> int:
        """Return how many lines could not be read."""
        return self.contents.refused

    @staticmethod
    def read(
        format_name: str,
        paths: Sequence[Path],
        settings: ReplaySettings,
        store: str,
        agent: str,
        keys: Mapping[str, bytes] | None = None,
        profiles: Registry | None = None,
    ) -> Recording:
        """Return the files as frames. Without `keys`, the keys are derived from the files' digest: the same in every replay."""
        name = cast(FormatName, format_name)
        receivers = zones(name, paths, settings)
        profiles = profiles or shipped()
        known = SubjectKeys(keys or own_keys(expand(name, paths, settings), profiles))
        core = Core(BOOT, receivers, profiles, known, recorded=True, flush_s=inf, heartbeat_s=inf, zone_rules=zone_rules(name, settings))
        bodies: list[Body] = []
        is_explained = has_counts_alone(name, settings)
        """Whether quarantine has why a line was refused: the reason quotes it, and a line with an identifier stays here."""
        contents = Contents(zone_of(name, settings))
        t_wall_ns, strangers, notes = 0, Counter[str](), list[FileNote]()
        for heard in read(name, paths, replace(settings, on_note=notes.append)):
            now_ns = heard.from_boot_ns if isinstance(heard, Gap) else heard.t_wall_ns
            if now_ns > t_wall_ns:
                bodies += core.tick(Moment(0, t_wall_ns, True))
                core.lapse(now_ns)
                t_wall_ns = now_ns
            contents.add(heard)
            if type(heard) is Sighting:
                _check_profile(heard.profile, profiles)
                strangers[heard.receiver] += heard.receiver not in receivers
            if isinstance(heard, Crossing) and heard.event_id:
                core.event(event_of_count(heard), heard.t_wall_ns)
            elif isinstance(heard, RefusedReading) and is_explained:
                core.hear(replace(heard, where=f"{heard.where}: {heard.why}"))
            else:
                core.hear(heard)
        if contents.is_empty:
            raise ConfigError(f"{', '.join(map(str, paths))}: there is nothing in it: nothing was sent")
        bodies += core.finish(Moment(0, t_wall_ns, True))
        return Recording(store, agent, _digest(store, agent, bodies), bodies, receivers, contents, profiles, +strangers, notes)


def _check_profile(name: str, profiles: Registry) -> None:
    """Raise ConfigError for a profile that is not there: all of its sightings would be dropped."""
    if name not in profiles:
        raise ConfigError(
            unknown(
                f"there is no profile {name!r}", name, profiles, "`footfall profile list` has them, --profiles adds a folder of your own"
            )
        )


def event_of_count(crossing: Crossing) -> str:
    """Return a recorded count with an id as a plain event (footfall/events.py)."""
    values = {
        "kind": "count", "id": crossing.event_id, "door": crossing.door, "in": crossing.entered, "out": crossing.left,
        "time": datetime.fromtimestamp(crossing.t_wall_ns / NS_PER_S, UTC).isoformat(), "history": True,
    }  # fmt: skip
    return json.dumps(values | ({"seconds": crossing.seconds} if crossing.seconds else {}), separators=(",", ":"))


def deliver(recording: Recording, broker: Broker, timeout_s: float, on_progress: Callable[[int], None]) -> int:
    """Send until every frame is receipted. Return how many rows of them the gateway put into quarantine.

    Raise Undelivered after `timeout_s` without progress, or without a broker.
    """
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="footfall-replay-") as folder:
        spool = Spool(Path(folder) / "spool.sqlite", recording.epoch, BOOT, max_bytes=1 << 50)
        spool.append(recording.bodies)
        publisher = _publisher(recording, spool, clock, broker)
        stop = threading.Event()
        thread = threading.Thread(target=publisher.run, args=(stop,), name="publisher", daemon=True)
        thread.start()
        try:
            _await_receipts(recording, spool, publisher, clock, timeout_s, on_progress)
        finally:
            stop.set()
            thread.join()
            spool.close()
        return publisher.refused_rows


def _await_receipts(
    recording: Recording, spool: Spool, publisher: Publisher, clock: Clock, timeout_s: float, on_progress: Callable[[int], None]
) -> None:
    pause = threading.Event()
    begun_ns = progress_ns = clock.boot_ns()
    mark = 0
    while mark < len(recording.bodies):
        pause.wait(POLL_S)
        now_ns = clock.boot_ns()
        epoch = spool.sending()
        if epoch.mark != mark:
            mark, progress_ns = epoch.mark, now_ns
            on_progress(mark)
        if not publisher.connected and publisher.refused and now_ns - begun_ns > CONNECT_S * NS_PER_S:
            raise Undelivered(f"no connection to the broker: {publisher.refused}")
        if rival := publisher.problems().get("two_agents"):
            raise Undelivered(f"{rival}: send under a name of its own, which no agent that runs has (--agent, or agent in --config)")
        if now_ns - progress_ns > timeout_s * NS_PER_S:
            why = "no gateway receipts: is one running for this store and agent, on this broker?"
            raise Undelivered(
                f"{mark} of {len(recording.bodies)} frames receipted, then nothing for {timeout_s:g} s: {publisher.refused or why}"
            )


def _publisher(recording: Recording, spool: Spool, clock: Clock, broker: Broker) -> Publisher:
    def health() -> Health:
        """Return it without a clock: `offline` with nothing unsent is then a goodbye, and no store waits for a recording that has ended."""
        unsent = spool.fill(clock.boot_ns()).unsent_frames
        return Health(
            state="online", agent=recording.agent, store=recording.store, boot=clock.boot, rows_total=recording.rows, spool_frames=unsent
        )

    def substitute(frame: SpooledFrame) -> Body:
        return lost_frame(frame.boot, frame.made_boot_ns, frame.first_row, frame.rows, recording.zones, recording.profiles)

    return Publisher(recording.store, recording.agent, spool, clock, broker, health, lambda key, gateway_ns: None, substitute)


def own_keys(paths: Sequence[Path], profiles: Registry) -> dict[str, bytes]:
    """Return the keys of subjects of a recording that is replayed without a key file: they are made of its files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return {profile.identifier_type: type_key(digest.digest(), profile.identifier_type) for profile in profiles.values()}


def _digest(store: str, agent: str, bodies: Sequence[Body]) -> str:
    digest = hashlib.sha256(f"{store}/{agent}".encode())
    for body in bodies:
        digest.update(hashlib.sha256(encode_body(body)).digest())
    return f"replay-{digest.hexdigest()[:40]}"
