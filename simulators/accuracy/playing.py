"""Plays what was heard through the real agent core, accept and fold, in one process, and finds when each dwell was decided.

A recording has its own time. Its agent is asked every tenth of a second of it, and the gateway folds a batch for each: so what is known
by which evidence is known to a tenth of a second, not to the second in which a gateway works. Steps in which nothing is heard and nothing
is due cost nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, tee
from typing import Final

from device_profiles.registry import Registry, shipped
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.levels import ZoneRule
from edge_agent.playback import event_of_count
from edge_agent.sources.source import Crossing, Gap, Heard, RefusedReading, Sighting
from footfall.frames import Body, Header, encode_body, encode_frame
from footfall.pseudonyms import lasting_subject, to_hex, type_key
from footfall.receipts import DayKey
from footfall.topics import Topic
from footfall.units import NS_PER_S
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Message
from gateway.identity.links import FOR_EVER_NS, Link
from gateway.sinks.sink import Sink
from gateway.site import Site
from simulators.accuracy.course import Lead
from simulators.accuracy.decisions import DecisionSink
from simulators.accuracy.leads import LeadWatch
from simulators.chain.gateway import InProcessGateway
from simulators.estate import brand_secret, site_of
from simulators.feed import UPTIME_NS, Feed, boot_of, epoch_of
from simulators.truth import Link as TrueLink
from simulators.truth import subject_hex, truth_of
from simulators.world import World

STEP_NS: Final = NS_PER_S // 10
SILENCE_NS: Final = 60 * NS_PER_S
"""Of a longer silence only the beginning is played step by step: by then everybody has left."""
PAUSE_NS: Final = 10 * NS_PER_S
"""A longer silence is no part of the time in which something was heard."""
QUIET_NS: Final = 3600 * NS_PER_S
"""So long ticks go on after the end: visits are over by then."""
TICK_NS: Final = 50 * NS_PER_S
"""Ticks are so close that the gateway does not think that it was away."""
MOST_SKIPPED: Final = 50
"""Of steps in which nothing can change; fewer where the gateway would think that it was away."""
FEWER: Final = 6
"""Where something changes in the next steps, so many times fewer may do."""
SELDOM_S: Final = 10
"""A gateway that takes what comes so seldom stores the same at half the cost; only when that was decided is not known to the second."""
BOOT: Final = "recorded"
Sent = tuple[int, Message]
"""A frame, and when its agent sends it, ns since 1970."""
_SECRET: Final = b"recordings have no secrets"


@dataclass(slots=True)
class Played:
    """What became of a recording or a world. `rows`: of presence, that its agents sent; `seconds`: how long something was heard."""

    sink: DecisionSink
    end_ns: int
    rows: int = 0
    seconds: float = 0.0
    subjects: set[tuple[str, str]] = field(default_factory=set)
    """(profile, identifier) of all that was heard."""
    leads: Mapping[str, Sequence[Lead]] = field(default_factory=dict)
    """What was shown before it was decided, by subject."""


def subject_of(profiles: Registry, profile: str, identifier: str) -> str:
    """Return the subject that a played recording's identifier has, 16 hex digits."""
    id_type = profiles[profile].identifier_type
    return to_hex(lasting_subject(type_key(_SECRET, id_type), id_type, identifier))


def play_recording(
    heard: Iterable[Heard], site: Site, store: str, agent: str, receivers: Mapping[str, str], profiles: Registry | None = None,
    step_ns: int = STEP_NS, zone_rules: Mapping[str, ZoneRule] | None = None,
) -> Played:  # fmt: skip
    """Return what becomes of what one agent heard, in the order of its time (`t_wall_ns`)."""
    return _Recording(site, (store, agent), receivers, profiles or shipped(), step_ns, zone_rules or {}).play(heard)


class _Recording:
    def __init__(
        self, site: Site, place: tuple[str, str], receivers: Mapping[str, str], profiles: Registry, step_ns: int,
        zone_rules: Mapping[str, ZoneRule],
    ) -> None:  # fmt: skip
        """`place`: store and agent."""
        types = {profile.identifier_type for profile in profiles.values()}
        keys = SubjectKeys({id_type: type_key(_SECRET, id_type) for id_type in types})
        self._step_ns: Final = step_ns
        step_s = step_ns / NS_PER_S
        self._core: Final = Core(
            BOOT, receivers, profiles, keys, recorded=True, flush_s=step_s / 2, heartbeat_s=step_s / 2, zone_rules=zone_rules
        )
        self._played: Final = Played(DecisionSink(), 0)
        self._gateway: Final = InProcessGateway(site, Pseudonymiser(_SECRET), [self._played.sink], write_points=0)
        self._watch: Final = LeadWatch()
        self._place: Final = place
        self._seq = self._received_ns = self._folded_ns = 0

    def play(self, heard: Iterable[Heard]) -> Played:
        now_ns = 0
        for t_ns, group in groupby(heard, key=lambda one: -(-_time_ns(one) // self._step_ns) * self._step_ns):
            if not now_ns:
                now_ns = self._received_ns = t_ns - self._step_ns
                self._gateway.start(now_ns, [])
            now_ns = self._pass(now_ns, max(t_ns, now_ns + self._step_ns))
            for one in group:
                self._hear(one)
                if isinstance(one, Sighting):
                    self._played.subjects.add((one.profile, one.identifier))
            self._tick(now_ns)
        self._send(self._core.finish(Moment(0, now_ns, True)), now_ns)
        self._wait()
        self._played.end_ns, self._played.rows = now_ns, self._core.rows_total
        self._played.leads = self._watch.leads(now_ns)
        return self._played

    def _hear(self, one: Heard) -> None:
        """Let the agent take what was heard, as `footfall replay` does."""
        if isinstance(one, Crossing) and one.event_id:
            self._core.event(event_of_count(one), one.t_wall_ns)
        elif not isinstance(one, RefusedReading):
            self._core.hear(one)

    def _pass(self, now_ns: int, until_ns: int) -> int:
        """Let time pass up to, not including, the step that ends at `until_ns`; return that."""
        quiet_ns = min(until_ns, now_ns + SILENCE_NS)
        self._played.seconds += (until_ns - now_ns) / NS_PER_S if until_ns - now_ns <= PAUSE_NS else 0.0
        played, look = 0, 1
        while (now_ns := now_ns + self._step_ns) < quiet_ns:
            self._tick(now_ns)
            played += 1
            if played == look:  # a look that was in vain is not soon repeated
                skipped = self._skip(now_ns, (quiet_ns - now_ns - 1) // self._step_ns)
                now_ns += skipped * self._step_ns
                played, look = (0, 1) if skipped else (played, 2 * look)
        if quiet_ns < until_ns:
            self._tick(until_ns - self._step_ns)
        return until_ns

    def _skip(self, now_ns: int, steps: int) -> int:
        """Let up to so many steps pass in which nothing can change, as if each had been played; return how many they were."""
        most = min(steps, MOST_SKIPPED, TICK_NS // max(self._step_ns, NS_PER_S) - 1)  # a step is a second of the gateway's clock, or more
        for some in (most, most // FEWER):
            until_ns = now_ns + some * self._step_ns
            if some > 0 and self._core.due_ns >= until_ns and self._gateway.is_quiet_until(until_ns):
                for t_ns in range(now_ns + self._step_ns, until_ns + 1, self._step_ns):
                    self._received_ns = max(self._received_ns + NS_PER_S, t_ns)
                self._folded_ns = until_ns
                return some
        return 0

    def _tick(self, now_ns: int) -> None:
        self._send(self._core.tick(Moment(0, now_ns, True)), now_ns)

    def _send(self, bodies: Sequence[Body], now_ns: int) -> None:
        """Each step is a batch of its own for the fold, which works once a second of its clock: that runs faster than the recording."""
        self._received_ns = max(self._received_ns + NS_PER_S, now_ns)
        self._played.sink.evidence_ns = self._folded_ns
        self._gateway.take([self._message(body) for body in bodies], self._received_ns)
        self._watch.look(self._gateway.state, self._folded_ns)
        self._folded_ns = now_ns

    def _message(self, body: Body) -> Message:
        self._seq += 1
        header = Header(*self._place, BOOT, self._seq, 1, BOOT, 0, self._received_ns)
        return Message(str(Topic(*self._place, "frames")), encode_frame(header, encode_body(body)))

    def _wait(self) -> None:
        self._played.sink.evidence_ns = self._folded_ns
        _tick_on(self._gateway, self._received_ns)


def play_world(
    world: World, flush_s: float = 1.0, site: Site | None = None, *, day_key: DayKey | None = None, sinks: Sequence[Sink] = (),
    every_s: int = 1,
) -> Played:  # fmt: skip
    """Return what becomes of a simulated store, whose agents send every `flush_s`; `site`: the estate, if not the world's own.

    The gateway takes what they sent `every_s` seconds, see `SELDOM_S`. `sinks` take the points as well. With `day_key` phones that nobody
    knows are heard under it; without one their rows are private to an agent, and dropped.
    """
    sink = DecisionSink()
    secret = brand_secret(world.seed)
    gateway = InProcessGateway(site or site_of([world]), Pseudonymiser(secret), [sink, *sinks], write_points=0)
    known = (record for record in truth_of(world) if isinstance(record, TrueLink))
    gateway.start(world.start_ns, list(links_known(known, secret)))
    agents = world.plan.agents
    feeds = {
        agent: Feed(world, agent, secret, flush_s=flush_s, day_key=day_key, windows=windows)
        for agent, windows in zip(agents, tee(world.windows(), len(agents)), strict=True)
    }
    leads = drive(gateway, sink, [_frames(world, agent, feed) for agent, feed in feeds.items()], world.end_ns, every_s)
    rows = sum(feed.core.rows_total for feed in feeds.values())
    return Played(sink, world.end_ns, rows, world.length_ns / NS_PER_S, leads=leads)


def drive(
    gateway: InProcessGateway, sink: DecisionSink, streams: Sequence[Iterator[Sent]], end_ns: int, every_s: int = 1
) -> Mapping[str, Sequence[Lead]]:
    """Let the gateway take what agents send, second by second, and wait until all visits are over; return what led meanwhile."""
    watch, every_ns = LeadWatch(), every_s * NS_PER_S
    for turn, group in groupby(heapq.merge(*streams, key=lambda sent: sent[0]), key=lambda sent: sent[0] // every_ns):
        sink.evidence_ns = (turn - 1) * every_ns
        gateway.take([message for _, message in group], (turn + 1) * every_ns)
        watch.look(gateway.state, sink.evidence_ns)
    sink.evidence_ns = end_ns
    _tick_on(gateway, end_ns + 2 * every_ns)
    return watch.leads(end_ns)


def links_known(links: Iterable[TrueLink], secret: bytes) -> Iterator[Link]:
    """Yield what the brand knows of its fans."""
    for link in links:
        until_ns = FOR_EVER_NS if link.to_ns is None else link.to_ns
        yield Link(subject_hex(secret, link.id_type, link.identifier), link.fan, link.from_ns, until_ns, "crm", 1.0)


def _frames(world: World, agent: str, feed: Feed) -> Iterator[Sent]:
    store, boot, epoch = world.plan.store, boot_of(world, agent), epoch_of(world, agent)
    topic = str(Topic(store, agent, "frames"))
    for seq, (t_ns, body) in enumerate(feed.bodies(), 1):
        header = Header(store, agent, epoch, seq, 1, boot, UPTIME_NS + t_ns, world.start_ns + t_ns)
        yield world.start_ns + t_ns, Message(topic, encode_frame(header, encode_body(body)))


def _tick_on(gateway: InProcessGateway, since_ns: int) -> None:
    for t_ns in range(since_ns + NS_PER_S, since_ns + QUIET_NS, TICK_NS):
        gateway.take([], t_ns)


def _time_ns(heard: Heard) -> int:
    return heard.from_boot_ns if isinstance(heard, Gap) else heard.t_wall_ns
