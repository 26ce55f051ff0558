"""Goods: an item is an EPC in a store. It arrives, moves from zone to zone, is tried, and leaves; it never makes a visit or a dwell.

Margin and holdoff of its profile decide which zone has it, so two antennas that hear one item are evidence, not moves. Rows about goods
that lie still are rare, so a move is dated as well as the rows allow: once a zone sends EXIT, the strongest of the others that heard the
item since has it, from that EXIT, or from when it first heard it if that was later.

Where it arrived is decided after its profile's longest settling time: the first antenna that hears an item is often not the nearest.
Another zone moves it by two rows that are louder, one after the other: one alone may be a stray read.

A row's place decides what is over before it: arrivals settled, items that left, names forgotten. Its time decides what it is evidence of.

An EXIT opens nothing. An item has left when it was not heard for the timeout of its profile. The time of its store has to have passed
it, *and* that of the agents that heard it last: an agent that is away has not seen that anything is gone.

Zones of type outside are not the store: what is heard there is no evidence. `item_points.py` has what is emitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import msgpack
import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from footfall.units import NS_PER_S
from gateway.fold.item_points import FOUND, KNOWN, SINCE_KNOWN, ItemPoints
from gateway.fold.item_timeouts import EXIT_NS, ItemTimeouts
from gateway.fold.mentions import Mention, Mentions, slots_of
from gateway.fold.reorder_buffer import Evidence, ReorderBuffer
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.items import Items
from gateway.fold.visits import RETIRE_NS
from gateway.fold.watermarks import Watermarks
from gateway.fold.zone_rules import GONE_DBM, ZoneLimits, changes_owner, in_rounds, is_louder, keeps_owner, standing_of, takes_over

UNCONTESTED_NS: Final = 1800 * NS_PER_S
"""Where nobody was heard for so long, an item arrived where it was heard; until then a backlog may show that another antenna was nearer."""


class RowPlace(NamedTuple):
    """When and by whom a row was made."""

    time_ns: int
    key_ns: int
    agent: int


class ItemEvents:
    """Apply evidence in order, and emit what happens to each item."""

    def __init__(self, state: State, watermarks: Watermarks) -> None:
        self._state: Final = state
        self._watermarks: Final = watermarks
        self.waiting: Final = ReorderBuffer()
        self._mentions: Final = Mentions()
        self._points: Final = ItemPoints(state)
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
            in_rounds(self._of_items(rows), self._unchanged, self._apply_unchanged, self._apply_rows, self._apply_rows)
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
        which = which[np.argsort(slot[which], kind="stable")]
        return replace(rows, slot=slot).take(which)

    def _unchanged(self, rows: Evidence, first: npt.NDArray[np.bool_], start: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return which rows change nothing but times and levels.

        Of other zones only the challenger's rows: any other may become the challenger. A row that names its item may change its SKU. One
        far behind its place may come after the item has left; any other within the gap is within the timeout, too.
        """
        s, slot = self.table, rows.slot
        limits = self._state.estate.limits.of(s.profile[slot])
        of_challenger = (rows.zone == s.challenger[slot]) & (rows.time_ns - s.challenger_ns[slot] <= limits.gap_ns)
        own = (rows.zone == s.zone[slot]) & (rows.kind != Kind.EXIT)
        plain = ~self._mentions.are_named(rows.mention) & (rows.place_ns - rows.time_ns <= EXIT_NS)
        unchanged: npt.NDArray[np.bool_] = keeps_owner(s, limits, rows, first, start) & (own | of_challenger) & plain
        return unchanged

    def _apply_unchanged(self, rows: Evidence) -> None:
        """Of several rows of a slot the last one counts: numpy assigns repeated indices in order."""
        s, slot = self.table, rows.slot
        s.last_ns[slot], s.last_key_ns[slot], s.last_agent[slot] = rows.time_ns, rows.key_ns, rows.agent
        own = rows.zone == s.zone[slot]
        mine = slot[own]
        s.zone_ns[mine], s.zone_agent[mine], s.level_dbm[mine] = rows.time_ns[own], rows.agent[own], rows.rssi_dbm[own]
        s.challenger_ns[slot[~own]], s.challenger_level_dbm[slot[~own]] = rows.time_ns[~own], rows.rssi_dbm[~own]

    def _apply_rows(self, rows: Evidence) -> None:
        columns = (rows.slot, rows.place_ns, rows.time_ns, rows.key_ns, rows.zone, rows.agent, rows.rssi_dbm, rows.kind, rows.profile,
                   rows.mention)  # fmt: skip
        for row in zip(*[column.tolist() for column in columns], strict=True):
            self._apply_row(*row)

    def _apply_row(
        self, slot: int, place_ns: int, time_ns: int, key_ns: int, zone: int, agent: int, rssi_dbm: int, kind: int, profile: int,
        mention: int,
    ) -> None:  # fmt: skip
        """Apply a row. What is over by its place is over for every row from there on, whether the fold has written that already or not."""
        s, row = self.table, RowPlace(time_ns, key_ns, agent)
        if s.zone[slot] != NO_CODE and self._timeouts.is_gone(s, slot, place_ns, self._now_ns):
            self._points.left(self.table, slot)
        if s.arrival_pending[slot] and self._is_settled(slot, place_ns):
            self._points.arrived(self.table, slot)
        self._take_names(slot, place_ns, profile, self._mentions.of(mention))
        if kind == Kind.EXIT:
            self._exit(slot, zone, row)
        if time_ns < s.last_ns[slot]:
            self._state.counts["item_rows_late_total"] += kind != Kind.EXIT
            return
        owner = int(s.zone[slot])
        if kind != Kind.EXIT:
            if owner == NO_CODE:
                s.arrived_ns[slot], s.arrival_pending[slot] = time_ns, True
                s.found[slot] = FOUND if kind == Kind.STAY and time_ns <= self._points.ours_from_ns(self.table, slot) else KNOWN
                self._enter(slot, zone, row)
            elif zone != owner:
                self._compete(slot, zone, row, rssi_dbm)
            if zone == s.zone[slot]:
                s.zone_ns[slot], s.zone_agent[slot], s.level_dbm[slot] = time_ns, agent, rssi_dbm
        if s.zone[slot] != NO_CODE:
            s.last_ns[slot], s.last_key_ns[slot], s.last_agent[slot] = row

    def _take_names(self, slot: int, place_ns: int, profile: int, mention: Mention) -> None:
        """Take profile and SKU from the row. Those of an item so long gone that its slot may have been freed are over."""
        s, (_, _, _, sku) = self.table, mention
        if s.zone[slot] == NO_CODE and place_ns - int(s.last_ns[slot]) > self._timeouts.timeout_ns(s, slot) + RETIRE_NS:
            s.profile[slot], s.sku[slot], s.last_ns[slot] = profile, sku, 0
        elif sku:
            s.sku[slot] = sku

    def _exit(self, slot: int, zone: int, row: RowPlace) -> None:
        """It was heard in `zone` until then."""
        s, time_ns = self.table, row.time_ns
        if zone == s.challenger[slot] and time_ns >= s.challenger_ns[slot]:
            s.challenger[slot] = NO_CODE
        if zone != s.zone[slot] or time_ns < s.zone_ns[slot]:
            return
        s.zone_ns[slot], s.exit_key_ns[slot], s.zone_agent[slot] = row
        s.level_dbm[slot] = GONE_DBM
        challenger, challenger_ns, challenger_dbm = int(s.challenger[slot]), int(s.challenger_ns[slot]), int(s.challenger_level_dbm[slot])
        if challenger == NO_CODE or challenger_ns <= time_ns:
            return
        if takes_over(challenger_dbm, standing_of(s, slot, challenger_ns), self._limits(slot)):
            s.zone_agent[slot] = self._hand_over(slot)
            s.zone_ns[slot], s.level_dbm[slot] = challenger_ns, challenger_dbm

    def _compete(self, slot: int, zone: int, row: RowPlace, rssi_dbm: int) -> None:
        """Take evidence of another zone than the owner.

        An arrival that is pending goes to whoever is louder. Otherwise the zone may become the challenger, which is the one zone that
        takes over after an EXIT; and it moves the item if it takes over at once.
        """
        s, time_ns, limits = self.table, row.time_ns, self._limits(slot)
        at = standing_of(s, slot, time_ns)
        if s.arrival_pending[slot] and is_louder(rssi_dbm, at, limits):
            s.zone[slot] = NO_CODE
            self._enter(slot, zone, row)
            return
        wins = changes_owner(zone, rssi_dbm, at, limits)
        is_fresh = time_ns - int(s.challenger_ns[slot]) <= limits.gap_ns
        goes_on = is_fresh and zone == s.challenger[slot]
        is_beaten = is_fresh and s.challenger[slot] != NO_CODE and rssi_dbm <= s.challenger_level_dbm[slot]
        was_louder = goes_on and is_louder(int(s.challenger_level_dbm[slot]), at, limits)
        if is_beaten and not goes_on and not wins:
            return
        if not goes_on:
            s.challenger[slot], (s.challenger_since_ns[slot], s.challenger_key_ns[slot], s.challenger_agent[slot]) = zone, row
        s.challenger_ns[slot], s.challenger_level_dbm[slot] = time_ns, rssi_dbm
        if wins and s.level_dbm[slot] == GONE_DBM:
            self._hand_over(slot)
        elif wins and (was_louder or at.silent_ns > limits.stale_ns):
            self._move(slot, zone, row)

    def _hand_over(self, slot: int) -> int:
        """Move an item from an owner that sent an EXIT to the challenger; return the challenger's agent."""
        s = self.table
        zone, agent = int(s.challenger[slot]), int(s.challenger_agent[slot])
        went = RowPlace(int(s.zone_ns[slot]), int(s.exit_key_ns[slot]), int(s.zone_agent[slot]))
        came = RowPlace(int(s.challenger_since_ns[slot]), int(s.challenger_key_ns[slot]), agent)
        self._move(slot, zone, max(went, came, key=lambda row: row.time_ns))
        return agent

    def _move(self, slot: int, zone: int, row: RowPlace) -> None:
        """Give the item to another zone, as of the deciding row."""
        stayed_s = self._points.stayed(self.table, slot)
        is_ours = self._points.is_ours(self.table, slot, row.key_ns, FOUND)
        self._enter(slot, zone, row)
        self.table.found[slot] = min(int(self.table.found[slot]), SINCE_KNOWN)
        if is_ours:
            self._points.emit(self.table, "moved", slot, row.key_ns, row.agent, stayed_s)

    def _limits(self, slot: int) -> ZoneLimits:
        return self._state.estate.limits_of[self.table.profile.item(slot)]

    def _enter(self, slot: int, zone: int, row: RowPlace) -> None:
        s = self.table
        s.from_zone[slot], s.zone[slot], s.challenger[slot] = s.zone[slot], zone, NO_CODE
        s.since_ns[slot], s.since_key_ns[slot], s.since_agent[slot] = row

    def _is_settled(self, slot: int, time_ns: int) -> bool:
        """Another antenna may have heard an item first that was there before: its own has reported by when the owner would be stale."""
        s, limits = self.table, self._limits(slot)
        settles_ns = limits.stale_ns if s.found[slot] else self._state.estate.decided_within_of[s.profile.item(slot)].settle_max_ns
        return bool(time_ns - int(s.since_ns[slot]) >= settles_ns)

    # What is over

    def _expire(self) -> None:
        """Items that left, and slots that the watermarks have passed by far."""
        s, n = self.table, self.table.size
        now_ns = self._watermarks.by_store[np.maximum(s.store[:n], 0)]
        silent_ns, timeout_ns = now_ns - s.last_ns[:n], self._timeouts.timeout_ns(s, slice(n))
        settled_ns = self._watermarks.closing_ns(self._now_ns, UNCONTESTED_NS)[np.maximum(s.store[:n], 0)]
        for slot in np.flatnonzero(s.arrival_pending[:n]).tolist():
            if self._is_settled(slot, int(settled_ns[slot])):
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
        yield "items", msgpack.packb([len(self.waiting), self._mentions.dump()])

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
        n_waiting, mentions = values
        self._mentions.load(mentions)
        if n_waiting:
            self.waiting.load(waiting)

    def _mentioning(self, rows: Evidence) -> Evidence:
        """Rows that know their slot as rows that name their item."""
        s, slots = self.table, rows.slot.tolist()
        mentions = self._mentions.numbers([(int(s.store[slot]), s.subject_of(slot), s.epc[slot], "") for slot in slots])
        return replace(rows, slot=s.store[rows.slot], profile=s.profile[rows.slot].astype(np.int32), mention=mentions)
