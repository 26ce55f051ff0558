"""The question `inferred`: who probably bought without being named, and who probably tried goods on, from what is stored.

Inferences are worked out when somebody asks, and stored nowhere: so they follow every late link, void and withdrawal, and count in no
number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from footfall.units import NS_PER_HOUR, NS_PER_S
from gateway.identity.facts import is_registered
from gateway.query.answer import Answer, Request
from gateway.query.asked import AskedStore
from gateway.query.inferred import BOUGHT, GoodsTried, Inference, SaleMade, Stayed, inferences
from gateway.query.spans import iso
from gateway.sinks.reader import OnPage, PointReader, quiet

COLUMNS: Final = ("store", "what", "at", "zone", "fan", "confidence", "of", "sku", "inferred")
EARLIER_NS: Final = 6 * NS_PER_HOUR
"""A stay that began so long before the span may reach into it; nobody is longer in a fitting room or at a till."""
_STAYS: Final = ("fan", "seconds", "is_staff")


def inferred(reader: PointReader, request: Request, stores: Sequence[AskedStore], on_page: OnPage) -> Answer:
    """Return what is inferred of each store, by time."""
    rows, is_empty = list[tuple[object, ...]](), True
    for store in stores:
        found = [each for name in store.names for each in inferred_between(reader, name, store.from_ns, store.to_ns, on_page)]
        is_empty = is_empty and not found
        for each in sorted(found, key=lambda each: (each.time_ns, each.of)):
            if (request.fan is None or each.fan == request.fan) and (request.zone is None or each.zone == request.zone):
                at = iso(each.time_ns, store.zone, "seconds")
                rows.append((store.facts.name, each.what, at, each.zone, each.fan, each.confidence, each.of, each.sku, True))
    return Answer(COLUMNS, rows, question=request.question, is_empty=is_empty)


def inferred_between(reader: PointReader, name: str, from_ns: int, to_ns: int, on_page: OnPage = quiet) -> list[Inference]:
    """Return the inferences of a store under one of its names, from a time to before another."""
    sales = reader.rows("touch", name, from_ns, to_ns, void=False, on_page=on_page, what=BOUGHT)
    tried = reader.rows("item", name, from_ns, to_ns, void=False, on_page=on_page, kind="tried")
    if not len(sales) and not len(tried):
        return []
    zones = {*sales.values("zone"), *tried.values("zone")} - {""}
    return inferences(
        [stay for zone in sorted(zones) for stay in _stays(reader, name, zone, from_ns, to_ns, on_page)],
        [
            SaleMade(time_ns, zone, fan if is_registered(fan) else "", ref or str(time_ns))
            for time_ns, zone, fan, ref in zip(sales.time_ns.tolist(), *map(sales.values, ("zone", "fan", "ref")), strict=True)
        ],
        [
            GoodsTried(time_ns, time_ns + round(seconds * NS_PER_S), zone, epc, sku)
            for time_ns, zone, seconds, epc, sku in zip(
                tried.time_ns.tolist(), *map(tried.values, ("zone", "seconds", "epc", "sku")), strict=True
            )
        ],
    )


def _stays(reader: PointReader, name: str, zone: str, from_ns: int, to_ns: int, on_page: OnPage) -> Iterator[Stayed]:
    """Yield the stays in a zone, without staff; an open one lasts as far as it is stored."""
    table = reader.rows("dwell", name, from_ns - EARLIER_NS, to_ns, void=False, on_page=on_page, zone=zone)
    for time_ns, fan, seconds, is_staff in zip(table.time_ns.tolist(), *map(table.values, _STAYS), strict=True):
        if not is_staff:
            yield Stayed(zone, fan if is_registered(fan) else "", time_ns, time_ns + round(seconds * NS_PER_S))
