"""Points that the database refused are written again: what may have changed since as it is now, anything else as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from footfall.units import NS_PER_MINUTE
from gateway.fold.coverage import Coverage
from gateway.fold.dwell_fans import DwellFans
from gateway.fold.outcome_points import OutcomePoints
from gateway.fold.state import State
from gateway.fold.touches import Touches
from gateway.fold.visits import Visits
from gateway.points.line_reader import ParsedLine


class Rewriter:
    """Derived points have versions: an old one must never follow a newer one into the database. So they are emitted from the state."""

    def __init__(
        self, state: State, visits: Visits, dwells: DwellFans, touches: Touches, coverage: Coverage, outcomes: OutcomePoints,
        stores_again: Callable[[], None],
    ) -> None:  # fmt: skip
        """`stores_again` emits the points of stores again, as the estate has them now."""
        self._state: Final = state
        self._visits: Final = visits
        self._dwells: Final = dwells
        self._touches: Final = touches
        self._coverage: Final = coverage
        self._outcomes: Final = outcomes
        self._derived: Final[Mapping[str, Callable[[ParsedLine], None]]] = {
            "traffic": self._minute,
            "zone_traffic": self._zone_minute,
            "visit": lambda line: visits.repeat(str(line.fields["subject"])),
            "dwell": lambda line: dwells.repeat(str(line.fields["subject"])),
            "touch": self._touch,
            "coverage": self._coverage_hour,
            "outcome": self._outcome,
            "store": lambda line: stores_again(),
        }

    def write(self, lines: Iterable[ParsedLine]) -> None:
        for line in lines:
            again = self._derived.get(line.measurement)
            if again is None:
                self._state.points.emit(line.row())
            else:
                again(line)

    def _minute(self, line: ParsedLine) -> None:
        self._state.traffic.touch(self._state.estate.stores.of(line.tags["store"]), line.time_ns // NS_PER_MINUTE)

    def _zone_minute(self, line: ParsedLine) -> None:
        self._state.zones.touch(self._state.estate.zone(line.tags["store"], line.tags["zone"]), line.time_ns // NS_PER_MINUTE)

    def _coverage_hour(self, line: ParsedLine) -> None:
        estate = self._state.estate
        self._coverage.touch(estate.stores.of(line.tags["store"]), estate.agents.of(line.tags["agent"]), line.time_ns)

    def _outcome(self, line: ParsedLine) -> None:
        self._outcomes.again(self._state.estate.stores.of(line.tags["store"]), line.time_ns // NS_PER_MINUTE)

    def _touch(self, line: ParsedLine) -> None:
        self._touches.repeat(line.tags["store"], line.tags["agent"], line.time_ns)
