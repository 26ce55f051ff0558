"""The question `anonymity`: why visits and orders are nobody's, and what each remedy would bring.

anonymity(reader, ledger, types, key, request, estate, now_ns) -> Answer

Rows are those that `footfall query traffic` and `sales` count, from the database; why each is nobody's is known to the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from gateway.fans.anonymity_decided import named_by_deciding
from gateway.fans.anonymity_remedies import Gain, gains, undone
from gateway.fans.anonymity_rows import Among, Remedy, Rows
from gateway.fans.anonymity_stored import LedgerNames, StoredRows
from gateway.fans.desk import desk
from gateway.identity.nobody import Nobody
from gateway.identity.types import IdentifierTypes
from gateway.query.answer import Answer, Request, StoreSpan
from gateway.query.asked import asked_stores
from gateway.query.estate import QueryEstate
from gateway.query.keys import ALL_STORES
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
    stored = StoredRows(reader, request, stores, LedgerNames(ledger, types), now_ns, on_page)
    rows, registrations = stored.counted(), stored.registrations()
    found, bounds = gains(rows, registrations, named_by_deciding(rows, ledger, types, key, now_ns)), undone(rows)
    totals = Counter[Among]()
    for row, count in rows.items():
        totals[row.among] += count
    answer = _by_remedy(found, bounds, totals) if by == "remedy" else _by_reason(rows, totals, by == "store")
    asked = tuple(StoreSpan(store.facts.name, store.zone, store.from_ns, store.to_ns) for store in stores)
    titles = {store.facts.name: store.facts.at(store.to_ns - 1).title for store in stores}
    return Answer(
        answer.columns, answer.rows, answer.totals, notes=tuple(_notes(found, bounds, totals)), title=title_of(request, asked, titles),
        question=ANONYMITY, asked=asked, is_empty=not rows, by_default=by_default(request, None, ""),
    )  # fmt: skip


def anonymity_of(config: Path, request: Request, now_ns: int, on_page: OnPage = quiet, site: Path | None = None) -> Answer:
    """Return the answer from the database and the ledger of a gateway.toml. Raise ConfigError, Unreadable or SinkUnavailable.

    `site`: a site.toml that names what stores are, in place of the gateway's.
    """
    with desk(config) as files, closing(open_reader(None, None, "", None, config)) as reader:
        estate = read_estate(reader, site_of(site, config))
        return anonymity(reader, files.ledger, files.types, files.key, request, estate, now_ns, on_page)


# What is answered


def _by_reason(rows: Rows, totals: Mapping[Among, int], by_store: bool) -> Answer:
    order = list(Nobody)
    counts, base, anonymous = Counter[tuple[str, Among, Nobody]](), Counter[tuple[str, Among]](), Counter[Among]()
    for row, count in rows.items():
        store = row.store if by_store else ""
        base[store, row.among] += count
        if row.why is not None:
            counts[store, row.among, row.why] += count
            anonymous[row.among] += count
    keys = sorted(counts, key=lambda key: (key[0], list(Among).index(key[1]), -counts[key], order.index(key[2])))
    found = [(store, among, why, counts[store, among, why], counts[store, among, why] / base[store, among]) for store, among, why in keys]
    sums = [("", among, None, anonymous[among], anonymous[among] / totals[among]) for among in Among if totals[among]]
    columns = ("store", "among", "why", "anonymous", "anonymous_share")
    if by_store:
        return Answer(columns, found, [(None, *each[1:]) for each in sums])
    return Answer(columns[1:], [each[1:] for each in found], [each[1:] for each in sums])


def _by_remedy(found: Sequence[Gain], bounds: Sequence[Gain], totals: Mapping[Among, int]) -> Answer:
    """Return what remedies would bring, then the bounds of those that no store applies: how far off these are, nobody knows."""
    columns = ("remedy", "store", "among", "concerned", "named", "points", "give_or_take", "estimated_by")
    rows = [(*_brings(gain, totals), round(_points(gain.give_or_take, gain, totals), 2), gain.basis) for gain in found]
    return Answer(columns, rows + [(*_brings(gain, totals), None, f"at most: {gain.basis}") for gain in bounds])


def _brings(gain: Gain, totals: Mapping[Among, int]) -> tuple[Any, ...]:
    points = -_points(gain.named, gain, totals)
    return gain.remedy, gain.store or ALL_STORES, gain.among, gain.concerned, round(gain.named, 1), round(points, 2)


def _points(rows: float, gain: Gain, totals: Mapping[Among, int]) -> float:
    """Return how many points of all visits, or of all orders, so many rows are."""
    return 100 * rows / totals[gain.among]


def _notes(found: Sequence[Gain], bounds: Sequence[Gain], totals: Mapping[Among, int]) -> Iterator[str]:
    for gain in sorted(found, key=lambda gain: -_points(gain.named, gain, totals))[:NAMED]:
        where = f" of {gain.store}" if gain.store else ""
        off_by = f" (give or take {_points(gain.give_or_take, gain, totals):.1f})" if gain.give_or_take else ""
        points = f"-{_points(gain.named, gain, totals):.1f} points of anonymous {gain.among}{off_by}"
        yield f"{_SAYS[gain.remedy]}{where}: {points}; {gain.basis}"
    for gain in bounds:
        yield f"{_SAYS[gain.remedy]}: {gain.basis}; at most -{_points(gain.named, gain, totals):.1f} points of anonymous {gain.among}"
