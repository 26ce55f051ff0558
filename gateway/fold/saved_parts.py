"""The state of a fold as bytes: what each of its stages has at one position of the journal, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgpack

from gateway.fold.awaited import Awaited
from gateway.fold.coverage import Coverage
from gateway.fold.frame_rows import FrameRows
from gateway.fold.item_events import ItemEvents
from gateway.fold.minute_points import MinutePoints
from gateway.fold.reorder_buffer import ReorderBuffer
from gateway.fold.retention import Retention
from gateway.fold.site_in_force import SiteInForce
from gateway.fold.state import State
from gateway.fold.state_version import STATE_VERSION
from gateway.fold.store_counters import StoreCounters
from gateway.fold.visits import Visits
from gateway.fold.watermarks import NEVER_NS, Watermarks

_WAITING = "waiting."


class Reached(NamedTuple):
    """Where a fold is: the position of the journal, and the batch and the look that the record there is of."""

    pos: int
    batch: int
    look: int


@dataclass(frozen=True, slots=True)
class SavedParts:
    """The stages of a fold that have a state of their own."""

    state: State
    reorder_buffer: ReorderBuffer
    watermarks: Watermarks
    visits: Visits
    item_events: ItemEvents
    awaited: Awaited
    frame_rows: FrameRows
    minute_points: MinutePoints
    counters: StoreCounters
    coverage: Coverage
    site: SiteInForce
    retention: Retention

    def parts(self, reached: Reached) -> Iterator[tuple[str, bytes]]:
        """Yield the whole state by name; `load` takes it back."""
        yield from self.state.tracks.parts()
        for name, column in (self.reorder_buffer.dump() or {}).items():
            yield f"{_WAITING}{name}", column
        yield from self.item_events.parts()
        values: dict[str, Any] = {
            "version": STATE_VERSION,
            "pos": reached.pos,
            "turn": reached.batch,
            "look": reached.look,
            "awaited": self.awaited.dump(),
            "site": self.site.body,
            "state": self.state.dump(),
            "waiting": len(self.reorder_buffer),
            "watermarks": self.watermarks.dump(),
            "back_ns": self.watermarks.back_ns,
            "days": self.retention.dump(),
            "visits": self.visits.dump(),
            "arrivals": self.frame_rows.clocks.dump(),
            **self.minute_points.dump(),
            "counters": self.counters.dump(),
            "coverage": self.coverage.dump(),
        }
        yield "fold", bytes(msgpack.packb(values))

    def load(self, values: Mapping[str, Any], parts: Mapping[str, bytes]) -> Reached:
        """Go on from the `values` of the part `fold` and the others; return where that is.

        Every version that a release since the first with a version stored; what it had not has its beginning.
        """
        reached = Reached(values["pos"], values["turn"], values.get("look", 0))
        if values["site"]:
            self.site.load(values["site"], values["state"]["estate"])
        self.state.load(values["state"], parts, reached.batch)
        if values["waiting"]:
            self.reorder_buffer.load({name.removeprefix(_WAITING): parts[name] for name in parts if name.startswith(_WAITING)})
        self.watermarks.load(values["watermarks"], len(self.state.estate.stores))
        self.watermarks.back_ns = values.get("back_ns", NEVER_NS)
        self.retention.load(values.get("days"))
        self.visits.load(values["visits"])
        self.item_events.load(parts)
        self.frame_rows.clocks.load(values["arrivals"])
        self.minute_points.load(values)
        self.awaited.load(values.get("awaited", ()))
        self.state.revisions.begin(reached.batch)
        self.counters.load(values.get("counters"), reached.batch)
        self.coverage.load(values.get("coverage"), reached.batch)
        return reached
