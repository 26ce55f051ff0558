"""Agents' boot clocks against the gateway's: how well each is known, and how fast it drifts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from footfall.frames import Body
from footfall.units import NS_PER_MINUTE
from gateway.records import Record

DRIFT_AFTER_NS: Final = 10 * NS_PER_MINUTE
_WIDEST_NS: Final = 1 << 60


@dataclass(slots=True)
class BootClock:
    """An agent's boot clock against the gateway's, as frames showed it."""

    boot: str = ""
    first_boot_ns: int = 0
    first_offset_ns: int = 0
    width_ns: int = 0
    drift_ppm: float = 0.0


class BootClocks:
    """The clock of each agent since its last boot."""

    def __init__(self) -> None:
        self._clocks: dict[str, BootClock] = {}

    def of(self, agent: str) -> BootClock:
        """Return the agent's clock; one of width 0 before its first frame."""
        return self._clocks.get(agent, BootClock())

    def width_ms(self, agent: str) -> float:
        """Return how well the agent's clock is known, ms; inf before its first frame."""
        clock = self._clocks.get(agent)
        return clock.width_ns / 1e6 if clock else float("inf")

    def learn(self, record: Record, body: Body) -> None:
        """Take width and drift from a frame. Drift is measured from the first frame since the boot, over at least DRIFT_AFTER_NS."""
        clock = self._clocks.get(record.agent)
        if clock is None or clock.boot != body.boot:
            clock = self._clocks[record.agent] = BootClock(body.boot, body.made_boot_ns, record.offset_ns)
        clock.width_ns = min(record.clock_width_ns, _WIDEST_NS)
        elapsed_ns = body.made_boot_ns - clock.first_boot_ns
        if elapsed_ns > DRIFT_AFTER_NS:
            clock.drift_ppm = round((record.offset_ns - clock.first_offset_ns) / elapsed_ns * 1e6, 3)

    def dump(self) -> list[list[Any]]:
        """Return the state; `load` takes it back."""
        return [[a, c.boot, c.first_boot_ns, c.first_offset_ns, c.width_ns, c.drift_ppm] for a, c in self._clocks.items()]

    def load(self, values: Iterable[list[Any]]) -> None:
        """Go on from what `dump` returned."""
        self._clocks = {agent: BootClock(*clock) for agent, *clock in values}
