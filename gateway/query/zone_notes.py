"""What the questions `zones` and `dwell` note about zones whose receivers were silent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.asked import MOST_STORES, AskedStore
from gateway.query.counter_checks import by_hour
from gateway.query.counter_notes import LOOK_BACK_NS, wall_minute
from gateway.query.covered import percent
from gateway.query.zone_checks import Usual, ZoneCounts, ZoneSilence, heard_share, usual_of, zone_silences
from gateway.sinks.cells import Aggregate
from gateway.sinks.reader import OnPage, PointReader

ASKED_BY: Final = frozenset({"zones", "dwell"})
MOST_BY_MINUTE_NS: Final = 8 * NS_PER_DAY
"""Of a longer span silences are looked for by the hour."""
_READ: Final = (Aggregate("entries", "sum", "entries"), Aggregate("present", "sum", "present"))


class _Zones(NamedTuple):
    """Of one store: its zones, their counts by intervals of `step_ns` since `begin_ns`, and what is usual."""

    names: list[str]
    begin_ns: int
    step_ns: int
    counts: ZoneCounts
    usual: Usual


def zone_notes(reader: PointReader, stores: Sequence[AskedStore], zone: str | None, on_page: OnPage) -> list[str]:
    """Return a sentence for each silence of a zone, or of the one that is asked for, in the span of a store; nothing of many stores."""
    if len(stores) > MOST_STORES:
        return []
    return [note for store in stores for note in _of_store(store, _read(reader, store, on_page), zone)]


def _read(reader: PointReader, store: AskedStore, on_page: OnPage) -> _Zones:
    step_ns = NS_PER_MINUTE if store.to_ns - store.from_ns <= MOST_BY_MINUTE_NS else NS_PER_HOUR
    before_ns = (store.from_ns - LOOK_BACK_NS) // NS_PER_HOUR * NS_PER_HOUR
    names, usual = _counted(reader, store, (before_ns, store.to_ns), NS_PER_HOUR, [], on_page)
    begin_ns = store.from_ns // step_ns * step_ns
    names, counts = _counted(reader, store, (begin_ns, store.to_ns), step_ns, names, on_page)
    return _Zones(names, begin_ns, step_ns, counts, usual_of(usual.entries))


def _counted(
    reader: PointReader, store: AskedStore, span: tuple[int, int], step_ns: int, names: Sequence[str], on_page: OnPage
) -> tuple[list[str], ZoneCounts]:
    """Return the zones, those of `names` first, and their counts by `step_ns` since the span's begin."""
    cells = reader.cells("zone_traffic", _READ, *span, step_ns, ("zone",), store.names, on_page)
    there = cells.keys["zone"]
    every = list(dict.fromkeys([*names, *there.names]))
    place = np.array([every.index(name) for name in there.names], np.intp)
    zone = place[there.codes.astype(np.intp)] if len(cells) else np.zeros(0, np.intp)
    shape = len(every), -(-(span[1] - span[0]) // step_ns)
    at = (cells.time_ns - span[0]) // step_ns
    return every, ZoneCounts(*(by_hour(at, zone, cells.values[name].astype(np.int64), shape) for name in ("entries", "present")))


def _of_store(store: AskedStore, zones: _Zones, asked: str | None) -> Iterator[str]:
    silences = zone_silences(zones.counts, zones.usual)
    for silence in silences:
        if asked in (None, zones.names[silence.zone]):
            yield _note(store, zones, silence, heard_share(silence.zone, zones.counts, silences))


def _note(store: AskedStore, zones: _Zones, silence: ZoneSilence, heard: float) -> str:
    from_ns, to_ns = (zones.begin_ns + at * zones.step_ns for at in (silence.first, silence.end))
    return (
        f"zone {zones.names[silence.zone]} of {store.facts.name}: receiver silent from {wall_minute(max(from_ns, store.from_ns), store)} to"
        f" {wall_minute(min(to_ns, store.to_ns), store)}, while {silence.elsewhere:,} came into its other zones and {silence.expected:,.0f}"
        f" into this one were to be expected: stays of that time are missing, or with its neighbours; heard {percent(heard)} of the time"
        " in which anybody was in the store"
    )
