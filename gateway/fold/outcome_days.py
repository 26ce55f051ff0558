"""Which days of stores have another outcome than the one written last, and when each is due: by the records' time, so the journal decides.

The running day is due at the next full hour, another one within twenty minutes after it changed first; stores take turns. So a day that
changes with every row is worked out once in that time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any, Final, NamedTuple

from footfall.units import NS_PER_MINUTE, NS_PER_S
from gateway.fold.estate_index import Estate
from gateway.fold.store import TouchRow
from gateway.identity.facts import Fact, Ownership, Revoke
from gateway.outcome.journey import SALE

HOUR_S: Final = 3600
PAST_S: Final = 600
TURNS_S: Final = 600
AT_ONCE: Final = 8
"""So many days are worked out at the end of a batch, at most."""
REGISTRATION: Final = "registration"
EVER_NS: Final = -(1 << 62)


class DueDay(NamedTuple):
    """A store's day, by when it begins, s since 1970."""

    due_s: int
    store: int
    begin_s: int


class LateSpan(NamedTuple):
    """From the first to the last of a fan's touches of past days that changed, ns: what they led to may be on any day since."""

    from_ns: int
    to_ns: int


class Reowned(NamedTuple):
    """Whose a fan is changed, from a time on; or a fact about that, by its id, was taken back."""

    fan: str
    from_ns: int
    of: str


class OutcomeDays:
    """`mark` whatever changes; `take_late` and `take_due` at the end of a batch."""

    def __init__(self, estate: Estate) -> None:
        self._estate: Final = estate
        self._due: list[DueDay] = []
        self._waiting: set[tuple[int, int]] = set()
        self._late: dict[tuple[int, str], LateSpan] = {}
        self._refs: set[str] = set()
        self.reowned: list[Reowned] = []
        """Changes of whose fans are, until they are taken."""
        self._now_s = self._kept_from_s = 0
        self._spans: dict[int, tuple[int, int]] = {}
        """By store, begin and end of the day that was marked last, in minutes: mostly the same is marked again."""

    def mark(self, store: int, minute: int) -> None:
        """Take that something of the store's day changed that a minute (since 1970, UTC) belongs to."""
        begin = self._span(store, minute)[0]
        if (store, begin) in self._waiting or begin * 60 < self._kept_from_s:
            return
        self._waiting.add((store, begin))
        heappush(self._due, self._due_day(store, begin))

    def _due_day(self, store: int, begin: int) -> DueDay:
        now_s, turn_s = self._now_s, zlib.crc32(self._estate.stores.names[store].encode()) % TURNS_S
        is_over = self._span(store, begin)[1] * 60 <= now_s
        due_s = (now_s + PAST_S) // TURNS_S * TURNS_S if is_over else (now_s // HOUR_S + 1) * HOUR_S
        return DueDay(due_s + turn_s, store, begin * 60)

    def _span(self, store: int, minute: int) -> tuple[int, int]:
        begin, end = self._spans.get(store, (0, 0))
        if not begin <= minute < end:
            _, begin_s, end_s = self._estate.day_span(store, minute * 60)
            begin, end = self._spans[store] = (begin_s // 60, end_s // 60)
        return begin, end

    def touched(self, store: int, row: TouchRow, values: Mapping[str, Any], is_new: bool) -> None:
        """Take a touch that is new or changed, as it was and as it is: one of a past day may have led to what was bought since."""
        if values["what"] == REGISTRATION and row.fan:
            self.reowned.append(Reowned(row.fan, EVER_NS, ""))
        is_past = self._span(store, row.time_ns // NS_PER_MINUTE)[1] * 60 <= self._now_s
        if is_past and row.fan:
            first, last = self._late.get((store, row.fan), (row.time_ns, row.time_ns))
            self._late[store, row.fan] = LateSpan(min(first, row.time_ns), max(last, row.time_ns))
        if values["what"] == SALE and values["ref"] and (not is_new or row.time_ns // NS_PER_S < self._now_s - HOUR_S):
            self._refs.add(values["ref"])

    def learned(self, facts: Iterable[Fact]) -> None:
        """Take facts, of which some change whose a fan is."""
        for fact in facts:
            if isinstance(fact, Ownership):
                self.reowned.append(Reowned(fact.fan, fact.from_ns, ""))
            elif isinstance(fact, Revoke):
                self.reowned.append(Reowned("", EVER_NS, fact.of))

    def take_late(self) -> tuple[dict[tuple[int, str], LateSpan], set[str]]:
        """Return the late touches since the last call, by store and fan, and the references of sales among them."""
        late, refs = self._late, self._refs
        self._late, self._refs = {}, set()
        return late, refs

    def begin(self, now_s: int) -> None:
        """Take the second of the record that ends a batch. Before the first, and when the clock was ahead, what is due is reckoned anew."""
        is_steady, self._now_s = 0 < self._now_s <= now_s, now_s
        if not is_steady:
            self._due = [self._due_day(each.store, each.begin_s // 60) for each in self._due]
            heapify(self._due)

    def take_due(self) -> list[DueDay]:
        """Return the days that are due, those that waited longest first: a few."""
        found: list[DueDay] = []
        while self._due and self._due[0].due_s <= self._now_s and len(found) < AT_ONCE:
            due = heappop(self._due)
            self._waiting.discard((due.store, due.begin_s // 60))
            found.append(due)
        return found

    def forget(self, before_s: int) -> None:
        """Take that the store keeps nothing of before a time: days that began before stay as they were written."""
        self._kept_from_s = max(self._kept_from_s, before_s)

    def changed_site(self) -> None:
        """Take that days of stores may begin at other times from now on."""
        self._spans = {}

    def changed_rules(self) -> None:
        """Take that days are shared out otherwise from now on, or that the staff are others: the running day of each store is as a whole.

        A day that is over stays as it was written, until something that happened on it changes.
        """
        for store in range(len(self._estate.stores)) if self._now_s else ():
            self.mark(store, self._now_s // 60)

    def dump(self) -> dict[str, Any]:
        """Return the state; `load` takes it back."""
        return {
            "due": sorted(self._due),
            "late": [[*key, *late] for key, late in self._late.items()],
            "refs": sorted(self._refs),
            "reowned": self.reowned,
            "now_s": self._now_s,
            "kept_from_s": self._kept_from_s,
        }

    def load(self, values: Mapping[str, Any] | None) -> None:
        """Go on from what `dump` returned; None of a release that wrote no outcomes: those of days that change from now on are written."""
        if values is None:
            return
        self._due = [DueDay(*due) for due in values["due"]]
        self._waiting = {(due.store, due.begin_s // 60) for due in self._due}
        self._late = {(store, fan): LateSpan(*late) for store, fan, *late in values["late"]}
        self.reowned = [Reowned(*each) for each in values["reowned"]]
        self._refs, self._now_s, self._kept_from_s = set(values["refs"]), values["now_s"], values["kept_from_s"]
