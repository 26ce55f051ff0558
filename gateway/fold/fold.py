"""The fold: `points = fold.apply(records)`. It reads no clock: the same journal gives the same points, in batches of any size.

Records are taken in batches of one second of `received_ns`. Raw rows become points as they come; what is derived from them (zones,
visits, dwells, minutes) is worked out when a batch ends, over all stores at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from device_profiles.registry import Registry
from footfall.frames import Body, decode_body
from footfall.units import NS_PER_S
from gateway.fold.agent_points import gap_of_record
from gateway.fold.arrivals import Arrivals
from gateway.fold.awaited import LOOK_NS, Awaited
from gateway.fold.coverage import Coverage
from gateway.fold.dwell_fans import DwellFans
from gateway.fold.dwells import Dwells
from gateway.fold.event_records import EventRecords
from gateway.fold.frame_rows import FrameRows
from gateway.fold.held_back import HeldBack
from gateway.fold.item_events import ItemEvents
from gateway.fold.link_index import FILTER_BYTES
from gateway.fold.linking import Linking
from gateway.fold.minute_points import MinutePoints
from gateway.fold.outcome_points import OutcomePoints
from gateway.fold.quiet_time import QuietTime
from gateway.fold.rebuilding import Rebuilding
from gateway.fold.reorder_buffer import ReorderBuffer
from gateway.fold.retention import Retention
from gateway.fold.rewriter import Rewriter
from gateway.fold.saved_parts import Reached, SavedParts
from gateway.fold.site_in_force import SiteInForce, StaffSubjects
from gateway.fold.state import State
from gateway.fold.state_version import KNOWS_STANDINGS, load_checked
from gateway.fold.store import FoldStore
from gateway.fold.store_counters import StoreCounters
from gateway.fold.taken_over import TakenOver
from gateway.fold.touches import Touches
from gateway.fold.visits import Visits
from gateway.fold.watermarks import AWAY_NS, Watermarks
from gateway.fold.zone_arbiter import ZoneArbiter
from gateway.identity.facts import Fact, Standing
from gateway.identity.facts_json import facts_of_record
from gateway.points import Points
from gateway.points.line_reader import read_line
from gateway.records import Record, RecordKind
from gateway.site.recorded import RecordedIdentifierType

EXPIRE_EVERY_S: Final = 5


class Fold:
    """One brand's stores at one position of the journal."""

    def __init__(
        self, profiles: Registry, ledger: FoldStore, staff_subjects: StaffSubjects, stay_points: bool,
        filter_bytes: int = FILTER_BYTES, level_points: bool = False,
    ) -> None:  # fmt: skip
        """`staff_subjects` gives a site's staff and assets; `level_points` stores receivers' levels; `filter_bytes`: see `LinkIndex`."""
        self.state: Final = State(profiles, ledger, filter_bytes)
        self._filter_bytes: Final = filter_bytes
        self._profiles: Final = profiles
        self._staff_subjects: Final = staff_subjects
        self._stay_points: Final = stay_points
        self._level_points: Final = level_points
        self._reorder_buffer: Final = ReorderBuffer()
        self._watermarks: Final = Watermarks()
        self._visits: Final = Visits(self.state, self._watermarks)
        self.arrivals: Final[Arrivals] = self._visits.arrivals
        self._dwells: Final = Dwells(self.state, self._visits.whose)
        self._visits.parts.save_dwells = self._dwells.save
        self._zone_arbiter: Final = ZoneArbiter(self.state, self._visits, self._dwells)
        self._touches: Final = Touches(self.state, self._visits)
        self._coverage: Final = Coverage(self.state, self._watermarks)
        self._item_events: Final = ItemEvents(self.state, self._watermarks)
        self.awaited: Final = Awaited(self.state, self._watermarks)
        self.frame_rows: Final = FrameRows(
            self.state, self._watermarks, self._reorder_buffer, self._item_events, self._coverage, self.awaited, stay_points, level_points
        )
        self._held_back: Final = HeldBack(self.state, self._watermarks, self._reorder_buffer, self._item_events)
        self.quiet_time: Final = QuietTime(self.state, self._watermarks, self._reorder_buffer, self._item_events, self._zone_arbiter)
        self.counters: Final = StoreCounters(self.state, self._watermarks)
        self._site = SiteInForce(self.state, self._watermarks, self.counters, staff_subjects, self._reorder_buffer, self._item_events)
        dwell_fans = DwellFans(self.state, self._dwells)
        self._linking: Final = Linking(self.state, self._touches, self._dwells, dwell_fans, self._visits)
        self._outcome_points: Final = OutcomePoints(self.state, self._visits.groups)
        self._rewriter: Final = Rewriter(
            self.state, self._visits, dwell_fans, self._touches, self._coverage, self._outcome_points, self._site.emit_again
        )
        self._minute_points: Final = MinutePoints(self.state, self._watermarks, self.counters)
        self._event_records: Final = EventRecords(self.state, self._touches, self._minute_points, self._coverage)
        taken_over = TakenOver(self.state, self._visits, dwell_fans, self._coverage, self.counters)
        self.rebuilding: Final = Rebuilding(
            self.state,
            self._visits.rebuilt,
            self._linking.rewrite_presence,
            self._dwells,
            self._minute_points,
            taken_over,
            self._touches.by_site_again,
        )
        self._retention: Final = Retention(self.state, self._watermarks)
        self._saved: Final = SavedParts(
            self.state, self._reorder_buffer, self._watermarks, self._visits, self._item_events, self.awaited, self.frame_rows,
            self._minute_points, self.counters, self._coverage, self._site, self._retention,
        )  # fmt: skip
        self._batch = self._look = self.pos = 0
        self.facts: list[Fact] = []
        """What records stated about identity, since the caller took them last: identity is another stage, and not part of the state."""
        self.knows_standings = True
        """False after a state of an earlier release was loaded: what its links and touches state is to be taken once more."""

    def fresh(self, ledger: FoldStore) -> Fold:
        """Return a fold of the same set-up without any state."""
        return Fold(self._profiles, ledger, self._staff_subjects, self._stay_points, self._filter_bytes, self._level_points)

    def apply(self, records: Iterable[tuple[Record, Body | None]]) -> list[Points]:
        """Take records in the journal's order, one at a time; a frame's body may be given, to spare decoding it again."""
        points: list[Points] = []
        frames: list[tuple[Record, Body]] = []
        for record, body in records:
            batch, look = record.received_ns // NS_PER_S, record.received_ns // LOOK_NS
            if look != self._look:
                points += self._apply_frames(frames)
                if batch == self._batch:
                    self._settle_awaited(record.received_ns)
                self._look = look
            if batch != self._batch:
                if batch < self._batch:
                    self._watermarks.set_back(record.received_ns)
                elif self._batch and (batch - self._batch) * NS_PER_S > AWAY_NS:
                    self._watermarks.back_ns = record.received_ns
                self._close_batch(batch)
            if record.kind == RecordKind.FRAME:
                frames.append((record, body if body is not None else decode_body(record.body)))
            else:
                points += self._apply_frames(frames)
                self._TAKE[record.kind](self, record)
            self.pos = record.pos
        return points + self._apply_frames(frames) + self.state.points.take()

    def _apply_frames(self, frames: list[tuple[Record, Body]]) -> list[Points]:
        if not frames:
            return []
        taken = self.frame_rows.take(frames)
        for store, minute in taken.doors:
            self._minute_points.count(store, minute)
        frames.clear()
        return taken.points

    def _settle_awaited(self, received_ns: int) -> None:
        """Between batches, report the arrivals that are settled by now; points of what is decided come a little earlier for it."""
        if (watermark_ns := self.awaited.watermarks(received_ns)) is not None:
            self._decide(watermark_ns)
            self._dwells.parts.reach()
            self._visits.project()
            self._dwells.save()

    def _decide(self, watermark_ns: npt.NDArray[np.int64]) -> None:
        """Take evidence up to the watermarks, by store, and decide what is over by then."""
        self.arrivals.begin(self.pos)
        rows = self._reorder_buffer.release(self.state.tracks.store, watermark_ns, self.state.estate.ranks())
        if rows is not None:
            self._visits.whose.read_ahead(rows.slot)
            self._zone_arbiter.take(rows)
        self._zone_arbiter.decide(watermark_ns)

    def _close_batch(self, batch: int) -> None:
        before, self._batch = self._batch, batch
        self.state.revisions.begin(batch)
        self.state.outcome_days.begin(batch)
        self._decide(self._watermarks.by_store)
        expire = batch // EXPIRE_EVERY_S != before // EXPIRE_EVERY_S
        self._item_events.close_batch(batch * NS_PER_S, expire)
        if expire:
            self._zone_arbiter.expire(
                self._watermarks.by_store, self._watermarks.leaving_ns(batch * NS_PER_S), self._reorder_buffer.slots()
            )
        self._dwells.parts.reach()
        self._visits.project()
        self._dwells.save()
        self._linking.close_batch()
        self._event_records.settle()
        self._minute_points.emit(batch)
        self._outcome_points.emit()
        self._coverage.emit(batch)

    # Records other than frames

    def _event(self, record: Record) -> None:
        self.counters.hear_event(self.state.estate.stores.of(record.store), record.received_ns)
        self._learn(self._event_records.take(record))

    def _gap(self, record: Record) -> None:
        gap, estate = gap_of_record(record), self.state.estate
        self.state.points.emit(gap)
        if gap.agent:
            self._coverage.gap(estate.stores.of(gap.store), estate.agents.of(gap.agent), gap)

    def _tick(self, record: Record) -> None:
        self._watermarks.tick(record.received_ns, self.state.estate.expected)
        self._held_back.look(record.received_ns)

    def _points_again(self, record: Record) -> None:
        self._rewriter.write(map(read_line, record.body.split(b"\n")))

    def _history(self, record: Record) -> None:
        """Another gateway made what the store has up to a time; all its agents are about to send again what they have."""
        self.state.points.close()
        self.state.history.extend(record.store, min(json.loads(record.body)["until_ns"], record.received_ns))
        self.counters.count_again(self.state.estate.stores.of(record.store))
        self._watermarks.ask_again(self.state.estate.stores.of(record.store), record.received_ns)

    def _set_site(self, record: Record) -> None:
        rules = self.state.estate.day_rules()
        self._site.take(record.body)
        now = self.state.estate.day_rules()
        self._event_records.days_changed([store for store, rule in rules.items() if now[store] != rule])

    def _facts(self, record: Record) -> None:
        self._learn(facts_of_record(record.kind, record.body, record.received_ns))

    def _learn(self, facts: Sequence[Fact]) -> None:
        self.state.outcome_days.learned(facts)
        self.facts += facts

    def link(self, standings: Sequence[Standing]) -> None:
        """Take what identity made of facts, this fold's own or others'. Points that it changes wait in the buffer."""
        self._linking.link(standings)

    _TAKE: Final[Mapping[RecordKind, Callable[[Fold, Record], None]]] = {
        RecordKind.EVENT: _event,
        RecordKind.HEALTH: lambda fold, record: fold.frame_rows.hear_health(record),
        RecordKind.TICK: _tick,
        RecordKind.SITE: _set_site,
        RecordKind.LINKS: _facts,
        RecordKind.FACTS: _facts,
        RecordKind.GAP: _gap,
        RecordKind.NOTE: lambda fold, record: None,
        RecordKind.HISTORY: _history,
        RecordKind.ASIDE: _gap,
        RecordKind.POINTS: _points_again,
        RecordKind.REBUILT: lambda fold, record: fold.rebuilding.take(record),
    }

    def clock_width_ms(self, agent: str) -> float:
        """Return the width of the bounds of the agent's clock, ms; inf before its first frame."""
        return self.frame_rows.clocks.width_ms(agent)

    def history_ns(self) -> Mapping[str, int]:
        """Return, by store, up to when a gateway whose state is lost made its history, ns; only where that can still be rebuilt."""
        return self.state.history.to_deal_with()

    def observed(self, store: str, first_hour: int, last_hour: int) -> Mapping[str, Mapping[int, int]]:
        """Return how many minutes each agent of a store observed wholly, by its name and the hour since 1970, both ends included."""
        estate = self.state.estate
        found = self._coverage.minutes(estate.stores.of(store), first_hour, last_hour)
        return {estate.agents.names[agent]: hours for agent, hours in found.items()}

    def known_agents(self) -> Mapping[str, Set[str]]:
        """Return, by store, the agents of its site whose frames came before."""
        return self.state.estate.known_agents(self._watermarks.known)

    @property
    def identifier_types(self) -> Sequence[RecordedIdentifierType]:
        """Return what the estate in force states of types of identifiers."""
        return self._site.identifier_types

    def site_json(self) -> bytes:
        """Return the estate that is in force, as its record had it; empty before the first."""
        return self._site.body

    # The state as bytes

    def checkpoint(self, more: Mapping[str, bytes]) -> None:
        """Write state, ledger and `more` in one transaction, durable at this position."""
        self.state.traffic.retire()
        self.state.zones.retire()
        self._coverage.retire()
        self._visits.save()
        self._dwells.save()
        self._retention.forget(self._batch)
        self.state.ledger.checkpoint(chain(self.parts(), more.items()))

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """Yield the whole state by name; `load` takes it back."""
        return self._saved.parts(Reached(self.pos, self._batch, self._look))

    def load(self, parts: Mapping[str, bytes]) -> None:
        """Go on from what `parts` gave. Raise ConfigError if a newer release gave it, Unusable if one did that is too old."""
        load_checked(parts, self._load)

    def _load(self, values: Mapping[str, Any], parts: Mapping[str, bytes]) -> None:
        self.knows_standings = values["version"] >= KNOWS_STANDINGS
        self.pos, self._batch, self._look = self._saved.load(values, parts)
