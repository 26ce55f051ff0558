"""The question `inferred`: who probably bought without being named, and who probably tried goods on, from what is stored.

Inferences are worked out when somebody asks, and stored nowhere: so they follow every late link, void and withdrawal, and count in no
number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from footfall.units import NS_PER_HOUR, NS_PER_S
from gateway.identity.facts import is_registered
from gateway.query.answer import Answer, Request
from gateway.query.asked import AskedStore
from gateway.query.inferred import BOUGHT, GoodsTried, Inference, SaleMade, Stayed, inferences
from gateway.query.spans import iso
from gateway.sinks.reader import OnPage, PointReader, quiet
from gateway.sinks.table import PointTable

COLUMNS: Final = ("store", "what", "at", "zone", "fan", "confidence", "of", "sku", "inferred")
EARLIER_NS: Final = 6 * NS_PER_HOUR
"""A stay that began so long before the span may reach into it; nobody is longer in a fitting room or at a till."""
_NEEDED: Final = "that takes an anonymous sale where one known fan alone was, or goods that were tried on where one was"
_STAYS: Final = ("fan", "seconds", "is_staff")


class _Told(NamedTuple):
    """Rows that may suggest somebody: sales, and goods that were tried on."""

    sales: PointTable
    tried: PointTable

    def __bool__(self) -> bool:
        return bool(len(self.sales) or len(self.tried))


def inferred(reader: PointReader, request: Request, stores: Sequence[AskedStore], on_page: OnPage) -> Answer:
    """Return what is inferred of each store, by time; a note where there are sales or goods tried on, and they suggest nobody."""
    rows, is_empty = list[tuple[object, ...]](), True
    for store in stores:
        told = {name: _told(reader, name, store.from_ns, store.to_ns, on_page) for name in store.names}
        is_empty = is_empty and not any(told.values())
        found = [each for name in told for each in _suggested(reader, name, told[name], store.from_ns, store.to_ns, on_page)]
        for each in sorted(found, key=lambda each: (each.time_ns, each.of)):
            if (request.fan is None or each.fan == request.fan) and (request.zone is None or each.zone == request.zone):
                at = iso(each.time_ns, store.zone, "seconds")
                rows.append((store.facts.name, each.what, at, each.zone, each.fan, each.confidence, each.of, each.sku, True))
    notes = () if rows or is_empty else (_nothing(request),)
    return Answer(COLUMNS, rows, notes=notes, question=request.question, is_empty=is_empty)


def _nothing(request: Request) -> str:
    which = "".join(f" of {word} {value}" for word, value in (("zone", request.zone), ("fan", request.fan)) if value)
    return f"nothing to infer{which} in this span: {_NEEDED}"


def inferred_between(reader: PointReader, name: str, from_ns: int, to_ns: int, on_page: OnPage = quiet) -> list[Inference]:
    """Return the inferences of a store under one of its names, from a time to before another."""
    return _suggested(reader, name, _told(reader, name, from_ns, to_ns, on_page), from_ns, to_ns, on_page)


def _told(reader: PointReader, name: str, from_ns: int, to_ns: int, on_page: OnPage) -> _Told:
    return _Told(
        reader.rows("touch", name, from_ns, to_ns, void=False, on_page=on_page, what=BOUGHT),
        reader.rows("item", name, from_ns, to_ns, void=False, on_page=on_page, kind="tried"),
    )


def _suggested(reader: PointReader, name: str, told: _Told, from_ns: int, to_ns: int, on_page: OnPage) -> list[Inference]:
    if not told:
        return []
    sales, tried = told
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
