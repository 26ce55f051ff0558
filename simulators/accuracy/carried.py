"""What is carried in a recording, and where it truly was as far as its truth is of one clock and agrees with itself. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from edge_agent.sources.replay_settings import Part, Run
from footfall.units import NS_PER_S
from simulators.accuracy.course import UNKNOWN_NS, Span, by_run

FLEETING_NS: Final = 2 * NS_PER_S
"""Nobody goes to another zone and is back so soon; two truths of one time, or a position at a border, look like that."""


class Carried(NamedTuple):
    """An identifier in one run, and where it truly was: (time, zone) of each row, in the order of time."""

    run: str
    identifier: str
    rows: Sequence[tuple[int, str]]
    unclear: Sequence[Span] = ()
    """When two clocks had the same time, one before it was set back and one after: no row lies there."""
    left_out: int = 0
    """How many rows lay there."""
    fleeting: Sequence[tuple[int, str]] = ()
    """Further rows that are left out: of zones that the truth leaves so soon for the one before that two truths may be mixed."""


def carried_in(found: Sequence[Run]) -> list[Carried]:
    """Return what is carried in runs, each identifier in each run whose truth is anywhere beyond doubt."""
    rows = by_run(((true.run, true.identifier), true.t_ns, true.zone) for run in found for true in run.truth)
    parts = {(run.name, identifier): of for run in found for identifier, of in run.parts.items()}
    made = [_of_one_clock(*key, judged, twice(parts.get(key, ()))) for key, judged in rows.items()]
    return [one for one in made if one.rows]


def _of_one_clock(run: str, identifier: str, rows: Sequence[tuple[int, str]], unclear: Sequence[Span]) -> Carried:
    """Return what is carried without the rows of unclear times."""
    begins = [span.from_ns for span in unclear]
    clear = [row for row in rows if not (at := bisect_right(begins, row[0])) or row[0] > unclear[at - 1].to_ns]
    steady, fleeting = _steady(clear)
    return Carried(run, identifier, steady, unclear, len(rows) - len(clear), fleeting)


def _steady(rows: Sequence[tuple[int, str]]) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Return the rows without those of fleeting zones, and those."""
    stays = [list(of) for _, of in groupby(rows, key=lambda row: row[1])]
    is_fleeting = [
        before[0][1] == after[0][1] and after[0][0] - own[0][0] < FLEETING_NS
        for before, own, after in zip(stays, stays[1:], stays[2:], strict=False)
    ]
    found: tuple[list[tuple[int, str]], list[tuple[int, str]]] = ([], [])
    for is_left_out, own in zip([False, *is_fleeting, False], stays, strict=False):
        found[is_left_out].extend(own)
    return found


def twice(parts: Sequence[Part]) -> list[Span]:
    """Return the times that a clock had more than once, without overlaps, in order."""
    found: list[Span] = []
    end_ns = -1
    for from_ns, to_ns in sorted(parts):
        if from_ns <= end_ns:
            again = Span(from_ns, min(to_ns, end_ns))
            if found and again.from_ns <= found[-1].to_ns:
                again = Span(found[-1].from_ns, max(again.to_ns, found.pop().to_ns))
            found.append(again)
        end_ns = max(end_ns, to_ns)
    return found


class TrueZones:
    """Where each identifier truly was, of all that is carried, whatever the run."""

    def __init__(self, carried: Iterable[Carried]) -> None:
        rows: dict[str, list[tuple[int, str]]] = {}
        for one in carried:
            rows.setdefault(one.identifier, []).extend(one.rows)
        self._rows: Final = {identifier: sorted(of) for identifier, of in rows.items()}
        self._times: Final = {identifier: [t_ns for t_ns, _ in of] for identifier, of in self._rows.items()}

    def at(self, identifier: str, t_ns: int) -> str:
        """Return the zone at the time of a row, or between two rows of one zone without a gap; "" where it is not known."""
        rows, after = self._rows.get(identifier, ()), bisect_right(self._times.get(identifier, ()), t_ns)
        if not after:
            return ""
        before_ns, zone = rows[after - 1]
        goes_on = after < len(rows) and rows[after][1] == zone and rows[after][0] - before_ns <= UNKNOWN_NS
        return zone if goes_on or before_ns == t_ns else ""
