"""What a fan probably did during visits without being named: shown beside a history, and never part of it.

probably(reader, "f-1042", history.visits[-20:]) -> [Probably("flagship", Inference("transaction", …, confidence=0.82, …))]

Inferences are those of `footfall query inferred`, from what is stored now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any, Final, NamedTuple

from gateway.fans.history import Visited
from gateway.fans.show import Clocks, moment
from gateway.query.inferences import inferred_between
from gateway.query.inferred import AROUND_NS, BOUGHT, Inference
from gateway.sinks.reader import PointReader

_AROUND_NS: Final = 2 * AROUND_NS
"""A sale so long before or after a visit may be of a stay in it, and its neighbours count, too."""


class Probably(NamedTuple):
    """An inference in a store."""

    store: str
    inference: Inference


def probably(reader: PointReader, fan: str, visits: Iterable[Visited]) -> list[Probably]:
    """Return what is inferred of a fan in these visits, the latest first. Raise Unreadable or SinkUnavailable."""
    found = {
        Probably(visit.store, each)
        for visit in visits
        for each in inferred_between(reader, visit.store, visit.start_ns - _AROUND_NS, visit.last_ns + _AROUND_NS + 1)
        if each.fan == fan
    }
    return sorted(found, key=lambda each: (-each.inference.time_ns, each.store, each.inference.of))


def as_objects(found: Sequence[Probably]) -> list[dict[str, Any]]:
    """Return inferences as JSON has them, each marked as one."""
    return [_object(store, each) for store, each in found]


def _object(store: str, each: Inference) -> dict[str, Any]:
    return {
        "inferred": True, "confidence": each.confidence, "what": each.what, "time": moment(each.time_ns, UTC), "store": store,
        "zone": each.zone, "of": each.of, "sku": each.sku,
    }  # fmt: skip


def lines(found: Sequence[Probably], clocks: Clocks) -> Iterator[str]:
    """Yield inferences as lines of text; none where nothing is inferred."""
    if found:
        yield "inferred, not known: with confidence, counted nowhere"
    for store, each in found:
        what = f"probably bought (sale {each.of})" if each.what == BOUGHT else f"probably tried on {each.sku or each.of}"
        yield f"  {each.confidence:.2f} {clocks.at(store, each.time_ns)} {store}, {each.zone}: {what}"
