"""An answer as of an earlier time: what it was then, without what became known later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gateway.query.answer import Answer, Request
from gateway.query.as_of_reader import AsOfReader
from gateway.query.spans import end, iso, time_zone
from gateway.sinks.reader import PointReader


def as_of(reader: PointReader, request: Request, now_ns: int, ask: Callable[..., Answer]) -> Answer:
    """Return the answer that `ask` gave at the time that the request names; a date is meant whole, up to its end.

    Without an offset the time is of the request's time zone, else UTC.
    """
    zone = time_zone(request.timezone or "UTC")
    as_of_ns = min(end(request.as_of or "", zone, now_ns), now_ns)
    answer = ask(AsOfReader(reader, as_of_ns), replace(request, as_of=None), now_ns=as_of_ns)
    note = f"as of {iso(as_of_ns, zone)}: what became known later is left out, unless it came within an hour of its own time"
    return replace(answer, notes=(note, *answer.notes))
