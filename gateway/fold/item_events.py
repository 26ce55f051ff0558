"""Goods: an item is an EPC in a store. It arrives, moves from zone to zone, is tried, and leaves; it never makes a visit or a dwell.

`item_contest.py` decides which zone has it: two antennas that hear one item are evidence, not moves. Rows about goods that lie still are
rare, so a move is decided some rows, or an EXIT, after it happened, and stamped back.

A row's place decides what is over before it: arrivals settled, items that left, names forgotten. Its time decides what it is evidence of.

An EXIT opens nothing. An item has left when it was not heard for the timeout of its profile. The time of its store has to have passed
it, *and* that of the agents that heard it last: an agent that is away has not seen that anything is gone.

Zones of type outside are not the store: what is heard there is no evidence. `item_points.py` has what is emitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgpack
import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from footfall.units import NS_PER_S
from gateway.fold import item_zones
from gateway.fold.item_contest import ItemContest
from gateway.fold.item_points import FOUND, KNOWN, ItemPoints
from gateway.fold.item_reads import ItemReads
from gateway.fold.item_timeouts import EXIT_NS, ItemTimeouts
from gateway.fold.item_zones import ItemRow, RowPlace
from gateway.fold.mentions import Mention, Mentions, slots_of
from gateway.fold.reorder_buffer import Evidence, ReorderBuffer
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.items import Items
from gateway.fold.visits import RETIRE_NS
from gateway.fold.watermarks import Watermarks
from gateway.fold.zone_rules import in_rounds

UNCONTESTED_NS: Final = 1800 * NS_PER_S
"""Where nobody was heard for so long, an item arrived where it was heard; until then a backlog may show that another antenna was nearer."""


class ItemEvents:
    """Apply evidence in order, and emit what happens to each item."""

    def __init__(self, state: State, watermarks: Watermarks) -> None:
        self._state: Final = state
        self._watermarks: Final = watermarks
        self.waiting: Final = ReorderBuffer()
        self._mentions: Final = Mentions()
        self._points: Final = ItemPoints(state)
        self._reads: Final = ItemReads()
        self._contest: Final = ItemContest(state, self._points, self._reads)
        self._timeouts: Final = ItemTimeouts(state, watermarks)
        self._now_ns = 0
        self.table = Items()

    # As rows come

    def mentions(
        self, store: npt.NDArray[np.int32], subject: npt.NDArray[np.uint64], profile: npt.NDArray[Any], extra: Sequence[Mapping[str, Any]]
    ) -> npt.NDArray[np.int32]:
        """Return numbers for the mentions of rows; an item that is named has a slot at once, as people have."""
        mentions: list[Mention] = []
        for row_store, row_subject, row_profile, more in zip(store.tolist(), subject.tolist(), profile.tolist(), extra, strict=True):
            if not more:
                mentions.append((row_store, row_subject, "", ""))
                continue
            if epc := more.get("epc", ""):
                self.table.expect(row_store, row_profile, epc)
            mentions.append((row_store, row_subject, epc, more.get("sku", "")))
        return self._mentions.numbers(mentions)

    def wait(self, rows: Evidence) -> None:
        """Keep rows until their batch, by store in place of a slot. Rows of zones outside count only for what they name."""
        self.waiting.add(rows)

    # When a batch ends

    def close_batch(self, now_ns: int, expire: bool) -> None:
        """Apply the rows that the watermarks have passed; with `expire`, let items leave whose timeout is over."""
        self._now_ns = now_ns
        stores = np.arange(len(self._watermarks.by_store), dtype=np.int32)
        rows = self.waiting.release(stores, self._watermarks.by_store, self._state.estate.ranks())
        if rows is not None:
            in_rounds(self._of_items(rows), self._next_are_plain, self._apply_plain, self._apply_next, self._apply_rows)
        if expire:
            self._mentions.forget_all_but(self.waiting.mentions())
        if expire and len(self.table):
            self._expire()

    def _of_items(self, rows: Evidence) -> Evidence:
        """Rows of stores, in their order, as rows of items, in their order; without those that nobody knows what they are about."""
        kept_ns = self._state.estate.limits.gap_ns + EXIT_NS + RETIRE_NS
        slot = slots_of(self.table, self._mentions, rows, kept_ns)
        self._state.counts["item_rows_unnamed_total"] += int(np.count_nonzero(slot == NO_CODE))
        which = np.flatnonzero((slot != NO_CODE) & ~self._state.estate.zone_outside[rows.zone])
        self._reads.take(rows.take(which))
        which = which[np.argsort(slot[which], kind="stable")]
        return replace(rows, slot=slot).take(which)

    def _are_plain(self, rows: Evidence) -> npt.NDArray[np.bool_]:
        """Return which rows, each the next of its item, change nothing but times and levels.

        A row that names its item may change its SKU. One far behind its place may come after the item has left; any other within the gap
        is within the timeout, too.
        """
        plain = ~self._mentions.are_named(rows.mention) & (rows.place_ns - rows.time_ns <= EXIT_NS)
        return plain & self._contest.leaves_alone(self.table, rows)

    def _next_are_plain(self, rows: Evidence, first: npt.NDArray[np.bool_], start: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return which rows are plain and the next of their item: what is usual is learned from one row after the other."""
        plain = first.copy()
        plain[first] = self._are_plain(rows.take(first))
        return plain

    def _apply_plain(self, rows: Evidence) -> None:
        s, slot = self.table, rows.slot
        s.last_ns[slot], s.last_key_ns[slot], s.last_agent[slot] = rows.time_ns, rows.key_ns, rows.agent
        own = rows.zone == s.zone[slot]
        mine = slot[own]
        s.zone_ns[mine], s.zone_key_ns[mine], s.zone_agent[mine] = rows.time_ns[own], rows.key_ns[own], rows.agent[own]
        item_zones.stay_many(s, rows)

    def _apply_next(self, rows: Evidence) -> None:
        """Apply one row of each item."""
        plain = self._are_plain(rows)
        self._apply_plain(rows.take(plain))
        self._apply_rows(rows.take(~plain))

    def _apply_rows(self, rows: Evidence) -> None:
        columns = (rows.slot, rows.place_ns, rows.time_ns, rows.key_ns, rows.zone, rows.agent, rows.rssi_dbm, rows.kind, rows.profile,
                   rows.mention, rows.count)  # fmt: skip
        for slot, place_ns, time_ns, key_ns, zone, agent, rssi_dbm, kind, profile, mention, count in zip(
            *[column.tolist() for column in columns], strict=True
        ):
            self._apply_row(
                slot, place_ns, profile, mention, ItemRow(RowPlace(time_ns, key_ns, agent), zone, rssi_dbm, kind, count, place_ns)
            )

    def _apply_row(self, slot: int, place_ns: int, profile: int, mention: int, row: ItemRow) -> None:
        """Apply a row. What is over by its place is over for every row from there on, whether the fold has written that already or not."""
        s = self.table
        if s.zone[slot] != NO_CODE and self._timeouts.is_gone(s, slot, place_ns, self._now_ns):
            self._points.left(s, slot)
        if s.arrival_pending[slot] and self._contest.is_settled(s, slot, place_ns):
            self._points.arrived(s, slot)
        self._take_names(slot, place_ns, profile, self._mentions.of(mention))
        is_exit, is_late = row.kind == Kind.EXIT, row.at.time_ns < s.last_ns[slot]
        if is_late and not is_exit:
            self._state.counts["item_rows_late_total"] += 1
            return
        if s.zone[slot] == NO_CODE:
            if is_exit:
                return
            found = FOUND if row.kind == Kind.STAY and row.at.time_ns <= self._points.ours_from_ns(s, slot) else KNOWN
            self._contest.arrive(s, slot, row, found)
        else:
            self._contest.take(s, slot, row)
        if not is_late:
            s.last_ns[slot], s.last_key_ns[slot], s.last_agent[slot] = row.at

    def _take_names(self, slot: int, place_ns: int, profile: int, mention: Mention) -> None:
        """Take profile and SKU from the row. Those of an item so long gone that its slot may have been freed are over."""
        s, (_, _, _, sku) = self.table, mention
        if s.zone[slot] == NO_CODE and place_ns - int(s.last_ns[slot]) > self._timeouts.timeout_ns(s, slot) + RETIRE_NS:
            s.profile[slot], s.sku[slot], s.last_ns[slot] = profile, sku, 0
        elif sku:
            s.sku[slot] = sku

    # What is over

    def _expire(self) -> None:
        """Items that left, and slots that the watermarks have passed by far."""
        s, n = self.table, self.table.size
        now_ns = self._watermarks.by_store[np.maximum(s.store[:n], 0)]
        silent_ns, timeout_ns = now_ns - s.last_ns[:n], self._timeouts.timeout_ns(s, slice(n))
        settled_ns = self._watermarks.closing_ns(self._now_ns, UNCONTESTED_NS)[np.maximum(s.store[:n], 0)]
        for slot in np.flatnonzero(s.arrival_pending[:n]).tolist():
            if self._contest.is_settled(s, slot, int(settled_ns[slot])):
                self._points.arrived(self.table, slot)
        silent = np.flatnonzero((s.zone[:n] != NO_CODE) & (silent_ns > timeout_ns))
        for slot in silent[self._timeouts.are_gone(s, silent, now_ns[silent], self._now_ns)].tolist():
            self._points.left(self.table, slot)
        gone = (s.store[:n] != NO_CODE) & (s.zone[:n] == NO_CODE)
        gone &= now_ns - np.maximum(s.last_ns[:n], s.heard_ns[:n]) > timeout_ns + RETIRE_NS
        for slot in np.flatnonzero(gone).tolist():
            s.remove(slot)

    # The state as bytes

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """Yield the state by name; `load` takes it back."""
        for name, value in self.table.parts():
            yield f"items.{name}", value
        for name, column in (self.waiting.dump() or {}).items():
            yield f"items.waiting.{name}", column
        yield "items", msgpack.packb([len(self.waiting), self._mentions.dump(), self._reads.dump()])

    def load(self, parts: Mapping[str, bytes]) -> None:
        """Go on from what `parts` gave; a state of before there were items has none."""
        if "items" not in parts:
            return
        mine = {name.removeprefix("items."): value for name, value in parts.items() if name.startswith("items.")}
        self.table = Items.restore(mine)
        values = msgpack.unpackb(parts["items"])
        waiting = {name.removeprefix("waiting."): mine[name] for name in mine if name.startswith("waiting.")}
        if isinstance(values, int):  # of a release in which rows knew their item as they came
            if values:
                self.waiting.add(self._mentioning(Evidence.load(waiting, len(waiting["kind"]))))
            return
        n_waiting, mentions, *reads = values
        self._mentions.load(mentions)
        self._reads.load(reads[0] if reads else ())  # earlier releases did not keep them
        if n_waiting:
            self.waiting.load(waiting)

    def _mentioning(self, rows: Evidence) -> Evidence:
        """Rows that know their slot as rows that name their item."""
        s, slots = self.table, rows.slot.tolist()
        mentions = self._mentions.numbers([(int(s.store[slot]), s.subject_of(slot), s.epc[slot], "") for slot in slots])
        return replace(rows, slot=s.store[rows.slot], profile=s.profile[rows.slot].astype(np.int32), mention=mentions)
