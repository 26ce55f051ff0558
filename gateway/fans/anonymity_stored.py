"""Visits and orders that the database has, with what the ledger knows of their names: those that are alike are counted together.

    stored = StoredRows(reader, request, stores, LedgerNames(ledger, types), now_ns)
    stored.counted()          # how many visits and orders there are of each kind
    stored.registrations()    # by store, how many registrations name what can be heard

What many rows need is read for a store at a time, so that the cost is so much a row, however many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.pseudonyms import is_day_subject
from footfall.units import NS_PER_MS, NS_PER_S
from gateway.fans.anonymity_remedies import Tally
from gateway.fans.anonymity_rows import Among, Counted, names_a_device, order_of, visit_of
from gateway.fold.store import TouchRow
from gateway.identity.facts import Standing, fan_name, is_registered, ref_name
from gateway.identity.naming import held_in
from gateway.identity.nobody import Row, Shown, why_nobody
from gateway.identity.types import IdentifierTypes
from gateway.query.answer import Request
from gateway.query.asked import AskedStore
from gateway.query.listing import by_store
from gateway.sinks.reader import OnPage, PointReader, quiet
from gateway.sinks.table import PointTable
from gateway.site.identifier_types import IdentifierClass
from gateway.state.ledger_reader import LedgerReader
from gateway.state.sealed_rows import parts

_OF_VISITS: Final = ("store", "subject", "fan", "known", "is_staff", "started_ms", "seconds", "open")
_OF_TOUCHES: Final = ("store", "agent", "fan", "subject", "ref")
AT_ONCE: Final = 1_000
"""Orders that are judged together; whoever asked may end it between."""
_REMEMBERED: Final = 500_000
"""Standings that are kept in memory for the stores that follow."""


class LedgerNames:
    """What the ledger knows of names, each asked for once; `read` and `read_types` ask for many at a time."""

    def __init__(self, ledger: LedgerReader, types: IdentifierTypes) -> None:
        self.ledger: Final = ledger
        self._types: Final = types
        self._standings: Final[dict[str, Standing | None]] = {}
        self._type_of: Final[dict[str, str]] = {}

    def read(self, names: Iterable[str]) -> None:
        """Read standings of names, so that each is not read on its own."""
        if len(self._standings) > _REMEMBERED:
            self._standings.clear()
        new = [name for name in dict.fromkeys(names) if name not in self._standings]
        found = self.ledger.standings(new)
        self._standings.update((name, found.get(name)) for name in new)

    def standing_of(self, name: str) -> Standing | None:
        """Return the standing of a name."""
        if name not in self._standings:
            self.read([name])
        return self._standings[name]

    def read_types(self, subjects: Iterable[str]) -> None:
        """Read of what type subjects are."""
        new = [subject for subject in dict.fromkeys(subjects) if subject not in self._type_of]
        found = self.ledger.identifier_types(new)
        self._type_of.update((subject, found.get(subject, "")) for subject in new)

    def class_of(self, id_type: str, subject: str) -> IdentifierClass:
        """Return the class of an identifier, by its type or, if that is "", by what is known of its subject."""
        if not id_type and subject not in self._type_of:
            self.read_types([subject])
        return self._types.of(id_type or self._type_of[subject]).klass


class _Point(NamedTuple):
    """A touch as the database has it."""

    store: str
    agent: str
    fan: str
    subject: str
    ref: str
    key_ns: int


class _Alike(NamedTuple):
    """Visits of a subject that are a fan's, "" those of nobody known: their rows."""

    subject: str
    fan: str
    rows: npt.NDArray[np.intp]


class StoredRows:
    """The rows that a request of the question ANONYMITY is about."""

    def __init__(
        self, reader: PointReader, request: Request, stores: Sequence[AskedStore], names: LedgerNames, now_ns: int, on_page: OnPage = quiet
    ) -> None:  # fmt: skip
        self._reader: Final = reader
        self._request: Final = request
        self._stores: Final = stores
        self._names: Final = names
        self._now_ns: Final = now_ns
        self._on_page: Final = on_page
        self._days: Final[dict[tuple[str, str], Counted]] = {}

    def counted(self) -> Counter[Counted]:
        """Return how many visits and orders there are of each kind."""
        found = Counter[Counted]()
        judged = 0
        for number, table in by_store(self._reader, self._request, "visit", self._stores, self._on_page, _OF_VISITS):
            for row, count in self._visits(self._stores[number].facts.name, table):
                found[row] += count
            judged += len(table)
            self._on_page(judged)  # the rows of all stores are read at once, and what follows takes longer
        for store, points in self._touches("transaction"):
            for some in parts(points, AT_ONCE):
                found.update(self._orders(store, some))
                judged += len(some)
                self._on_page(judged)
        return found

    def registrations(self) -> Mapping[str, Tally]:
        """Return by store how many registrations name what can be heard, of how many."""
        found: dict[str, Tally] = {}
        for store, points in self._touches("registration"):
            own = [self._names.ledger.touch_by_key(each.store, each.agent, each.key_ns) for each in points]
            tally = found.setdefault(store, Tally())
            tally.of += len(points)
            tally.done += sum(row is not None and names_a_device(row, self._names.class_of) for row in own)
        return found

    def _touches(self, what: str) -> Iterator[tuple[str, list[_Point]]]:
        for number, table in by_store(self._reader, self._request, "touch", self._stores, self._on_page, _OF_TOUCHES, what=what):
            columns = (table.values(name) for name in _OF_TOUCHES)
            yield self._stores[number].facts.name, list(map(_Point, *columns, table.time_ns.tolist()))

    # Visits

    def _visits(self, store: str, table: PointTable) -> Iterator[tuple[Counted, int]]:
        """Yield visits with how many are alike: most of a device that nobody knows of, whenever they were."""
        guests = table.where(~table.numbers("is_staff").astype(bool))
        subjects, fans = guests.coded("subject"), guests.coded("fan")
        of_fan = np.where(guests.numbers("known"), fans.codes.astype(np.int64) + 1, 0)
        key = subjects.codes * np.int64(len(fans.names) + 1) + of_fan
        order = np.argsort(key, kind="stable")
        firsts = np.unique(key[order], return_index=True)[1]
        alike = [_Alike(subjects.names[subjects.codes[rows[0]]], fans.names[of_fan[rows[0]] - 1] if of_fan[rows[0]] else "", rows)
                 for rows in np.split(order, firsts[1:]) if len(rows)]  # fmt: skip
        lasting = {each.subject for each in alike if not is_day_subject(int(each.subject, 16))}
        self._names.read_types(sorted(lasting))
        self._names.read(sorted(lasting))
        for each in alike:
            if each.subject not in lasting:
                yield self._of_the_day(store, each.fan), len(each.rows)
            elif each.fan or _is_timeless(held_in(store, self._names.standing_of)(each.subject)):
                yield self._visit(store, guests, each, int(each.rows[0])), len(each.rows)
            else:
                yield from ((self._visit(store, guests, each, row), 1) for row in each.rows.tolist())

    def _of_the_day(self, store: str, fan: str) -> Counted:
        """Return a visit of a phone whose address changes: of nobody known they are all alike."""
        if (store, fan) not in self._days:
            self._days[store, fan] = visit_of(store, None, fan, self._names.standing_of, 0)
        return self._days[store, fan]

    def _visit(self, store: str, guests: PointTable, alike: _Alike, row: int) -> Counted:
        begin_ns = int(guests.numbers("started_ms")[row]) * NS_PER_MS
        end_ns = self._now_ns if guests.numbers("open")[row] else begin_ns + int(guests.numbers("seconds")[row] * NS_PER_S)
        shown = Shown(alike.subject, self._names.class_of("", alike.subject), begin_ns, end_ns)
        return visit_of(store, shown, alike.fan, self._names.standing_of, begin_ns)

    # Orders

    def _orders(self, store: str, points: Sequence[_Point]) -> Iterator[Counted]:
        by_ref = self._names.ledger.touches_by_name({ref_name(each.ref) for each in points if each.ref})
        orders = [self._order(each, by_ref) for each in points]
        touches = [touch for order in orders for touch in order]
        given = (fan_name(touch.given_fan) for touch in touches if touch.given_fan)
        self._names.read([*(touch.subject for touch in touches if touch.subject), *given, *by_ref])
        for point, order in zip(points, orders, strict=True):
            if order:
                yield order_of(store, order, point.fan if is_registered(point.fan) else "", self._names.standing_of, self._names.class_of)
            else:
                yield self._forgotten(store, point)

    def _order(self, point: _Point, by_ref: Mapping[str, Sequence[TouchRow]]) -> list[TouchRow]:
        """Return the touch of an order, then others of its reference; none if the ledger has forgotten it."""
        mates = by_ref.get(ref_name(point.ref), ()) if point.ref else ()
        place = (point.store, point.agent, point.key_ns)
        own = next((row for row in mates if (row.store, row.agent, row.key_ns) == place), None) or self._names.ledger.touch_by_key(*place)
        return [] if own is None else [own, *(each for each in mates if each != own and not each.void)]

    def _forgotten(self, store: str, point: _Point) -> Counted:
        """Return an order of which what its point has must do."""
        klass = self._names.class_of("", point.subject) if point.subject else None
        shown = [Shown(point.subject, klass, point.key_ns, point.key_ns)] if klass else []
        row = Row(point.key_ns, shown, ref=point.ref)
        return Counted(store, Among.ORDERS, None if is_registered(point.fan) else why_nobody(row, held_in(store, self._names.standing_of)))


def _is_timeless(standing: Standing | None) -> bool:
    """Return whether what names nobody names nobody at all times, for the same reason."""
    return standing is None or (not standing.label and all(span.fan and not is_registered(span.fan) for span in standing.spans))
