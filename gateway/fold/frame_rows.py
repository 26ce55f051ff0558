"""Arrival: the rows of many frames at once become points, and evidence for the fold to put in order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.frames import Body, Kind
from footfall.pseudonyms import PRIVATE_KEY_ID, TOP_BIT
from footfall.units import NS_PER_MINUTE
from gateway.fold.agent_points import gap_of_row, health_points, refusal_of_row
from gateway.fold.awaited import Awaited
from gateway.fold.boot_clocks import BootClocks
from gateway.fold.coverage import Coverage, is_history
from gateway.fold.frame_columns import FrameColumns, door_points, presence_points
from gateway.fold.item_events import ItemEvents
from gateway.fold.level_points import level_points
from gateway.fold.minute_counts import TRAFFIC_COLUMN
from gateway.fold.reorder_buffer import NO_MENTION, Evidence, ReorderBuffer, order_key
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import distinct
from gateway.fold.times import place_named, times_of
from gateway.fold.watermarks import HEARD_WITHIN_NS, NO_AGENTS, Watermarks
from gateway.points import Points
from gateway.records import Record

OWES_AFTER_S: Final = 30.0
"""An agent whose oldest unsent frame is older than this has a backlog; frames under way are younger."""


class Taken(NamedTuple):
    """What follows from frames at once."""

    points: list[Points]
    doors: set[tuple[int, int]]
    """(store, minute) of the cells that doors changed."""


class _Earliest(NamedTuple):
    """By frame, the earliest place of its rows, ns.

    Goods stand where their own agent had got before. People stand at the watermark, where that is later.
    """

    goods_ns: npt.NDArray[np.int64]
    people_ns: npt.NDArray[np.int64]


class FrameRows:
    """Takes frames in the journal's order."""

    def __init__(
        self, state: State, watermarks: Watermarks, reorder_buffer: ReorderBuffer, item_events: ItemEvents, coverage: Coverage,
        awaited: Awaited, stay_points: bool, stores_levels: bool = False,
    ) -> None:  # fmt: skip
        self._state: Final = state
        self._watermarks: Final = watermarks
        self._reorder_buffer: Final = reorder_buffer
        self._item_events: Final = item_events
        self._coverage: Final = coverage
        self._awaited: Final = awaited
        stored = [Kind.ENTER, Kind.EXIT, *([Kind.STAY] if stay_points else [])]
        self._stored: Final = np.isin(np.arange(256), stored)
        self._stores_levels: Final = stores_levels
        self.clocks: Final = BootClocks()

    def take(self, frames: Sequence[tuple[Record, Body]]) -> Taken:
        """Return the points of the rows, and what else follows from them at once. Evidence waits for its batch."""
        estate = self._state.estate
        stores, agents = [estate.stores.of(record.store) for record, _ in frames], [estate.agents.of(record.agent) for record, _ in frames]
        before = self._hear(frames, stores, agents)
        if not any(len(body) for _, body in frames):
            return Taken([], set())
        rows = self._rows(frames, stores, agents)
        self._state.counts["rows_total"] += len(rows.kind)
        points = [presence_points(frames, rows, np.flatnonzero(self._stored[rows.kind]))]
        for point in level_points(frames, rows.key_ns) if self._stores_levels else ():
            self._state.points.emit(point)
        doors = np.flatnonzero((rows.kind == Kind.IN) | (rows.kind == Kind.OUT))
        changed: set[tuple[int, int]] = set()
        if len(doors):
            points.append(door_points(frames, rows, doors))
            for revision in self._state.revisions.of_new(points[-1]):
                self._state.points.emit(revision)
            changed = self._count_doors(rows, self._entrances(points[-1], doors))
            self._watch_doors(points[-1], rows.time_ns[doors])
        self._gaps(frames, rows)
        self._wait(frames, rows, before)
        return Taken([each for each in points if len(each)], changed)

    def _hear(self, frames: Sequence[tuple[Record, Body]], stores: Sequence[int], agents: Sequence[int]) -> _Earliest:
        """Return the earliest place of each frame's rows. Clocks and progress are updated."""
        expected, hear, before = self._state.estate.expected, self._watermarks.hear, []
        for (record, body), store, agent in zip(frames, stores, agents, strict=True):
            if is_history(body):
                before.append(self._watermarks.reported(store, agent))
                continue
            # A recording has its file's time and no boot clock; what is live goes by the clock that accept decided about.
            progress = body.made_wall_ns if body.made_boot_ns == 0 else body.made_boot_ns + record.offset_ns
            progress, received_ns = min(progress, record.received_ns), record.received_ns
            owes = body.made_boot_ns != 0 and received_ns - progress > HEARD_WITHIN_NS
            before.append(hear(store, agent, received_ns, progress, expected.get(store, NO_AGENTS), owes, body.made_boot_ns == 0))
            self.clocks.learn(record, body)
            self._coverage.hear(store, agent, record, body, progress)
        own_ns, store_ns = np.array(before, np.int64).T
        return _Earliest(own_ns, np.maximum(own_ns, store_ns))

    def hear_health(self, record: Record) -> None:
        """Take how an agent is."""
        health, estate = json.loads(record.body), self._state.estate
        if health.get("state") == "offline":  # a goodbye: no other such message is journaled
            self._watermarks.leave(estate.stores.of(record.store), estate.agents.of(record.agent))
            return
        owes = health["spool_frames"] > 0 and health.get("oldest_unsent_s", 0.0) > OWES_AFTER_S
        self._watermarks.owes(estate.stores.of(record.store), estate.agents.of(record.agent), owes)
        for point in health_points(record, health, self.clocks.of(record.agent)):
            self._state.points.emit(point)

    def _rows(self, frames: Sequence[tuple[Record, Body]], stores: Sequence[int], agents: Sequence[int]) -> FrameColumns:
        """Return the rows of all frames, one frame after the other, as columns.

        A row names its zone and profile by their place in its frame's own list. The lists are put one after the other too, so a name's
        place among all is its place in the frame plus the lengths of the lists before.
        """
        bodies = [body for _, body in frames]
        sizes = np.array([len(body) for body in bodies])
        frame = np.repeat(np.arange(len(bodies)), sizes)
        zone_base = np.cumsum([0] + [len(body.zones) for body in bodies[:-1]])
        profile_base = np.cumsum([0] + [len(body.profiles) for body in bodies[:-1]])
        times = times_of(frames, frame, self._state.counts)
        zone = np.concatenate([body.zone for body in bodies]) + zone_base[frame]
        place_named(frames, frame, times, zone, self._state.keys, self._state.counts)
        return FrameColumns(
            stores=np.array(stores, np.int32),
            agents=np.array(agents, np.int32),
            frame=frame,
            kind=np.concatenate([body.kind for body in bodies]),
            time_ns=times.time_ns,
            key_ns=times.key_ns,
            subject=np.concatenate([body.subject for body in bodies]),
            zone=zone,
            profile=np.concatenate([body.profile for body in bodies]) + profile_base[frame],
            rssi_dbm=np.concatenate([body.rssi_dbm for body in bodies]),
            count=np.concatenate([body.count for body in bodies]),
            value=np.concatenate([body.value for body in bodies]),
            quality=times.quality,
        )

    def _entrances(self, doors: Points, which: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return the rows of doors that lead out of their store; `doors` are the points of `which`."""
        if not (inner := self._state.inner_doors):
            return which
        places = zip(doors.tags["store"].texts(), doors.tags["door"].texts(), strict=True)
        return which[[place not in inner for place in places]]

    def _watch_doors(self, doors: Points, time_ns: npt.NDArray[np.int64]) -> None:
        self._state.doors.count_all(zip(doors.tags["store"].texts(), doors.tags["door"].texts(), time_ns.tolist(), strict=True))

    def _count_doors(self, rows: FrameColumns, which: npt.NDArray[np.intp]) -> set[tuple[int, int]]:
        store, minute = rows.stores[rows.frame[which]].tolist(), (rows.time_ns[which] // NS_PER_MINUTE).tolist()
        add, entered, left = self._state.traffic.add, TRAFFIC_COLUMN["in"], TRAFFIC_COLUMN["out"]
        for row_store, row_minute, kind, count in zip(store, minute, rows.kind[which].tolist(), rows.count[which].tolist(), strict=True):
            add(row_store, row_minute, entered if kind == Kind.IN else left, count)
        return set(zip(store, minute, strict=True))

    def _gaps(self, frames: Sequence[tuple[Record, Body]], rows: FrameColumns) -> None:
        """Emit gaps that agents report: spans not observed, and messages not readable."""
        for i in np.flatnonzero((rows.kind == Kind.GAP) | (rows.kind == Kind.REFUSED)).tolist():
            frame, is_gap = int(rows.frame[i]), rows.kind[i] == Kind.GAP
            row = i - int(np.searchsorted(rows.frame, frame))
            of_row = gap_of_row if is_gap else refusal_of_row
            point = of_row(*frames[frame], row, int(rows.time_ns[i]), int(rows.key_ns[i]))
            self._state.points.emit(point)
            if is_gap:
                task = str(frames[frame][1].extra.get(row, _NOTHING).get("task", ""))
                self._coverage.gap(int(rows.stores[frame]), int(rows.agents[frame]), point, task)

    def _wait(self, frames: Sequence[tuple[Record, Body]], rows: FrameColumns, before: _Earliest) -> None:
        """Rows about people and goods wait for their batch."""
        estate = self._state.estate
        profile_codes = np.concatenate([estate.profile_codes(record.store, body.profiles) for record, body in frames])
        profile = profile_codes[rows.profile]
        self._wait_goods(frames, rows, before.goods_ns, profile)
        which = np.flatnonzero((rows.kind <= Kind.EXIT) & estate.profile_visits[profile])
        private = np.array([body.key_id == PRIVATE_KEY_ID for _, body in frames])[rows.frame[which]]
        private &= rows.subject[which] >= np.uint64(TOP_BIT)
        if private.any():
            self._state.counts["rows_unkeyed_total"] += int(np.count_nonzero(private))
            which = which[~private]
        which = self._without_assets(rows, which)
        if not len(which):
            return
        slots = self._slots(rows.subject[which], rows.stores[rows.frame[which]], profile[which])
        evidence = self._evidence(frames, rows, before.people_ns, which, slots, profile)
        self._awaited.hear(evidence, np.array([record.received_ns for record, _ in frames], np.int64)[rows.frame[which]])
        self._reorder_buffer.add(evidence)

    def _wait_goods(
        self, frames: Sequence[tuple[Record, Body]], rows: FrameColumns, before: npt.NDArray[np.int64], profile: npt.NDArray[Any]
    ) -> None:
        which = np.flatnonzero((rows.kind <= Kind.EXIT) & self._state.estate.profile_goods[profile])
        which = self._without_assets(rows, which)
        if not len(which):
            return
        frame = rows.frame[which]
        store = rows.stores[frame]
        evidence = self._evidence(frames, rows, before, which, store, profile)
        evidence.mention = self._item_events.mentions(store, rows.subject[which], profile[which], _more(frames, rows.frame, which))
        self._item_events.wait(evidence)

    def _without_assets(self, rows: FrameColumns, which: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        if not self._state.assets:
            return which
        return which[~np.isin(rows.subject[which], np.array(list(self._state.assets), np.uint64))]

    def _evidence(
        self,
        frames: Sequence[tuple[Record, Body]],
        rows: FrameColumns,
        before: npt.NDArray[np.int64],
        which: npt.NDArray[np.intp],
        slot: npt.NDArray[np.int32],
        profile: npt.NDArray[Any],
    ) -> Evidence:
        estate = self._state.estate
        zone = rows.zone[which]
        zone_codes = estate.zone_codes([(record.store, body.zones) for record, body in frames], zone)
        return Evidence(
            slot=slot,
            order=order_key(rows.time_ns[which], before[rows.frame[which]]),
            time_ns=rows.time_ns[which],
            key_ns=rows.key_ns[which],
            zone=zone_codes[zone],
            agent=rows.agents[rows.frame[which]],
            rssi_dbm=estate.calibrated_dbm(rows.rssi_dbm[which].astype(np.int16), profile[which], zone_codes[zone]),
            kind=rows.kind[which],
            profile=profile[which],
            mention=np.full(len(which), NO_MENTION, np.int32),
            count=rows.count[which],
        )

    def _slots(self, subject: npt.NDArray[np.uint64], store: npt.NDArray[np.int32], profile: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
        """The slot of each row's subject in its store; new ones are made, in the order of their first rows."""
        tracks = self._state.tracks
        found = tracks.find_many(subject, store)
        missed = np.flatnonzero(found == NO_CODE)
        if not len(missed):
            return found
        first, which = distinct(subject[missed], store[missed])
        new = missed[first]
        found[missed] = tracks.add_many(subject[new], store[new], profile[new], self._state.are_staff(subject[new], profile[new]))[which]
        return found


def _more(frames: Sequence[tuple[Record, Body]], frame: npt.NDArray[np.intp], which: npt.NDArray[np.intp]) -> list[Mapping[str, Any]]:
    """The `extra` of some rows; of most it is empty, as of most whole frames."""
    more: list[Mapping[str, Any]] = [_NOTHING] * len(which)
    has_more = np.array([bool(body.extra) for _, body in frames])[frame[which]]
    for at in np.flatnonzero(has_more).tolist():
        row_frame = frame[which[at]]
        more[at] = frames[row_frame][1].extra.get(int(which[at] - np.searchsorted(frame, row_frame)), _NOTHING)
    return more


_NOTHING: Final[Mapping[str, Any]] = {}
