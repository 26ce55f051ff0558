"""Truths of worlds that ended before their time. Times in ns since 1970."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from simulators.truth import Record, Truth, Visit, ZoneStay


def played_until(truth: Truth, until_ns: int) -> Iterator[Record]:
    """What there is to be judged of a world that was stopped before its end."""
    yield from (replace(store, end_ns=min(store.end_ns, until_ns)) for store in truth.stores)
    yield from (visit for visit in truth.visits if visit.enter_ns < until_ns)
    yield from (other for other in truth.others if other.from_ns < until_ns)
    yield from truth.items
    yield from (move for move in truth.moves if move.t_ns < until_ns)
    yield from (failure for failure in truth.failures if failure.from_ns < until_ns)
    yield from truth.links


def closed_at(records: Iterable[Record], end_ns: int, left_ns: int) -> Iterator[Record]:
    """As if nobody had been heard after `end_ns`, and whoever was still there had left at `left_ns`, past all counters."""
    for record in records:
        if not isinstance(record, Visit) or record.leave_ns <= end_ns:
            yield record
            continue
        stays, passes = _until(record.stays, end_ns), _until(record.passes, end_ns)
        carried = tuple(replace(one, to_ns=min(one.to_ns, end_ns)) for one in record.carried if one.from_ns < end_ns)
        sale = record.sale if record.sale is not None and record.sale.t_ns < end_ns else None
        counted, extra = (record.counted[0], False), (record.extra[0], 0)
        yield replace(record, leave_ns=left_ns, counted=counted, extra=extra, stays=stays, passes=passes, carried=carried, sale=sale)


def _until(stays: Iterable[ZoneStay], end_ns: int) -> tuple[ZoneStay, ...]:
    return tuple(replace(stay, to_ns=min(stay.to_ns, end_ns)) for stay in stays if stay.from_ns < end_ns)
