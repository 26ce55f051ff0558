"""What a mapping names and the files of a recording do not have: mistakes that would be passed over in silence.

strangers(mapping, paths, runs) -> ["receiver 'hal_dbm' of the mapping is no column: did you mean 'hall_dbm'?", ...]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from edge_agent.sources.csv_mapping import CsvMapping, is_meant
from edge_agent.sources.csv_recording import headings_of
from edge_agent.sources.replay_settings import Run
from footfall.mistakes import did_you_mean

MOST_NAMED: Final = 10


def strangers(mapping: CsvMapping, paths: Sequence[Path], runs: Sequence[Run]) -> list[str]:
    """Return a sentence for each receiver of the mapping that no file has, for receivers without a zone, and for true zones unheard."""
    if mapping.receiver is None:
        return [*_lost(mapping, headings_of(mapping, paths), "no column"), *_unheard(mapping, runs)]
    heard = {text for run in runs for text in run.receivers.values()}
    return [*_lost(mapping, heard, "named by no row"), *_without_zone(mapping, heard), *_unheard(mapping, runs)]


def _lost(mapping: CsvMapping, there: set[str], what: str) -> Iterator[str]:
    free = sorted(receiver for receiver in there if mapping.zone_of(receiver) is None)
    for each in mapping.receivers:
        if each not in there and not any(is_meant(each, receiver) for receiver in there):
            yield f"receiver {each!r} of the mapping is {what}{did_you_mean(each, free)}"


def _without_zone(mapping: CsvMapping, heard: set[str]) -> Iterator[str]:
    unknown = sorted(
        receiver if receiver and receiver.isprintable() else repr(receiver) for receiver in heard if mapping.zone_of(receiver) is None
    )
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED:,} more" if len(unknown) > MOST_NAMED else ""
        yield f"the mapping has no zone for what receivers {', '.join(unknown[:MOST_NAMED])}{more} heard: it is left out"


def _unheard(mapping: CsvMapping, runs: Sequence[Run]) -> Iterator[str]:
    """True zones that are heard but for a mistake in their name. Those of `areas`, which several receivers tell apart, are meant so."""
    heard = sorted(set(mapping.receivers.values()))
    areas = mapping.truth.areas if mapping.truth else ()
    meant = {*heard, *mapping.outside, *(area.zone for area in areas)}
    for zone in sorted({true.zone for run in runs for true in run.truth} - meant):
        if near := did_you_mean(zone, heard):
            yield f"zone {zone!r} of the truth is heard by no receiver{near}"
