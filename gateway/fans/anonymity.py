"""The question `anonymity`: why visits and orders are nobody's, and what each remedy would bring.

anonymity(reader, ledger, types, key, request, estate, now_ns) -> Answer

Rows are those that `footfall query traffic` and `sales` count, from the database; why each is nobody's is known to the ledger.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from footfall.pseudonyms import is_day_subject
from footfall.units import NS_PER_MS, NS_PER_S
from gateway.fans.anonymity_decided import named_by_deciding
from gateway.fans.anonymity_remedies import Gain, Tally, gains, undone
from gateway.fans.anonymity_rows import Among, Counted, Remedy, names_a_device, order_of, visit_of
from gateway.fans.desk import desk
from gateway.fold.store import TouchRow
from gateway.identity.facts import Standing, is_registered, ref_name
from gateway.identity.nobody import Nobody, Row, Shown, why_nobody
from gateway.identity.types import IdentifierTypes
from gateway.query.answer import Answer, Request, StoreSpan
from gateway.query.asked import AskedStore, asked_stores
from gateway.query.estate import QueryEstate
from gateway.query.keys import ALL_STORES
from gateway.query.listing import by_store
from gateway.query.options import ANONYMITY, OF_LEDGER
from gateway.query.reading import read_estate
from gateway.query.source import open_reader, site_of
from gateway.query.titles import by_default, title_of
from gateway.sinks.reader import OnPage, PointReader, quiet
from gateway.state.ledger_reader import LedgerReader

_BY: Final = OF_LEDGER[ANONYMITY].by
NAMED: Final = 3
"""Remedies that notes name."""
_SAYS: Final[Mapping[Remedy, str]] = {
    Remedy.ASK: "ask for an identifier at the till",
    Remedy.LINK: "ask for an identifier with the payment",
    Remedy.REGISTER: "register beacons at the desk",
    Remedy.LEND: "state who borrows a tag",
    Remedy.CLEAN: "refuse junk at the till",
    Remedy.RESOLVE: "resolve conflicts",
    Remedy.DECIDE: "decide whose a household's identifiers are",
}


def anonymity(
    reader: PointReader, ledger: LedgerReader, types: IdentifierTypes, key: bytes, request: Request, estate: QueryEstate, now_ns: int,
    on_page: OnPage = quiet,
) -> Answer:  # fmt: skip
    """Return the answer to a request of the question ANONYMITY. Raise ConfigError for what means nothing.

    `key` makes the ids of provisional fans.
    """
    by = request.by[0] if request.by else _BY[0]
    if len(request.by) > 1 or by not in _BY:
        raise ConfigError(unknown(f"by {', '.join(request.by)[:80]!r}", by, _BY, f"one of {', '.join(_BY)}", ": "))
    stores = asked_stores(reader, request, "visit", None, estate, now_ns)
    whys = _Whys(ledger, types)
    rows = [*_visits(reader, request, stores, whys, now_ns, on_page), *_orders(reader, request, stores, whys, on_page)]
    registrations = _registrations(reader, request, stores, whys, on_page)
    found = gains(rows, registrations, named_by_deciding(rows, ledger, types, key, now_ns))
    totals = Counter(row.among for row in rows)
    answer = _by_remedy(found, totals) if by == "remedy" else _by_reason(rows, totals, by == "store")
    asked = tuple(StoreSpan(store.facts.name, store.zone, store.from_ns, store.to_ns) for store in stores)
    titles = {store.facts.name: store.facts.at(store.to_ns - 1).title for store in stores}
    return Answer(
        answer.columns, answer.rows, answer.totals, notes=tuple(_notes(found, rows, totals)), title=title_of(request, asked, titles),
        question=ANONYMITY, asked=asked, is_empty=not rows, by_default=by_default(request, None, ""),
    )  # fmt: skip


def anonymity_of(config: Path, request: Request, now_ns: int, on_page: OnPage = quiet, site: Path | None = None) -> Answer:
    """Return the answer from the database and the ledger of a gateway.toml. Raise ConfigError, Unreadable or SinkUnavailable.

    `site`: a site.toml that names what stores are, in place of the gateway's.
    """
    with desk(config) as files, closing(open_reader(None, None, "", None, config)) as reader:
        estate = read_estate(reader, site_of(site, config))
        return anonymity(reader, files.ledger, files.types, files.key, request, estate, now_ns, on_page)


# What is read


class _Whys:
    """What the ledger knows of names, each asked for once."""

    def __init__(self, ledger: LedgerReader, types: IdentifierTypes) -> None:
        self._ledger: Final = ledger
        self._standings: Final[dict[str, Standing | None]] = {}
        self.class_of: Final = lru_cache(None)(lambda id_type, subject: types.of(id_type or ledger.identifier_type(subject)).klass)

    def read(self, names: Iterable[str]) -> None:
        """Read standings of names, so that each is not read on its own."""
        new = [name for name in dict.fromkeys(names) if name not in self._standings]
        found = self._ledger.standings(new)
        self._standings.update((name, found.get(name)) for name in new)

    def standing_of(self, name: str) -> Standing | None:
        """Return the standing of a name."""
        if name not in self._standings:
            self.read([name])
        return self._standings[name]

    def touches(self, store: str, agent: str, key_ns: int) -> list[TouchRow]:
        """Return the touch of a point, then others of its reference; none if the ledger has forgotten it."""
        own = self._ledger.touch_by_key(store, agent, key_ns)
        if own is None:
            return []
        ref = json.loads(own.body)["ref"]
        rest = self._ledger.touches_of(ref_name(ref)) if ref else []
        return [own, *(each for each in rest if each != own and not each.void)]


def _visits(
    reader: PointReader, request: Request, stores: Sequence[AskedStore], whys: _Whys, now_ns: int, on_page: OnPage
) -> Iterator[Counted]:
    for number, table in by_store(reader, request, "visit", stores, on_page):
        store = stores[number].facts.name
        guests = table.where(~table.numbers("is_staff").astype(bool))
        subjects, known = guests.values("subject"), guests.values("known")
        lasting = [not is_day_subject(int(subject, 16)) for subject in subjects]
        whys.read(subject for subject, lasts in zip(subjects, lasting, strict=True) if lasts)
        begins = (guests.numbers("started_ms").astype(np.int64) * NS_PER_MS).tolist()
        lengths = (guests.numbers("seconds") * NS_PER_S).astype(np.int64).tolist()
        rows = zip(subjects, lasting, known, begins, lengths, guests.values("open"), strict=True)
        for subject, lasts, is_known, begin_ns, length_ns, is_open in rows:
            end_ns = now_ns if is_open else begin_ns + length_ns
            shown = Shown(subject, whys.class_of("", subject), begin_ns, end_ns) if lasts else None
            yield visit_of(store, shown, bool(is_known), whys.standing_of, begin_ns)


def _orders(reader: PointReader, request: Request, stores: Sequence[AskedStore], whys: _Whys, on_page: OnPage) -> Iterator[Counted]:
    for point, touches in _touches(reader, request, stores, "transaction", whys, on_page):
        if touches:
            yield order_of(point.store, touches, is_registered(point.fan), whys.standing_of, whys.class_of)
        else:  # the ledger has forgotten it: what the point has must do
            shown = [Shown(point.subject, whys.class_of("", point.subject), point.time_ns, point.time_ns)] if point.subject else []
            why = None if is_registered(point.fan) else why_nobody(Row(point.time_ns, shown, ref=point.ref), whys.standing_of)
            yield Counted(point.store, Among.ORDERS, why)


def _registrations(
    reader: PointReader, request: Request, stores: Sequence[AskedStore], whys: _Whys, on_page: OnPage
) -> Mapping[str, Tally]:
    found: defaultdict[str, Tally] = defaultdict(Tally)
    for point, touches in _touches(reader, request, stores, "registration", whys, on_page):
        found[point.store].of += 1
        found[point.store].done += bool(touches) and names_a_device(touches[0], whys.class_of)
    return found


class _Point(NamedTuple):
    store: str
    fan: str
    subject: str
    ref: str
    time_ns: int


def _touches(
    reader: PointReader, request: Request, stores: Sequence[AskedStore], what: str, whys: _Whys, on_page: OnPage
) -> Iterator[tuple[_Point, list[TouchRow]]]:
    """Yield each point of a kind of touch, with the ledger's row of it and those of its reference."""
    for number, table in by_store(reader, request, "touch", stores, on_page):
        some = table.where(table.equals("what", what))
        columns = (some.values(name) for name in ("store", "agent", "fan", "subject", "ref"))
        for store, agent, fan, subject, ref, key_ns in zip(*columns, some.time_ns.tolist(), strict=True):
            yield _Point(stores[number].facts.name, fan, subject, ref, key_ns), whys.touches(store, agent, key_ns)


# What is answered


def _by_reason(rows: Sequence[Counted], totals: Mapping[Among, int], by_store: bool) -> Answer:
    order = list(Nobody)
    counts = Counter((row.store if by_store else "", row.among, row.why) for row in rows if row.why is not None)
    base = Counter((row.store if by_store else "", row.among) for row in rows)
    keys = sorted(counts, key=lambda key: (key[0], list(Among).index(key[1]), -counts[key], order.index(key[2])))
    found = [(store, among, why, counts[store, among, why], counts[store, among, why] / base[store, among]) for store, among, why in keys]
    anonymous = Counter(row.among for row in rows if row.why is not None)
    sums = [("", among, None, anonymous[among], anonymous[among] / totals[among]) for among in Among if totals[among]]
    columns = ("store", "among", "why", "anonymous", "anonymous_share")
    if by_store:
        return Answer(columns, found, [(None, *each[1:]) for each in sums])
    return Answer(columns[1:], [each[1:] for each in found], [each[1:] for each in sums])


def _by_remedy(found: Sequence[Gain], totals: Mapping[Among, int]) -> Answer:
    columns = ("remedy", "store", "among", "concerned", "named", "points", "give_or_take", "estimated_by")
    rows = [
        (
            gain.remedy,
            gain.store or ALL_STORES,
            gain.among,
            gain.concerned,
            round(gain.named, 1),
            round(-_points(gain.named, gain, totals), 2),
            round(_points(gain.give_or_take, gain, totals), 2),
            gain.basis,
        )
        for gain in found
    ]
    return Answer(columns, rows)


def _points(rows: float, gain: Gain, totals: Mapping[Among, int]) -> float:
    """Return how many points of all visits, or of all orders, so many rows are."""
    return 100 * rows / totals[gain.among]


def _notes(found: Sequence[Gain], rows: Sequence[Counted], totals: Mapping[Among, int]) -> Iterator[str]:
    for gain in sorted(found, key=lambda gain: -_points(gain.named, gain, totals))[:NAMED]:
        where = f" of {gain.store}" if gain.store else ""
        off_by = f" (give or take {_points(gain.give_or_take, gain, totals):.1f})" if gain.give_or_take else ""
        points = f"-{_points(gain.named, gain, totals):.1f} points of anonymous {gain.among}{off_by}"
        yield f"{_SAYS[gain.remedy]}{where}: {points}; {gain.basis}"
    for gain in undone(rows):
        yield f"{_SAYS[gain.remedy]}: {gain.basis}; at most -{_points(gain.named, gain, totals):.1f} points of anonymous {gain.among}"
