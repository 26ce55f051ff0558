"""A store's day as `gateway.outcome` takes it: read from the store behind the fold, and from the tracks of who is there now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from footfall.compact_json import decoded
from footfall.units import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S
from gateway.fold.fan_owners import FanOwners
from gateway.fold.guest_visits import GuestVisits
from gateway.fold.minute_counts import TRAFFIC_COLUMN
from gateway.fold.state import State
from gateway.fold.store import TouchRow
from gateway.fold.visit_groups import VisitGroups
from gateway.fold.visit_rows import Segment
from gateway.identity.facts import is_registered, ref_name
from gateway.outcome.day import StoreDay
from gateway.outcome.journey import RETURN, SALE, Act, GuestVisit, Sale, act_of, contributed, of_visit
from gateway.site.staff import NOBODY

STAY_NS: Final = 10 * NS_PER_S
"""Who is in a zone for less walks through it."""
LONGEST_DAY_NS: Final = 25 * NS_PER_HOUR
"""The day on which clocks go back."""
_IN, _IN_STAFF, _STARTED = (TRAFFIC_COLUMN[name] for name in ("in", "in_staff", "visits_started"))


class _Led(NamedTuple):
    """A fan's touches in a store over a span, ns, both ends included, as they were read."""

    from_ns: int
    to_ns: int
    acts: Sequence[Act]


class OutcomeReading:
    """Nothing is kept between two days."""

    def __init__(self, state: State, groups: VisitGroups, owners: FanOwners) -> None:
        self._state: Final = state
        self._guest_visits: Final = GuestVisits(state, groups)
        self._owners: Final = owners
        self._acts: dict[TouchRow, Act] = {}
        """Of the day that is read: who worked where may be another when the next is read."""
        self._led: dict[tuple[str, int], _Led] = {}
        """Of the day that is read, by fan and store: who buys all day has the touches before read once."""

    def day(self, store: int, begin_ns: int, end_ns: int) -> StoreDay:
        """Return what is known of a store's day now."""
        self._acts, self._led = {}, {}
        traffic, minutes = self._state.traffic, (begin_ns // NS_PER_MINUTE, end_ns // NS_PER_MINUTE - 1)
        cells = traffic.emitted_in(store, *minutes)
        name = self._state.estate.stores.names[store]
        visits = list(self._guest_visits.of_day(store, begin_ns, end_ns))
        acts = [self._act(row) for row in self._state.ledger.touches_between(name, begin_ns, end_ns)]
        returned = {act: self._sold(act) for act in acts if act.what == RETURN}
        fans = [*(visit.fan for visit in visits), *(act.fan for act in acts), *(act.fan for act in returned.values() if act)]
        self._owners.prepare(fans)
        return StoreDay(
            store=name,
            entrants=int(sum(cell[_IN] - cell[_IN_STAFF] for cell in cells)),
            visitors=int(sum(cell[_STARTED] for cell in cells)),
            visits=list(self._guests(store, visits, acts, end_ns)),
            sales=list(self._sales(store, begin_ns, acts, returned)),
        )

    def acts(self, fan: str, store: int, from_ns: int, to_ns: int) -> list[Act]:
        """Return the touches of a fan in a store in a span, both ends included, by time; those that are void are none."""
        return list(map(self._act, self._state.ledger.touches_of_fan(fan, self._state.estate.stores.names[store], from_ns, to_ns)))

    def acts_since(self, fan: str, from_ns: int) -> list[Act]:
        """Return the touches of a fan in all stores from a time on, by time."""
        return list(map(self._act, self._state.ledger.touches_since(fan, from_ns)))

    def acts_of_ref(self, ref: str) -> list[Act]:
        """Return the touches that bear a reference now, in all stores, by time: the ledger finds them by an earlier one, too."""
        found = (self._act(row) for row in self._state.ledger.touches_of(ref_name(ref)) if not row.void)
        return sorted(act for act in found if act.ref == ref)

    def _act(self, row: TouchRow) -> Act:
        """Return a touch as one reads it: one of the day is read for its visit and its sale, too."""
        found = self._acts.get(row)
        if found is None:
            found = self._acts[row] = self._read(row)
        return found

    def _read(self, row: TouchRow) -> Act:
        values = decoded(row.body)
        staff_id = values["staff_id"]
        member = self._state.roster.at(staff_id, row.time_ns) if staff_id else None
        return act_of(row.time_ns, row.store, row.fan, values, member or NOBODY)

    # Visits

    def _guests(self, store: int, visits: Iterable[Segment], of_day: Iterable[Act], end_ns: int) -> Iterator[GuestVisit]:
        """Yield the visits; `of_day` has the touches up to the end of the day, beyond which few visits reach."""
        timeout_ns, by_fan = int(self._state.estate.timeout_ns[store]), dict[str, list[Act]]()
        for act in of_day:
            by_fan.setdefault(act.fan, []).append(act)
        for visit in visits:
            is_whole = visit.last_ns + timeout_ns < end_ns
            acts = by_fan.get(visit.fan, []) if is_whole else self.acts(visit.fan, store, visit.start_ns, visit.last_ns + timeout_ns)
            yield GuestVisit(
                visit.start_ns, visit.last_ns, visit.fan, is_registered(visit.fan), self._zones(store, visit),
                of_visit(acts, visit.start_ns, visit.last_ns, timeout_ns), self._owners.of(visit.fan, visit.start_ns),
            )  # fmt: skip

    def _zones(self, store: int, visit: Segment) -> frozenset[str]:
        name = self._state.estate.stores.names[store]
        dwells = self._state.ledger.dwells_of_fan(visit.fan, name, visit.start_ns, visit.last_ns)
        return frozenset(row.zone for row in dwells if not row.staff and row.last_ns - row.start_ns >= STAY_NS)

    # Sales

    def _sales(self, store: int, begin_ns: int, acts: Iterable[Act], returned: Mapping[Act, Act | None]) -> Iterator[Sale]:
        for act in acts:
            if act.what == SALE:
                yield self._sale(store, act, begin_ns)
            elif act.what == RETURN:
                yield self._returned(act, returned[act])

    def _sale(self, store: int, act: Act, day_begin_ns: int) -> Sale:
        window_ns = self._state.contribution.window_ns
        acts = self._before(act, store, day_begin_ns) if act.fan else [act]
        led = contributed(act, acts, day_begin_ns, window_ns)
        return Sale(act, is_registered(act.fan), led, self._owners.of(act.fan, act.time_ns), act.time_ns)

    def _before(self, act: Act, store: int, day_begin_ns: int) -> Sequence[Act]:
        """Return the fan's touches of a sale's day and of the window before it, or more, up to the sale at least."""
        found = self._led.get((act.fan, store))
        if found is None or not found.from_ns <= act.time_ns - self._state.contribution.window_ns or found.to_ns < act.time_ns:
            from_ns = min(day_begin_ns, act.time_ns) - self._state.contribution.window_ns
            to_ns = max(day_begin_ns + LONGEST_DAY_NS, act.time_ns)
            found = self._led[act.fan, store] = _Led(from_ns, to_ns, self.acts(act.fan, store, from_ns, to_ns))
        return found.acts

    def _returned(self, act: Act, sold: Act | None) -> Sale:
        """Return what takes a return off the contributions of its sale; to one that nobody knows nobody contributed."""
        known = is_registered(act.fan)
        if sold is None:
            return Sale(act, known, ())
        store = self._state.estate.stores.of(sold.store)
        _, begin_s, _ = self._state.estate.day_span(store, sold.time_ns // NS_PER_S)
        return self._sale(store, sold, begin_s * NS_PER_S)._replace(act=act, known=known)

    def _sold(self, act: Act) -> Act | None:
        """Return the sale that a return takes back: of its reference, the last before it, that of its own store first."""
        sales = [each for each in self.acts_of_ref(act.ref) if each.what == SALE] if act.ref else []
        earlier = [each for each in sales if each.time_ns <= act.time_ns] or sales
        return max(earlier, key=lambda each: (each.store == act.store, each.time_ns), default=None)
