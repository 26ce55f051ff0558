"""The agent's core: what sources emit in, bodies of frames out. Pure: no clock, no I/O; simulators run it with their own time.

    Core(boot, zones, profiles, keys, *, store="", recorded=False, first_row=0, max_rows=500, flush_s=1.0, heartbeat_s=5.0)
        zones: receiver -> zone; profiles: Mapping[str, Profile]; keys: edge_agent.keys.Keys; store: in which all is heard
        receivers={}: receiver -> ReceiverLimits; zone_rules={}: zone -> "strongest" (default) or "mean_power"
        .hear(heard: Heard)                                        # whatever a source emits
        .counters: Counters                                        # to be stored with the bodies that `tick` gives
        .event(text: str, t_boot_ns: int)                          # a plain event that the intake has checked
        .rekey(change)                                             # subjects change: those of the old key leave first
        .change(zones, profiles, keys, receivers, zone_rules)      # a reload: whom it does not concern stays present
        .tick(now: Moment, flush=False, terms=FREE) -> list[Body]   # what is due: a batch, or an empty body as a sign of life
        .prompt_until_ns = 0                                        # until then a body is due every PROMPT_NS
        .lapse(until_ns)                                           # of a recording: timeouts, before what is heard then
        .finish(now: Moment) -> list[Body]                         # all subjects leave; the rest (end of a recording)

Call `hear` in about the order of time and `tick` a few times a second of that time. With `recorded` the axis is the file's own
time: `t_wall_ns` of what is heard and `wall_ns` of the moment; such bodies have boot times of 0 and a column `t_wall_ns`.

`made_boot_ns` (recorded: `made_wall_ns`) promises that ENTER, STAY, IN and OUT of later frames are not older, but for what was
still on its way from a device. EXIT may be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from device_profiles.profile import Profile
from edge_agent.bodies import FREE, NameTable, Terms, columns_of, cut
from edge_agent.clock import Moment
from edge_agent.counters import Counters
from edge_agent.keys import SubjectKeys
from edge_agent.levels import ReceiverLimits, ZoneRule
from edge_agent.occupancies import Occupancies
from edge_agent.presence import EvidenceRow, Presences
from edge_agent.profile_rules import filler, limits_of, sku_of
from edge_agent.sources.source import AliveUntil, Crossing, Gap, Heard, Observed, RefusedReading, Reported, Sighting, Tally, Unexplained
from footfall.beacons import BeaconRule
from footfall.frames import Body, Kind, Offset
from footfall.pseudonyms import is_day_subject
from footfall.topics import is_name
from footfall.units import NS_PER_S

SETTLE_NS: Final = NS_PER_S
"""Extra delay of timeouts, for sightings that are still on their way. The time of an EXIT does not depend on it."""
LOOK_NS: Final = NS_PER_S // 10
"""How often an agent looks which timeouts are over while it hears: an EXIT of a recording comes before what was heard since."""
PROMPT_NS: Final = NS_PER_S // 2
MAX_COUNT: Final = (1 << 31) - 1
_EVIDENCE: Final = frozenset({Kind.ENTER, Kind.STAY, Kind.IN, Kind.OUT})


class _Batch:
    """Rows made under one key."""

    def __init__(self, key_id: int) -> None:
        self.key_id: Final = key_id
        self.rows: Final[list[EvidenceRow]] = []


class Core:
    """One epoch of one agent. `sightings_total`, `rows_total` and `dropped_total` (by reason) only grow."""

    def __init__(
        self,
        boot: str,
        zones: Mapping[str, str],
        profiles: Mapping[str, Profile],
        keys: SubjectKeys,
        *,
        store: str = "",
        recorded: bool = False,
        first_row: int = 0,
        max_rows: int = 500,
        flush_s: float = 1.0,
        heartbeat_s: float = 5.0,
        max_slots: int = 50_000,
        receivers: Mapping[str, ReceiverLimits] | None = None,
        zone_rules: Mapping[str, ZoneRule] | None = None,
    ) -> None:
        self.keys: Final = keys
        self.counters: Final = Counters(boot)
        self.occupancies: Final = Occupancies()
        self.sightings_total = 0
        self.dropped_total: Counter[str] = Counter()
        self.neighbours_total = 0
        """Sightings of beacons that are not the brand's."""
        self.prompt_until_ns = 0
        self.rows_total = first_row
        self._boot: Final = boot
        self._store: Final = store
        self._zones, self._profiles, self._filler = dict(zones), dict(profiles), filler(zones, profiles)
        self._beacon_rule = BeaconRule()
        self._listed: frozenset[str] = frozenset()
        """Profiles whose identifiers the rule changes: none while the brand states no UUID."""
        self._recorded: Final = recorded
        self._is_whole: Final = recorded and flush_s == inf
        self._max_rows: Final = max_rows
        self._flush_ns: Final = flush_s * NS_PER_S
        self._heartbeat_ns: Final = heartbeat_s * NS_PER_S
        self._batches: Final = [_Batch(keys.key_id)]
        self._made_ns: int | None = None
        self._parts: list[Body] = []
        self._presences: Final = Presences(
            self._batches[0].rows, self._zones, limits_of(profiles), self._subject, max_slots, sku_of(profiles), receivers, zone_rules
        )
        self._handlers: Final[Mapping[type, Callable[[Any], None]]] = {
            Crossing: self._crossing,
            Tally: self._tally,
            Observed: self._observed,
            Gap: self._gap,
            Reported: self._reported,
            RefusedReading: self._refused,
            AliveUntil: lambda progress: None,
            Unexplained: self._unexplained,
        }

    @property
    def beacon_rule(self) -> BeaconRule:
        """Whose beacons are whose. Who is there under another identifier leaves as if no longer heard."""
        return self._beacon_rule

    @beacon_rule.setter
    def beacon_rule(self, rule: BeaconRule) -> None:
        self._beacon_rule = rule
        self._listed = frozenset(name for name, profile in self._profiles.items() if profile.by_uuid and rule.own)

    def hear(self, heard: Heard) -> None:
        """Take one thing that a source emitted. What the configuration does not explain is dropped, and counted under its reason."""
        if type(heard) is not Sighting:
            self._handlers[type(heard)](heard)
            return
        if heard.receiver not in self._zones or heard.profile not in self._profiles:
            self.dropped_total["sighting.profile" if heard.receiver in self._zones else "sighting.receiver"] += 1
            return
        identifier = heard.identifier
        if heard.profile in self._listed and not (identifier := self._beacon_rule.identifier(identifier)):
            self.neighbours_total += 1
            return
        self.sightings_total += 1
        t_ns = heard.t_wall_ns if self._recorded else heard.t_boot_ns
        waited = len(self._batches[-1].rows) if self._is_whole else 0
        if not self._presences.hear(heard.receiver, heard.profile, identifier, t_ns, heard.rssi_dbm):
            self.dropped_total["sighting.full"] += 1
        if self._is_whole:
            self._part(waited, (t_ns - 1) // LOOK_NS * LOOK_NS)

    def event(self, text: str, t_boot_ns: int) -> None:
        """Take a plain event, as JSON text of at most 65,000 bytes."""
        self._append(EvidenceRow(Kind.EVENT, t_boot_ns, extra={"event": text}))

    def rekey(self, change: Callable[[SubjectKeys], bool]) -> None:
        """Call `change`. If it changed the keys, day subjects leave under the old key, and later rows bear the new one."""
        if change(self.keys):
            self._presences.close(is_day_subject)
            self._batches.append(_Batch(self.keys.key_id))
            self._presences.rows = self._batches[-1].rows

    def change(
        self, zones: Mapping[str, str], profiles: Mapping[str, Profile], keys: Mapping[str, bytes],
        receivers: Mapping[str, ReceiverLimits], zone_rules: Mapping[str, ZoneRule],
    ) -> None:  # fmt: skip
        """Go on with other receivers, profiles and long-lived keys. Those whom the change concerns leave, and enter when they are heard."""
        types = self.keys.replace(keys)
        others = {name for name, profile in profiles.items() if self._profiles.get(name) != profile or profile.identifier_type in types}
        self._zones, self._profiles, self._filler = dict(zones), dict(profiles), filler(zones, profiles)
        self.beacon_rule = self._beacon_rule
        self._presences.change(self._zones, limits_of(profiles), sku_of(profiles), receivers, zone_rules, others)

    def tick(self, now: Moment, flush: bool = False, terms: Terms = FREE) -> list[Body]:
        """Apply timeouts. Return all rows once `max_rows` wait or `flush_s` passed, an empty body after `heartbeat_s`, else []."""
        now_ns = self._now_ns(now)
        self._presences.expire(now_ns if self._recorded else now_ns - SETTLE_NS)
        waiting = sum(len(batch.rows) for batch in self._batches)
        if self._made_ns is None:
            self._made_ns = now_ns
        pause_ns = self._flush_ns if waiting or self.counters.is_urgent else self._heartbeat_ns
        pause_ns = min(pause_ns, PROMPT_NS) if now_ns < self.prompt_until_ns else pause_ns
        due = now_ns - self._made_ns >= pause_ns or (flush and waiting) or waiting >= self._max_rows
        parts, self._parts = self._parts, []
        return parts + self._cut(now, terms) if due else parts

    def lapse(self, until_ns: int) -> None:
        """Apply the timeouts of a recording up to a time, each when it is due, before what is heard then."""
        while (due_ns := self._presences.due_ns) < until_ns:
            waited = len(self._batches[-1].rows)
            self._presences.expire(due_ns + 1)
            self._part(waited, due_ns)

    @property
    def due_ns(self) -> int:
        """Return up to when no timeout is over while nothing is heard, on the axis that rows have."""
        return self._presences.due_ns

    def finish(self, now: Moment, terms: Terms = FREE) -> list[Body]:
        """Let all subjects leave at the time they were last heard. Return the bodies of all rows that wait."""
        waited = len(self._batches[-1].rows)
        self._presences.close()
        self._part(waited, self._now_ns(now))
        parts, self._parts = self._parts, []
        return parts + self._cut(now, terms)

    def _part(self, waited: int, at_ns: int) -> None:
        """Of a recording in whole bodies, part what waited from an EXIT after it, which a live agent sends later, too.

        A gateway takes an EXIT when it comes: in one body with the last sighting, and another zone would have the subject at once.
        """
        rows = self._batches[-1].rows
        if self._is_whole and waited < len(rows) and rows[waited].kind is Kind.EXIT:
            later, rows[waited:] = rows[waited:], []
            self._parts += self._cut(Moment(0, at_ns, True), FREE)
            rows += later

    def _now_ns(self, now: Moment) -> int:
        return now.wall_ns if self._recorded else now.boot_ns

    def _subject(self, profile: str, identifier: str) -> int:
        return self.keys.subject(self._profiles[profile], identifier)

    def _append(self, row: EvidenceRow) -> None:
        self._batches[-1].rows.append(row)

    def _crossing(self, crossing: Crossing) -> None:
        counts = (crossing.entered, crossing.left)
        if not is_name(crossing.door) or crossing.profile not in self._profiles or not all(0 <= n <= MAX_COUNT for n in counts):
            self.dropped_total["crossing"] += 1
            return
        t_ns = crossing.t_wall_ns if self._recorded else crossing.t_boot_ns
        for kind, n in zip((Kind.IN, Kind.OUT), counts, strict=True):
            if n:
                self._append(EvidenceRow(kind, t_ns, 0, crossing.door, crossing.profile, 0, n, 0.0, crossing.t_wall_ns))

    def _tally(self, tally: Tally) -> None:
        if tally.profile not in self._profiles:
            self.dropped_total["tally.profile"] += 1
            return
        for heard in self.counters.count(tally, self._profiles[tally.profile].counter):
            self.hear(heard)

    def _observed(self, observed: Observed) -> None:
        t_ns = observed.t_wall_ns if self._recorded else observed.t_boot_ns
        if text := self.occupancies.event(observed, t_ns):
            self.event(text, t_ns)

    def _gap(self, gap: Gap) -> None:
        to_ns = gap.to_boot_ns - gap.from_boot_ns if self._recorded else gap.to_boot_ns
        reason = f"{gap.reason}: {gap.source}" if gap.source else gap.reason
        task = {"task": gap.task} if gap.task else {}
        self._append(EvidenceRow(Kind.GAP, gap.from_boot_ns, extra={"to_boot_ns": to_ns, "rows": gap.rows, "reason": reason} | task))

    def _reported(self, row: Reported) -> None:
        if row.receiver not in self._zones or row.profile not in self._profiles:
            self.dropped_total["sighting.profile" if row.receiver in self._zones else "sighting.receiver"] += 1
            return
        identifier = self._beacon_rule.identifier(row.identifier) if row.profile in self._listed else row.identifier
        if not identifier:
            self.neighbours_total += 1
            return
        t_ns = (row.t_wall_ns if self._recorded else row.t_boot_ns) - row.age_ns
        subject = self._subject(row.profile, identifier)
        self._append(EvidenceRow(row.kind, t_ns, subject, self._zones[row.receiver], row.profile, row.rssi_dbm, row.sightings))

    def _unexplained(self, unexplained: Unexplained) -> None:
        self.dropped_total[unexplained.reason] += unexplained.total

    def _refused(self, refused: RefusedReading) -> None:
        extra: dict[str, Any] = {"reason": refused.reason, "where": refused.where}
        if refused.data:
            extra["data"] = refused.data[:4096]
        t_ns = refused.t_wall_ns if self._recorded else refused.t_boot_ns
        self._append(EvidenceRow(Kind.REFUSED, t_ns, t_wall_ns=refused.t_wall_ns, extra=extra))

    def _cut(self, now: Moment, terms: Terms) -> list[Body]:
        """Return all waiting rows as bodies, or one empty body if no row waits.

        A gateway takes the time of a body as its agent's progress: it must not be later than evidence in the bodies after it. So bodies
        are made from the last to the first, each dated at the earliest evidence of those after it.
        """
        pieces = [(batch.key_id, rows) for batch in self._batches for rows in cut(batch.rows, self._max_rows, terms.max_bytes)]
        key_id = self.keys.key_id
        later_ns = now_ns = self._made_ns = self._now_ns(now)
        bodies = []
        first_row = self.rows_total + sum(len(rows) for _, rows in pieces)
        self.rows_total = first_row
        for piece_key, rows in reversed(pieces or [(key_id, [])]):
            first_row -= len(rows)
            bodies.append(self._body(now, now_ns - later_ns, piece_key, rows, first_row, terms.offset))
            later_ns = min([later_ns, *(row.t_ns for row in rows if row.kind in _EVIDENCE)])
        last = self._batches[-1]
        last.rows.clear()
        self._batches[:] = [last]
        return bodies[::-1]

    def _body(self, now: Moment, back_ns: int, key_id: int, rows: Sequence[EvidenceRow], first_row: int, offset: Offset | None) -> Body:
        zones, profiles = NameTable(self._filler[0]), NameTable(self._filler[1])
        columns = columns_of(rows, zones, profiles)
        t_wall_ns = np.array([row.t_wall_ns for row in rows], "<i8")
        if self._recorded:
            t_wall_ns, columns["t_boot_ns"] = columns["t_boot_ns"], np.zeros(len(rows), "<i8")
        wall: npt.NDArray[np.int64] | None = t_wall_ns if self._recorded or t_wall_ns.any() else None
        return Body(
            boot=self._boot,
            made_boot_ns=0 if self._recorded else max(0, now.boot_ns - back_ns),
            made_wall_ns=max(0, now.wall_ns - back_ns),
            wall_synced=now.wall_synced,
            first_row=first_row,
            key_id=key_id,
            zones=zones.names(),
            profiles=profiles.names(),
            t_wall_ns=wall,
            extra={i: row.extra for i, row in enumerate(rows) if row.extra},
            unknown_keys=0,
            store=self._store,
            offset=None if self._recorded else offset,
            **columns,
        )


def lost_frame(
    boot: str, made_boot_ns: int, first_row: int, rows: int, zones: Mapping[str, str], profiles: Mapping[str, Profile], store: str = ""
) -> Body:  # fmt: skip
    """Return the body that replaces a corrupt one: one GAP with the number of its rows, in the store where they were heard."""
    core = Core(boot, zones, profiles, SubjectKeys(), store=store, first_row=first_row)
    core.hear(Gap(made_boot_ns, made_boot_ns, "spool.crc32", rows))
    return core.finish(Moment(made_boot_ns, 0, False))[0]
